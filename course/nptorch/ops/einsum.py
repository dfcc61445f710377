"""``einsum``: sums of products written with letters."""

from __future__ import annotations

import math
from typing import Any

from course.nptorch._tensor import Tensor
from course.nptorch.ops.register import function


@function("einsum")
def einsum(equation: str, *operands: Any) -> Tensor:
    """Return the sum of products that `equation` spells, e.g. ``"ij,jk->ik"``.

    Every letter is an axis; letters that are not in the result are summed over; ``...`` stands
    for axes that are broadcast.

    Raises
    ------
    RuntimeError
        If the letters do not fit the operands.
    """
    given = list(operands[0]) if len(operands) == 1 and isinstance(operands[0], list | tuple) else list(operands)
    if not operands:
        raise ValueError(
            "einsum(): must specify the equation string and at least one operand, or at least one operand and its "
            "subscripts list"
        )
    for i, x in enumerate(given):
        if not isinstance(x, Tensor):
            raise TypeError(f"expected Tensor as element {i} in argument 1, but got {type(x).__name__}")
    left, arrow, right = equation.replace(" ", "").partition("->")
    _only_letters(equation)
    terms = left.split(",")
    if len(terms) != len(given):
        few = "fewer" if len(terms) > len(given) else "more"
        raise RuntimeError(f"einsum(): {few} operands were provided than specified in the equation")
    spread = max((x.ndim - len(t.replace("...", "")) for t, x in zip(terms, given, strict=True)), default=0)
    dots = [chr(0x100 + i) for i in range(spread)]  # letters of their own for the axes of "..."
    labels = [_spelled(t, x, dots, i) for i, (t, x) in enumerate(zip(terms, given, strict=True))]
    every = [c for ls in labels for c in ls]
    if arrow:
        out = _spelled_out(right, dots)
    else:
        out = [*dots, *sorted(c for c in set(every) if every.count(c) == 1 and c not in dots)]
    for c in out:
        if out.count(c) > 1:
            raise RuntimeError(f"einsum(): output subscript {c} appears more than once in the output")
        if c not in every:
            raise RuntimeError(f"einsum(): output subscript {c} does not appear in the equation for any input operand")
    _check_extents(labels, given)
    # every operand gets every letter as an axis: those of the result first, then what is summed over
    order = [*out, *sorted(set(every) - set(out))]
    ops = [_arranged(*_diagonals(x, ls), order) for x, ls in zip(given, labels, strict=True)]
    summed = range(len(out), len(order))
    waiting = {d: sum(x._data.shape[d] != 1 for x in ops) for d in summed}
    made = ops[0]
    for x in ops[1:]:
        made = _contracted(made, x, waiting)
    if not summed:
        return made  # type: ignore[no-any-return]
    if len(ops) > 1:
        return made.view(made.shape[: len(out)])  # type: ignore[no-any-return]
    return made.sum(tuple(summed))  # type: ignore[no-any-return]


def _only_letters(equation: str) -> None:
    left, arrow, _ = equation.partition("->")
    operand = 0
    for at, c in enumerate(equation.replace("...", "   ")):
        operand += c == ","
        output = arrow and at >= len(left)
        if c == ".":
            where = "the output" if output else f"operand {operand}"
            raise RuntimeError(f"einsum(): found '.' for {where} that is not part of any ellipsis")
        if (
            (c != " " and not c.isascii())
            or not (c.isalpha() or c in " ,->")
            or (c in "->" and not len(left) <= at < len(left) + 2)
        ):
            raise RuntimeError(
                f"einsum(): invalid subscript given at index {at} in the equation string, "
                "subscripts must be in [a-zA-Z]"
            )


def _spelled(term: str, x: Tensor, dots: list[str], number: int) -> list[str]:
    count = x.ndim - len(term.replace("...", ""))
    if count < 0 or (count > 0 and "..." not in term):
        raise RuntimeError(
            "einsum(): the number of subscripts in the equation "
            f"({len(term.replace('...', ''))}) does not match the number of dimensions ({x.ndim}) "
            f"for operand {number} and no ellipsis was given"
        )
    return _spelled_out(term, dots[len(dots) - count :])


def _spelled_out(term: str, dots: list[str]) -> list[str]:
    before, ellipsis, after = term.partition("...")
    return [*before, *(dots if ellipsis else []), *after]


def _check_extents(labels: list[list[str]], given: list[Any]) -> None:
    extents: dict[str, int] = {}
    for i, (ls, x) in enumerate(zip(labels, given, strict=True)):
        for c, n in zip(ls, x.shape, strict=True):
            seen = extents.get(c, 1)
            if n != 1 and seen not in (1, n):
                raise RuntimeError(
                    f"einsum(): subscript {c} has size {n} for operand {i} which does not broadcast "
                    f"with previously seen size {seen}"
                )
            extents[c] = n if seen == 1 else seen


def _diagonals(x: Any, labels: list[str]) -> tuple[Any, list[str]]:
    """Take the diagonal where a letter stands twice in one term."""
    labels = list(labels)
    for c in dict.fromkeys(labels):
        while labels.count(c) > 1:
            first = labels.index(c)
            second = labels.index(c, first + 1)
            x = x.diagonal(0, first, second).movedim(-1, first)
            del labels[second]
    return x, labels


def _arranged(x: Any, labels: list[str], order: list[str]) -> Any:
    """Return `x` with one axis for each letter of `order`, of extent 1 where it has none."""
    known = list(labels)
    for c in order:
        if c not in known:
            x = x.unsqueeze(-1)
            known.append(c)
    return x.permute([known.index(c) for c in order])


def _contracted(a: Any, b: Any, waiting: dict[int, int]) -> Any:
    """Multiply two operands, and sum over the axes that nobody else has (`waiting` counts who does)."""
    both: list[int] = []
    alone: tuple[list[int], list[int]] = ([], [])
    for d in waiting:
        m, n = a._data.shape[d], b._data.shape[d]
        if m != 1 and n != 1:
            waiting[d] -= 1
            if waiting[d] == 1:
                both.append(d)
                waiting[d] = 0
        elif waiting[d] == 1 and (m != 1 or n != 1):
            alone[0 if m != 1 else 1].append(d)
            waiting[d] = 0
    a = a.sum(alone[0], True) if alone[0] else a
    b = b.sum(alone[1], True) if alone[1] else b
    return _summed_product(a, b, both) if both else a * b


def _summed_product(a: Any, b: Any, summed: list[int]) -> Any:
    """Return ``(a * b).sum(summed, keepdim=True)``, as one batch of matrices."""
    kept = [d for d in range(a.ndim) if d not in summed]
    batch = [d for d in kept if a._data.shape[d] != 1 != b._data.shape[d]]
    rows = [d for d in kept if a._data.shape[d] != 1 == b._data.shape[d]]
    columns = [d for d in kept if a._data.shape[d] == 1]
    left = _matrices(a, (batch, rows, summed), columns)
    right = _matrices(b, (batch, summed, columns), rows)
    order = [*batch, *rows, *summed, *columns]
    extents = [1 if d in summed else (b if d in columns else a)._data.shape[d] for d in order]
    back = [order.index(d) for d in range(a.ndim)]
    return left.bmm(right).view(extents).permute(back)


def _matrices(x: Any, groups: tuple[list[int], ...], others: list[int]) -> Any:
    """Return `x` with three axes, each a group of its axes; the `others` have extent 1."""
    order = [d for group in groups for d in group]
    folded = [math.prod(x._data.shape[d] for d in group) for group in groups]
    return x.permute(order + others).reshape(folded)
