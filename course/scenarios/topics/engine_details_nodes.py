"""Nodes, edges and what is kept: details that changes of the engine's code showed to be unwatched."""

from __future__ import annotations

import weakref
from typing import Any

from course.scenarios import Cases, Draw, Yields, attempt, part, quiet_gc, scenario


def edges(tensor: Any) -> list[tuple[bool, int]]:
    """Return, per edge of the tensor's node, whether it leads anywhere, and to which output."""
    return [(below is not None, number) for below, number in tensor.grad_fn.next_functions]


@scenario("graph.numbers-of-the-edges", lesson=3, asks="Which output of the node below does each edge lead to?")
def numbers_of_the_edges(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(2, 3), requires_grad=True)
    plain = T.tensor(draw.normal(3))
    second = (x * 2).unbind(0)[1]
    yield "a leaf's own edge", T.autograd.graph.get_gradient_edge(x).output_nr
    yield "of one input", edges((x * 2).exp())
    yield "of two inputs", edges((x * 2) * x.exp())
    yield "of two inputs, one is a second output", edges(second * x[0])
    yield "of a number beside a second output", edges(T.where(plain > 0, second, 2.0))
    yield "of tensors without gradient beside it", edges(T.addcmul(second, plain, plain))


@scenario(
    "graph.second-output-comes-first", lesson=6, asks="A product of two outputs of one node: whose gradient is whose?"
)
def second_output_comes_first(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(2, 3), requires_grad=True)
    first, second = (x * 2).unbind(0)
    (second * first.exp()).sum().backward()
    yield "in the other order", x.grad
    std, mean = T.std_mean(x * 3)
    x.grad = None
    (mean * std.exp()).backward()
    yield "mean and deviation", x.grad
    yield "mean beside another node", T.autograd.grad(T.std_mean(x)[1] * (x * x).sum(), x)


@scenario("graph.numbers-of-a-functions-edges", lesson=9, asks="Which edges has the node of a Function?")
def numbers_of_a_functions_edges(T: Any, draw: Draw) -> Yields:
    class Product(T.autograd.Function):  # type: ignore[misc]
        @staticmethod
        def forward(ctx: Any, a: Any, b: Any) -> Any:
            return a * b

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            return g, g

    x = T.tensor(draw.normal(3), requires_grad=True)
    plain = T.tensor(draw.normal(3))
    with T.no_grad():
        unseen, leaf = x[:], plain[:]
    leaf.requires_grad_()
    yield "a tensor without gradient", edges(Product.apply(x, plain))
    yield "a view made under no_grad", edges(Product.apply(x, unseen))[1][1]
    yield "a view that is a leaf", edges(Product.apply(x, leaf))


@scenario("graph.same-kind-of-node", lesson=3, asks="Have two results of cat() nodes of the same type?")
def same_kind_of_node(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    yield "cat", type(T.cat([x, x * 2]).grad_fn) is type(T.cat([x.exp(), x]).grad_fn)
    yield "cat and stack", type(T.cat([x, x]).grad_fn) is type(T.stack([x, x]).grad_fn)


@scenario("graph.what-is-not-there", lesson=2, asks="Has a tensor any name I ask it for?")
def what_is_not_there(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3))
    yield "no_such_name", hasattr(x, "no_such_name")
    yield "is_sparse", x.is_sparse
    yield "is_multithreading_enabled()", T.autograd.is_multithreading_enabled()


