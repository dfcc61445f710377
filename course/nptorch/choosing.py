"""``numpy.where``, several times faster for large float arrays.

NumPy asks at each element, and a processor that guesses the answer wrong half of the time loses
more than it would need to compute with all of them. A product with the mask would not do: it makes
nan of infinite elements that are not chosen.
"""

from __future__ import annotations

from typing import Any

import numpy as np

LARGE = 2048  # elements, from where on it pays
INTEGER = {np.dtype("f8"): np.dtype("i8"), np.dtype("f4"): np.dtype("i4")}  # as wide


def choose(mask: Any, a: Any, b: Any) -> Any:
    """Return elements of the array or number `a` where `mask` holds, else of `b`."""
    if mask.size >= LARGE:
        if b.__class__ is int and b == 0 and suits(a, mask):
            return _or_zero(a, mask)
        if a.__class__ is int and a == 0 and suits(b, mask):
            return _or_zero(b, ~mask)
        if suits(a, mask) and suits(b, mask) and a.dtype is b.dtype:
            return _either(mask, a, b)
    return np.where(mask, a, b)


def suits(x: Any, mask: Any) -> bool:
    """Return whether `x` is an array of floats of the shape of `mask`."""
    return x.__class__ is np.ndarray and x.shape == mask.shape and x.dtype in INTEGER


def _or_zero(x: Any, mask: Any) -> Any:
    """Return the bits of `x`, and all ones or no ones."""
    kind: Any = INTEGER[x.dtype]
    bits = np.negative(mask, dtype=kind, casting="unsafe")
    return np.bitwise_and(bits, x.view(kind), out=bits).view(x.dtype)


def _either(mask: Any, a: Any, b: Any) -> Any:
    """Return the bits of `b`, those flipped in which `a` differs where `mask` holds."""
    kind: Any = INTEGER[a.dtype]
    bits = np.negative(mask, dtype=kind, casting="unsafe")
    ours, theirs = a.view(kind), b.view(kind)
    bits &= ours ^ theirs
    bits ^= theirs
    return bits.view(a.dtype)
