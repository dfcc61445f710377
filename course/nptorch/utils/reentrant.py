"""Checkpointing by a Function whose backward runs a backward pass of its own."""

from __future__ import annotations

import functools
import warnings
from typing import Any

from course.nptorch._tensor import Tensor
from course.nptorch.engine import current
from course.nptorch.grad_mode import recording
from course.nptorch.ops.random import default_generator
from course.nptorch.utils.recompute import random_numbers_from

ONLY_BACKWARD = (
    "When use_reentrant=True, torch.utils.checkpoint is incompatible with .grad() or passing an `inputs` parameter to "
    ".backward(). To resolve this error, you can either set use_reentrant=False, or call .backward() without passing "
    "the `inputs` argument."
)


@functools.cache
def checkpoint_function(base: Any) -> Any:
    """Return the Function of checkpoints; `base` is the Function that is plugged in."""

    class CheckpointFunction(base):  # type: ignore[misc]
        """Runs a function without recording, and again, recorded, in its backward."""

        @staticmethod
        def forward(ctx: Any, run: Any, preserve: bool, *args: Any) -> Any:
            """Call ``run(*args)`` and keep the arguments."""
            if not any(isinstance(x, Tensor) and x.requires_grad for x in args):
                text = "None of the inputs have requires_grad=True. Gradients will be None"
                warnings.warn(text, UserWarning, stacklevel=4)
            ctx.run = run
            ctx.state = default_generator.get_state() if preserve else None
            ctx.others = [None if isinstance(x, Tensor) else x for x in args]
            ctx.save_for_backward(*[x if isinstance(x, Tensor) else None for x in args])
            with recording(False):
                return run(*args)

        @staticmethod
        def backward(ctx: Any, *grads: Any) -> Any:
            """Run it again, recorded, and go back through that."""
            if current.backward is not None and current.backward.needed is not None:
                raise RuntimeError(ONLY_BACKWARD)
            inputs = [_cut(x) if x is not None else y for x, y in zip(ctx.saved_tensors, ctx.others, strict=True)]
            with random_numbers_from(ctx.state), recording(True):
                outputs = ctx.run(*inputs)
            outputs = outputs if isinstance(outputs, tuple) else (outputs,)
            ends = [(y, g) for y, g in zip(outputs, grads, strict=True) if isinstance(y, Tensor) and y.requires_grad]
            if not ends:
                raise RuntimeError("none of output has requires_grad=True, this checkpoint() is not necessary")
            from course.nptorch.autograd import backward

            backward([y for y, _ in ends], [g for _, g in ends])
            return (None, None, *[x.grad if isinstance(x, Tensor) else None for x in inputs])

    return CheckpointFunction


def _cut(x: Tensor) -> Tensor:
    made = x.detach_alias()
    return made.requires_grad_() if x.requires_grad else made
