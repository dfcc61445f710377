"""``assert_close``: what it accepts, and in which order it complains."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from course.nptorch._tensor import Tensor
from course.nptorch.dtypes import Size, result_type
from course.nptorch.parts import declare, plugged
from course.nptorch.testing.said import of_arrays, of_numbers

declare("tolerance", 12, "how far apart two results may be, by their dtypes")
declare("is_close", 12, "which elements of two arrays are close enough")


@dataclass(frozen=True)
class _How:
    """The options of one call."""

    rtol: float | None
    atol: float | None
    equal_nan: bool
    check_dtype: bool
    check_stride: bool
    allow_subclasses: bool

    def check(self) -> None:
        """Refuse one tolerance without the other."""
        if (self.rtol is None) != (self.atol is None):
            missing = "rtol" if self.rtol is None else "atol"
            raise ValueError(f"Both 'rtol' and 'atol' must be either specified or omitted, but got no {missing}.")

    def tolerances(self, *dtypes: str) -> tuple[float, float]:
        """Return what was asked for, else what belongs to the dtypes."""
        if self.rtol is None or self.atol is None:
            return plugged.tolerance(*dtypes)  # type: ignore[no-any-return]
        return self.rtol, self.atol


def assert_close(
    actual: Any,
    expected: Any,
    *,
    allow_subclasses: bool = True,
    rtol: float | None = None,
    atol: float | None = None,
    equal_nan: bool = False,
    check_device: bool = True,
    check_dtype: bool = True,
    check_layout: bool = True,
    check_stride: bool = False,
    msg: str | Callable[[str], str] | None = None,
) -> None:
    """Raise unless `actual` is close to `expected`: ``|actual - expected| <= atol + rtol * |expected|`` everywhere.

    Parameters
    ----------
    actual, expected : Tensor, array, number, bool or None, or a sequence or mapping of those
        Of the same structure.
    rtol, atol : float, optional
        Both or none; without them the dtypes decide, and if they differ the looser one.
    equal_nan : bool
        Whether two nan are close.
    check_dtype : bool
        Whether different dtypes are an error; if not, they are promoted.
    check_stride : bool
        Whether different strides are an error.
    allow_subclasses : bool
        Whether a Parameter may stand beside a Tensor.
    check_device, check_layout : bool
        Accepted; there is one device and one layout here.
    msg : str or function, optional
        The message, or what makes it out of the usual one.

    Raises
    ------
    AssertionError
        If they are not close.
    TypeError
        If they cannot be compared.
    ValueError
        If only one of `rtol` and `atol` is given.
    """
    how = _How(rtol, atol, equal_nan, check_dtype, check_stride, allow_subclasses)
    # All of the structure is looked at before any number is.
    for item, compare, one, other in list(_pairs(actual, expected, (), how)):
        complaint = compare(one, other, how)
        if complaint:
            raise AssertionError(_worded(complaint, item, msg))


def _worded(complaint: str, item: tuple[Any, ...], msg: str | Callable[[str], str] | None) -> str:
    if isinstance(msg, str):
        return msg
    if item:
        complaint += f"\n\nThe failure occurred for item {''.join(str([key]) for key in item)}"
    return msg(complaint) if msg else complaint


_Pair = tuple[tuple[Any, ...], Callable[[Any, Any, _How], str], Any, Any]


def _pairs(actual: Any, expected: Any, item: tuple[Any, ...], how: _How) -> Iterator[_Pair]:
    """Take both apart side by side: where, how to compare, and what."""
    both = actual, expected
    if all(isinstance(one, Sequence) and not isinstance(one, str) for one in both):
        if len(actual) != len(expected):
            raise AssertionError(f"The length of the sequences mismatch: {len(actual)} != {len(expected)}")
        for index in range(len(actual)):
            yield from _pairs(actual[index], expected[index], (*item, index), how)
    elif all(isinstance(one, Mapping) for one in both):
        if set(actual) != set(expected):
            raise AssertionError(
                "The keys of the mappings do not match:\n"
                f"Missing keys in the actual mapping: {sorted(set(expected) - set(actual))}\n"
                f"Additional keys in the actual mapping: {sorted(set(actual) - set(expected))}"
            )
        for key in sorted(actual):
            yield from _pairs(actual[key], expected[key], (*item, key), how)
    elif actual is None or expected is None:
        yield item, _nones, actual, expected
    elif all(isinstance(one, bool | np.bool_) for one in both):
        yield item, _bools, bool(actual), bool(expected)
    elif all(isinstance(one, int | float | np.number) for one in both):
        how.check()
        yield item, _numbers, *(one.item() if isinstance(one, np.number) else one for one in both)
    elif _related(actual, expected, how):
        how.check()
        yield item, _tensors, *both
    else:
        raise TypeError(f"No comparison pair was able to handle inputs of type {type(actual)} and {type(expected)}.")


def _related(actual: Any, expected: Any, how: _How) -> bool:
    """Whether both are Tensors, or both arrays."""
    if not how.allow_subclasses and type(actual) is not type(expected):
        return False
    return any(isinstance(actual, kind) and isinstance(expected, kind) for kind in (Tensor, np.ndarray))


def _nones(actual: Any, expected: Any, how: _How) -> str:
    return "" if actual is None and expected is None else f"None mismatch: {actual} is not {expected}"


def _bools(actual: bool, expected: bool, how: _How) -> str:
    return "" if actual is expected else f"Booleans mismatch: {actual} is not {expected}"


def _numbers(actual: Any, expected: Any, how: _How) -> str:
    if how.check_dtype and type(actual) is not type(expected):
        return f"The (d)types do not match: {type(actual)} != {type(expected)}."
    rtol, atol = how.tolerances(*("float64" if isinstance(one, float) else "int64" for one in (actual, expected)))
    if _matches(np.asarray(actual), np.asarray(expected), rtol, atol, how).all():
        return ""
    return of_numbers(actual, expected, rtol, atol)


def _tensors(actual: Any, expected: Any, how: _How) -> str:
    a, b = (one._data if isinstance(one, Tensor) else one for one in (actual, expected))
    if a.shape != b.shape:
        return _attribute("shape", Size(a.shape), Size(b.shape))
    if how.check_stride and a.strides != b.strides:
        return _attribute("stride()", *(tuple(size // one.itemsize for size in one.strides) for one in (a, b)))
    if how.check_dtype and a.dtype != b.dtype:
        return _attribute("dtype", f"torch.{a.dtype}", f"torch.{b.dtype}")
    rtol, atol = how.tolerances(str(a.dtype), str(b.dtype))
    if a.dtype != b.dtype:
        common = result_type(np.empty(1, a.dtype), np.empty(1, b.dtype))
        a, b = a.astype(common), b.astype(common)
    matches = _matches(a, b, rtol, atol, how)
    if matches.all():
        return ""
    return of_numbers(a.item(), b.item(), rtol, atol) if a.ndim == 0 else of_arrays(a, b, matches, rtol, atol)


def _attribute(name: str, actual: object, expected: object) -> str:
    return f"The values for attribute '{name}' do not match: {actual} != {expected}."


def _matches(a: Any, b: Any, rtol: float, atol: float, how: _How) -> Any:
    with np.errstate(all="ignore"):  # inf - inf is nan, and no news
        return np.asarray(plugged.is_close(a, b, rtol, atol, how.equal_nan))
