"""Choosing between values, keeping them within bounds, and mixing them."""

from __future__ import annotations

from typing import Any

import numpy as np

from course.nptorch import messages
from course.nptorch._tensor import Tensor, wrap
from course.nptorch.dtypes import dtype_of
from course.nptorch.ops.layout import in_order, led_by
from course.nptorch.ops.one_go import in_one_go
from course.nptorch.ops.operands import Number, aligned, in_common, is_tensor, operand
from course.nptorch.ops.pointwise import binary
from course.nptorch.ops.register import FUNCTIONS, described, method, op, recorded
from course.nptorch.ops.write import check_shapes, refuse_leaf
from course.nptorch.record import OPS, recorded_first


def _chosen(condition: Tensor, a: Any, b: Any) -> Tensor:
    """Return elements of `a` where `condition` holds, else of `b`."""
    if condition._data.dtype != np.bool_:
        raise RuntimeError(
            "where expected condition to be a boolean tensor, but got a tensor with dtype "
            f"{condition.dtype.tensor_type[:-6]}"
        )
    x, y = in_common(operand(a, "where", "input", 2), operand(b, "where", "other", 3))
    try:
        check_shapes(condition._data, x, y)
    except RuntimeError:
        recorded_first(OPS["where"], (a, b, condition))
        raise
    values = led_by(np.where(condition._data, x, y), condition._data, x, y)
    return recorded("where", (a, b, condition), values)


def where(condition: Tensor, input: Any = None, other: Any = None) -> Any:  # noqa: A002
    """Return elements of `input` where `condition` holds, else of `other`.

    With `condition` alone: the positions where it holds, one Tensor per axis. The branch not
    taken gets a gradient of 0 at its own node; what lies before it can make nan of that.
    """
    given: Any = condition
    if not isinstance(given, Tensor):
        several = input is not None or other is not None
        what = "argument 'condition' (position 1) must be Tensor, not"
        raise TypeError(
            "where() received an invalid combination of arguments"
            if several
            else f"where(): {what} {type(given).__name__}"
        )
    if input is None and other is None:
        return condition.nonzero(as_tuple=True)
    if not all(isinstance(x, Tensor | int | float) for x in (input, other)):
        raise TypeError("where() received an invalid combination of arguments")
    return _chosen(condition, input, other)


FUNCTIONS["where"] = where


@method("where", early=False)
def where_method(self: Tensor, condition: Tensor, other: Any) -> Tensor:
    """Return elements of `self` where `condition` holds, else of `other`."""
    if not isinstance(condition, Tensor) or not isinstance(other, Tensor | int | float):
        raise TypeError("where() received an invalid combination of arguments")
    return _chosen(condition, self, other)


@method("choose")
def choose(self: Tensor, a: Any, b: Any) -> Tensor:
    """Return elements of `a` where this mask holds, else of `b`; numbers take the other's dtype."""
    like = a if isinstance(a, Tensor) else b
    if not isinstance(like, Tensor):
        return _chosen(self, a, b)
    x, y = (v._data if isinstance(v, Tensor) else like._data.dtype.type(v) for v in (a, b))
    return recorded("where", (a, b, self), np.where(self._data, x, y))


# of two equal ones NumPy returns the second and torch the first (but for whole vectors of eight): zeros have signs
_maximum = binary("maximum", compute=lambda a, b: np.maximum(b, a))
_minimum = binary("minimum", compute=lambda a, b: np.minimum(b, a))
for _name in ("maximum_", "minimum_"):
    delattr(Tensor, _name)  # torch has no such methods


@op("maximum", early=False)
def maximum(self: Tensor, other: Tensor) -> Tensor:
    """Return the larger of two tensors, element by element; nan wins. Ties share the gradient."""
    return _maximum(self, is_tensor("maximum", "other", 2, other))


@op("minimum", early=False)
def minimum(self: Tensor, other: Tensor) -> Tensor:
    """Return the smaller of two tensors, element by element; nan wins. Ties share the gradient."""
    return _minimum(self, is_tensor("minimum", "other", 2, other))


@method("tied")
def tied(self: Tensor, x: Tensor) -> Tensor:
    """Return `self`, recorded as made from `x` as well, with slope 0: so are torch's slopes of steps."""
    return in_one_go("tied", (self, x), self._data)


