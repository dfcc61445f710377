"""``einsum``: sums of products written with letters."""

from __future__ import annotations

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
    left, arrow, right = equation.replace(" ", "").partition("->")
    terms = left.split(",")
    if len(terms) != len(given):
        few = "fewer" if len(terms) > len(given) else "more"
        raise RuntimeError(f"einsum(): {few} operands were provided than specified in the equation")
    spread = max((x.ndim - len(t.replace("...", "")) for t, x in zip(terms, given, strict=True)), default=0)
    dots = [chr(0x100 + i) for i in range(spread)]  # letters of their own for the axes of "..."
    labels = [_spelled(t, x, dots) for t, x in zip(terms, given, strict=True)]
    every = [c for ls in labels for c in ls]
    if arrow:
        out = _spelled_out(right, dots)
    else:
        out = [*dots, *sorted(c for c in set(every) if every.count(c) == 1 and c not in dots)]
    for c in out:
        if c not in every:
            raise RuntimeError(f"einsum(): output subscript {c} does not appear in the equation for any input operand")
    extents = _extents(labels, given)
    made, known = _diagonals(given[0], labels[0])
    for i, (x, ls) in enumerate(zip(given[1:], labels[1:], strict=True), start=1):
        x, ls = _diagonals(x, ls)
        later = {c for rest in labels[i + 1 :] for c in rest} | set(out)
        made, known = _product(made, known, x, ls, later, extents)
    gone = [known.index(c) for c in known if c not in out]
    if gone:
        made = made.sum(tuple(gone))
        known = [c for c in known if c in out]
    return made.permute([known.index(c) for c in out])  # type: ignore[no-any-return]


def _spelled(term: str, x: Tensor, dots: list[str]) -> list[str]:
    count = x.ndim - len(term.replace("...", ""))
    if count < 0 or (count > 0 and "..." not in term):
        raise RuntimeError(
            "einsum(): the number of subscripts in the equation "
            f"({len(term.replace('...', ''))}) does not match the number of dimensions ({x.ndim}) "
            "for operand and no ellipsis was given"
        )
    return _spelled_out(term, dots[len(dots) - count :])


def _spelled_out(term: str, dots: list[str]) -> list[str]:
    before, ellipsis, after = term.partition("...")
    return [*before, *(dots if ellipsis else []), *after]


def _extents(labels: list[list[str]], given: list[Any]) -> dict[str, int]:
    extents: dict[str, int] = {}
    for i, (ls, x) in enumerate(zip(labels, given, strict=True)):
        for c, n in zip(ls, x.shape, strict=True):
            seen = extents.get(c, 1)
            if n != 1 and seen not in (1, n):
                raise RuntimeError(
                    f"einsum(): subscript {c} has size {n} for operand {i} which does not broadcast "
                    f"with previously seen size {seen}"
                )
            extents[c] = max(n, seen) if n else 0
    return extents


def _diagonals(x: Any, labels: list[str]) -> tuple[Any, list[str]]:
    """Take the diagonal where a letter stands twice in one term."""
    labels = list(labels)
    for c in dict.fromkeys(labels):
        while labels.count(c) > 1:
            first = labels.index(c)
            second = labels.index(c, first + 1)
            x = x.diagonal(0, first, second)
            labels = [one for i, one in enumerate(labels) if i not in (first, second)] + [c]
    return x, labels


def _product(
    a: Any, a_labels: list[str], b: Any, b_labels: list[str], later: set[str], extents: dict[str, int]
) -> tuple[Any, list[str]]:
    """Multiply two operands as one batch of matrices, summing what nobody needs later."""
    a, a_labels = _sum_alone(a, a_labels, b_labels, later)
    b, b_labels = _sum_alone(b, b_labels, a_labels, later)
    shared = [c for c in a_labels if c in b_labels]
    batch = [c for c in shared if c in later]
    inner = [c for c in shared if c not in later]
    rows = [c for c in a_labels if c not in shared]
    columns = [c for c in b_labels if c not in shared]
    left = _matrices(a, a_labels, batch, rows, inner, extents)
    right = _matrices(b, b_labels, batch, inner, columns, extents)
    known = [*batch, *rows, *columns]
    return left.bmm(right).view([extents[c] for c in known]), known


def _sum_alone(x: Any, labels: list[str], others: list[str], later: set[str]) -> tuple[Any, list[str]]:
    alone = [i for i, c in enumerate(labels) if c not in others and c not in later]
    if not alone:
        return x, labels
    return x.sum(tuple(alone)), [c for i, c in enumerate(labels) if i not in alone]


def _matrices(
    x: Any, labels: list[str], batch: list[str], rows: list[str], columns: list[str], extents: dict[str, int]
) -> Any:
    """Arrange the axes of `x` as (batch, rows, columns), each group made one axis."""
    order = [*batch, *rows, *columns]
    shape = [extents[c] for c in order]
    x = x.permute([labels.index(c) for c in order])
    if list(x.shape) != shape:
        x = x.expand(shape)
    folded = []
    for group in (batch, rows, columns):
        n = 1
        for c in group:
            n *= extents[c]
        folded.append(n)
    return x.reshape(folded)
