"""Observations: what a scenario yields, kept as plain data."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from course.scenarios.attempt import Heard, Raised, Ran
from course.scenarios.draw import Draw
from course.scenarios.keywords import phrases
from course.scenarios.registry import Scenario
from course.scenarios.spread import Spread

INPUTS = 3  # so many of the last inputs are remembered for each label


class Runs(Protocol):
    """What `observe` asks of a backend; see `course.compare.backends.Backend`."""

    @property
    def T(self) -> Any:
        """The module: torch or nptorch."""

    def scope(self, seed: int) -> AbstractContextManager[None]:
        """Set up device and seed, and put everything back afterwards."""

    def read(self, value: object) -> NDArray[Any] | None:
        """Return a copy of a tensor's numbers, or None if this is no tensor."""


@dataclass(frozen=True)
class Observation:
    """One yielded value as plain data.

    Attributes
    ----------
    label
        The scenario's name for it.
    kind
        ``tensor number bool text none list dict raised``.
    dtype, shape
        Of a tensor; a number has dtype ``int`` or ``float`` and no shape.
    value
        Tensor: flat list of numbers in C order. List: list of `Observation`
        (labels ``[0]``, ``[1]``, ...). Dict: the same, labelled by key.
        Raised: ``{"type": ..., "keywords": [...]}``.
    message
        The full text of an exception; ``runs`` for a call that ended without a
        result. For the reader's eye only: it is neither stored nor compared.
    frames
        The functions through which an exception came, innermost first. The same.
    device
        Where a tensor was, if the run had a default device (``cuda``, ``mps``); on
        ``meta`` it has no numbers. None in an ordinary run on the CPU.
    spread
        Between which numbers it was, if it differs from run to run on the device.
    """

    label: str
    kind: str
    dtype: str | None
    shape: tuple[int, ...] | None
    value: Any
    message: str = field(default="", compare=False)
    frames: tuple[str, ...] = field(default=(), compare=False)
    device: str | None = None
    spread: Spread | None = None

    def to_json(self) -> dict[str, Any]:
        """Return plain data; numbers that JSON lacks become ``"nan"``, ``"inf"``, ``"-inf"``."""
        data: dict[str, Any] = {"label": self.label, "kind": self.kind}
        if self.dtype is not None:
            data["dtype"] = self.dtype
        if self.shape is not None:
            data["shape"] = list(self.shape)
        if self.device is not None:
            data["device"] = self.device
        data["value"] = _plain(self.value)
        if self.spread is not None:
            data["spread"] = self.spread.to_json()
        return data

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Observation:
        """Rebuild what `to_json` wrote."""
        value, kind, dtype = data["value"], data["kind"], data.get("dtype")
        if kind in ("list", "dict"):
            value = [cls.from_json(item) for item in value]
        elif kind == "tensor":
            value = [_number(item) for item in value]
        elif kind == "number":
            value = _number(value)
        shape, spread = data.get("shape"), data.get("spread")
        return cls(
            data["label"],
            kind,
            dtype,
            None if shape is None else tuple(shape),
            value,
            device=data.get("device"),
            spread=None if spread is None else Spread.from_json(spread),
        )


@dataclass(frozen=True)
class Observations(Sequence[Observation]):
    """All observations of one run, in the order they were made.

    ``drew`` tells whether the scenario used its `Draw`, that is, whether the
    seed matters, ``inputs`` what it had drawn before each label, and ``dtype``
    in which dtype; they are neither stored nor compared.
    """

    items: tuple[Observation, ...]
    drew: bool = field(default=True, compare=False)
    inputs: Mapping[str, Sequence[NDArray[Any]]] = field(default_factory=dict, compare=False)
    dtype: str = field(default="float64", compare=False)

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, index: Any) -> Any:
        return self.items[index]

    def __iter__(self) -> Iterator[Observation]:
        return iter(self.items)

    def by_label(self) -> dict[str, Observation]:
        """Return the observations by label, in order."""
        return {item.label: item for item in self.items}

    def to_json(self) -> list[dict[str, Any]]:
        """Return plain data, one entry per observation."""
        return [item.to_json() for item in self.items]

    @classmethod
    def from_json(cls, data: Sequence[Mapping[str, Any]], dtype: str = "float64") -> Observations:
        """Rebuild what `to_json` wrote of a run in this dtype."""
        return cls(tuple(Observation.from_json(item) for item in data), dtype=dtype)