@scenario("engine.calling-a-node-in-both-modes", lesson=6, asks="Is it recorded what grad_fn(gradient) computes?")
def calling_a_node_in_both_modes(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    w = T.tensor(draw.normal(3), requires_grad=True)
    g = T.tensor(draw.normal(3), requires_grad=True)
    exp, product = x.exp(), x * w
    for name, mode in (("recording", T.enable_grad), ("not recording", T.no_grad)):
        with mode():
            got = exp.grad_fn(g)
            yield f"{name}: one input", got
            yield f"{name}: requires_grad", got.requires_grad
            yield f"{name}: no gradient comes", product.grad_fn(None)
    yield "gradient of the gradient", T.autograd.grad(exp.grad_fn(g).sum(), (x, g))


@scenario(
    "engine.sum-behind-a-product", lesson=6, asks="One gradient arrives at two leaves: are they two tensors afterwards?"
)
def sum_behind_a_product(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    w = T.tensor(draw.normal(3), requires_grad=True)
    ((x + w) * T.tensor(draw.normal(3))).sum().backward()
    yield "x.grad", x.grad
    with T.autograd.set_grad_enabled(False):
        x.grad.mul_(0)
    yield "w.grad after x.grad was changed", w.grad


@scenario("engine.gradient-of-no-elements", lesson=2, asks="Is a gradient made up for a tensor without elements?")
def gradient_of_no_elements(T: Any, draw: Draw) -> Yields:
    x = T.zeros(0, requires_grad=True)
    yield "backward()", attempt((x * 2).backward)
    yield "backward(zeros(0))", attempt((x * 2).backward, T.zeros(0))


@scenario("shapes.one-against-none", lesson=3, asks="One element is stretched over no elements: what is its gradient?")
def one_against_none(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(1), requires_grad=True)
    (x * T.zeros(0)).sum().backward()
    yield "(1,) over (0,)", x.grad
    y = T.tensor(draw.normal(2, 1), requires_grad=True)
    (y * T.zeros(2, 0)).sum().backward()
    yield "(2, 1) over (2, 0)", y.grad


@scenario(
    "shapes.long-row-against-a-table", lesson=3, asks="A row is stretched over a table with fewer rows: its gradient?"
)
def long_row_against_a_table(T: Any, draw: Draw) -> Yields:
    row = T.tensor(draw.normal(5), requires_grad=True)
    table = T.tensor(draw.normal(2, 5), requires_grad=True)
    ((row * 2) * (table * 3)).sum().backward()
    yield "row on the left", (row.grad, table.grad)
    row.grad = table.grad = None
    ((table * 3) * (row * 2)).sum().backward()
    yield "row on the right", (row.grad, table.grad)


@scenario(
    "grad.not-reached-and-zero", lesson=3, asks="allow_unused=0 is not False: what if zeros are asked for as well?"
)
def not_reached_and_zero(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    w = T.tensor(draw.normal(3), requires_grad=True)
    for allowed in (None, True, False, 0, 1):
        ask = {"allow_unused": allowed, "materialize_grads": True}
        yield f"allow_unused={allowed}", attempt(T.autograd.grad, (x * 2).sum(), (x, w), **ask)


@scenario("grad.edges-and-zeros", lesson=3, asks="Can zeros be made up for a GradientEdge that was not reached?")
def edges_and_zeros(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    w = T.tensor(draw.normal(3), requires_grad=True)
    for name, leaf in (("reached", x), ("not reached", w)):
        edge = T.autograd.graph.get_gradient_edge(leaf)
        yield name, attempt(T.autograd.grad, (x * 2).sum(), edge, allow_unused=True)
        yield f"{name}: zeros, please", attempt(T.autograd.grad, (x * 2).sum(), edge, materialize_grads=True)


@scenario("saved.shown-in-every-mode", lesson=5, asks="Is node._saved_self a tensor under no_grad as well?")
def shown_in_every_mode(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    product, power = (x * x.exp()).grad_fn, x.exp()
    with T.no_grad():
        yield "_saved_self under no_grad", product._saved_self
        yield "_saved_result under no_grad", power.grad_fn._saved_result
    result = power.grad_fn._saved_result
    yield "its output_nr", result.output_nr
    yield "its grad_fn is the node", result.grad_fn is power.grad_fn
    yield "unpacked or not", type(product._raw_saved_self).__name__
    yield "what this node does not keep", attempt(getattr, power.grad_fn, "_raw_saved_self")


@scenario(
    "saved.asked-for-by-two-rules", lesson=5, asks="Only the weight of lerp() needs a gradient: is it kept itself?"
)
def asked_for_by_two_rules(T: Any, draw: Draw) -> Yields:
    weight = T.tensor(draw.normal(3), requires_grad=True)
    a, b = T.tensor(draw.normal(3)), T.tensor(draw.normal(3))
    yield "weight of lerp", T.lerp(a, b, weight).grad_fn._saved_weight
    yield "divisor of addcdiv", T.addcdiv(weight, a, b).grad_fn._saved_tensor2


@scenario(
    "saved.second-factor-detached",
    lesson=6,
    asks="The second factor of a product is detached in place: does backward notice?",
)
def second_factor_detached(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    for name, detached in (("first", 0), ("second", 1)):
        factors = x * 1, x * 2
        product = factors[0] * factors[1]
        factors[detached].detach_()
        yield name, attempt(product.sum().backward)


@scenario(
    "saved.looked-at-without-a-gradient",
    lesson=9,
    asks="No gradient arrives at a node whose saved tensor was changed: is that an error?",
)
def looked_at_without_a_gradient(T: Any, draw: Draw) -> Yields:
    class Wall(T.autograd.Function):  # type: ignore[misc]
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            return x * 1

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            return None

    x = T.tensor(draw.normal(3), requires_grad=True)
    w = T.tensor(draw.normal(3))
    y = x * w
    w.mul_(2)
    yield "backward", attempt(Wall.apply(y).sum().backward)
    yield "x.grad", x.grad


@scenario(
    "saved.an-input-unless-told",
    lesson=5,
    contract=True,
    asks="SavedTensor(value) without a second argument: is it an input?",
)
def an_input_unless_told(T: Any, draw: Draw) -> Yields:
    h = T.tensor(draw.normal(3), requires_grad=True) * 2
    kept = h if T.__name__ == "torch" else part(T, "SavedTensor")(h).unpack()
    yield "it has its history", kept.grad_fn is h.grad_fn


@scenario(
    "cycles.results-of-many-kinds",
    lesson=5,
    asks="Operations that keep their result beside inputs: does that keep anything alive?",
)
def results_of_many_kinds(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.uniform(3, low=0.5), requires_grad=True)
    cases: Cases = {
        "sgn": lambda t: t.sgn(),
        "tensor ** tensor": lambda t: t ** (x * 3),
        "2 ** tensor": lambda t: 2.0**t,
        "hypot": lambda t: T.hypot(t, x * 3),
        "logsumexp": lambda t: t.logsumexp(0),
        "cumprod": lambda t: t.cumprod(0),
        "prod": lambda t: t.prod(),
    }
    with quiet_gc():
        for name, f in cases.items():
            result = f(x * 2)
            ref = weakref.ref(result)
            del result
            yield f"{name}: gone without the collector", ref() is None


@scenario(
    "nn_functional.gradient-of-one-output-of-three",
    lesson=7,
    asks="The node of group_norm has three outputs, and only one of them is handed out: does its gradient arrive?",
)
def gradient_of_one_output_of_three(T: Any, draw: Draw) -> Yields:
    functional = T.nn.functional
    x = T.tensor(draw.normal(2, 4, 3), requires_grad=True)
    weight, bias = [T.tensor(draw.normal(4), requires_grad=True) for _ in range(2)]
    y = functional.group_norm(x, 2, weight, bias)
    yield "gradients", T.autograd.grad((y * y.sin()).sum(), (x, weight, bias))


@scenario(
    "nn_functional.results-that-nobody-sees",
    lesson=8,
    ulps=1024,
    asks="Mean and deviation of group_norm are results of its node, too: when do gradients arrive for them?",
)
def results_that_nobody_sees(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(2, 4, 3), requires_grad=True)
    weight, bias = [T.tensor(draw.normal(4), requires_grad=True) for _ in range(2)]
    factor = T.tensor(draw.normal(2, 4, 3))
    arrived: list[Any] = []
    for name, given in (("alone", ()), ("with weight and bias", (weight, bias))):
        y = T.nn.functional.group_norm(x, 2, *given)
        y.grad_fn.register_prehook(lambda g: arrived.append([one is not None for one in g]))
        (slope,) = T.autograd.grad((y * factor).sum(), x, create_graph=True)
        second = T.autograd.grad((slope * slope).sum(), (x, *given[:1]), create_graph=True)
        yield f"{name}: gradients", (slope.detach(), *[one.detach() for one in second])
        yield f"{name}: third", T.autograd.grad(second[0].sin().sum(), x, retain_graph=True)
        yield f"{name}: what arrived", list(arrived)
        for k in range(1, 8):
            parts = (factor, T.ones(2, 2, dtype=T.float64), T.full((2, 2), 0.5, dtype=T.float64))
            out = y.grad_fn(*[part if k >> i & 1 else None for i, part in enumerate(parts)])
            yield f"{name}: node called with {k:03b}", [one if one is None else one.detach() for one in out]
