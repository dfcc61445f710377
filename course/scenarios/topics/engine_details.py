"""Details of the engine that changes of its code showed to be unwatched."""

from __future__ import annotations

import weakref
from typing import Any

from course.scenarios import Draw, Yields, attempt, part, quiet_gc, scenario


@scenario("engine.calling-a-node", lesson=2, asks="What does grad_fn(gradient) give, without any backward()?")
def calling_a_node(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    w = T.tensor(draw.normal(3), requires_grad=True)
    g = T.tensor(draw.normal(3))
    yield "one input", attempt((x * 1).grad_fn, g)
    yield "two inputs", attempt((x + w).grad_fn, g)
    yield "no gradient at all", attempt((x + w).grad_fn)
    yield "one too many", attempt((x + w).grad_fn, g, g)
    yield "no Tensor", attempt((x + w).grad_fn, 1.0)
    yield "x.grad", x.grad


@scenario("engine.two-leaves-as-roots", lesson=2, asks="May backward() start at two leaves at once?")
def two_leaves_as_roots(T: Any, draw: Draw) -> Yields:
    x = T.tensor(1.5, requires_grad=True)
    w = T.tensor(2.5, requires_grad=True)
    yield "backward", attempt(T.autograd.backward, [x, w])
    yield "gradients", (x.grad, w.grad)


@scenario("graph.output-number-of-everything", lesson=3, asks="Which output of its grad_fn is a tensor?")
def output_number_of_everything(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(2, 3), requires_grad=True)
    first, second = (x * 2).unbind(0)
    yield "a leaf", x.output_nr
    yield "of one input", (x * 2).exp().output_nr
    yield "of two inputs", (x * 2 + x.exp()).output_nr
    yield "of several", (first.output_nr, second.output_nr)
    yield "computed from the second", second.exp().output_nr
    yield "where its gradient goes", second.exp().grad_fn.next_functions[0][1]


@scenario("cycles.a-result-kept-by-its-node", lesson=5, asks="exp keeps its own result: does that keep anything alive?")
def a_result_kept_by_its_node(T: Any, draw: Draw) -> Yields:
    with quiet_gc():
        x = T.tensor(draw.normal(3), requires_grad=True)
        h = (x * 2).exp()
        top = h.tanh() * h
        refs = [weakref.ref(h), weakref.ref(top)]
        del h, top
        yield "gone without the collector", [ref() is None for ref in refs]


@scenario(
    "views.stretched-then-changed",
    lesson=6,
    asks="A view made by expand() shows every element twice. The base is changed in place: which gradient arrives?",
)
def stretched_then_changed(T: Any, draw: Draw) -> Yields:
    for shape, wide in (((1, 3), (2, 3)), ((1, 1), (4, 1)), ((3, 1), (3, 1))):
        x = T.tensor(draw.normal(*shape), requires_grad=True)
        weights = T.tensor(draw.normal(*wide))
        base = x * 1
        view = base.expand(*wide)
        base.mul_(3)
        (view * weights).sum().backward()
        yield f"{shape} as {wide}", x.grad


@scenario(
    "views.of-a-plain-base-under-no-grad",
    lesson=6,
    asks="Under no_grad a view is made of a tensor without gradient, which is then changed: is that an error?",
)
def of_a_plain_base_under_no_grad(T: Any, draw: Draw) -> Yields:
    base = T.tensor(draw.normal(4))
    with T.no_grad():
        view = base[:2]
    base.add_(1)
    yield "its grad_fn", attempt(lambda: view.grad_fn)
    yield "requires_grad", view.requires_grad
    yield "the view", view


@scenario(
    "views.nothing-comes-back-through-a-change",
    lesson=9,
    asks="Part of a tensor is overwritten, and no gradient at all comes back to it: what does the source get?",
)
def nothing_comes_back(T: Any, draw: Draw) -> Yields:
    class Wall(T.autograd.Function):  # type: ignore[misc]
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            return x * 1

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            return None

    x = T.tensor(draw.normal(4), requires_grad=True)
    h = x * 2
    h[:2] *= 3
    yield "backward", attempt(Wall.apply(h).sum().backward)
    yield "x.grad", x.grad


@scenario(
    "views.a-function-that-overwrites-a-view",
    lesson=9,
    asks="A Function writes into a view and returns None as its gradient: what does the rest of the base get?",
)
def a_function_that_overwrites_a_view(T: Any, draw: Draw) -> Yields:
    class Erase(T.autograd.Function):  # type: ignore[misc]
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            ctx.mark_dirty(x)
            x.zero_()
            return x

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            return None

    x = T.tensor(draw.normal(4), requires_grad=True)
    h = x * 2
    Erase.apply(h[:2])
    yield "backward", attempt((h * h + h).sum().backward)
    yield "x.grad", x.grad


@scenario(
    "hooks.of-a-node-and-what-was-asked-for",
    lesson=8,
    asks="autograd.grad asks for one input only: which gradients does the hook of the node see?",
)
def of_a_node_and_what_was_asked_for(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(2), requires_grad=True)
    w = T.tensor(draw.normal(2), requires_grad=True)
    seen: list[Any] = []
    y = x * w
    y.grad_fn.register_hook(lambda inputs, outputs: seen.append([g is None for g in inputs]))
    T.autograd.grad(y.sum(), x, retain_graph=True)
    yield "missing, asked for x", list(seen)
    T.autograd.grad(y.sum(), w, retain_graph=True)
    yield "missing, asked for w", seen[-1]
    y.sum().backward()
    yield "missing, backward", seen[-1]


@scenario(
    "hooks.retained-where-nothing-arrives",
    lesson=8,
    asks="retain_grad was called on one of two results, and only the other one is used: what is its .grad?",
)
def retained_where_nothing_arrives(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(2, 3), requires_grad=True)
    first, second = (x * 2).unbind(0)
    first.retain_grad()
    second.retain_grad()
    second.sum().backward()
    yield "of the one not used", first.grad
    yield "of the other", second.grad


@scenario("hooks.a-gradient-of-another-size", lesson=8, asks="May a hook return a gradient of another shape?")
def a_gradient_of_another_size(T: Any, draw: Draw) -> Yields:
    for name, change in (
        ("longer", lambda g: T.cat([g, g])),
        ("shorter", lambda g: g[:1]),
        ("fewer dimensions", lambda g: g.sum()),
        ("more dimensions", lambda g: g.unsqueeze(0)),
    ):
        x = T.tensor(draw.normal(2), requires_grad=True)
        h = x * 2
        h.register_hook(change)
        yield name, attempt(h.sum().backward)
        yield f"{name}: x.grad", x.grad


@scenario(
    "hooks.of-a-node-with-too-few-answers",
    lesson=8,
    asks="The hook of a node returns fewer or more gradients than the node has inputs: is that noticed?",
)
def of_a_node_with_too_few_answers(T: Any, draw: Draw) -> Yields:
    for count in (1, 3):
        x = T.tensor(draw.normal(2), requires_grad=True)
        w = T.tensor(draw.normal(2), requires_grad=True)
        y = x * w
        y.grad_fn.register_hook(lambda inputs, outputs, count=count: (inputs[0],) * count)
        yield f"{count} for 2", attempt(y.sum().backward)
        yield f"{count} for 2: gradients", (x.grad, w.grad)


@scenario(
    "modes.data-of-an-inference-tensor", lesson=4, asks="Does .data make an ordinary tensor of an inference tensor?"
)
def data_of_an_inference_tensor(T: Any, draw: Draw) -> Yields:
    with T.inference_mode():
        x = T.tensor(draw.normal(2))
        yield "made inside, asked inside", x.data.is_inference()
    plain = T.tensor(draw.normal(2))
    yield "asked outside", x.data.is_inference()
    yield "of a plain one", plain.data.is_inference()
    with T.inference_mode():
        yield "of a plain one, asked inside", plain.data.is_inference()


@scenario("function.without-a-forward", lesson=9, asks="What if a Function has no forward, or no backward?")
def without_a_forward(T: Any, draw: Draw) -> Yields:
    class Empty(T.autograd.Function):  # type: ignore[misc]
        pass

    class Half(T.autograd.Function):  # type: ignore[misc]
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            return x * 2

    x = T.tensor(draw.normal(2), requires_grad=True)
    yield "no forward", attempt(Empty.apply, x)
    y = Half.apply(x)
    yield "no backward: forward", y
    yield "no backward: backward", attempt(y.sum().backward)


@scenario(
    "derivatives.numerical-estimate",
    lesson=1,
    contract=True,
    asks="How close do central differences come to the true gradient?",
)
def numerical_estimate(T: Any, draw: Draw) -> Yields:
    x, g = draw.normal(2, 3).astype("float64"), draw.normal(2, 3).astype("float64")
    before = x.copy()
    if T.__name__ == "torch":
        leaf = T.tensor(x, requires_grad=True)
        leaf.exp().backward(T.tensor(g))
        expected = leaf.grad
        yield "each element within 1e-7", [True] * 6
        yield "shape", tuple(expected.shape)
        yield "x is left as it was", True
        return
    import numpy as np

    got = part(T, "numerical_vjp")(np.exp, x, g)
    yield "each element within 1e-7", [bool(abs(e) < 1e-7) for e in (got - g * np.exp(x)).flat]
    yield "shape", tuple(got.shape)
    yield "x is left as it was", bool((x == before).all())


@scenario("buffers.freed-by-a-hooked-node", lesson=8, asks="A node has a hook: does it still free what it kept?")
def freed_by_a_hooked_node(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    h = x.exp()
    h.register_hook(lambda g: g * 2)
    loss = h.sum()
    loss.backward()
    yield "x.grad", x.grad
    yield "again", attempt(loss.backward)


@scenario(
    "engine.gradient-larger-than-its-tensor",
    lesson=2,
    asks="Is a gradient refused that has more elements than the tensor, or more dimensions?",
)
def gradient_larger_than_its_tensor(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(2, 2), requires_grad=True)
    for shape in ((3, 2), (2, 3), (1, 2, 2), (2,), (1, 2)):
        yield f"{shape}", attempt((x * 1).backward, T.tensor(draw.normal(*shape)))
    yield "x.grad", x.grad


@scenario(
    "hooks.order-of-several-roots", lesson=8, asks="backward() starts at two tensors: whose hooks are called first?"
)
def order_of_several_roots(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(1), requires_grad=True)
    early, late = x * 2, x * 3
    order: list[str] = []
    early.register_hook(lambda g: order.append("early"))
    late.register_hook(lambda g: order.append("late"))
    T.autograd.backward([early, late], retain_graph=True)
    yield "early given first", list(order)
    order.clear()
    T.autograd.backward([late, early])
    yield "late given first", list(order)


@scenario(
    "graph.after-detach-in-place", lesson=6, asks="What is left of a tensor's place in its graph after detach_()?"
)
def output_number_afterwards(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    h = (x * 2).detach_()
    yield "grad_fn, output_nr, is_leaf", [h.grad_fn is None, h.output_nr, h.is_leaf]
    h.requires_grad_()
    (h * 3).sum().backward()
    yield "gradient of the new leaf", h.grad


@scenario(
    "packing.gradients-of-gradients",
    lesson=8,
    asks="What is kept goes through hooks that copy it: can gradients still be differentiated?",
)
def gradients_of_gradients(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.uniform(3, low=0.5), requires_grad=True)
    w = T.tensor(draw.normal(3), requires_grad=True)
    with T.autograd.graph.saved_tensors_hooks(lambda t: t.detach().clone(), lambda t: t):
        y = (x * w).tanh() * x.exp()
    first = T.autograd.grad(y.sum(), (x, w), create_graph=True)
    yield "first", [g.detach() for g in first]
    second = T.autograd.grad((first[0] * first[1]).sum(), (x, w))
    yield "second", list(second)


@scenario(
    "views.edge-of-one-made-under-no-grad",
    lesson=6,
    asks="A view was made under no_grad: what does the graph show where it is used?",
)
def edge_of_one_made_under_no_grad(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    w = T.tensor(draw.normal(3), requires_grad=True)
    with T.no_grad():
        view = x[:]
    for name, product in (("left", view * w), ("right", w * view)):
        yield f"{name}: edges", [number for _, number in product.grad_fn.next_functions]
        product.sum().backward()
        yield f"{name}: gradients", (x.grad, w.grad)
