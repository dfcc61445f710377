"""Claims A1 to A7 of the tutorial on `retain_graph`: several losses, and what is kept."""

from __future__ import annotations

from typing import Any

from course.scenarios import Cases, Draw, Yields, attempt, heard, scenario


def _gan_values(draw: Draw) -> tuple[Any, Any, Any]:
    """Return noise, G's weight and D's weight."""
    return draw.normal(4, 3), draw.normal(3, 3), draw.normal(3, 1)


def _gan_step(T: Any, values: tuple[Any, Any, Any], step: Any) -> tuple[Any, Any, Any]:
    """One step as in the tutorial's SRGAN loop; return G's weight, D's weight, the last attempt.

    D judges the fake picture, its loss runs backward with ``retain_graph=True``,
    D is updated by ``step``, and then G's loss runs back through the same graph.
    """
    z = T.tensor(values[0])
    g = T.tensor(values[1], requires_grad=True)
    d = T.tensor(values[2], requires_grad=True)
    fake = (z @ g).tanh()
    judged = (fake @ d).mean()
    judged.backward(retain_graph=True)
    g.grad = None
    step(d)
    return g, d, attempt((1 - judged).backward)


@scenario("claims.a1", lesson=7, asks="SRGAN: step D between the two backward passes of one graph?")
def a1(T: Any, draw: Draw) -> Yields:
    for name, make in {
        "SGD": lambda p: T.optim.SGD(p, lr=0.1),
        "SGD with lr=0": lambda p: T.optim.SGD(p, lr=0.0),
        "Adam": lambda p: T.optim.Adam(p, lr=0.1),
    }.items():
        _, d, outcome = _gan_step(T, _gan_values(draw), lambda d, make=make: make([d]).step())
        yield name, outcome
        yield f"{name}: version of D's weight", d._version


@scenario("claims.a1b", lesson=7, asks="The same with a fused optimizer: is the stale weight noticed?")
def a1b(T: Any, draw: Draw) -> Yields:
    values = _gan_values(draw)

    def fused(d: Any) -> None:
        T.optim.SGD([d], lr=0.1, fused=True).step()

    def fused_and_told(d: Any) -> None:
        fused(d)
        T.autograd.graph.increment_version(d)

    g, d, outcome = _gan_step(T, values, fused)
    yield "G's backward", outcome
    yield "version of D's weight", d._version
    yield "G's gradient", g.grad
    g, _, _ = _gan_step(T, values, lambda d: None)
    yield "G's gradient, had D not moved", g.grad
    _, _, outcome = _gan_step(T, values, fused_and_told)
    yield "with increment_version", outcome


@scenario("claims.a1c", lesson=6, asks="Before 1.5 optimizers wrote to p.data: what did the gradient become?")
def a1c(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(4, 3))
    start, other, shift = draw.normal(3, 2), draw.normal(2, 1), draw.normal(2, 1)

    def first_layer_gradient(second: Any, change: bool) -> tuple[Any, Any]:
        first = T.tensor(start, requires_grad=True)
        weight = T.tensor(second, requires_grad=True)
        loss = ((x @ first).tanh() @ weight).tanh().sum()
        if change:
            weight.data.add_(T.tensor(shift))
        outcome = attempt(loss.backward)
        return first.grad, outcome

    old, _ = first_layer_gradient(other, change=False)
    new, _ = first_layer_gradient(other + shift, change=False)
    mixed, outcome = first_layer_gradient(other, change=True)
    yield "backward after the change", outcome
    yield "equals the old gradient", bool((mixed == old).all())
    yield "equals the new gradient", bool((mixed == new).all())
    yield "gradient", mixed


