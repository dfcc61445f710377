"""Lesson 10: gradients that are handed out, made of backward alone."""

from __future__ import annotations

from typing import Any

from course.scenarios import Draw, Yields, attempt, part, scenario, watch


def handed_out(T: Any) -> Any:
    """Return ``grad(output, inputs, gradient, create_graph)``: torch's, or the student's part."""
    if T.__name__ != "torch":
        return part(T, "grad")

    def grad(output: Any, inputs: Any, gradient: Any = None, create_graph: bool = False) -> Any:
        return T.autograd.grad(output, inputs, gradient, create_graph=create_graph, allow_unused=True)

    return grad


@scenario("handed.two-leaves", lesson=10, contract=True, asks="What are the gradients of a product's sum?")
def two_leaves(T: Any, draw: Draw) -> Yields:
    a, b = T.tensor(draw.normal(3), requires_grad=True), T.tensor(draw.normal(3), requires_grad=True)
    yield "gradients", attempt(handed_out(T), (a * b.exp()).sum(), [a, b])


@scenario(
    "handed.in-a-tuple", lesson=10, contract=True, asks="Are gradients handed out in a tuple, also where there is one?"
)
def in_a_tuple(T: Any, draw: Draw) -> Yields:
    a, b = T.tensor(draw.normal(2), requires_grad=True), T.tensor(draw.normal(2), requires_grad=True)
    for name, inputs in {"of one": [a], "of two": [a, b], "of two in a tuple": (a, b)}.items():
        found = handed_out(T)((a * b).sum(), inputs)
        yield name, isinstance(found, tuple)


@scenario("handed.nothing-accumulates", lesson=10, contract=True, asks="Is every .grad the object that it was?")
def nothing_accumulates(T: Any, draw: Draw) -> Yields:
    a, b, c = [T.tensor(draw.normal(2), requires_grad=True) for _ in range(3)]
    (a * b).sum().backward()
    before, numbers = a.grad, a.grad.tolist()
    handed_out(T)((a * b * c).sum(), [a, c])
    yield "the same object", a.grad is before
    yield "the same numbers", a.grad.tolist() == numbers
    yield "b.grad", b.grad
    yield "c.grad", c.grad


@scenario("handed.unused-input", lesson=10, contract=True, asks="An input that does not count: what is handed out?")
def unused_input(T: Any, draw: Draw) -> Yields:
    a, b = T.tensor(draw.normal(2), requires_grad=True), T.tensor(draw.normal(2), requires_grad=True)
    b.grad = T.tensor(draw.normal(2))
    yield "gradients", handed_out(T)((a * 2).sum(), [a, b])
    yield "b.grad", b.grad


@scenario(
    "handed.of-several-elements", lesson=10, contract=True, asks="The output has three elements: where does it start?"
)
def of_several_elements(T: Any, draw: Draw) -> Yields:
    a = T.tensor(draw.normal(3), requires_grad=True)
    g = T.tensor(draw.normal(3))
    yield "with a gradient", handed_out(T)(a.exp(), [a], g)
    yield "without", attempt(handed_out(T), a.exp(), [a])
    yield "a.grad", a.grad


@scenario(
    "handed.with-a-history",
    lesson=10,
    contract=True,
    asks="With create_graph: can what is handed out be differentiated?",
)
def with_a_history(T: Any, draw: Draw) -> Yields:
    a = T.tensor(draw.normal(3), requires_grad=True)
    (slope,) = handed_out(T)((a**3).sum(), [a], create_graph=True)
    yield "requires_grad", slope.requires_grad
    yield "second", attempt(handed_out(T), slope.sum(), [a])
    yield "a.grad", a.grad


@scenario(
    "handed.without-a-history", lesson=10, contract=True, asks="Without create_graph: is the graph freed, as always?"
)
def without_a_history(T: Any, draw: Draw) -> Yields:
    a = T.tensor(draw.normal(3), requires_grad=True)
    y = (a**3).sum()
    (slope,) = handed_out(T)(y, [a])
    yield "requires_grad", slope.requires_grad
    yield "again", attempt(handed_out(T), y, [a])


@scenario("handed.after-an-error", lesson=10, contract=True, asks="The pass breaks half way: what is in .grad then?")
def after_an_error(T: Any, draw: Draw) -> Yields:
    def refuse(g: Any) -> None:
        raise KeyError("has been detached")

    a, b = T.tensor(draw.normal(2), requires_grad=True), T.tensor(draw.normal(2), requires_grad=True)
    a.grad = T.tensor(draw.normal(2))
    before = a.grad
    inner = b * 1
    inner.register_hook(refuse)
    yield "pass", attempt(handed_out(T), (a * inner).sum(), [a, b])
    yield "the same object", a.grad is before
    yield "a.grad", a.grad
    yield "b.grad", b.grad


@scenario(
    "handed.one-at-a-time",
    lesson=10,
    contract=True,
    asks="Two calls on one graph, the first with create_graph: do they add up?",
)
def one_at_a_time(T: Any, draw: Draw) -> Yields:
    a, b = T.tensor(draw.normal(2), requires_grad=True), T.tensor(draw.normal(2), requires_grad=True)
    y = (a.exp() * b).sum()
    (first,) = handed_out(T)(y, [a], create_graph=True)
    (second,) = handed_out(T)(y, [b])
    yield "first", first
    yield "second", second


@scenario(
    "handed.nothing-kept-alive",
    lesson=10,
    contract=True,
    asks="With create_graph: does anything stay behind in a cycle?",
)
def nothing_kept_alive(T: Any, draw: Draw) -> Yields:
    a = T.tensor(draw.normal(3), requires_grad=True)
    y = a.exp().sum()
    (slope,) = handed_out(T)(y, [a], create_graph=True)
    alive = watch(T, slope)
    del slope, y
    yield "alive", alive()
