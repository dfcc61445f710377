"""Views, versions and packing: details that changes of the engine's code showed to be unwatched."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any

from course.scenarios import Cases, Draw, Yields, attempt, part, quiet_gc, scenario


@scenario(
    "views.used-after-the-base-changed",
    lesson=6,
    asks="A view is used after its base was changed: whose history does it have?",
)
def used_after_the_base_changed(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    w = T.tensor(draw.normal(3), requires_grad=True)
    cases: Cases = {
        "one input": lambda view: view.exp(),
        "twice": lambda view: view * view,
        "on the left": lambda view: view * x[1:].exp(),
        "on the right": lambda view: x[1:].exp() * view,
        "beside a leaf": lambda view: view * w[:2],
    }
    for name, f in cases.items():
        base = x * 1
        view = base[:2]
        base.mul_(w)
        yield name, T.autograd.grad(f(view).sum(), (x, w))


@scenario(
    "views.of-a-base-in-another-order",
    lesson=6,
    asks="A base lies column by column in memory, and its view is one long row: where do gradients go?",
)
def of_a_base_in_another_order(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(2, 3), requires_grad=True)
    w = T.tensor(draw.normal(6), requires_grad=True)
    for changed in ("base", "view"):
        base = x.t() * 1
        view = base.t().view(-1)
        (base if changed == "base" else view).mul_(2)
        loss = (view * w).sum() + (base * base * x.t()).sum()
        yield f"{changed} changed", T.autograd.grad(loss, (x, w))


@scenario(
    "views.second-derivative-after-a-change",
    lesson=10,
    asks="A base or its view is changed: are gradients of gradients right?",
)
def second_derivative_after_a_change(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    w = T.tensor(draw.normal(3), requires_grad=True)
    for size in (2, 0):
        for changed in ("base", "view"):
            base = x * 1
            view = base[:size]
            if changed == "base":
                base.mul_(w)
            else:
                view.mul_(w[:size])
            loss = (view * view * view).sum() + (base * base * base).sum()
            (first,) = T.autograd.grad(loss, x, create_graph=True)
            yield f"{changed} of {size}: first", first.detach()
            second = T.autograd.grad((first * first).sum(), (x, w), allow_unused=True)
            yield f"{changed} of {size}: second", second


@scenario(
    "views.nobody-gets-it-nothing-kept",
    lesson=6,
    asks="A view made under no_grad is a factor: what is kept for its gradient, which nobody gets?",
)
def nobody_gets_it(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    w = T.tensor(draw.normal(3), requires_grad=True)
    with T.no_grad():
        view = x[:]
    for name, node in (("left", (view * w).grad_fn), ("right", (w * view).grad_fn)):
        yield f"{name}: missing", [node._saved_self is None, node._saved_other is None]
    node = T.addcmul(w, view, T.tensor(draw.normal(3))).grad_fn
    yield "addcmul: missing", [node._saved_tensor1 is None, node._saved_tensor2 is None]
    constant = T.tensor(draw.normal(3))
    node = T.addcmul(constant, view, constant).grad_fn
    yield "among constants: missing", [node._saved_tensor1 is None, node._saved_tensor2 is None]
    yield "alone: missing", view.sin().grad_fn._saved_self is None


@scenario(
    "views.edges-of-a-written-base", lesson=6, asks="A view was written to: which edges has the node of the base?"
)
def edges_of_a_written_base(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(2, 3), requires_grad=True)
    second = (x * 2).unbind(0)[1]
    plain = T.zeros(4)
    plain[:3] = x[0]
    yield "a base without gradient", [(b is None, number) for b, number in plain.grad_fn.next_functions]
    base = x * 1
    base[0].mul_(second)
    yield "times a second output", [(b is None, number) for b, number in base.grad_fn.next_functions]
    base.sum().backward()
    yield "x.grad", x.grad


@scenario(
    "versions.what-was-changed-is-named", lesson=6, asks="A saved tensor was changed: does the error say which one?"
)
def what_was_changed_is_named(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(2, 3), requires_grad=True)

    def input_changed() -> Any:
        h = x.tanh()
        y = h.sin()
        h.add_(1)
        return y

    def output_changed() -> Any:
        return x.tanh().add_(1)

    def second_output_changed() -> Any:
        mean = T.std_mean(x * 2)[1]
        y = mean.sin()
        mean.add_(1)
        return y

    def second_output_changed_behind_its_back() -> Any:
        mean = T.std_mean(x * 2)[1]
        y = mean.sin()
        mean.detach().add_(1)
        return y

    for name, make in (
        ("input", input_changed),
        ("output", output_changed),
        ("second", second_output_changed),
        ("behind its back", second_output_changed_behind_its_back),
    ):
        yield name, attempt(make().sum().backward)


@scenario(
    "versions.nothing-changed",
    lesson=6,
    contract=True,
    asks="Nobody changed the tensor: what does check_version say?",
)
def nothing_changed(T: Any, draw: Draw) -> Yields:
    h = T.tensor(draw.normal(3), requires_grad=True) * 2
    for is_output in (False, True):
        if T.__name__ == "torch":
            yield f"is_output={is_output}", None
        else:
            yield f"is_output={is_output}", attempt(part(T, "check_version"), h._version, h, h.grad_fn, is_output)


@scenario(
    "versions.place-after-a-change",
    lesson=6,
    asks="A tensor is changed in place: which output of its new grad_fn is it?",
)
def place_after_a_change(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(2, 3), requires_grad=True)
    mean = T.std_mean(x * 2)[1]
    yield "before", mean.output_nr
    mean.mul_(2)
    yield "after", mean.output_nr


@scenario("packing.order-of-names", lesson=8, asks="In which order are tensors packed, and in which unpacked?")
def order_of_names(T: Any, draw: Draw) -> Yields:
    a, b, c = [T.tensor(draw.uniform(3, low=0.5), requires_grad=True) for _ in range(3)]
    cases: dict[str, Any] = {
        "a * b": lambda: a * b,
        "a / b": lambda: a / b,
        "a ** b": lambda: a**b,
        "hypot": lambda: T.hypot(a, b),
        "atan2": lambda: T.atan2(a, b),
        "maximum": lambda: T.maximum(a, b),
        "lerp": lambda: T.lerp(a, b, c),
        "addcmul": lambda: T.addcmul(a, b, c),
        "addcdiv": lambda: T.addcdiv(a, b, c),
        "logsumexp": lambda: T.logsumexp(a, 0),
        "prod": lambda: a.prod(),
        "dist": lambda: T.dist(a, b),
        "dot": lambda: T.dot(a, b),
        "gather": lambda: a.gather(0, T.tensor([2, 0])),
    }
    names = {id(a): "a", id(b): "b", id(c): "c"}
    for name, f in cases.items():
        packed: list[Any] = []
        unpacked: list[Any] = []
        known = [(names[id(t)], t.detach().clone()) for t in (a, b, c)]

        def called(t: Any, known: Any = known) -> str:
            same = [n for n, v in known if v.shape == t.shape and bool((v == t).all())]
            return same[0] if same else "another"

        def pack(t: Any, packed: Any = packed, called: Any = called) -> Any:
            packed.append(called(t.detach()))
            return t

        def unpack(t: Any, unpacked: Any = unpacked, called: Any = called) -> Any:
            unpacked.append(called(t.detach()))
            return t

        with T.autograd.graph.saved_tensors_hooks(pack, unpack):
            y = f()
        y.sum().backward()
        yield f"{name}: packed", packed
        yield f"{name}: unpacked", unpacked


@scenario(
    "packing.what-a-hook-is-shown",
    lesson=8,
    asks="Has the tensor that the pack hook gets a history, and is recording on?",
)
def what_a_hook_is_shown(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.uniform(3, low=0.5), requires_grad=True)
    seen: list[Any] = []

    def pack(t: Any) -> Any:
        seen.append((t.requires_grad, t.is_leaf, T.is_grad_enabled()))
        return t.detach().clone()

    with T.autograd.graph.saved_tensors_hooks(pack, lambda t: t):
        x.sin()
        yield "a leaf", seen.pop()
        h = x * 1
        seen.clear()
        h.sin()
        yield "an inner tensor", seen.pop()
        h.exp()
        yield "a result", seen.pop()
        h.cumprod(0)
        yield "a result beside its input", list(seen)
        seen.clear()
        x.exp()
        yield "a result of a leaf", seen.pop()
        (x * 1).exp_()
        yield "a result in place", seen.pop()
    node = x.exp().grad_fn
    seen.clear()
    node._raw_saved_result.register_hooks(pack, lambda t: t)
    yield "a result, hooked later", seen


@scenario(
    "cycles.behind-a-packed-result",
    lesson=8,
    asks="A result is packed by copying: does its node keep what is behind it alive?",
)
def behind_a_packed_result(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.uniform(3, low=0.5), requires_grad=True)
    cases: Cases = {
        "exp": lambda t: t.exp(),
        "logsumexp": lambda t: t.logsumexp(0),
        "2 ** tensor": lambda t: 2.0**t,
        "tensor ** tensor": lambda t: t ** (x * 3),
        "hypot": lambda t: T.hypot(t, x * 3),
    }
    with quiet_gc():
        for name, f in cases.items():
            h = x * 1
            ref = weakref.ref(h)
            behind = h.sin()  # keeps h
            del h
            with T.autograd.graph.saved_tensors_hooks(lambda t: t.detach().clone(), lambda t: t):
                result = f(behind)
            del behind
            yield f"{name}: there", ref() is not None
            del result
            yield f"{name}: gone without the collector", ref() is None


@scenario(
    "dtypes.numbers-of-higher-precision",
    lesson=8,
    asks="A float32 tensor meets a single float64 number in a tensor: which dtype has its gradient?",
)
def numbers_of_higher_precision(T: Any, draw: Draw) -> Yields:
    x = T.tensor([1.0, 2.0, 3.0], dtype=T.float32, requires_grad=True)
    number = T.tensor(1.5, dtype=T.float64)
    cases: Cases = {
        "t * n": lambda t: t * number,
        "n * t": lambda t: number * t,
        "t / n": lambda t: t / number,
        "t ** n": lambda t: t**number,
        "n ** t": lambda t: number**t,
        "t * t * n": lambda t: T.addcmul(t, t, number),
        "atan2": lambda t: T.atan2(t, number),
        "fmod": lambda t: T.fmod(t, number),
        "xlogy": lambda t: T.xlogy(t, number),
        "lerp": lambda t: T.lerp(t, t * 2, number),
    }
    for name, f in cases.items():
        seen: list[Any] = []
        h = x * 1
        h.register_hook(lambda g, seen=seen: seen.append(g.dtype))
        f(h).sum().backward()
        yield name, (seen, x.grad.dtype)


@scenario(
    "double.dtype-through-a-cast", lesson=10, asks="Gradients are recorded through a cast: which dtype have they?"
)
def dtype_through_a_cast(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), dtype=T.float64, requires_grad=True)
    y = T.tensor(draw.normal(3), dtype=T.float32, requires_grad=True)
    for name, loss, leaf in (
        ("to float32", (x.float() ** 2).sum(), x),
        ("float32 times float64", ((x * y) ** 2).sum(), y),
        ("sum in float64", (y * y).sum(dtype=T.float64), y),
    ):
        (g,) = T.autograd.grad(loss, leaf, create_graph=True)
        yield f"{name}: gradient", g.dtype
        yield f"{name}: second", T.autograd.grad((g * g).sum(), leaf)[0].dtype


@scenario("double.what-backward-records", lesson=10, asks="backward(create_graph=True): what was .grad made by?")
def what_backward_records(T: Any, draw: Draw) -> Yields:
    def chain(node: Any) -> list[str]:
        names: list[str] = []
        while node is not None and len(names) < 4:
            names.append(node.name())
            node = next((below for below, _ in node.next_functions if below is not None), None)
        return names

    forms: dict[str, Callable[[Any], Any]] = {
        "a row": lambda x: x[1].exp(),
        "times a number": lambda x: (x * x) * 3,
        "power": lambda x: x**3,
        "divided by a number": lambda x: (x * x) / 2,
        "a product": lambda x: x @ x.t(),
        "a loss": lambda x: T.nn.functional.mse_loss(x, x.detach() * 2),
    }
    for name, f in forms.items():
        x = T.tensor(draw.normal(2, 2), requires_grad=True)
        f(x).sum().backward(create_graph=True)
        yield name, chain(x.grad.grad_fn)[: 2 if name == "a loss" else 4]  # which torch computes in one go
        yield f"{name}: its class", type(x.grad.grad_fn).__name__
