"""Differences that stay: each for a reason that another run, or what the program did before, shows."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
from numpy.typing import NDArray

from course.fuzz.compare import Difference, first_difference
from course.fuzz.look import Failed, Numbers
from course.fuzz.program import Program
from course.fuzz.run import Engine, Run, Step, engine, quiet, run


def is_explained(program: Program, difference: Difference, torch: Engine) -> bool:
    """Return whether a difference has one of these reasons."""
    return (
        _leaves_share_a_gradient(program, difference, torch)
        or _sigmoid_in_one_piece(program, difference, torch)
        or _nan_between_bounds(program, difference, torch)
        or _freed_in_pieces(program, difference)
    )


def _leaves_share_a_gradient(program: Program, difference: Difference, torch: Engine) -> bool:
    """Return whether torch accumulated into memory that the gradient of another leaf lies in as well.

    ``stack([a, b]).sum().backward()`` leaves one number in torch that is the gradient of both: what is added to one
    of them later is added to the other.
    """
    name, _, field = difference.where.partition(".")
    if field != "grad" or not isinstance(difference.expected, Numbers):
        return False
    with quiet(torch):
        going = Run(torch)
        for statement in program.statements[: difference.at]:
            going.do(statement, look=False)
        held = {
            one: value.grad.untyped_storage().data_ptr()
            for one, value in going.variables().items()
            if isinstance(value, torch.T.Tensor) and value.is_leaf and value.grad is not None
        }
    return any(held[name] == held[other] for other in held.keys() - {name} if name in held)


def _sigmoid_in_one_piece(program: Program, difference: Difference, torch: Engine) -> bool:
    """Return whether the engines agree once the gradient of sigmoid is one operation, as in torch.

    It is a student's rule, written as a product, and the derivative of that is a sum of two terms, where torch has
    one: 0 - 0 has another sign than -0, and inf - inf is nan.
    """
    if difference.error != float("inf") or not any("sigmoid" in line for line in program.statements):
        return False
    from course import nptorch
    from course.nptorch.nn.slopes import sigmoid_backward

    with nptorch.use(sigmoid_self=lambda g, result: sigmoid_backward(g, result)):
        got = run(program, engine("nptorch"))
    again = first_difference(program, run(program, torch), got)
    return again is None or again.at > difference.at


def _nan_between_bounds(program: Program, difference: Difference, torch: Engine) -> bool:
    """Return whether the engines agree once hardtanh stops the gradient of nan.

    torch stops it in what it computes in vectors of the processor, and lets it pass in what is left over.
    """
    if difference.error != float("inf") or not any(re.search("hardtanh|relu6", line) for line in program.statements):
        return False
    from course.nptorch.math import where
    from course.nptorch.record import OPS

    rules = OPS["hardtanh"].rules
    as_it_is = rules[0]

    def stopped(g: Any, self: Any, min_val: float, max_val: float) -> Any:
        return where(self == self, as_it_is(g, self, min_val, max_val), 0)

    rules[0] = stopped
    try:
        got = run(program, engine("nptorch"))
    finally:
        rules[0] = as_it_is
    again = first_difference(program, run(program, torch), got)
    return again is None or again.at > difference.at


def _freed_in_pieces(program: Program, difference: Difference) -> bool:
    """Return whether a walk was tried again after it had failed inside the derivative of sigmoid's or tanh's gradient.

    In torch that is one node, which freed nothing when it failed and so fails as before. A student's rule is
    recorded as several nodes, and those that had run have freed what they kept.
    """
    expected, got = difference.expected, difference.got
    if not (isinstance(expected, Failed) and isinstance(got, Failed)):
        return False
    before = program.statements[: difference.at]
    in_pieces = all(any(re.search(word, line) for line in before) for word in ("sigmoid|tanh", "create_graph"))
    changed = "modified by an inplace operation" in expected.message and "a second time" in got.message
    return in_pieces and changed and sum("backward(" in line or "grad(" in line for line in before) > 1


def zeros_with_another_sign(expected: list[Step], got: list[Step], at: int) -> bool:
    """Return whether a zero that can be seen after one of the first statements has another sign on the other engine."""
    for one, other in zip(expected[: at + 1], got[: at + 1], strict=True):
        for name in one.seen.keys() & other.seen.keys():
            for field in ("values", "grad"):
                a, b = (_numbers(step.seen[name], field) for step in (one, other))
                if a is not None and b is not None and _signs_differ(a.array, b.array):
                    return True
    return False


def _numbers(seen: object, field: str) -> Numbers | None:
    found = seen.get(field) if isinstance(seen, dict) else None
    return found if isinstance(found, Numbers) and found.array.dtype.kind == "f" else None


def _signs_differ(a: NDArray[Any], b: NDArray[Any]) -> bool:
    return a.shape == b.shape and bool(((a == 0) & (b == 0) & (np.signbit(a) != np.signbit(b))).any())
