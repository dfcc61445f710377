"""The operations, one module per kind. Importing this package attaches them to ``Tensor``."""

from __future__ import annotations

from course.nptorch import rules  # the vjp table, before the operations that use it
from course.nptorch._tensor import Tensor
from course.nptorch.absent import explain_missing
from course.nptorch.ops import (
    cast,
    choose,
    compare,
    convert,
    create,
    einsum,
    elementwise,
    extremes,
    index,
    inplace,
    join,
    legacy,
    matrix,
    more,
    pick,
    pointwise,
    random,
    reduce,
    shape,
)

explain_missing(Tensor)

__all__ = [
    "cast",
    "choose",
    "compare",
    "convert",
    "create",
    "einsum",
    "elementwise",
    "extremes",
    "index",
    "inplace",
    "join",
    "legacy",
    "matrix",
    "more",
    "pick",
    "pointwise",
    "random",
    "reduce",
    "rules",
    "shape",
]
