"""Who gets a gradient: leaves, flags, grad_fn, detach and clone."""

from __future__ import annotations

from typing import Any

from course.scenarios import Draw, Yields, attempt, heard, scenario


def _flags(t: Any) -> list[object]:
    return [t.requires_grad, t.is_leaf, t.grad_fn is None]


@scenario("graph.flags", lesson=4, asks="requires_grad, is_leaf, has no grad_fn: which tensor has which?")
def flags(T: Any, draw: Draw) -> Yields:
    plain = T.tensor(draw.normal(3))
    leaf = T.tensor(draw.normal(3), requires_grad=True)
    yield "plain", _flags(plain)
    yield "leaf", _flags(leaf)
    yield "plain * 2", _flags(plain * 2)
    yield "leaf * 2", _flags(leaf * 2)
    yield "leaf * plain", _flags(leaf * plain)
    yield "leaf.detach()", _flags(leaf.detach())
    yield "leaf.clone()", _flags(leaf.clone())
    yield "leaf.data", _flags(leaf.data)
    with T.no_grad():
        yield "leaf * 2 under no_grad", _flags(leaf * 2)
        yield "new leaf under no_grad", _flags(T.zeros(2, requires_grad=True))


@scenario(
    "graph.scaled-at-birth-is-no-leaf",
    lesson=4,
    asks="Why has w = rand(..., requires_grad=True) * 0.1 no gradient?",
)
def scaled_at_birth_is_no_leaf(T: Any, draw: Draw) -> Yields:
    w = T.tensor(draw.normal(3), requires_grad=True) * 0.1
    yield "is_leaf", w.is_leaf
    (w * 2).sum().backward()
    yield "w.grad", w.grad
    better = (T.tensor(draw.normal(3)) * 0.1).requires_grad_()
    yield "better: is_leaf", better.is_leaf
    (better * 2).sum().backward()
    yield "better.grad", better.grad


