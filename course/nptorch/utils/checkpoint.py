"""``torch.utils.checkpoint``: less memory for more work.

References
----------
.. [1] https://docs.pytorch.org/docs/stable/checkpoint.html
"""

from __future__ import annotations

import contextlib
import functools
import warnings
from collections.abc import Callable, Iterator
from typing import Any

from course.nptorch.absent import nothing_else_in
from course.nptorch.autograd.saving import saved_tensors_hooks
from course.nptorch.ops.random import default_generator
from course.nptorch.parts import plugged
from course.nptorch.utils.recompute import CheckpointError, Segment
from course.nptorch.utils.reentrant import checkpoint_function

__all__ = ["CheckpointError", "checkpoint", "checkpoint_sequential", "noop_context_fn", "set_checkpoint_early_stop"]

SAY_WHICH = (
    "torch.utils.checkpoint: the use_reentrant parameter should be passed explicitly. Starting in PyTorch 2.9, calling "
    "checkpoint without use_reentrant will raise an exception. use_reentrant=False is recommended, but if you need to "
    "preserve the current default behavior, you can pass use_reentrant=True. Refer to docs for more details on the "
    "differences between the two variants."
)
SAY_WHICH_IN_SEQUENCE = (
    "torch.utils.checkpoint.checkpoint_sequential: the use_reentrant parameter should be passed explicitly. In version "
    "2.9 we will raise an exception if use_reentrant is not passed. use_reentrant=False is recommended, but if you "
    "need to preserve the current default behavior, you can pass use_reentrant=True. Refer to docs for more details on "
    "the differences between the two variants."
)
_early_stop: list[bool | None] = [None]  # what `set_checkpoint_early_stop` asks for


def noop_context_fn() -> tuple[Any, Any]:
    """Return two contexts that do nothing."""
    return contextlib.nullcontext(), contextlib.nullcontext()


def checkpoint(
    function: Callable[..., Any],
    *args: Any,
    use_reentrant: bool | None = None,
    context_fn: Callable[[], tuple[Any, Any]] = noop_context_fn,
    determinism_check: str = "default",
    debug: bool = False,
    early_stop: bool = True,
    **kwargs: Any,
) -> Any:
    """Call a function now, and again in the backward pass instead of keeping what that needs.

    Parameters
    ----------
    function : function
        A piece of a model.
    *args, **kwargs
        Its inputs; ``preserve_rng_state=False`` lets the second run draw other random numbers.
    use_reentrant : bool
        False: saved tensors are computed again one by one as they are asked for (recommended). True: the piece is
        one node, which runs a backward pass of its own; it works with ``.backward()`` only.
    context_fn : function
        Returns two contexts, for the first run and for the second.
    determinism_check : {"default", "none"}
        Whether shapes and dtypes of the second run are compared with the first.
    early_stop : bool
        Stop the second run when nothing more is needed.

    Returns
    -------
    object
        What the function returns.

    Raises
    ------
    CheckpointError
        In backward, if the second run does not do what the first one did.
    """
    if use_reentrant is None:
        warnings.warn(SAY_WHICH, UserWarning, stacklevel=2)
        use_reentrant = True
    preserve = kwargs.pop("preserve_rng_state", True)
    if kwargs and use_reentrant:
        raise ValueError("Unexpected keyword arguments: " + ",".join(kwargs))
    if use_reentrant:
        if context_fn is not noop_context_fn or debug:
            raise ValueError("Passing `context_fn` or `debug` is only supported when use_reentrant=False.")
        return checkpoint_function(plugged.Function).apply(function, preserve, *args)
    if debug:
        raise NotImplementedError("course.nptorch has no torch.utils.checkpoint.checkpoint(debug=True)")
    first, second = context_fn()
    stop = early_stop if _early_stop[0] is None else _early_stop[0]

    def run() -> Any:
        with second:
            return function(*args, **kwargs)

    state = default_generator.get_state() if preserve else None
    segment = Segment(run, (*args, *kwargs.values()), state, determinism_check == "default", stop)
    with saved_tensors_hooks(segment.pack, segment.unpack), first:
        result = function(*args, **kwargs)
    segment.complete = True
    return result


def checkpoint_sequential(
    functions: Any, segments: int, input: Any, use_reentrant: bool | None = None, **kwargs: Any  # noqa: A002
) -> Any:  # fmt: skip
    """Run a sequence of modules in `segments` pieces, all but the last one checkpointed.

    Parameters
    ----------
    functions : Sequential or list of functions
        What to run, one after the other.
    segments : int
        How many pieces.
    input : Tensor
        What the first one gets.
    use_reentrant : bool
        As for `checkpoint`.
    """
    if use_reentrant is None:
        warnings.warn(SAY_WHICH_IN_SEQUENCE, UserWarning, stacklevel=2)
        use_reentrant = True
    preserve = kwargs.pop("preserve_rng_state", True)
    if kwargs:
        raise ValueError("Unexpected keyword arguments: " + ",".join(kwargs))
    steps = list(functions.children()) if hasattr(functions, "children") else list(functions)

    def piece(start: int, end: int, x: Any) -> Any:
        return functools.reduce(lambda y, f: f(y), steps[start:end], x)

    size = len(steps) // segments
    end = 0
    for start in range(0, size * (segments - 1), size):
        end = start + size
        part = functools.partial(piece, start, end)
        input = checkpoint(part, input, use_reentrant=use_reentrant, preserve_rng_state=preserve)  # noqa: A001
    return piece(end, len(steps), input)


@contextlib.contextmanager
def set_checkpoint_early_stop(enable: bool) -> Iterator[None]:
    """Inside, `checkpoint` stops its second runs early or not, whatever it is told itself."""
    before, _early_stop[0] = _early_stop[0], enable
    try:
        yield
    finally:
        _early_stop[0] = before


__getattr__ = nothing_else_in("utils.checkpoint")
