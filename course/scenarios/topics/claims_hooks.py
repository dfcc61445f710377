"""Claims A19 to A28 of the tutorial on `retain_graph`: hooks, detach_ and removed methods."""

from __future__ import annotations

from typing import Any

from course.scenarios import Draw, Yields, attempt, scenario


@scenario("claims.a19", lesson=8, asks="Why must a hook not change its argument?")
def a19(T: Any, draw: Draw) -> Yields:
    def enlarge(g: Any) -> None:
        g.mul_(10)

    for hooked in ("a", "b"):
        given = T.tensor(draw.array([1.0, 2.0]))
        a = T.tensor(draw.normal(2), requires_grad=True)
        b = T.tensor(draw.normal(2), requires_grad=True)
        {"a": a, "b": b}[hooked].register_hook(enlarge)
        (a + b).backward(given)
        yield f"hook on {hooked}: a.grad", a.grad
        yield f"hook on {hooked}: b.grad", b.grad
        yield f"hook on {hooked}: the tensor given to backward", given
    x = T.tensor(draw.normal(3), requires_grad=True)
    h = x * 2
    h.register_hook(enlarge)
    yield "after sum()", attempt(h.sum().backward)


@scenario("claims.a20", lesson=8, asks="Does the docstring's hook example give 2 2 2?")
def a20(T: Any, draw: Draw) -> Yields:
    v = T.tensor([0.0, 0.0, 0.0], requires_grad=True)
    h = v.register_hook(lambda grad: grad * 2)
    v.backward(T.tensor([1.0, 1.0, 1.0]))
    yield "v.grad", v.grad
    h.remove()


@scenario("claims.a21", lesson=8, asks="May a hook be put on a tensor that needs no gradient?")
def a21(T: Any, draw: Draw) -> Yields:
    yield "register_hook", attempt(T.tensor(draw.normal(3)).register_hook, lambda g: None)


@scenario("claims.a22", lesson=8, asks="May a hook return anything?")
def a22(T: Any, draw: Draw) -> Yields:
    for name, answer in {
        "a whole number": lambda g: 1,
        "another shape": lambda g: g[:2],
        "another dtype": lambda g: g.to(T.float16),
        "a tensor that fits": lambda g: g * 3,
    }.items():
        x = T.tensor(draw.normal(3), requires_grad=True)
        x.register_hook(answer)
        yield name, attempt((x * 2).sum().backward)
        yield f"{name}: x.grad", x.grad


@scenario("claims.a23", lesson=4, asks="Is there still a reinforce() method?")
def a23(T: Any, draw: Draw) -> Yields:
    yield "reinforce", attempt(lambda: T.tensor(draw.normal(3)).reinforce(1))


@scenario("claims.a24", lesson=6, asks="Does detach() share data and version counter, and does .data?")
def a24(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    y = x * 2
    for name, other in {"detach()": y.detach(), "data": y.data}.items():
        before = y._version
        other.add_(1)
        yield f"{name}: same numbers", bool((other == y).all())
        yield f"{name}: y's version moved by", y._version - before
        yield f"{name}: its own version", other._version


@scenario("claims.a25", lesson=6, asks="Does detach_() turn the tensor into a leaf?")
def a25(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    y = x * 2
    earlier = (y * 3).sum()
    y.detach_()
    yield "is_leaf", y.is_leaf
    yield "backward of an earlier loss", attempt(earlier.backward)
    yield "x.grad", x.grad
    yield "on a view", attempt((x * 2)[0].detach_)


@scenario("claims.a26", lesson=8, asks="Is retain_grad() a no-op for leaves?")
def a26(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    yield "leaf that needs grad", attempt(x.retain_grad)
    yield "x.retains_grad", x.retains_grad
    yield "leaf that does not", attempt(T.tensor(draw.normal(3)).retain_grad)


@scenario("claims.a27", lesson=8, asks="Is retain_grad an ordinary hook, so that order matters?")
def a27(T: Any, draw: Draw) -> Yields:
    for order in ("hook first", "retain_grad first"):
        x = T.tensor(draw.normal(2), requires_grad=True)
        y = x * 2
        if order == "retain_grad first":
            y.retain_grad()
        y.register_hook(lambda g: g * 10)
        if order == "hook first":
            y.retain_grad()
        y.sum().backward()
        yield f"{order}: y.grad", y.grad


@scenario("claims.a28", lesson=4, asks="Is loss.data[0] the way to read a loss?")
def a28(T: Any, draw: Draw) -> Yields:
    loss = T.tensor(draw.normal(3), requires_grad=True).sum()
    yield "loss.data[0]", attempt(lambda: loss.data[0])
    yield "loss.item()", loss.item()