def observe(scenario: Scenario, backend: Runs, seed: int = 0, dtype: str = "float64") -> Observations:
    """Run a scenario on a backend and keep what it yields.

    Data are copied at the moment of the yield, so that later changes in place
    do not show. An exception that escapes ends the run and is kept under the
    label ``raised``. Warnings are swallowed: nothing reaches stderr.

    Raises
    ------
    ValueError
        If the scenario uses a label twice.
    TypeError
        If it yields something that is no observation.
    """
    draw = Draw(seed, dtype)
    seen: dict[str, Observation] = {}
    inputs: dict[str, list[NDArray[Any]]] = {}
    with warnings.catch_warnings(), np.errstate(all="ignore"), backend.scope(max(seed, 0)):
        warnings.simplefilter("ignore")
        run = scenario.program(backend.T, draw)
        while True:
            try:
                label, value = next(run)
            except StopIteration:
                break
            except Exception as error:
                label, value = "raised", Raised.of(error)
            if label in seen:
                raise ValueError(f"scenario {scenario.id} yields the label {label!r} twice")
            seen[label] = capture(label, value, backend)
            inputs[label] = draw.drawn[-INPUTS:]
    return Observations(tuple(seen.values()), draw.used, inputs, dtype)


def capture(label: str, value: object, backend: Runs) -> Observation:
    """Turn one yielded value into an `Observation`.

    Raises
    ------
    TypeError
        If the value is of a type that scenarios may not yield.
    """
    if value is None:
        return Observation(label, "none", None, None, None)
    if isinstance(value, (bool, np.bool_)):
        return Observation(label, "bool", None, None, bool(value))
    if isinstance(value, (int, np.integer)):
        return Observation(label, "number", "int", None, int(value))
    if isinstance(value, (float, np.floating)):
        return Observation(label, "number", "float", None, float(value))
    if isinstance(value, str):
        return Observation(label, "text", None, None, value)
    if isinstance(value, Raised):
        content = {"type": value.type, "keywords": phrases(value.message)}
        return Observation(label, "raised", None, None, content, value.message, value.frames)
    if isinstance(value, Ran):  # the same as None to who compares
        return Observation(label, "none", None, None, None, "runs")
    if isinstance(value, Heard):
        return capture(label, list(value.warnings), backend)
    if isinstance(value, (list, tuple)):
        listed = [capture(f"[{i}]", item, backend) for i, item in enumerate(value)]
        return Observation(label, "list", None, None, listed)
    if isinstance(value, Mapping):
        keyed = [capture(str(key), item, backend) for key, item in value.items()]
        return Observation(label, "dict", None, None, keyed)
    if _is_dtype(value):
        return Observation(label, "text", None, None, str(value).rpartition(".")[2])
    array = backend.read(value)
    if array is None:
        raise TypeError(f"a scenario yielded {label!r}: {type(value).__name__} is not observable")
    # Only a backend that sets a default device says where a tensor is.
    device = backend.place(value) if hasattr(backend, "place") else None
    numbers = [] if device == "meta" else array.ravel().tolist()
    return Observation(label, "tensor", array.dtype.name, array.shape, numbers, device=device)


def _is_dtype(value: object) -> bool:
    if isinstance(value, np.dtype):
        return True
    return type(value).__name__.lower() == "dtype"


def _plain(value: Any) -> Any:
    if isinstance(value, Observation):
        return value.to_json()
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value


def _number(value: Any) -> Any:
    return float(value) if isinstance(value, str) else value
