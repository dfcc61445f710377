"""Operands that were stretched to a common shape: what comes back to each of them."""

from __future__ import annotations

from typing import Any

from course.scenarios import Draw, Yields, attempt, part, scenario
from course.scenarios.topics.l03_rules import recorded


def stretched(T: Any, draw: Draw, shape: tuple[int, ...], other: tuple[int, ...], how: Any) -> Any:
    """The gradient of an operand of one shape beside one of another; or what was raised on the way."""
    x = T.tensor(draw.normal(*shape), requires_grad=True)
    y = how(x, T.tensor(draw.normal(*other)))
    failed = attempt(y.backward, T.tensor(draw.normal(*y.shape)))
    return x.grad if x.grad is not None else failed


def summed(T: Any, g: Any, shape: tuple[int, ...]) -> Any:
    """An array summed to a shape: by torch's method of this name, here by the part."""
    if T.__name__ == "torch":
        return T.tensor(g).sum_to_size(shape)
    return T.tensor(part(T, "sum_to_size")(g, shape))


@scenario(
    "shapes.summed-to-a-size",
    lesson=3,
    asks="An array is summed to the shape of an operand: which axes go, which stay?",
)
def summed_to_a_size(T: Any, draw: Draw) -> Yields:
    for shape, whole in (((3,), (2, 3)), ((2, 1), (2, 3)), ((1, 3), (2, 3)), ((1, 1), (2, 3)), ((), (2, 3))):
        got = summed(T, draw.normal(*whole), shape)
        yield f"{whole} to {shape}", got
        yield f"{whole} to {shape}: how many axes", len(got.shape)
        yield f"{whole} to {shape}: how many elements", got.numel()
    yield "(2, 3, 4) to (3, 1)", summed(T, draw.normal(2, 3, 4), (3, 1))
    yield "(2, 2, 2, 2) to (2, 1, 2)", summed(T, draw.normal(2, 2, 2, 2), (2, 1, 2))


@scenario(
    "shapes.stretched-along-new-axes",
    lesson=3,
    asks="An operand has fewer dimensions than the result: what comes back?",
)
def stretched_along_new_axes(T: Any, draw: Draw) -> Yields:
    for shape, other in (((3,), (2, 3)), ((), (4,)), ((), (2, 3)), ((3,), (2, 4, 3)), ((2, 3), (4, 2, 3))):
        yield f"{shape} in {other}", stretched(T, draw, shape, other, lambda x, data: x + data)


@scenario(
    "shapes.stretched-along-its-axes",
    lesson=3,
    asks="An axis of length 1 is stretched: is it summed, and is it still there?",
)
def stretched_along_its_axes(T: Any, draw: Draw) -> Yields:
    for shape, other in (
        ((3, 1), (3, 4)),
        ((1, 4), (3, 4)),
        ((1,), (4,)),
        ((1, 1), (2, 3)),
        ((2, 1, 3, 1), (2, 4, 3, 2)),
    ):
        yield f"{shape} in {other}", stretched(T, draw, shape, other, lambda x, data: x * data)


@scenario(
    "shapes.stretched-both-ways",
    lesson=3,
    asks="An operand gets new axes, and one of its own is stretched as well: which are summed?",
)
def stretched_both_ways(T: Any, draw: Draw) -> Yields:
    for shape, other in (((3, 1), (2, 3, 4)), ((1, 3), (2, 4, 3)), ((1,), (2, 3)), ((2, 1, 2), (2, 2, 2, 2))):
        yield f"{shape} in {other}", stretched(T, draw, shape, other, lambda x, data: x - data)


@scenario(
    "shapes.stretched-into-a-square",
    lesson=3,
    asks="All axes of the result are equally long: is each operand summed along the right one?",
)
def stretched_into_a_square(T: Any, draw: Draw) -> Yields:
    for shape in ((3,), (3, 1), (1, 3), (1, 1), ()):
        yield f"{shape} in (3, 3)", stretched(T, draw, shape, (3, 3), lambda x, data: x * data)
    column, row = T.tensor(draw.normal(3, 1), requires_grad=True), T.tensor(draw.normal(3), requires_grad=True)
    (column / row.exp()).backward(T.tensor(draw.normal(3, 3)))
    yield "column and row", (column.grad, row.grad)


@scenario("shapes.stretched-beside-ones", lesson=3, asks="Some axes of length 1 meet length 1: do they stay?")
def stretched_beside_ones(T: Any, draw: Draw) -> Yields:
    for shape, other in (((1, 3), (2, 1, 3)), ((1, 3, 1), (1, 3, 4)), ((1, 1), (1, 3)), ((1,), (1, 1))):
        yield f"{shape} in {other}", stretched(T, draw, shape, other, lambda x, data: data * x)


@scenario(
    "shapes.stretched-and-recorded",
    lesson=3,
    asks="The backward pass is recorded: does the sum work on Tensors, and can it be differentiated?",
)
def stretched_and_recorded(T: Any, draw: Draw) -> Yields:
    for shape in ((3,), (2, 1), (1, 3), ()):
        data = T.tensor(draw.normal(2, 3))
        yield f"{shape}", recorded(T, draw, shape, lambda x, data=data: x + data)