@method("held")
def held(self: Tensor, *others: Any) -> Tensor:
    """Return `self`, recorded as made from `others` as well, which are kept, although no gradient goes there.

    So are gradients that torch computes in one go: what that needed must not be overwritten, to the last of it.
    """
    kept = [x for x in others if isinstance(x, Tensor)]
    return in_one_go(f"held_{len(kept)}", (self, *kept), self._data) if kept else self


@method("blanked")
def blanked(self: Tensor, mask: Any) -> Tensor:
    """Return a copy with zeros where an array of bools holds."""
    x = self._data
    return in_one_go("masked_fill", (self, wrap(mask)), np.where(mask, x.dtype.type(0), x))


@method("beside")
def beside(self: Tensor, x: Tensor) -> Tensor:
    """Return `self`, recorded as made from `x` as well, with slope 0; `x` is not kept."""
    return in_one_go("beside", (self, x), self._data)


@described("clamp", "clip")
def clamp(self: Tensor, min: Any = None, max: Any = None) -> Any:  # noqa: A002 - torch's names
    """Return `self` with elements below `min` or above `max` replaced by that bound."""
    if min is None and max is None:
        raise RuntimeError("torch.clamp: At least one of 'min' or 'max' must not be None")
    bounds = [b for b in (min, max) if b is not None]
    if len({isinstance(b, Tensor) for b in bounds}) > 1:
        if not any(isinstance(b, Tensor) and (b.ndim or b.requires_grad) for b in bounds):
            return clamp.__wrapped__(  # type: ignore[attr-defined]
                self, *(b.item() if isinstance(b, Tensor) else b for b in (min, max))
            )
        kinds = ", ".join(type(b).__name__ for b in bounds)
        raise TypeError(f"clamp() received an invalid combination of arguments - got ({kinds})")
    x, *limits = in_common(self._data, *(operand(b, "clamp", "min", 1) for b in bounds))
    check_shapes(x, *limits)
    low = limits[0] if min is not None else None
    high = limits[-1] if max is not None else None
    values = x if low is None else np.maximum(low, x)  # in this order -0.0 stays, as in torch
    values = values if high is None else np.minimum(high, values)
    if any(isinstance(b, Tensor) for b in bounds):
        return "clamp_tensor", (self, min, max), led_by(np.array(values), x, *limits), None
    return "clamp", (self,), led_by(np.array(values), x), {"min": min, "max": max}


@described("clamp_min")
def clamp_min(self: Tensor, min: Tensor | Number) -> Any:  # noqa: A002 - torch's name
    """Return `self` with elements below `min` replaced by it."""
    x, bound = aligned(self._data, operand(min, "clamp_min", "min", 1))
    check_shapes(x, bound)
    values = np.maximum(bound, x)
    if isinstance(min, Tensor):
        return "clamp_min_tensor", (self, min), led_by(values, self._data, min._data), None
    return "clamp_min", (self,), led_by(values, self._data), {"min": min}


@described("clamp_max")
def clamp_max(self: Tensor, max: Tensor | Number) -> Any:  # noqa: A002 - torch's name
    """Return `self` with elements above `max` replaced by it."""
    x, bound = aligned(self._data, operand(max, "clamp_max", "max", 1))
    check_shapes(x, bound)
    values = np.minimum(bound, x)
    if isinstance(max, Tensor):
        return "clamp_max_tensor", (self, max), led_by(values, self._data, max._data), None
    return "clamp_max", (self,), led_by(values, self._data), {"max": max}


@described("masked_fill")
def masked_fill(self: Tensor, mask: Tensor, value: Tensor | Number) -> Any:
    """Return `self` with `value` where `mask` holds.

    Raises
    ------
    RuntimeError
        If `mask` is not of bools, or `value` has dimensions.
    """
    if mask._data.dtype != np.bool_:
        raise RuntimeError(
            f"masked_fill_ only supports boolean masks, but got mask with dtype {_c_name(mask._data.dtype)}"
        )
    x = self._data
    check_shapes(mask._data, x)
    if isinstance(value, Tensor):
        if value.ndim:
            raise RuntimeError(
                "masked_fill_ only supports a 0-dimensional value tensor, but got tensor with "
                f"{value.ndim} dimension(s)."
            )
        values = np.where(mask._data, value._data.astype(x.dtype), x)
        return "masked_fill_tensor", (self, value, mask), in_order(values), None
    if x.dtype.kind in "iub" and isinstance(value, float) and x.dtype.kind != "f":
        value = int(value)
    return "masked_fill", (self, mask), in_order(np.where(mask._data, x.dtype.type(value), x)), None


