"""Context managers around what the graph keeps: hooks, no hooks, copies.

References
----------
.. [1] https://docs.pytorch.org/docs/stable/autograd.html#saved-tensors-default-hooks
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

from course.nptorch._tensor import Tensor
from course.nptorch.grad_mode import HOOKED, mode


class saved_tensors_hooks:  # noqa: N801 - torch's own name
    """Inside, saved tensors go through a pair of functions on their way in and out.

    Parameters
    ----------
    pack_hook : function
        Gets each Tensor when it is saved; what it returns is kept instead.
    unpack_hook : function
        Gets what was kept, at every use; must return a Tensor of the same content.

    Raises
    ------
    RuntimeError
        On entering, inside `disable_saved_tensors_hooks`.
    """

    def __init__(self, pack_hook: Callable[[Tensor], Any], unpack_hook: Callable[[Any], Tensor]) -> None:
        self.pack_hook = pack_hook
        self.unpack_hook = unpack_hook

    def __enter__(self) -> None:
        if mode.saving_refused is not None:
            raise RuntimeError(mode.saving_refused)
        HOOKED.append(self)
        mode.saving = (*mode.saving, (self.pack_hook, self.unpack_hook))

    def __exit__(self, *args: object) -> None:
        mode.saving = mode.saving[:-1]
        del HOOKED[-1:]


class save_on_cpu(saved_tensors_hooks):  # noqa: N801 - torch's own name
    """Inside, saved tensors are moved to the memory of the CPU, where all tensors of the engine are.

    Parameters
    ----------
    pin_memory : bool
        Must be False: it is for copies to a GPU.
    device_type : str
        Not used: everything is on the CPU.
    """

    def __init__(self, pin_memory: bool = False, device_type: str = "cuda") -> None:
        if pin_memory:
            raise NotImplementedError("course.nptorch has no pinned memory: save_on_cpu takes pin_memory=False only")
        super().__init__(lambda tensor: tensor.cpu(), lambda kept: kept)


@contextlib.contextmanager
def disable_saved_tensors_hooks(error_message: str) -> Iterator[None]:
    """Inside, `saved_tensors_hooks` raises RuntimeError with this message.

    Parameters
    ----------
    error_message : str
        What it says.

    Raises
    ------
    RuntimeError
        At once, if such hooks are in place already.
    """
    if mode.saving:
        raise RuntimeError(error_message)
    before, mode.saving_refused = mode.saving_refused, error_message
    try:
        yield
    finally:
        mode.saving_refused = before
