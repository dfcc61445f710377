"""What the fuzzer's programs are made of: each construct occurs, in a good part of them."""

from __future__ import annotations

import pytest

from course.fuzz.campaign import program_of
from course.fuzz.census import CONSTRUCTS, census
from course.fuzz.program import Program
from course.fuzz.run import engine, run

PROGRAMS = 200
#: Percent of programs, at least; a construct that is not named here occurs in 15 of 100.
AT_LEAST = {
    "inference mode": 1,
    "optimiser steps": 2,
    "gradients of gradients": 5,
    "backward for some inputs": 8,
    "saved-tensor hooks": 10,
}


@pytest.fixture(scope="module")
def counted() -> dict[str, int]:
    return dict(census(program_of(77, number) for number in range(PROGRAMS)))


@pytest.mark.parametrize("construct", CONSTRUCTS)
def test_occurs(construct: str, counted: dict[str, int]) -> None:
    assert counted[construct] * 100 >= AT_LEAST.get(construct, 15) * PROGRAMS


def occurs(construct: str, *statements: str) -> bool:
    program = Program(statements)
    return CONSTRUCTS[construct](program, run(program, engine("torch-cpu")))


def test_only_what_ran_counts() -> None:
    leaf = "a = T.tensor([1.0, 2.0], requires_grad=True)"
    assert occurs("in place", leaf, "b = a * 2", "b.add_(1)")
    assert not occurs("in place", leaf, "a.add_(1)")
    assert occurs("refusals", leaf, "a.add_(1)")
    assert occurs("several walks back", leaf, "a.sum().backward()", "a.sum().backward()")
    assert not occurs("several walks back", leaf, "a.backward()", "a.sum().backward()")


def test_broadcasting_is_told_by_shapes() -> None:
    assert occurs("broadcasting", "a = T.ones(2, 1)", "b = T.ones(3)", "c = a * b")
    assert not occurs("broadcasting", "a = T.ones(3)", "b = T.ones(3)", "c = a * b")


def test_gradients_of_gradients_are_followed_by_name() -> None:
    first = "b, = T.autograd.grad((a * a).sum(), a, create_graph=True)"
    assert occurs("gradients of gradients", "a = T.ones(2, requires_grad=True)", first, "c = b.sum()", "c.backward()")
    assert not occurs("gradients of gradients", "a = T.ones(2, requires_grad=True)", first, "a.sum().backward()")
