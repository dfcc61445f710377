"""The operations, one module per kind. Importing this package attaches them to ``Tensor``."""

from __future__ import annotations

from course.nptorch import rules as rules  # the vjp table, before the operations that use it
from course.nptorch.absent import explain_missing
from course.nptorch._tensor import Tensor
from course.nptorch.ops import (
    cast as cast,
    choose as choose,
    compare as compare,
    convert as convert,
    create as create,
    einsum as einsum,
    elementwise as elementwise,
    extremes as extremes,
    index as index,
    inplace as inplace,
    join as join,
    matrix as matrix,
    pick as pick,
    pointwise as pointwise,
    random as random,
    reduce as reduce,
    shape as shape,
)

explain_missing(Tensor)
