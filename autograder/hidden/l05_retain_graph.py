"""Hidden scenarios of lesson 5: what is kept, what is freed."""

from __future__ import annotations

from typing import Any

from course.scenarios import Draw, Yields, attempt, quiet_gc, scenario, watch


@scenario(
    "saved.three-losses",
    lesson=5,
    hidden=True,
    asks="Three losses share a trunk and only the first two retain: what is held at the end?",
)
def three_losses(T: Any, draw: Draw) -> Yields:
    w = T.tensor(draw.normal(4), requires_grad=True)
    trunk = w.sigmoid()
    branches = [trunk.exp(), trunk.tanh(), (trunk + 1).sqrt()]
    for number, branch in enumerate(branches):
        branch.sum().backward(retain_graph=number < 2)
        yield f"w.grad after {number}", w.grad
    yield "trunk", attempt(getattr, trunk.grad_fn, "_saved_result")
    for number, branch in enumerate(branches):
        yield f"branch {number}", attempt(getattr, branch.grad_fn, "_saved_result")
    yield "first again", attempt(branches[0].sum().backward)


@scenario(
    "saved.failed-backward-frees-what-ran",
    lesson=5,
    hidden=True,
    asks="A backward fails half way: do the nodes that ran still hold their values?",
)
def failed_backward_frees_what_ran(T: Any, draw: Draw) -> Yields:
    for retain in (False, True):
        w = T.tensor(draw.normal(3), requires_grad=True)
        trunk = w.exp()
        trunk.sum().backward()
        upper = trunk.tanh()
        yield f"retain={retain}", attempt(upper.sum().backward, retain_graph=retain)
        yield f"retain={retain}: upper node", attempt(getattr, upper.grad_fn, "_saved_result")
        yield f"retain={retain}: w.grad", w.grad


@scenario(
    "saved.two-trunks",
    lesson=5,
    hidden=True,
    asks="A loss stands on two trunks and one of them was freed: which leaves have a gradient?",
)
def two_trunks(T: Any, draw: Draw) -> Yields:
    a = T.tensor(draw.normal(3), requires_grad=True)
    b = T.tensor(draw.normal(3), requires_grad=True)
    freed, whole = a.sin(), b.cos()
    freed.sum().backward()
    a.grad = None
    yield "joint", attempt((freed + whole).sum().backward)
    yield "a.grad", a.grad
    yield "b.grad", b.grad
    yield "the healthy trunk alone", attempt(whole.sum().backward)


@scenario(
    "saved.one-keeper-in-a-long-chain",
    lesson=5,
    hidden=True,
    asks="Among many additions one node keeps a value: how far does a second backward get?",
)
def one_keeper_in_a_long_chain(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(2), requires_grad=True)
    side = T.tensor(draw.normal(2), requires_grad=True)
    h = x
    for _ in range(20):
        h = h + 1
    h = h.sin()
    for _ in range(20):
        h = h + side
    loss = h.sum()
    loss.backward()
    yield "second", attempt(loss.backward)
    yield "side.grad", side.grad
    yield "x.grad", x.grad


@scenario(
    "saved.two-layers",
    lesson=5,
    hidden=True,
    asks="A small network: what do its layers hold before and after backward?",
)
def two_layers(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(4, 3))
    first = T.tensor(draw.normal(3, 5), requires_grad=True)
    second = T.tensor(draw.normal(5, 1), requires_grad=True)
    hidden = (x @ first).relu()
    out = hidden @ second
    loss = (out**2).mean()
    yield "relu keeps its result", attempt(getattr, hidden.grad_fn, "_saved_result")
    loss.backward(retain_graph=True)
    loss.backward()
    yield "first.grad", first.grad
    yield "second.grad", second.grad
    yield "relu's result", attempt(getattr, hidden.grad_fn, "_saved_result")
    yield "third backward", attempt(loss.backward)


@scenario(
    "saved.quotient-keeps",
    lesson=5,
    hidden=True,
    asks="What does a quotient keep, depending on who requires grad?",
)
def quotient_keeps(T: Any, draw: Draw) -> Yields:
    for name, (top, bottom) in {
        "both": (True, True),
        "only the numerator": (True, False),
        "only the denominator": (False, True),
    }.items():
        a = T.tensor(draw.normal(3), requires_grad=top)
        b = T.tensor(draw.uniform(3, low=0.5, high=2.0), requires_grad=bottom)
        node = (a / b).grad_fn
        yield f"{name}: numerator", attempt(getattr, node, "_saved_self")
        yield f"{name}: denominator", attempt(getattr, node, "_saved_other")


@scenario(
    "saved.after-an-error",
    lesson=5,
    hidden=True,
    asks="After a backward failed, does training simply go on with a new forward pass?",
)
def after_an_error(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3))
    w = T.tensor(draw.normal(3), requires_grad=True)
    loss = (x * w).tanh().sum()
    loss.backward()
    yield "again", attempt(loss.backward)
    w.grad = None
    for turn in (1, 2):
        yield f"new forward {turn}", attempt((x * w).tanh().sum().backward)
        yield f"w.grad {turn}", w.grad


@scenario(
    "saved.a-whole-chain-dies",
    lesson=5,
    hidden=True,
    asks="A chain of operations that keep their results is dropped: is every tensor gone at once?",
)
def a_whole_chain_dies(T: Any, draw: Draw) -> Yields:
    with quiet_gc():
        for ran in ("never ran backward", "ran backward", "was retained"):
            x = T.tensor(draw.normal(3), requires_grad=True)
            links = [x.sigmoid()]
            for name in ("exp", "tanh", "sigmoid"):
                links.append(getattr(links[-1], name)())
            if ran != "never ran backward":
                links[-1].sum().backward(retain_graph=ran == "was retained")
            refs = [watch(T, t) for t in (x, *links)]
            del x, links
            yield ran, [not ref() for ref in refs]
