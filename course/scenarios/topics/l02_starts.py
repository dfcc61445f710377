"""With which gradient a backward pass starts: the part `make_grads`, beside torch's function of that kind."""

from __future__ import annotations

from typing import Any

from course.scenarios import Draw, Yields, attempt, part, scenario


def made(T: Any, outputs: Any, gradients: Any) -> list[Any]:
    """What the walk starts with at each output."""
    if T.__name__ == "torch":
        return list(T.autograd._make_grads(tuple(outputs), tuple(gradients), is_grads_batched=False))
    return list(part(T, "make_grads")(tuple(outputs), tuple(gradients)))


@scenario("engine.start-of-a-loss", lesson=2, asks="With which gradient does backward() of a loss start?")
def start_of_a_loss(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(), requires_grad=True)
    yield "no gradient given", made(T, [x * 3], [None])


@scenario("engine.start-of-one-element", lesson=2, asks="Of which shape and dtype are the ones to start with?")
def start_of_one_element(T: Any, draw: Draw) -> Yields:
    for shape in ((), (1,), (1, 1)):
        for dtype in ("float64", "float32"):
            x = T.tensor(draw.normal(*shape), dtype=getattr(T, dtype), requires_grad=True)
            (start,) = made(T, [x * 3], [None])
            yield f"{shape}, {dtype}", start
    yield "requires_grad", start.requires_grad


@scenario("engine.start-given", lesson=2, asks="A gradient is given: is it taken as it is?")
def start_given(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    g = T.tensor(draw.normal(3))
    (start,) = made(T, [x * 3], [g])
    yield "start", start
    yield "the same memory", start.data_ptr() == g.data_ptr()
    loss = T.tensor(draw.normal(), requires_grad=True) * 2
    yield "for a loss", made(T, [loss], [T.tensor(draw.normal())])
    yield "whole numbers", made(T, [x * 3], [T.tensor([1, 2, 3])])


@scenario("engine.start-of-a-vector", lesson=2, asks="Several elements and no gradient: may it be made up?")
def start_of_a_vector(T: Any, draw: Draw) -> Yields:
    for shape in ((2,), (2, 3), (1, 3), (0,)):
        x = T.tensor(draw.normal(*shape), requires_grad=True)
        yield f"{shape}", attempt(made, T, [x * 3], [None])


@scenario("engine.start-must-fit", lesson=2, asks="A gradient of another shape is given: is it refused?")
def start_must_fit(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(2, 3), requires_grad=True)
    for shape in ((3,), (), (3, 2), (1, 3), (2, 3, 1), (6,)):
        yield f"{shape} for (2, 3)", attempt(made, T, [x * 3], [T.tensor(draw.normal(*shape))])
    loss = T.tensor(draw.normal(), requires_grad=True) * 2
    yield "(1,) for ()", attempt(made, T, [loss], [T.tensor(draw.normal(1))])


@scenario("engine.start-must-be-a-tensor", lesson=2, asks="A number, a list or an array is given: is it taken?")
def start_must_be_a_tensor(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(2), requires_grad=True)
    yield "a list", attempt(made, T, [x * 3], [[1.0, 1.0]])
    yield "an array", attempt(made, T, [x * 3], [draw.normal(2)])
    yield "a number", attempt(made, T, [T.tensor(draw.normal(), requires_grad=True) * 2], [1.0])
    yield "0", attempt(made, T, [x * 3], [0])


@scenario(
    "engine.start-of-several", lesson=2, asks="Several outputs, some with a gradient: is each treated on its own?"
)
def start_of_several(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    loss = T.tensor(draw.normal(), requires_grad=True) * 2
    g = T.tensor(draw.normal(3))
    yield "vector, loss", made(T, [x * 2, loss], [g, None])
    yield "loss, vector", made(T, [loss, x * 2], [None, g])
    yield "two losses", made(T, [loss, loss * 2], [None, None])
    yield "none at all", made(T, [], [])
    refused = attempt(made, T, [x * 2, x * 3], [g, T.tensor(draw.normal(2))])
    # the type alone: in torch 2.13 the making of this message fails itself, with another message
    yield "the second does not fit", getattr(refused, "type", "taken")


@scenario(
    "engine.start-without-a-graph",
    lesson=2,
    asks="An output does not require grad: what does the walk start with there?",
)
def start_without_a_graph(T: Any, draw: Draw) -> Yields:
    plain = T.tensor(draw.normal())
    loss = T.tensor(draw.normal(), requires_grad=True) * 2
    yield "one element", made(T, [plain], [None])
    yield "beside a loss", made(T, [plain, loss], [None, None])
    yield "several elements", made(T, [T.tensor(draw.normal(2))], [None])
    yield "a gradient given", made(T, [plain], [T.tensor(draw.normal())])