_masked_fill_ = Tensor.masked_fill_  # type: ignore[attr-defined]


@method("masked_fill_")
def masked_fill_(self: Tensor, mask: Tensor, value: Any) -> Tensor:
    """Write what `masked_fill` returns into this tensor, whose shape torch names first here."""
    if isinstance(mask, Tensor) and mask._data.dtype == np.bool_ and not self._made:
        refuse_leaf(self)
        check_shapes(self._data, mask._data)
    return _masked_fill_(self, mask, value)  # type: ignore[no-any-return]


def _c_name(numpy_dtype: Any) -> str:
    names = {"float32": "float", "float64": "double", "int64": "long int", "int32": "int"}
    name = dtype_of(numpy_dtype).name
    return names.get(name, name)


def _mixed(a: Any, b: Any, weight: Any) -> Any:
    return np.where(np.abs(weight) < 0.5, a + weight * (b - a), b - (b - a) * (1 - weight))


@described("lerp")
def lerp(self: Tensor, end: Tensor, weight: Tensor | Number) -> Any:
    """Return ``self + weight * (end - self)``."""
    a, b = self._data, end._data
    if a.dtype != b.dtype:
        raise RuntimeError(f"expected dtype {_c_name(a.dtype)} for `end` but got dtype {_c_name(b.dtype)}")
    check_shapes(a, b, weight._data if isinstance(weight, Tensor) else 0)
    if isinstance(weight, Tensor):
        if weight.ndim and weight._data.dtype != a.dtype:
            raise RuntimeError(
                f"expected dtype {_c_name(a.dtype)} for `weight` but got dtype {_c_name(weight._data.dtype)}"
            )
        a, b, w = in_common(a, b, weight._data)
        return "lerp_tensor", (self, end, weight), led_by(_mixed(a, b, w), a, b, w), None
    return "lerp", (self, end), led_by(_mixed(a, b, a.dtype.type(weight)).astype(a.dtype), a, b), {"weight": weight}


@described("addcmul")
def addcmul(self: Tensor, tensor1: Tensor, tensor2: Tensor, *, value: Any = 1) -> Any:
    """Return ``self + value * tensor1 * tensor2``."""
    a, b, c = in_common(self._data, tensor1._data, tensor2._data)
    check_shapes(a, b, c)
    return "addcmul", (self, tensor1, tensor2), led_by(a + value * b * c, a, b, c), {"value": value}


@described("addcdiv")
def addcdiv(self: Tensor, tensor1: Tensor, tensor2: Tensor, *, value: Any = 1) -> Any:
    """Return ``self + value * tensor1 / tensor2``."""
    if "f" not in (tensor1._data.dtype.kind, tensor2._data.dtype.kind):
        raise RuntimeError(messages.WHOLE_ADDCDIV)
    a, b, c = in_common(self._data, tensor1._data, tensor2._data)
    check_shapes(a, b, c)
    return "addcdiv", (self, tensor1, tensor2), led_by(a + value * b / c, a, b, c), {"value": value}


@op("masked_select", early=True)
def masked_select(self: Tensor, mask: Tensor) -> Tensor:
    """Return the elements where `mask` holds, in one axis."""
    if mask._data.dtype != np.bool_:
        raise RuntimeError("masked_select: expected BoolTensor for mask")
    check_shapes(mask._data, self._data)
    shape = np.broadcast_shapes(self._data.shape, mask._data.shape)
    source = self if self._data.shape == shape else self.expand(shape)
    where_ = wrap(np.broadcast_to(mask._data, shape)) if mask._data.shape != shape else mask
    picked = np.asarray(source._data)[np.asarray(where_._data)]
    return recorded("masked_select", (source, where_), picked)


def of_tensors(name: str, made: Any) -> None:
    """Let an operation of two inputs take Tensors only, no numbers."""

    @op(name, early=False)
    def operation(self: Tensor, other: Tensor) -> Tensor:
        return made(self, is_tensor(name, "other", 1, other))  # type: ignore[no-any-return]

    operation.__name__, operation.__doc__ = name, made.__doc__


for _name in ("atan2", "arctan2"):
    of_tensors(_name, binary("atan2", _name, compute=np.arctan2, floats_only=True))
