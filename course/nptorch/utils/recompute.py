"""Checkpointing by saved-tensor hooks: what a piece of a model keeps is computed again when it is needed."""

from __future__ import annotations

import contextlib
import weakref
from collections.abc import Callable, Iterator
from typing import Any

from course.nptorch._tensor import Tensor
from course.nptorch.autograd.saving import saved_tensors_hooks
from course.nptorch.engine import Pass, current
from course.nptorch.grad_mode import recording
from course.nptorch.ops.random import default_generator
from course.nptorch.parts import plugged

OTHER_NUMBER = (
    "torch.utils.checkpoint: A different number of tensors was saved during the original forward and recomputation.\n"
    "Number of tensors saved during forward: {forward}\nNumber of tensors saved during recomputation: {again}."
)
MORE = "torch.utils.checkpoint: trying to save more tensors during recomputation than during the original forward pass."
OTHER_FORM = (
    "torch.utils.checkpoint: Recomputed values for the following tensors have different metadata than during the "
    "forward pass.\n{lines}."
)
TWICE = (
    "torch.utils.checkpoint: Unpack is being triggered for a tensor that was already unpacked once. If you are "
    "calling ctx.saved_tensors in backward, make sure to do so only once. Otherwise please open an issue with details "
    "on your use case."
)


class CheckpointError(RuntimeError):
    """The second run of a checkpointed function did not do what the first one did."""


class Stop(Exception):
    """Everything that is needed has been computed again."""


@contextlib.contextmanager
def random_numbers_from(state: Any) -> Iterator[None]:
    """Draw random numbers from another state of the generator inside, and put the state back."""
    if state is None:
        yield
        return
    now = default_generator.get_state()
    default_generator.set_state(state)
    try:
        yield
    finally:
        default_generator.set_state(now)


class Segment:
    """One call of a checkpointed function.

    Parameters
    ----------
    run : function
        Calls the function on its inputs again.
    inputs : tuple
        Its inputs; Tensors among them must not have changed since.
    state : Tensor or None
        The state of the random generator before the call.
    checked : bool
        Whether shapes and dtypes of the second run are compared.
    early_stop : bool
        Whether the second run ends with the last tensor that is needed.
    """

    def __init__(self, run: Callable[[], Any], inputs: tuple[Any, ...], state: Any, checked: bool, early_stop: bool):
        self.run = run
        self.tensors = [(x, x._version) for x in inputs if isinstance(x, Tensor) and not x._inference]
        self.state = state
        self.checked = checked
        self.early_stop = early_stop
        self.complete = False  # until then a backward pass inside the function needs only the first few tensors
        self.forms: list[dict[str, Any]] = []  # of the tensors kept in the first run
        self.found: weakref.WeakKeyDictionary[Pass, dict[int, Tensor]] = weakref.WeakKeyDictionary()

    def pack(self, tensor: Tensor) -> int:
        """Keep the number of a tensor instead of it."""
        self.forms.append(_form(tensor))
        return len(self.forms) - 1

    def unpack(self, number: int) -> Tensor:
        """Return the tensor of a number; the first one asked for in a backward pass computes all of them."""
        backward = current.backward
        if backward is None:
            return self.again()[number]
        if backward not in self.found:
            self.found[backward] = self.again()
        if number not in self.found[backward]:
            raise CheckpointError(TWICE)
        return self.found[backward].pop(number)

    def again(self) -> dict[int, Tensor]:
        """Run the function a second time and return what it kept."""
        for x, version in self.tensors:
            plugged.check_version(version, x, x.grad_fn, False)
        kept: dict[int, Tensor] = {}
        count = 0

        def pack(tensor: Tensor) -> Tensor:
            nonlocal count
            plain = tensor.detach_alias()
            if count < len(self.forms):
                kept[count] = plain
            elif self.complete:
                raise CheckpointError(MORE)
            count += 1
            if self.early_stop and count == len(self.forms):
                raise Stop
            return plain

        hooks = saved_tensors_hooks(pack, lambda tensor: tensor)
        with contextlib.suppress(Stop), random_numbers_from(self.state), recording(True), hooks:
            self.run()
        if count < len(self.forms):
            raise CheckpointError(OTHER_NUMBER.format(forward=len(self.forms), again=count))
        self._compare(kept)
        return kept

    def _compare(self, kept: dict[int, Tensor]) -> None:
        lines = [
            f"tensor at position {i}:\nsaved metadata: {form}\nrecomputed metadata: {_form(kept[i])}\n"
            for i, form in enumerate(self.forms)
            if self.checked and _form(kept[i]) != form
        ]
        if lines:
            raise CheckpointError(OTHER_FORM.format(lines="".join(lines)))


def _form(tensor: Tensor) -> dict[str, Any]:
    return {"shape": tensor.shape, "dtype": tensor.dtype, "device": tensor.device}
