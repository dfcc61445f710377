"""Counting what a program multiplies and adds, from which its tolerance follows."""

from __future__ import annotations

import pytest

import autograder.hidden
from course.compare import backend
from course.compare.work import Work, work
from course.scenarios import Scenario, scenarios
from course.scenarios.tolerance import DECLARED

CPU = backend("torch-cpu")

#: Their sums are longer, and what they yield of them is rounded by hand: they ask how fresh weights are spread.
ROUNDED = {"nn_init.fresh-layers", "nn_init.spread"}


def counted(program):
    return work(Scenario("test.work", 1, "What?", program), CPU)


def test_products_are_counted_forward_and_backward():
    def program(T, draw):
        x, w = (T.tensor(draw.normal(*shape), requires_grad=True) for shape in ((5, 7), (7, 3)))
        (x @ w).sum().backward()
        pictures, filters = (
            T.tensor(draw.normal(*shape), requires_grad=True) for shape in ((2, 3, 6, 6), (4, 3, 3, 3))
        )
        T.nn.functional.conv2d(pictures, filters).sum().backward()
        yield "x.grad", x.grad

    found = counted(program)
    assert (found.matmuls, found.convs) == (3, 3)
    assert found.longest == 128  # the sum of the 2 x 4 x 4 x 4 outputs


@pytest.mark.parametrize(
    ("program", "longest"),
    [
        (lambda T, draw: iter([("y", T.tensor(draw.normal(3, 50)) @ T.tensor(draw.normal(50, 2)))]), 50),
        (lambda T, draw: iter([("y", T.tensor(draw.normal(4, 25)).mean(1))]), 25),
        (lambda T, draw: iter([("y", T.tensor(draw.normal(4, 25)) * 2)]), 1),
    ],
)
def test_the_longest_sum_is_found(program, longest):
    assert counted(program).longest == longest


def test_tf32_is_used_only_where_torchs_settings_allow_it():
    class Settings:
        def __init__(self, matmul, conv):
            self.backends = self
            self.cuda = self
            self.matmul = type("", (), {"allow_tf32": matmul})
            self.cudnn = type("", (), {"allow_tf32": conv})

    found = Work(matmuls=3, convs=5)
    assert [found.tf32(Settings(*on)) for on in ((False, False), (True, False), (False, True), (True, True))] == [
        0,
        3,
        5,
        8,
    ]
    # torch as it comes: convolutions may, matrix products may not.
    assert found.tf32(CPU.T) == 5


def test_who_declares_nothing_adds_no_more_numbers_than_the_tolerance_is_good_for():
    """A sum of n numbers in another order is off by about sqrt(n) ulps, and 64 are allowed."""
    autograder.hidden.load()
    nets = ("nn_", "conv2d", "srgan", "penalty", "hvp", "carried", "tasks", "functional")
    longest = {}
    for one in scenarios(hidden=None):
        if one.ulps <= DECLARED and one.topic.startswith(nets):
            longest[one.id] = work(one, CPU).longest
    assert {id for id, count in longest.items() if count > DECLARED**2} == ROUNDED