@scenario("claims.a2", lesson=5, asks="Does retain_graph=True keep the gradients of this pass?")
def a2(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    y = x.exp()
    y.sum().backward(retain_graph=True)
    yield "y.grad", y.grad
    yield "and a warning", heard(lambda: y.grad)
    yield "saved value, retained", attempt(getattr, y.grad_fn, "_saved_result")
    y.sum().backward()
    yield "saved value, after a plain backward", attempt(getattr, y.grad_fn, "_saved_result")


@scenario("claims.a3", lesson=6, asks="Does a GAN need retain_graph at all?")
def a3(T: Any, draw: Draw) -> Yields:
    z = T.tensor(draw.normal(4, 3))
    real = T.tensor(draw.normal(4, 3))
    g = T.tensor(draw.normal(3, 3), requires_grad=True)
    d = T.tensor(draw.normal(3, 1), requires_grad=True)

    def step(weight: Any) -> None:
        with T.no_grad():
            weight -= 0.1 * weight.grad
        g.grad = d.grad = None

    for turn in (1, 2):
        fake = (z @ g).tanh()
        d_loss = (fake.detach() @ d).sigmoid().mean() - (real @ d).sigmoid().mean()
        yield f"D's backward {turn}", attempt(d_loss.backward)
        yield f"G untouched by it {turn}", g.grad is None
        step(d)
        g_loss = -(fake @ d).sigmoid().mean()
        yield f"G's backward {turn}", attempt(g_loss.backward)
        step(g)
    yield "G", g
    yield "D", d


@scenario(
    "claims.a4",
    lesson=5,
    asks="Does the tutorial's code, y = x**2 and two backward calls, raise the buffers error?",
)
def a4(T: Any, draw: Draw) -> Yields:
    yield "as printed", attempt(eval, "x ** 2", {"T": T})
    x = T.tensor(draw.normal(), requires_grad=True)
    y = x**2
    yield "with x defined: first", attempt(y.backward)
    yield "second", attempt(y.backward)


@scenario("claims.a4b", lesson=5, asks="Does a second backward always fail?")
def a4b(T: Any, draw: Draw) -> Yields:
    cases: Cases = {
        "(x + 1).sum()": lambda t: (t + 1).sum(),
        "x.mean()": lambda t: t.mean(),
        "reshape": lambda t: t.reshape(1, 3).sum(),
        "-x": lambda t: (-t).sum(),
        "(x * 2).sum()": lambda t: (t * 2).sum(),
    }
    for name, f in cases.items():
        x = T.tensor(draw.normal(3), requires_grad=True)
        y = f(x)
        y.backward()
        yield name, attempt(y.backward)
        yield f"{name}: x.grad", x.grad


@scenario("claims.a4c", lesson=5, asks="Does a backward that failed leave everything as it was?")
def a4c(T: Any, draw: Draw) -> Yields:
    w = T.tensor(draw.normal(), requires_grad=True)
    b = T.tensor(draw.normal(), requires_grad=True)
    h = w * w
    first, second = h * 1.0, h + b
    first.backward()
    yield "b.grad before", b.grad
    yield "second", attempt(second.backward)
    yield "b.grad after", b.grad


@scenario("claims.a5", lesson=5, asks="Is retaining in the first of two backward calls right, and is it needed?")
def a5(T: Any, draw: Draw) -> Yields:
    values = draw.normal(3)

    def outputs() -> Any:
        x = T.tensor(values, requires_grad=True)
        trunk = x.exp()
        return x, trunk.sin().sum(), (trunk * x).sum()

    x, one, two = outputs()
    one.backward(retain_graph=True)
    two.backward()
    yield "retained, one after the other", x.grad
    x, one, two = outputs()
    (one + two).backward()
    yield "of the sum", x.grad
    x, one, two = outputs()
    T.autograd.backward([one, two])
    yield "both at once", x.grad


@scenario("claims.a6", lesson=5, asks="After the second loss's backward, are all intermediate values released?")
def a6(T: Any, draw: Draw) -> Yields:
    w = T.tensor(draw.normal(3), requires_grad=True)
    trunk = w * w
    one, two = trunk.exp(), trunk.tanh()
    one.sum().backward(retain_graph=True)
    two.sum().backward()
    yield "the trunk", attempt(getattr, trunk.grad_fn, "_saved_self")
    yield "branch of loss 2", attempt(getattr, two.grad_fn, "_saved_result")
    yield "branch of loss 1", attempt(getattr, one.grad_fn, "_saved_result")
    one, two = w.exp().sum(), w.tanh().sum()
    one.backward()
    yield "losses that share only leaves, no retain_graph", attempt(two.backward)


@scenario("claims.a7", lesson=7, asks="And after both backward calls the optimizer steps?")
def a7(T: Any, draw: Draw) -> Yields:
    w = T.tensor(draw.normal(3), requires_grad=True)
    optimizer = T.optim.SGD([w], lr=0.1)
    trunk = w.exp()
    one, two = trunk.sin().sum(), trunk.sum()
    one.backward(retain_graph=True)
    two.backward()
    optimizer.step()
    yield "w", w