@scenario("graph.grad-of-an-inner-tensor", lesson=4, asks="Why is y.grad None, and what does torch say about it?")
def grad_of_an_inner_tensor(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    y = x * 2
    y.sum().backward()
    yield "y.grad", y.grad
    yield "warning", heard(lambda: y.grad)
    yield "warning for a leaf", heard(lambda: x.grad)


@scenario("graph.names", lesson=4, asks="What are the nodes of a graph called, and where do they point?")
def names(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    plain = T.tensor(draw.normal(3))
    y = (x * plain).exp() + x
    node = y.grad_fn
    yield "root", node.name()
    yield "its inputs", [entry.name() for entry, _ in node.next_functions]
    product = node.next_functions[0][0].next_functions[0][0]
    yield "the product's inputs", [entry and entry.name() for entry, _ in product.next_functions]


@scenario("graph.names-of-operations", lesson=4, asks="Which names do the common operations leave in the graph?")
def names_of_operations(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.uniform(2, 2, low=0.5), requires_grad=True)
    for name, y in {
        "x + 1": x + 1, "x - 1": x - 1, "x * 2": x * 2, "x / 2": x / 2, "x ** 2": x**2, "-x": -x,
        "x @ x": x @ x, "exp": x.exp(), "log": x.log(), "sin": x.sin(), "cos": x.cos(),
        "tanh": x.tanh(), "sigmoid": x.sigmoid(), "relu": x.relu(), "sqrt": x.sqrt(),
        "abs": x.abs(), "clamp": x.clamp(min=0.0), "sum": x.sum(), "sum(dim)": x.sum(dim=0),
        "mean": x.mean(), "max": x.max(), "view": x.view(-1), "transpose": x.transpose(0, 1),
        "permute": x.permute(1, 0), "x[0]": x[0], "x[:1]": x[:1], "clone": x.clone(),
        "cat": T.cat([x, x]), "stack": T.stack([x, x]), "expand": x.expand(3, 2, 2),
        "where": T.where(x > 0, x, x),
    }.items():  # fmt: skip
        yield name, y.grad_fn.name()


@scenario(
    "graph.accumulator-is-one",
    lesson=4,
    asks="A leaf is used in two losses: does it have one accumulator or two?",
)
def accumulator_is_one(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    a, b = x * 2, x.exp()
    one, other = a.grad_fn.next_functions[0][0], b.grad_fn.next_functions[0][0]
    yield "same", one is other
    yield "its variable is x", one.variable is x


@scenario(
    "graph.element-0",
    lesson=4,
    asks="Which eleven mistakes end in the one message 'element 0 of tensors does not require grad'?",
)
def element_0(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)

    def under(mode: Any) -> Any:
        with mode:
            return (x * 2).sum()

    frozen = T.tensor(draw.normal(3))
    causes = {
        "no_grad": under(T.no_grad()),
        "inference_mode": under(T.inference_mode()),
        "set_grad_enabled(False)": under(T.set_grad_enabled(False)),
        "argmax": x.argmax(),
        "item": T.tensor((x * 2).sum().item()),
        "tensor of a list": T.tensor([v.item() for v in x]).sum(),
        "from_numpy": T.from_numpy(x.detach().numpy()).sum() if x.device.type == "cpu" else frozen.sum(),
        "data": x.data.sum(),
        "comparison": (x > 0).sum(),
        "long": x.to(T.int64).sum(),
        "all frozen": (frozen * 2).sum(),
    }
    for name, loss in causes.items():
        yield name, attempt(loss.backward)


@scenario("graph.detach-shares-memory", lesson=4, asks="Is detach() a copy?")
def detach_shares_memory(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    y = x * 2
    d = y.detach()
    yield "flags", _flags(d)
    yield "same object", d is y
    yield "same memory", d.data_ptr() == y.data_ptr()
    yield "clone: same memory", y.clone().data_ptr() == y.data_ptr()


@scenario("graph.detach-cuts", lesson=4, asks="What does detach() in the middle do to the gradients on both sides?")
def detach_cuts(T: Any, draw: Draw) -> Yields:
    a = T.tensor(draw.normal(3), requires_grad=True)
    b = T.tensor(draw.normal(3), requires_grad=True)
    h = a.exp()
    (h.detach() * b).sum().backward()
    yield "before the cut", a.grad
    yield "after the cut", b.grad
    (h.detach() * h).sum().backward()
    yield "one of two paths cut", a.grad


@scenario("graph.stitched-by-hand", lesson=4, asks="Can a detached piece pass its gradient on by hand?")
def stitched_by_hand(T: Any, draw: Draw) -> Yields:
    values = draw.normal(3)
    a = T.tensor(values, requires_grad=True)
    out = a.sigmoid()
    c = out.detach().requires_grad_()
    (c * c).sum().backward()
    yield "c.grad", c.grad
    yield "a.grad before", a.grad
    out.backward(c.grad)
    yield "a.grad stitched", a.grad
    a = T.tensor(values, requires_grad=True)
    (a.sigmoid() ** 2).sum().backward()
    yield "a.grad in one piece", a.grad


@scenario("graph.freeze-the-middle", lesson=4, asks="How do I train A, keep B fixed, and train C?")
def freeze_the_middle(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3))
    for way in ("detach B's result", "B.requires_grad_(False)"):
        a, b, c = (T.tensor(draw.normal(3), requires_grad=True) for _ in range(3))
        if way.startswith("detach"):
            loss = ((x * a * b).detach() * c).sum()
        else:
            b.requires_grad_(False)
            loss = (x * a * b * c).sum()
        loss.backward()
        yield way, [w.grad is not None for w in (a, b, c)]


@scenario(
    "graph.clone-is-an-operation",
    lesson=4,
    asks="Does clone() copy the gradient, and does gradient flow through it?",
)
def clone_is_an_operation(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    (x * 2).sum().backward()
    c = x.clone()
    yield "c.grad", c.grad
    yield "flags", _flags(c)
    (c * 3).sum().backward()
    yield "x.grad", x.grad


@scenario("graph.switching-requires-grad", lesson=4, asks="On which tensors may requires_grad be switched?")
def switching_requires_grad(T: Any, draw: Draw) -> Yields:
    leaf = T.tensor(draw.normal(3))
    inner = T.tensor(draw.normal(3), requires_grad=True) * 2

    def switch(t: Any, value: bool) -> None:
        t.requires_grad = value

    yield "leaf on", attempt(switch, leaf, True)
    yield "leaf off", attempt(switch, leaf, False)
    yield "inner on", attempt(switch, inner, True)
    yield "inner off", attempt(switch, inner, False)
    yield "inner.requires_grad_()", attempt(inner.requires_grad_).requires_grad
    yield "inner.requires_grad_(False)", attempt(inner.requires_grad_, False)
    yield "whole numbers", attempt(T.tensor([1, 2]).requires_grad_)
    yield "whole numbers at birth", attempt(T.tensor, [1, 2], requires_grad=True)


@scenario(
    "graph.switched-off-after-the-forward",
    lesson=4,
    asks="requires_grad is switched off after the forward pass: does x still get a gradient?",
)
def switched_off_after_the_forward(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    w = T.tensor(draw.normal(3), requires_grad=True)
    loss = (x * w).sum()
    x.requires_grad = False
    yield "backward", attempt(loss.backward)
    yield "x.grad", x.grad
    yield "w.grad", w.grad


@scenario(
    "graph.numpy-of-a-tracked-tensor",
    lesson=4,
    asks="Why may I not call numpy() on a tensor that requires grad?",
)
def numpy_of_a_tracked_tensor(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    yield "numpy()", attempt(x.numpy)
    yield "item() of a vector", attempt(x.item)
    yield "item() of one element", x.sum().item()


@scenario("graph.retain-grad", lesson=8, asks="How do I keep the gradient of an inner tensor?")
def retain_grad(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    y = x.exp()
    y.retain_grad()
    yield "retains_grad", [y.retains_grad, x.retains_grad]
    (y * y).sum().backward()
    yield "y.grad", y.grad
    yield "x.grad", x.grad
    yield "without requires_grad", attempt(T.tensor(draw.normal(2)).retain_grad)
    yield "of a leaf", attempt(x.retain_grad)


@scenario(
    "graph.retained-grad-is-new-each-time",
    lesson=8,
    asks="Is a retained gradient added to in place, as a leaf's is?",
)
def retained_grad_is_new_each_time(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    y = x.exp()
    y.retain_grad()
    loss = y.sum()
    loss.backward(retain_graph=True)
    first = y.grad
    loss.backward()
    yield "same object", y.grad is first
    yield "first", first
    yield "y.grad", y.grad
