"""Version counters: what counts, who shares a counter, and what backward checks."""

from __future__ import annotations

from operator import methodcaller
from typing import Any

from course.scenarios import Cases, Draw, Yields, attempt, scenario


@scenario("versions.what-counts", lesson=6, asks="Which operations raise a tensor's version?")
def what_counts(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.uniform(3, low=1.0, high=2.0))
    seen = [x._version]
    x.add_(1)
    seen.append(x._version)
    x[0] = 5.0
    seen.append(x._version)
    with T.no_grad():
        x.mul_(2)
    seen.append(x._version)
    x += 1
    seen.append(x._version)
    x.requires_grad_()
    seen.append(x._version)
    x.data.add_(1)
    seen.append(x._version)
    yield "add_, setitem, no_grad mul_, +=, requires_grad_, .data", seen


@scenario(
    "versions.who-shares-a-counter",
    lesson=6,
    asks="Which tensors share x's version, and which have their own?",
)
def who_shares_a_counter(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3))
    x.add_(1)
    others = {
        "view": x.view(3),
        "slice": x[:2],
        "detach": x.detach(),
        "data": x.data,
        "clone": x.clone(),
        "x + 0": x + 0,
    }
    for name, t in others.items():
        yield f"{name}: when made", t._version
    x.mul_(2)
    for name, t in others.items():
        yield f"{name}: after x changed", t._version
    others["slice"].zero_()
    yield "x after its slice changed", x._version
    others["data"].zero_()
    yield "x after its data changed", x._version


def _functions() -> Cases:
    """Return elementary functions: those that keep their result, then those that keep their input."""
    keep_result = ("exp", "sigmoid", "tanh", "sqrt", "relu", "reciprocal")
    keep_input = ("sin", "log", "abs", "square")
    cases: dict[str, Any] = {name: methodcaller(name) for name in (*keep_result, *keep_input)}
    return {"softmax": methodcaller("softmax", dim=0), **cases}


@scenario("versions.result-changed", lesson=6, asks="y = op(x), then y changes: which operations notice?")
def result_changed(T: Any, draw: Draw) -> Yields:
    for name, f in _functions().items():
        x = T.tensor(draw.uniform(3, low=0.5, high=2.0), requires_grad=True)
        y = f(x)
        y.mul_(2)
        yield name, attempt(y.sum().backward)
        yield f"{name}: x.grad", x.grad


@scenario("versions.input-changed", lesson=6, asks="y = op(h), then h changes: which operations notice?")
def input_changed(T: Any, draw: Draw) -> Yields:
    for name, f in _functions().items():
        x = T.tensor(draw.uniform(3, low=0.5, high=2.0), requires_grad=True)
        h = x * 1
        y = f(h)
        h.mul_(2)
        yield name, attempt(y.sum().backward)
        yield f"{name}: x.grad", x.grad


@scenario("versions.factor-changed", lesson=6, asks="A factor changes after a product: when is that an error?")
def factor_changed(T: Any, draw: Draw) -> Yields:
    for name, tracked in (("partner requires grad", True), ("partner does not", False)):
        x = T.tensor(draw.normal(3), requires_grad=True)
        h = x * 1
        partner = T.tensor(draw.normal(3), requires_grad=tracked)
        y = h * partner
        h.add_(1)
        yield name, attempt(y.sum().backward)
        yield f"{name}: x.grad", x.grad


@scenario(
    "versions.sum-of-changed",
    lesson=6,
    asks="Addition keeps nothing: may its inputs and its result change freely?",
)
def sum_of_changed(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    h = x * 1
    y = h + 2
    h.zero_()
    y.add_(5)
    yield "backward", attempt(y.sum().backward)
    yield "x.grad", x.grad


@scenario(
    "versions.undone-is-still-modified",
    lesson=6,
    asks="I add 1 and subtract 1 again: is the tensor as good as new?",
)
def undone_is_still_modified(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    y = x.exp()
    loss = y.sum()
    with T.no_grad():
        y.add_(1).sub_(1)
    yield "backward", attempt(loss.backward)


@scenario("versions.detach-is-caught", lesson=6, asks="I change a saved value through detach(): is it noticed?")
def detach_is_caught(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    y = x.exp()
    y.detach().fill_(10.0)
    yield "y", y
    yield "backward", attempt(y.sum().backward)
    yield "x.grad", x.grad


@scenario("versions.data-is-silent", lesson=6, asks="I change a saved value through .data: is it noticed?")
def data_is_silent(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    y = x.exp()
    y.data.fill_(10.0)
    yield "backward", attempt(y.sum().backward)
    yield "x.grad (silently wrong)", x.grad


@scenario("versions.index-changed", lesson=6, asks="x[i] was computed, then i changes: is that noticed?")
def index_changed(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(4), requires_grad=True)
    i = T.tensor([0, 1])
    y = x[i]
    i.add_(1)
    yield "backward", attempt(y.sum().backward)


@scenario(
    "versions.base-changed-through-a-view",
    lesson=6,
    asks="A saved tensor changes through a view of it: is that noticed?",
)
def base_changed_through_a_view(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(2, 2), requires_grad=True)
    h = x * 1
    y = h.sin()
    h[0].zero_()
    yield "backward", attempt(y.sum().backward)


@scenario(
    "versions.weight-stepped-too-early",
    lesson=6,
    asks="A weight is updated between the forward pass and backward: what happens?",
)
def weight_stepped_too_early(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3))
    first = T.tensor(draw.normal(3), requires_grad=True)
    second = T.tensor(draw.normal(3), requires_grad=True)
    loss = (x * first * second).sum()
    with T.no_grad():
        second -= 0.1
    yield "backward", attempt(loss.backward)
    yield "first.grad", first.grad


@scenario(
    "versions.retained-graph-still-checks",
    lesson=6,
    asks="Does retain_graph=True keep the values, or only references to them?",
)
def retained_graph_still_checks(T: Any, draw: Draw) -> Yields:
    w = T.tensor(draw.normal(3), requires_grad=True)
    loss = (w * w).sum()
    loss.backward(retain_graph=True)
    with T.no_grad():
        w -= 0.1 * w.grad
    yield "second backward", attempt(loss.backward)


@scenario(
    "versions.increment-by-hand",
    lesson=6,
    asks="Can I tell autograd that I changed the numbers behind its back?",
)
def increment_by_hand(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    y = x.exp()
    y.data.zero_()
    T.autograd.graph.increment_version(y)
    yield "version", y._version
    yield "backward", attempt(y.sum().backward)
