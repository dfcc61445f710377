"""What detach() and detach_() promise: the same memory, no history, and everything else as it was."""

from __future__ import annotations

from typing import Any

from course.scenarios import Cases, Draw, Yields, attempt, changed, scenario


def _flags(t: Any) -> list[object]:
    return [t.requires_grad, t.is_leaf, t.grad_fn is None]


@scenario(
    "graph.detached-and-its-flags", lesson=4, asks="What is left of a tensor's flags and its gradient in detach()?"
)
def detached_and_its_flags(T: Any, draw: Draw) -> Yields:
    leaf = T.tensor(draw.normal(3), requires_grad=True)
    (leaf * 2).sum().backward()
    kinds: Cases = {
        "plain": lambda t: T.tensor(draw.normal(3)),
        "leaf": lambda t: t,
        "result": lambda t: t.exp(),
        "whole numbers": lambda t: T.tensor([1, 2]),
        "detached": lambda t: t.detach(),
    }
    for name, make in kinds.items():
        detached = make(leaf).detach()
        yield f"{name}: flags", _flags(detached)
        yield f"{name}: grad", detached.grad


@scenario("graph.detach-leaves-the-original", lesson=4, asks="Does y.detach() change y?")
def detach_leaves_the_original(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    (x * 2).sum().backward()
    y = x.exp()
    x.detach()
    y.detach()
    yield "x", _flags(x)
    yield "y", _flags(y)
    yield "x.grad is still there", x.grad
    y.sum().backward()
    yield "x.grad", x.grad


@scenario(
    "graph.detach-of-one-number",
    lesson=4,
    asks="A loss has no dimensions: is its detached twin on the same memory too?",
)
def detach_of_one_number(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    for name, t in {
        "a loss": x.sum(),
        "a mean": x.mean(),
        "a leaf": T.tensor(draw.normal(), requires_grad=True),
    }.items():
        detached = t.detach()
        yield f"{name}: same memory", detached.data_ptr() == t.data_ptr()
        yield f"{name}: value and shape", detached
        yield f"{name}: flags", _flags(detached)


@scenario(
    "graph.detach-of-a-view",
    lesson=4,
    asks="A slice of a tracked tensor is detached: does it follow its base?",
)
def detach_of_a_view(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(2, 3), requires_grad=True)
    for name, view in {"of a leaf": x[1], "of a result": (x * 2)[:, 1:], "transposed": x.exp().t()}.items():
        detached = view.detach()
        yield f"{name}: flags", _flags(detached)
        yield f"{name}: same memory", detached.data_ptr() == view.data_ptr()
        yield f"{name}: values", detached
        fresh = detached.requires_grad_()
        (fresh * 3).sum().backward()
        yield f"{name}: gradient of its own", fresh.grad
        yield f"{name}: x.grad", x.grad


@scenario(
    "graph.detached-again-a-leaf",
    lesson=4,
    asks="May a detached tensor require grad again, and where does its gradient go?",
)
def detached_again_a_leaf(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    y = x.exp()
    c = y.detach()
    yield "requires_grad_()", attempt(lambda: c.requires_grad_().requires_grad)
    yield "backward", attempt((c * y).sum().backward)
    yield "c.grad", c.grad
    yield "x.grad", x.grad


@scenario(
    "graph.detach-shares-a-counter",
    lesson=4,
    contract=True,
    asks="A tensor is changed after detach(): do both count the change?",
)
def detach_shares_a_counter(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3))
    changed(T, x)
    detached = x.detach()
    yield "when made", detached._version
    changed(T, x)
    yield "after x changed", detached._version
    yield "x itself", x._version
    fresh = T.tensor(draw.normal(3))  # nobody has needed a counter of it yet
    alias = fresh.detach()
    changed(T, alias)
    yield "a fresh tensor, after its detached twin changed", fresh._version


@scenario("graph.cut-in-place", lesson=4, asks="What is a result after detach_(), and what does detach_() return?")
def cut_in_place(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    y = x * 2
    yield "detach_() returns", attempt(y.detach_)
    yield "flags", _flags(y)
    z = x * 3
    back = attempt(z.detach_)
    yield "what it returns has flags", attempt(_flags, back)
    attempt(lambda: back.requires_grad_())
    yield "it is the tensor itself: switched on too", z.requires_grad
    yield "x is left alone", _flags(x)


@scenario(
    "graph.cut-in-place-too-late", lesson=4, asks="detach_() after a loss was computed: does the loss still reach x?"
)
def cut_in_place_too_late(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    y = x * 2
    earlier = (y + 1).sum()
    attempt(y.detach_)
    yield "backward of the earlier loss", attempt(earlier.backward)
    yield "x.grad", x.grad
    yield "backward of a later loss", attempt((y + 1).sum().backward)
    yield "x.grad then", x.grad


@scenario("graph.cut-in-place-of-a-leaf", lesson=4, asks="detach_() on a leaf: what of its flag and its gradient?")
def cut_in_place_of_a_leaf(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    (x * 2).sum().backward()
    yield "detach_()", attempt(x.detach_)
    yield "flags", _flags(x)
    yield "x.grad", x.grad
    plain = T.tensor(draw.normal(3))
    yield "of a plain tensor", attempt(plain.detach_)
    yield "its flags", _flags(plain)


@scenario("graph.cut-in-place-of-a-view", lesson=4, asks="May a view be cut out of its graph in place?")
def cut_in_place_of_a_view(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(2, 3), requires_grad=True)
    y = x * 2
    views: Cases = {"slice": lambda t: t[0], "view": lambda t: t.view(-1), "transpose": lambda t: t.t()}
    for name, f in views.items():
        view = f(y)
        yield name, attempt(view.detach_)
        yield f"{name}: still tracked", view.requires_grad
    yield "a view of plain data", attempt(T.tensor(draw.normal(3))[:2].detach_)


@scenario(
    "graph.cut-in-place-and-go-on",
    lesson=4,
    asks="A recurrent state is cut with detach_() after each step: whom does a step's backward reach?",
)
def cut_in_place_and_go_on(T: Any, draw: Draw) -> Yields:
    w = T.tensor(draw.normal(3), requires_grad=True)
    state = T.tensor(draw.normal(3), requires_grad=True)
    first = state
    for step in range(3):
        state = (state * w).tanh()
        yield f"step {step}: backward", attempt(state.sum().backward)
        yield f"step {step}: w.grad", w.grad
        attempt(state.detach_)
        yield f"step {step}: state", _flags(state)
    yield "gradient of the first state", first.grad
    state.requires_grad_()
    (state * w).sum().backward()
    yield "gradient of the last state", state.grad
