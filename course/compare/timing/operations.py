"""What is timed: three small programs, each with the bytes and the arithmetic that it cannot do without.

The counts are those of an engine that does one operation after the other, as nptorch, NumPy and torch
do: each operation reads its inputs from memory once, and writes its result once.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]
BYTES = 4  # of one float32
SIZES = tuple(2**k for k in range(4, 25, 2))  # numbers of elements; even powers are whole squares


@dataclass(frozen=True)
class Operation:
    """One program, for engines with tensors and for bare NumPy.

    Attributes
    ----------
    name, says : str
        A word, and the formula.
    forward : callable
        From tensors to a tensor.
    by_hand : callable
        From arrays to the arrays of the result and of all gradients.
    inputs : int
        How many tensors it takes.
    backward : bool
        Whether gradients of the inputs are asked for.
    square : bool
        Whether the tensors are square matrices; else they are vectors.
    moved, held : int
        Numbers read or written, and numbers that are in memory at one time, for each element.
    arithmetic : callable
        From the number of elements to the floating point operations.
    """

    name: str
    says: str
    forward: Callable[..., Any]
    by_hand: Callable[..., Sequence[Any]]
    inputs: int
    backward: bool
    square: bool
    moved: int
    held: int
    arithmetic: Callable[[int], int]

    def arrays(self, n: int) -> list[Array]:
        """Return inputs of `n` elements, the same at every call. Small numbers: tanh must not saturate."""
        shape = (math.isqrt(n),) * 2 if self.square else (n,)
        draw = np.random.default_rng(n)
        return [draw.standard_normal(shape, dtype=np.float32) * np.float32(0.5) for _ in range(self.inputs)]

    def costs(self, n: int) -> dict[str, int]:
        """Return what `n` elements cost: bytes moved, bytes held, floating point operations."""
        return {"moved": self.moved * n * BYTES, "held": self.held * n * BYTES, "flops": self.arithmetic(n)}


def _chain_by_hand(x: Array, w: Array, b: Array) -> Sequence[Any]:
    y = np.tanh(x * w + b)
    g = 1 - y * y
    return y.sum(), g * w, g * x, g


#: The chain moves 9 numbers for each element on its way forward (mul 3, add 3, tanh 2, sum 1) and 8 on its
#: way back (tanh 2, mul 3 for each factor); it does 4 and 5 operations, if a tanh is counted as one.
OPERATIONS = (
    Operation(
        "chain",
        "(x * w + b).tanh().sum(), forward and backward",
        lambda x, w, b: (x * w + b).tanh().sum(),
        _chain_by_hand,
        inputs=3,
        backward=True,
        square=False,
        moved=17,
        held=10,
        arithmetic=lambda n: 9 * n,
    ),
    Operation(
        "sum",
        "x.sum(), forward",
        lambda x: x.sum(),
        lambda x: (x.sum(),),
        inputs=1,
        backward=False,
        square=False,
        moved=1,
        held=1,
        arithmetic=lambda n: n,
    ),
    Operation(
        "matmul",
        "a @ b of two square matrices, forward",
        lambda a, b: a @ b,
        lambda a, b: (a @ b,),
        inputs=2,
        backward=False,
        square=True,
        moved=3,
        held=3,
        arithmetic=lambda n: 2 * math.isqrt(n) ** 3,
    ),
)
