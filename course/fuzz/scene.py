"""What a program has made so far, and how the next statement picks from it."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from course.fuzz.run import Run

T = TypeVar("T")
Test = Callable[[Any], bool]

_LETTERS = "abcdefghijklmnopqrsuvwxyz"


class Nothing(LookupError):
    """Nothing in the program fits what a statement asks for."""


class Scene:
    """A program in progress on torch, with a source of chance.

    Parameters
    ----------
    chance : random.Random
        Where all choices come from.
    going : Run
        The program so far.
    """

    def __init__(self, chance: random.Random, going: Run) -> None:
        self.chance = chance
        self.going = going
        self.Tensor = going.engine.T.Tensor
        self.differentiable: list[str] = []  # names of gradients that have a history
        self._count = 0
        self._labels = 0

    def new(self) -> str:
        """Return a name that is not in use."""
        count, self._count = self._count, self._count + 1
        return _LETTERS[count] if count < len(_LETTERS) else f"t{count}"

    def label(self) -> str:
        """Return a label, quoted, for a hook."""
        self._labels += 1
        return f'"h{self._labels}"'

    def of(self, name: str) -> Any:
        """Return the tensor of this name."""
        return self.going.names[name]

    def tensors(self, *tests: Test) -> list[str]:
        """Return the names of tensors that pass all tests, oldest first."""
        return [
            name
            for name, value in self.going.variables().items()
            if isinstance(value, self.Tensor) and all(_passes(test, value) for test in tests)
        ]

    def tensor(self, *tests: Test) -> str:
        """Pick a tensor that passes all tests; younger ones are picked more often.

        Raises
        ------
        Nothing
            If there is none.
        """
        found = self.tensors(*tests)
        if not found:
            raise Nothing
        if self.maybe(0.5):
            return found[-1 - min(int(self.chance.random() * 4), len(found) - 1)]
        return self.pick(found)

    def pick(self, among: Sequence[T]) -> T:
        """Pick one of several."""
        if not among:
            raise Nothing
        return among[min(int(self.chance.random() * len(among)), len(among) - 1)]

    def below(self, n: int) -> int:
        """Return a whole number from 0 to ``n - 1``."""
        return min(int(self.chance.random() * n), n - 1)

    def maybe(self, probability: float) -> bool:
        """Return True with this probability."""
        return self.chance.random() < probability

    def some(self, names: Sequence[T], most: int) -> list[T]:
        """Return one to `most` different ones, in a random order."""
        left = list(names)
        if not left:
            raise Nothing
        taken = []
        for _ in range(1 + self.below(min(most, len(left)))):
            taken.append(left.pop(self.below(len(left))))
        return taken


def _passes(test: Test, value: Any) -> bool:
    try:
        return bool(test(value))
    except RuntimeError:  # some views can no longer be asked
        return False


def floats(tensor: Any) -> bool:
    """Test for a tensor of floating point."""
    return bool(tensor.dtype.is_floating_point)


def requires_grad(tensor: Any) -> bool:
    """Test for a tensor that requires grad."""
    return bool(tensor.requires_grad)


def plain(tensor: Any) -> bool:
    """Test for a tensor that requires no grad."""
    return not tensor.requires_grad


def non_leaf(tensor: Any) -> bool:
    """Test for a tensor that an operation made."""
    return tensor.grad_fn is not None


def normal(tensor: Any) -> bool:
    """Test for a tensor that was not made in inference mode."""
    return not tensor.is_inference()


def leaf(tensor: Any) -> bool:
    """Test for a leaf that requires grad."""
    return bool(tensor.requires_grad and tensor.is_leaf)


def dims(*counts: int) -> Test:
    """Test for a number of dimensions."""
    return lambda tensor: tensor.ndim in counts


def small(tensor: Any) -> bool:
    """Test for a tensor that will not become too large by one more operation."""
    return bool(tensor.numel() <= 64)


def solid(tensor: Any) -> bool:
    """Test for a tensor that repeats no element in memory."""
    return 0 not in tensor.stride()


def filled(tensor: Any) -> bool:
    """Test for a tensor with elements: what folds nothing at all differs from function to function."""
    return bool(tensor.numel())


def one_zero(tensor: Any) -> bool:
    """Test against zeros of both signs: which of them is the larger one depends on the width of torch's vectors."""
    x = tensor.detach()
    signs = x.signbit()[x == 0]
    return bool(signs.all() or not signs.any())


def shaped(shape: tuple[int, ...]) -> Test:
    """Test for a shape."""
    return lambda tensor: tuple(tensor.shape) == shape
