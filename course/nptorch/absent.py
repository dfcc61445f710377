"""What is said when a program asks for something torch has and this engine does not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

COVERED = "tensors on the CPU, autograd, nn, optim, and the operations listed in docs/api"


class Absent(NotImplementedError, AttributeError):
    """A name of torch that this engine does not have; ``hasattr`` answers False for it."""


def absent(name: str) -> Absent:
    """Return the error for ``torch.<name>``."""
    return Absent(f"course.nptorch has no torch.{name}; the lesson engine covers {COVERED}")


def nothing_else_in(module: str) -> Callable[[str], Any]:
    """Return a ``__getattr__`` for the module ``torch.<module>`` that raises `Absent`."""

    def missing_name(name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(f"module 'course.nptorch.{module}' has no attribute '{name}'")
        raise absent(f"{module}.{name}")

    return missing_name


def refuse_subclasses(cls: type) -> None:
    """Make subclasses of `cls` that change operations raise `Absent`."""
    cls.__init_subclass__ = classmethod(_no_dispatch)  # type: ignore[assignment,arg-type]
    for name in ("_make_subclass", "_make_wrapper_subclass"):
        setattr(cls, name, classmethod(_missing_constructor(name)))


def _no_dispatch(cls: type, **kwargs: Any) -> None:
    for name in ("__torch_function__", "__torch_dispatch__"):
        if name in vars(cls):
            raise absent(f"Tensor.{name}")


def _missing_constructor(name: str) -> Callable[..., Any]:
    def constructor(cls: type, *args: Any, **kwargs: Any) -> Any:
        raise absent(f"Tensor.{name}")

    return constructor


class AbsentAttribute:
    """An attribute ``torch.<name>`` that raises `Absent` when it is read."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __get__(self, instance: Any, owner: type) -> Any:
        raise absent(self.name)
