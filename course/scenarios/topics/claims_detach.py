"""Claims B1 to B21 of the tutorial on `detach`."""

from __future__ import annotations

from typing import Any

from course.scenarios import Draw, Yields, attempt, heard, scenario


@scenario("claims.b1", lesson=4, asks="Does detach() give a tensor that needs no gradient and shares the data?")
def b1(T: Any, draw: Draw) -> Yields:
    y = T.tensor(draw.normal(3), requires_grad=True) * 2
    d = y.detach()
    yield "requires_grad", d.requires_grad
    yield "same memory", d.data_ptr() == y.data_ptr()


@scenario("claims.b2", lesson=6, asks="Can the result of detach() never require a gradient again?")
def b2(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    yield "requires_grad_()", x.detach().requires_grad_().requires_grad
    d = T.tensor(draw.normal(3), requires_grad=True).detach()
    d.add_(x)
    yield "after d.add_(x)", d.requires_grad


@scenario("claims.b3", lesson=4, asks="Is volatile inherited by the result of detach()?")
def b3(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)

    def set_volatile() -> None:
        x.volatile = True

    yield "setting it", heard(set_volatile)
    yield "reading it afterwards", attempt(lambda: x.detach().volatile)


@scenario(
    "claims.b4",
    lesson=4,
    asks="The tutorial's first example: does a change through .data show in both tensors?",
)
def b4(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.array([3.0, 7.0]), requires_grad=True)
    y = x.detach()
    y.data[0] = 4.0
    yield "x", x
    yield "y", y
    yield "x.requires_grad, y.requires_grad", [x.requires_grad, y.requires_grad]
    yield "versions", [x._version, y._version]


@scenario("claims.b5", lesson=4, asks="Does clone() copy the gradient too?")
def b5(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    (x * 2).sum().backward()
    c = x.clone()
    yield "c.grad", c.grad
    yield "c.is_leaf", c.is_leaf
    yield "c.grad_fn", c.grad_fn.name()
    c.sum().backward()
    yield "x.grad", x.grad


@scenario("claims.b6", lesson=6, asks="Is clone() just another way to write `=`?")
def b6(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3))
    c = x.clone()
    yield "same object", c is x
    yield "same memory", c.data_ptr() == x.data_ptr()
    c.zero_()
    yield "x after c.zero_()", x


@scenario("claims.b7", lesson=6, asks="Does copy_() separate a tensor from its graph?")
def b7(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    y = T.zeros_like(x).copy_(x)
    yield "y.requires_grad", y.requires_grad
    (y * 2).sum().backward()
    yield "x.grad", x.grad
    separate = x.detach().clone()
    yield "detach().clone()", [separate.requires_grad, separate.data_ptr() == x.data_ptr()]


@scenario("claims.b8", lesson=6, asks="May a leaf never be changed in place?")
def b8(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    yield "requires grad", attempt(lambda: x.add_(1))
    yield "a view of it", attempt(lambda: x[:2].add_(1))

    def quietly() -> bool:
        with T.no_grad():
            return bool(x.add_(1) is x)

    yield "under no_grad", attempt(quietly)
    yield "through .data", attempt(lambda: x.data.add_(1).requires_grad)
    yield "through detach()", attempt(lambda: x.detach().add_(1).requires_grad)
    yield "without requires_grad", attempt(lambda: T.tensor(draw.normal(3)).add_(1).is_leaf)


@scenario("claims.b9", lesson=10, asks="Does backward() compute the gradients of all nodes?")
def b9(T: Any, draw: Draw) -> Yields:
    a = T.tensor(draw.normal(3), requires_grad=True)
    b = a.exp()
    y = (b * b).sum()
    y.backward(retain_graph=True)
    yield "kept in", [t.grad is not None for t in (a, b, y)]
    yield "autograd.grad(y, [a, b, y])", T.autograd.grad(y, [a, b, y])


@scenario("claims.b10", lesson=4, asks="Is the result of detach() a leaf at which the graph ends?")
def b10(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    w = T.tensor(draw.normal(3), requires_grad=True)
    d = x.exp().detach()
    yield "is_leaf, has no grad_fn", [d.is_leaf, d.grad_fn is None]
    (d * w).sum().backward()
    yield "x.grad", x.grad
    yield "w.grad", w.grad


@scenario("claims.b11", lesson=4, asks="Has a detached tensor no gradient even if requires_grad is set again?")
def b11(T: Any, draw: Draw) -> Yields:
    a = T.tensor(draw.normal(3), requires_grad=True)
    out = a.sigmoid()
    c = out.detach()
    before = (c * 2).sum()
    c.requires_grad_()
    yield "a loss from before the switch", attempt(before.backward)
    (c * 2).sum().backward()
    yield "c.grad", c.grad
    yield "a.grad", a.grad
    out.backward(c.grad)
    yield "a.grad after out.backward(c.grad)", a.grad


@scenario("claims.b12", lesson=4, asks="Are Tensor and Variable one since 0.4?")
def b12(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    yield "type", type(x).__name__
    yield "isinstance of Variable", isinstance(x, T.autograd.Variable)
    x.exp().sum().backward()
    yield "x.grad", x.grad


@scenario("claims.b13", lesson=4, asks="What are the defaults of requires_grad and grad?")
def b13(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3))
    yield "requires_grad", x.requires_grad
    yield "grad", x.grad


@scenario("claims.b15", lesson=4, asks="Before any backward: is z.grad == x.grad == y.grad == None?")
def b15(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    y = T.tensor(draw.normal(3))
    z = x + y
    yield "all equal None", z.grad == x.grad == y.grad == None  # noqa: E711


@scenario("claims.b16", lesson=7, asks="Which shapes does the tutorial's convolution have?")
def b16(T: Any, draw: Draw) -> Yields:
    inputs = T.tensor(draw.normal(1, 4, 5, 5))
    filters = T.tensor(draw.normal(8, 4, 3, 3), requires_grad=True)
    out = T.nn.functional.conv2d(inputs, filters)
    detached = T.nn.functional.conv2d(inputs, filters.detach())
    yield "shape", out.shape
    yield "shape with detached filters", detached.shape
    yield "requires_grad", [out.requires_grad, detached.requires_grad]


@scenario("claims.b17", lesson=4, asks="Is detach() the way to keep part of a network fixed?")
def b17(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(2))
    for way in ("C(B(A(x)).detach())", "B.requires_grad_(False)"):
        a, b, c = (T.tensor(draw.normal(2, 2), requires_grad=True) for _ in range(3))
        if way.startswith("C"):
            out = (x @ a @ b).detach() @ c
        else:
            b.requires_grad_(False)
            out = x @ a @ b @ c
        out.sum().backward()
        yield f"{way}: A, B, C have a gradient", [w.grad is not None for w in (a, b, c)]


@scenario("claims.b18", lesson=6, asks="Does a detached tensor share its memory?")
def b18(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    x.detach()[0] = 10.0
    yield "x", x


@scenario("claims.b19", lesson=4, asks="What does the tutorial's sigmoid example print?")
def b19(T: Any, draw: Draw) -> Yields:
    a = T.tensor(draw.array([1.0, 2.0, 3.0]), requires_grad=True)
    out = a.sigmoid()
    out.sum().backward()
    yield "a.grad", a.grad
    yield "out.grad_fn", out.grad_fn.name()


@scenario("claims.b20", lesson=6, asks="c = out.detach() is changed: is that noticed in backward?")
def b20(T: Any, draw: Draw) -> Yields:
    def change(how: str, f: Any) -> Any:
        a = T.tensor(draw.array([1.0, 2.0, 3.0]), requires_grad=True)
        out = f(a)
        (out.detach() if how == "detach" else out.data).zero_()
        return attempt(out.sum().backward), a.grad

    for name, how, f in (
        ("sigmoid, through detach()", "detach", lambda a: a.sigmoid()),
        ("sigmoid, through .data", "data", lambda a: a.sigmoid()),
        ("a * 2, through detach()", "detach", lambda a: a * 2),
    ):
        outcome, gradient = change(how, f)
        yield name, outcome
        yield f"{name}: a.grad", gradient


@scenario("claims.b21", lesson=7, asks="Is no_grad for testing only, and the same as eval()?")
def b21(T: Any, draw: Draw) -> Yields:
    w = T.tensor(draw.normal(3), requires_grad=True)
    w.sum().backward()
    with T.no_grad():
        w -= 0.1 * w.grad
    yield "an update needs it: still a leaf", w.is_leaf
    x = T.tensor(draw.normal(64, 2), requires_grad=True)
    dropout = T.nn.Dropout(0.5)
    with T.no_grad():
        yield "no_grad keeps dropout on", bool((dropout(x) == 0).any())
    dropout.eval()
    yield "eval() switches it off", bool((dropout(x) == x).all())
    yield "eval() keeps the graph", dropout(x).requires_grad
    norm = T.nn.BatchNorm1d(2).to(x.dtype)
    before = norm.running_mean.clone()
    with T.no_grad():
        norm(x)
    yield "no_grad keeps updating BatchNorm", bool((norm.running_mean != before).any())
