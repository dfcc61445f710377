"""What can be seen of a tensor, copied at once into plain data."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from course.compare.backends import Backend
from course.scenarios.attempt import Raised
from course.scenarios.keywords import phrases

Seen = dict[str, Any]


@dataclass(frozen=True)
class Numbers:
    """The values of a tensor; an object of its own so that they are compared with a tolerance."""

    array: np.ndarray[Any, Any]

    def __repr__(self) -> str:
        shown = np.array2string(self.array, threshold=12, separator=", ").replace("\n", "")
        return f"{shown} {self.array.dtype}{list(self.array.shape)}"


@dataclass(frozen=True)
class Failed:
    """An exception, reduced to what does not change between releases of torch."""

    type: str
    keywords: tuple[str, ...]
    message: str

    @classmethod
    def of(cls, error: BaseException) -> Failed:
        """Reduce one exception."""
        raised = Raised.of(error)
        return cls(raised.type, tuple(phrases(raised.message)), raised.message)

    def __repr__(self) -> str:
        return f"{self.type}: {self.message.splitlines()[0][:160] if self.message else ''}"


def looker(backend: Backend) -> Callable[[Any], Any]:
    """Return the function that looks at one value of a backend."""
    Tensor, read = backend.T.Tensor, backend._read

    def numbers(tensor: Any) -> Any:
        return Numbers(np.array(read(tensor)))

    def look(value: Any) -> Any:
        if not isinstance(value, Tensor):
            return _plain(value)
        seen: Seen = {"values": _try(numbers, value)}
        for name, get in FIELDS:
            seen[name] = _try(get, value)
        try:
            grad = value.grad
        except Exception as error:
            seen["grad"] = Failed.of(error)
        else:
            seen["grad"] = None if grad is None else _try(numbers, grad)
            if grad is not None:
                seen["grad.requires_grad"] = _try(_requires_grad, grad)
        return seen

    return look


def noter(backend: Backend) -> Callable[[Any], Any]:
    """Return the function that looks briefly at what a hook was given."""
    Tensor, read = backend.T.Tensor, backend._read

    def note(value: Any) -> Any:
        if not isinstance(value, Tensor):
            return _plain(value)
        return {"values": Numbers(np.array(read(value))), "requires_grad": value.requires_grad}

    return note


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, tuple | list):
        return f"{len(value)} values"
    return "an object"


def _try(get: Callable[[Any], Any], tensor: Any) -> Any:
    try:
        return get(tensor)
    except Exception as error:
        return Failed.of(error)


def _requires_grad(tensor: Any) -> Any:
    return tensor.requires_grad


def _is_leaf(tensor: Any) -> Any:
    return tensor.is_leaf


def _grad_fn(tensor: Any) -> Any:
    node = tensor.grad_fn
    return None if node is None else node.name()


def _version(tensor: Any) -> Any:
    return tensor._version


def _retains(tensor: Any) -> Any:
    return tensor.retains_grad


def _output_nr(tensor: Any) -> Any:
    return tensor.output_nr


def _strides(tensor: Any) -> Any:
    pairs = zip(tensor.stride(), tensor.shape, strict=True)
    return str([step if n > 1 else 0 for step, n in pairs]) if 0 not in tensor.shape else ""


FIELDS: tuple[tuple[str, Callable[[Any], Any]], ...] = (
    ("requires_grad", _requires_grad),
    ("grad_fn", _grad_fn),
    ("is_leaf", _is_leaf),
    ("_version", _version),
    ("retains_grad", _retains),
    ("output_nr", _output_nr),
    ("stride", _strides),
)
