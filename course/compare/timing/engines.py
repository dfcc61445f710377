"""Those who compute: bare NumPy by hand, and whatever has tensors (nptorch, torch on some device)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from course.compare.backends import Backend
from course.compare.timing.operations import Operation
from course.compare.timing.watches import WallWatch, Watch, watch_for

Work = Callable[[], Any]


class Engine(Protocol):
    """What the sweep asks of one column.

    Attributes
    ----------
    name, device, describe : str
        Title of the column, where it computes, and what it is.
    watch : Watch
        What it is timed with.
    """

    name: str
    device: str
    describe: str
    watch: Watch

    def work(self, operation: Operation, n: int) -> Work:
        """Return the operation on `n` elements that are where the engine wants them."""

    def results(self, operation: Operation, n: int) -> list[NDArray[Any]]:
        """Do it once, and return the result and the gradients."""

    def smallest(self) -> Work:
        """Return its smallest operation: two single numbers added."""

    def copy(self, size: int) -> Work:
        """Return a copy of so many bytes."""

    def arrive(self, size: int) -> Work:
        """Return a copy of so many bytes from the host to the device."""

    def product(self, side: int) -> Work:
        """Return a product of two square matrices."""


class Bare:
    """NumPy with the gradients written out by hand, as one would without any engine."""

    name, device = "numpy", "cpu"

    def __init__(self) -> None:
        self.describe = f"NumPy {np.__version__}, gradients by hand"
        self.watch: Watch = WallWatch()

    def work(self, operation: Operation, n: int) -> Work:
        """See `Engine`."""
        arrays = operation.arrays(n)
        return lambda: operation.by_hand(*arrays)

    def results(self, operation: Operation, n: int) -> list[NDArray[Any]]:
        """See `Engine`."""
        return [np.asarray(one) for one in self.work(operation, n)()]

    def smallest(self) -> Work:
        """See `Engine`."""
        one = np.ones(1, dtype=np.float32)
        return lambda: one + one

    def copy(self, size: int) -> Work:
        """See `Engine`."""
        source, target = (np.ones(size, dtype=np.uint8) for _ in range(2))
        return lambda: np.copyto(target, source)

    arrive = copy  # host and device are one

    def product(self, side: int) -> Work:
        """See `Engine`."""
        a, b, c = (np.ones((side, side), dtype=np.float32) for _ in range(3))
        return lambda: np.matmul(a, b, out=c)


class Tensors:
    """An engine with tensors.

    Parameters
    ----------
    backend : Backend
        nptorch, or torch on some device.
    watch : Watch, optional
        By default the one that suits the device.
    """

    def __init__(self, backend: Backend, watch: Watch | None = None) -> None:
        self.name, self.device, self.describe = backend.name, backend.device, backend.describe
        self.watch: Watch = watch or watch_for(backend.T, backend.device)
        self._backend, self._T = backend, backend.T

    def work(self, operation: Operation, n: int) -> Work:
        """See `Engine`."""
        return self._work(operation, self._inputs(operation, n))

    def results(self, operation: Operation, n: int) -> list[NDArray[Any]]:
        """See `Engine`."""
        inputs = self._inputs(operation, n)
        found = [self._work(operation, inputs)(), *(one.grad for one in inputs if operation.backward)]
        return [self._read(one) for one in found]

    def smallest(self) -> Work:
        """See `Engine`."""
        one = self._tensor(np.ones(1, dtype=np.float32))
        return lambda: one + one

    def copy(self, size: int) -> Work:
        """See `Engine`."""
        source, target = (self._tensor(np.ones(size, dtype=np.uint8)) for _ in range(2))
        return lambda: target.copy_(source)

    def arrive(self, size: int) -> Work:
        """See `Engine`."""
        array = np.ones(size, dtype=np.uint8)
        source, target = self._T.tensor(array), self._tensor(array)
        return lambda: target.copy_(source)

    def product(self, side: int) -> Work:
        """See `Engine`."""
        a, b, c = (self._tensor(np.ones((side, side), dtype=np.float32)) for _ in range(3))
        return lambda: self._T.matmul(a, b, out=c)

    def recording(self) -> Any:
        """Record operations while this is entered. Not the backend's scope: that slows every call down."""
        return nullcontext() if self._T.is_grad_enabled() else self._T.enable_grad()

    def _inputs(self, operation: Operation, n: int) -> Sequence[Any]:
        return [self._tensor(array, operation.backward) for array in operation.arrays(n)]

    def _work(self, operation: Operation, inputs: Sequence[Any]) -> Work:
        forward = operation.forward
        if not operation.backward:
            return lambda: forward(*inputs)

        def step() -> Any:
            for one in inputs:
                one.grad = None
            loss = forward(*inputs)
            loss.backward()
            return loss

        return step

    def _tensor(self, array: NDArray[Any], requires_grad: bool = False) -> Any:
        return self._T.tensor(array, requires_grad=requires_grad, device=self.device)

    def _read(self, value: Any) -> NDArray[Any]:
        read = self._backend.read(value)
        if read is None:
            raise TypeError(f"a tensor was expected, not {type(value).__name__}")
        return read
