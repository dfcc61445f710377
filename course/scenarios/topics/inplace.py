"""In-place operations: what they do to values, to the graph, and when they are refused."""

from __future__ import annotations

from typing import Any

from course.scenarios import Cases, Draw, Yields, attempt, scenario


@scenario("inplace.history", lesson=6, asks="y is changed in place: is the change part of the graph?")
def history(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    y = x * 2
    before = y
    y.mul_(5)
    y.add_(x)
    yield "same object", y is before
    yield "grad_fn", y.grad_fn.name()
    y.sum().backward()
    yield "y", y
    yield "x.grad", x.grad


@scenario(
    "inplace.family",
    lesson=6,
    asks="Are value and gradient of each in-place operation those of its ordinary twin?",
)
def family(T: Any, draw: Draw) -> Yields:
    other = T.tensor(draw.uniform(3, low=0.5, high=2.0))
    cases: Cases = {
        "add_": lambda t: t.add_(other),
        "sub_": lambda t: t.sub_(other),
        "mul_": lambda t: t.mul_(other),
        "div_": lambda t: t.div_(other),
        "exp_": lambda t: t.exp_(),
        "relu_": lambda t: t.relu_(),
        "clamp_": lambda t: t.clamp_(min=0.0),
        "zero_": lambda t: t.zero_(),
        "fill_": lambda t: t.fill_(3.0),
        "copy_": lambda t: t.copy_(other),
    }
    for name, change in cases.items():
        x = T.tensor(draw.normal(3), requires_grad=True)
        y = x * 2
        change(y)
        y.sum().backward()
        yield f"{name}: y", y
        yield f"{name}: x.grad", x.grad


@scenario("inplace.augmented-assignment", lesson=6, asks="Are += and *= in place, also on a Python name?")
def augmented_assignment(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    y = x * 2
    before = y
    y += 1
    y *= x
    yield "same object", y is before
    yield "version", y._version
    yield "backward", attempt(y.sum().backward)
    yield "x.grad", x.grad


@scenario(
    "inplace.leaf-is-refused",
    lesson=6,
    asks="Why may a leaf that requires grad not be changed, and is it left as it was?",
)
def leaf_is_refused(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)

    def assign() -> None:
        x[0] = 1.0

    yield "mul_", attempt(lambda: x.mul_(2))
    yield "of a view", attempt(lambda: x[0].mul_(2))
    yield "x[0] = 1", attempt(assign)
    yield "x", x
    yield "version", x._version


@scenario("inplace.leaf-under-no-grad", lesson=6, asks="And under no_grad, through .data and through detach()?")
def leaf_under_no_grad(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.array([1.0, 2.0, 3.0]), requires_grad=True)
    with T.no_grad():
        x.mul_(2)
    x.data.mul_(2)
    x.detach().mul_(2)
    yield "x", x
    yield "is_leaf, requires_grad", [x.is_leaf, x.requires_grad]
    yield "version", x._version


@scenario(
    "inplace.plain-takes-in-a-graph",
    lesson=6,
    asks="A plain tensor takes in a tracked one: what becomes of it and of its views?",
)
def plain_takes_in_a_graph(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(2), requires_grad=True)
    base = T.zeros(3, 2, dtype=x.dtype)
    sibling, untouched = base[:2], base[2]
    base[0].add_(x)
    for name, t in {"base": base, "sibling": sibling, "other row": untouched}.items():
        yield f"{name}: requires_grad, is_leaf", [t.requires_grad, t.is_leaf]
    sibling.sum().backward()
    yield "x.grad", x.grad


@scenario(
    "inplace.assigning-elements",
    lesson=6,
    asks="y[0] = v: who gets the gradient of the element that was there?",
)
def assigning_elements(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    v = T.tensor(draw.normal(), requires_grad=True)
    y = x * 2
    y[0] = v
    y.backward(T.tensor(draw.normal(3)))
    yield "y", y
    yield "x.grad", x.grad
    yield "v.grad", v.grad


@scenario("inplace.assigning-by-mask", lesson=6, asks="y[mask] = 0 and y[indices] = v: what flows back?")
def assigning_by_mask(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(4), requires_grad=True)
    v = T.tensor(draw.normal(2), requires_grad=True)
    y = x * 2
    y[y < 0] = 0.0
    y[T.tensor([1, 3])] = v
    y.backward(T.tensor(draw.normal(4)))
    yield "y", y
    yield "x.grad", x.grad
    yield "v.grad", v.grad


@scenario("inplace.copy-is-differentiable", lesson=6, asks="Does copy_ cut the graph?")
def copy_is_differentiable(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    y = T.zeros(3, dtype=x.dtype)
    y.copy_(x)
    yield "grad_fn", y.grad_fn.name()
    (y * 3).sum().backward()
    yield "x.grad", x.grad


@scenario(
    "inplace.shape-may-not-grow",
    lesson=6,
    asks="May an in-place operation broadcast its own tensor, or change its dtype?",
)
def shape_may_not_grow(T: Any, draw: Draw) -> Yields:
    small, large = T.tensor(draw.normal(1, 3)), T.tensor(draw.normal(2, 3))
    whole = T.tensor([1, 2, 3])
    yield "grow", attempt(lambda: small.add_(large))
    yield "stretch the other", attempt(lambda: large.add_(small))
    yield "int += float", attempt(lambda: whole.add_(0.5))
    yield "version of the refused", small._version


@scenario(
    "inplace.into-an-expanded-tensor",
    lesson=6,
    asks="Can I write into a tensor that shows one number many times?",
)
def into_an_expanded_tensor(T: Any, draw: Draw) -> Yields:
    one = T.tensor(draw.normal(1))
    yield "mul_", attempt(lambda: one.expand(3).mul_(2))


@scenario("inplace.residual-add", lesson=6, asks="y = relu(x); y += x: why does one network fail and another not?")
def residual_add(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    cases: Cases = {"relu": lambda t: t.relu(), "times 2": lambda t: t * 2}
    for name, f in cases.items():
        h = x * 1
        y = f(h)
        y += h
        yield name, attempt(y.sum().backward)
    yield "x.grad", x.grad


@scenario("inplace.detach-in-place", lesson=6, asks="detach_(): who keeps a path to x, and who fails?")
def detach_in_place(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    y = x * 2
    earlier = (y + 1).sum()
    y.detach_()
    yield "flags", [y.requires_grad, y.is_leaf, y.grad_fn is None]
    earlier.backward()
    yield "an earlier loss still reaches x", x.grad
    h = x * 1
    used_as_input = h.sin()
    h.detach_()
    yield "a node that saved it as input", attempt(used_as_input.sum().backward)
    e = x.exp()
    loss = e.sum()
    e.detach_()
    yield "a node that saved it as result", attempt(loss.backward)
    base = x * 1
    yield "of a view", attempt(base[0].detach_)
    leaf = T.tensor(draw.normal(3), requires_grad=True)
    leaf.detach_()
    yield "a leaf", leaf.requires_grad


@scenario(
    "inplace.detached-takes-in-a-graph",
    lesson=6,
    asks="d = y.detach(); d += x: does d get a graph, and does y?",
)
def detached_takes_in_a_graph(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    y = x * 2
    d = y.detach()
    d.add_(x)
    yield "d.requires_grad", d.requires_grad
    yield "y is d in numbers", bool((y == d).all())
    yield "y.grad_fn", y.grad_fn.name()
    y.sum().backward()
    yield "x.grad through y", x.grad
    x.grad = None
    d.sum().backward()
    yield "x.grad through d", x.grad
