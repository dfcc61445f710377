"""Where a walk ends: how a leaf takes the gradients that arrive."""

from __future__ import annotations

from typing import Any

from course.scenarios import Draw, Yields, scenario
from course.scenarios.topics.l02_probes import asked, recorded_backward


def end_of(x: Any) -> Any:
    """The node at which a walk to the leaf ``x`` ends: called with a gradient, it puts that into ``x.grad``."""
    return (x * 1).grad_fn.next_functions[0][0]


@scenario("engine.leaf-takes-a-gradient", lesson=2, asks="A gradient arrives at a leaf: what is its .grad?")
def leaf_takes_a_gradient(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    end_of(x)(T.tensor(draw.normal(3)))
    yield "x.grad", x.grad


@scenario("engine.leaf-takes-several", lesson=2, asks="Three gradients arrive one after the other: what is .grad?")
def leaf_takes_several(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    end = end_of(x)
    for turn in (1, 2, 3):
        end(T.tensor(draw.normal(3)))
        yield f"after {turn}", x.grad


@scenario(
    "engine.leaf-shares-with-nobody", lesson=2, asks="One gradient goes to two leaves: is .grad their own memory?"
)
def leaf_shares_with_nobody(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    y = T.tensor(draw.normal(3), requires_grad=True)
    g = T.tensor(draw.normal(3))
    (x + y).backward(g)
    places = {x.grad.data_ptr(), y.grad.data_ptr(), g.data_ptr()}
    yield "places in memory", len(places)
    (x * 10).backward(T.ones_like(x))
    yield "x.grad", x.grad
    yield "y.grad", y.grad
    yield "the gradient given", g


@scenario("engine.leaf-adds-in-place", lesson=2, asks="Somebody kept x.grad: does it see what the next backward adds?")
def leaf_adds_in_place(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    x.exp().backward(T.ones_like(x))
    kept = x.grad
    before = kept.data_ptr()
    x.sin().backward(T.ones_like(x))
    yield "x.grad", x.grad
    yield "what was kept", kept
    yield "the same memory", x.grad.data_ptr() == before


@scenario("engine.leaf-had-zeros", lesson=2, asks="x.grad was 0 before: is 0 a gradient like any other?")
def leaf_had_zeros(T: Any, draw: Draw) -> Yields:
    for shape in ((), (3,)):
        x = T.tensor(draw.normal(*shape), requires_grad=True)
        zeros = T.zeros_like(x)
        x.grad = zeros
        x.exp().backward(T.ones_like(x))
        yield f"{shape}: x.grad", x.grad
        yield f"{shape}: the zeros", zeros


@scenario(
    "engine.leaf-of-single-precision",
    lesson=2,
    asks="Which dtype has the .grad of a float32 leaf, and of a float16 one?",
)
def leaf_of_single_precision(T: Any, draw: Draw) -> Yields:
    for dtype in ("float32", "float16"):
        x = T.tensor([1.0, 2.0], dtype=getattr(T, dtype), requires_grad=True)
        for turn in ("first", "second"):
            (x * 3).backward(T.ones_like(x))
            yield f"{dtype}: {turn}", x.grad


@scenario(
    "engine.leaf-while-recording",
    lesson=2,
    asks="The backward pass is recorded itself: what becomes of the .grad that was there?",
)
def leaf_while_recording(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    recorded_backward(T, x * x * x, T.ones_like(x))
    first = x.grad
    yield "first", first
    yield "requires_grad", first.requires_grad
    recorded_backward(T, x * x, T.ones_like(x))
    yield "sum", x.grad
    yield "its requires_grad", x.grad.requires_grad
    yield "the first, afterwards", first
    yield "second derivative", asked(T, x.grad, x, T.ones_like(x))


@scenario(
    "engine.leaf-after-none", lesson=2, asks="x.grad = None between two backward passes: does the sum start anew?"
)
def leaf_after_none(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    x.exp().backward(T.ones_like(x))
    kept = x.grad
    x.grad = None
    x.sin().backward(T.ones_like(x))
    yield "x.grad", x.grad
    yield "what was kept", kept
    x.exp().backward(T.ones_like(x))
    yield "x.grad after a third", x.grad
