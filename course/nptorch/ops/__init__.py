"""The operations, one module per kind. Importing this package attaches them to ``Tensor``."""

from __future__ import annotations

from course.nptorch import rules  # the vjp table, before the operations that use it
from course.nptorch._tensor import Tensor
from course.nptorch.absent import nothing_else_in, refuse_subclasses
from course.nptorch.absent_methods import fill_the_gaps
from course.nptorch.ops import (
    arithmetic,
    cast,
    choose,
    compare,
    convert,
    create,
    diagonals,
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
    random,
    reduce,
    repeat,
    shape,
    underived,
)
from course.nptorch.ops.docs import fill_in
from course.nptorch.ops.layout_words import accept_layout
from course.nptorch.ops.out import accept_out
from course.nptorch.ops.register import FUNCTIONS

refuse_subclasses(Tensor)
accept_layout(FUNCTIONS)
accept_out(FUNCTIONS)
fill_in(FUNCTIONS)
fill_the_gaps()
__getattr__ = nothing_else_in("ops")

__all__ = [
    "arithmetic",
    "cast",
    "choose",
    "compare",
    "convert",
    "create",
    "diagonals",
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
    "random",
    "reduce",
    "repeat",
    "rules",
    "shape",
    "underived",
]
