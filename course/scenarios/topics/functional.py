"""autograd.functional: Jacobians, Hessians and their products with vectors."""

from __future__ import annotations

from typing import Any

from course.scenarios import Cases, Draw, Yields, attempt, scenario


@scenario("functional.jacobian", lesson=10, asks="What are the shape and the entries of a Jacobian?")
def jacobian(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3))
    cases: Cases = {
        "elementwise": lambda t: t.exp(),
        "one number": lambda t: (t**2).sum(),
        "outer product": lambda t: t[:, None] * t,
        "part": lambda t: t[:2],
    }
    for name, f in cases.items():
        found = T.autograd.functional.jacobian(f, x)
        yield f"{name}: shape", list(found.shape)
        yield name, found


@scenario("functional.tuples", lesson=10, asks="Several inputs, several outputs: how are the Jacobians nested?")
def tuples(T: Any, draw: Draw) -> Yields:
    x, y = T.tensor(draw.normal(2)), T.tensor(draw.normal(3))
    jacobian = T.autograd.functional.jacobian
    yield "one to one", jacobian(lambda a: a.sin(), x)
    yield "two to one", jacobian(lambda a, b: a.sum() * b, (x, y))
    yield "one to two", jacobian(lambda a: (a.exp(), a.sum()), x)
    yield "two to two", jacobian(lambda a, b: (a * b.sum(), b), (x, y))
    yield "a tuple of one", jacobian(lambda a: (a * a,), (x,))


@scenario("functional.hessian", lesson=10, asks="What is the Hessian of a function of one and of two tensors?")
def hessian(T: Any, draw: Draw) -> Yields:
    x, y = T.tensor(draw.normal(2)), T.tensor(draw.normal(2))
    yield "one", T.autograd.functional.hessian(lambda a: (a**3).sum(), x)
    yield "two", T.autograd.functional.hessian(lambda a, b: (a * b.exp()).sum(), (x, y))
    yield "several outputs", attempt(T.autograd.functional.hessian, lambda a: a**2, x)


@scenario("functional.products", lesson=10, asks="Are vjp, jvp, vhp and hvp the products with Jacobian and Hessian?")
def products(T: Any, draw: Draw) -> Yields:
    x, v = T.tensor(draw.normal(3)), T.tensor(draw.normal(3))
    for name in ("vjp", "jvp"):
        yield name, getattr(T.autograd.functional, name)(lambda t: t.tanh() * t.sum(), x, v)
    for name in ("vhp", "hvp"):
        yield name, getattr(T.autograd.functional, name)(lambda t: (t**3).sum() * t.sum(), x, v)


@scenario("functional.vector", lesson=10, asks="When may I leave the vector out, and what if it does not fit?")
def vector(T: Any, draw: Draw) -> Yields:
    x, one = T.tensor(draw.normal(2)), T.tensor(draw.normal(1))
    for name in ("vjp", "jvp", "vhp", "hvp"):
        call = getattr(T.autograd.functional, name)
        yield f"{name}: one element", attempt(call, lambda t: t.exp(), one)
        yield f"{name}: two elements", attempt(call, lambda t: t.exp(), x)
        yield f"{name}: too long", attempt(call, lambda t: (t**2).sum(), x, T.ones(3))
        yield f"{name}: too many", attempt(call, lambda t: (t**2).sum(), x, (x, x))


@scenario(
    "functional.strict", lesson=10, asks="A derivative that is zero because nothing depends: when does strict raise?"
)
def strict(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(2))
    cases: Cases = {
        "linear": lambda t: 2 * t.sum(),
        "constant": lambda t: T.ones(()),
        "detached": lambda t: (t.detach() ** 2).sum(),
    }
    for what, f in cases.items():
        for name in ("vjp", "jacobian", "hessian"):
            call = getattr(T.autograd.functional, name)
            yield f"{what}, {name}", attempt(call, f, x)
            yield f"{what}, {name}, strict", attempt(call, f, x, strict=True)


@scenario(
    "functional.inputs-left-alone",
    lesson=10,
    asks="Does jacobian need requires_grad, does it touch x.grad, and is x itself inside the function a constant?",
)
def inputs_left_alone(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(2), requires_grad=True)
    seen = []

    def product(t: Any) -> Any:
        seen.append((t is x, t.is_leaf, t.requires_grad))
        return t * x

    yield "jacobian", T.autograd.functional.jacobian(product, x)
    yield "argument is x, leaf, requires grad", seen
    yield "x.grad", x.grad
    with T.no_grad():
        yield "under no_grad", T.autograd.functional.jacobian(lambda t: t**2, x)


@scenario("functional.create-graph", lesson=10, asks="Can I differentiate a Jacobian or a product again?")
def create_graph(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(2), requires_grad=True)
    v = T.tensor(draw.normal(2), requires_grad=True)
    functional = T.autograd.functional
    yield "without it", functional.jacobian(lambda t: t**3, x).requires_grad
    matrix = functional.jacobian(lambda t: t**3, x, create_graph=True)
    yield "third derivative", T.autograd.grad(matrix.sum(), x)
    for name in ("jvp", "hvp"):
        f = {"jvp": lambda t: t**3, "hvp": lambda t: (t**3).sum()}[name]
        product = getattr(functional, name)(f, x, v, create_graph=True)[1]
        yield name, T.autograd.grad(product.sum(), (x, v))


@scenario(
    "functional.newton", lesson=10, asks="Does a Newton step with the Hessian find the minimum of a bowl at once?"
)
def newton(T: Any, draw: Draw) -> Yields:
    x, centre = T.tensor(draw.normal(3)), T.tensor(draw.normal(3))

    def bowl(t: Any) -> Any:
        return ((t - centre) ** 2 * T.arange(1.0, 4.0)).sum()

    h = T.autograd.functional.hessian(bowl, x)
    g = T.autograd.functional.jacobian(bowl, x)
    yield "step", x - g / h.diagonal()
    yield "centre", centre
