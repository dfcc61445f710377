"""Functions with a backward written by hand."""

from __future__ import annotations

from typing import Any

from course.scenarios import Draw, Yields, attempt, derived, scenario


def _function(T: Any, forward: Any, backward: Any) -> Any:
    """Return ``apply`` of a Function made of these two."""
    body = {"forward": staticmethod(forward), "backward": staticmethod(backward)}
    custom: Any = derived("Custom", T.autograd.Function, body)
    return custom.apply


def _double_it(ctx: Any, x: Any) -> Any:
    return x * 2


@scenario("function.product", lesson=9, asks="How does a Function save its inputs and use them in backward?")
def product(T: Any, draw: Draw) -> Yields:
    def forward(ctx: Any, x: Any, w: Any) -> Any:
        ctx.save_for_backward(x, w)
        return x * w

    def backward(ctx: Any, g: Any) -> Any:
        x, w = ctx.saved_tensors
        return g * w, g * x

    x = T.tensor(draw.normal(3), requires_grad=True)
    w = T.tensor(draw.normal(3), requires_grad=True)
    y = _function(T, forward, backward)(x, w)
    yield "grad_fn", y.grad_fn.name()
    y.backward(T.tensor(draw.normal(3)))
    yield "x.grad", x.grad
    yield "w.grad", w.grad
    yield "second backward", attempt(y.sum().backward)


@scenario("function.needs-input-grad", lesson=9, asks="How does backward know which gradients are wanted?")
def needs_input_grad(T: Any, draw: Draw) -> Yields:
    seen: list[object] = []

    def backward(ctx: Any, g: Any) -> Any:
        seen.append(ctx.needs_input_grad)
        return g, None, None

    x = T.tensor(draw.normal(3), requires_grad=True)
    plain = T.tensor(draw.normal(3))
    _function(T, lambda ctx, a, b, n: a * n, backward)(x, plain, 2).sum().backward()
    yield "needs_input_grad", seen


@scenario(
    "function.mode-inside",
    lesson=9,
    asks="Is grad mode on inside forward and backward, and do inputs keep requires_grad?",
)
def mode_inside(T: Any, draw: Draw) -> Yields:
    seen: list[object] = []

    def forward(ctx: Any, x: Any) -> Any:
        seen.append(["forward", T.is_grad_enabled(), x.requires_grad, (x * 2).requires_grad])
        return x * 2

    def backward(ctx: Any, g: Any) -> Any:
        seen.append(["backward", T.is_grad_enabled(), g.requires_grad])
        return g * 2

    x = T.tensor(draw.normal(3), requires_grad=True)
    _function(T, forward, backward)(x).sum().backward()
    yield "seen", seen


@scenario(
    "function.number-of-gradients",
    lesson=9,
    asks="backward returns too few gradients, too many, or None: what happens?",
)
def number_of_gradients(T: Any, draw: Draw) -> Yields:
    for name, answer in {
        "one for two inputs": lambda g: g,
        "None for two inputs": lambda g: None,
        "a None at the end": lambda g: (g, g, None),
        "a gradient too many": lambda g: (g, g, g),
        "None for one of them": lambda g: (g, None),
    }.items():
        x = T.tensor(draw.normal(2), requires_grad=True)
        w = T.tensor(draw.normal(2), requires_grad=True)
        apply = _function(T, lambda ctx, a, b: a + b, lambda ctx, g, answer=answer: answer(g))
        yield name, attempt(apply(x, w).sum().backward)
        yield f"{name}: grads", [x.grad, w.grad]


@scenario(
    "function.shape-of-gradients",
    lesson=9,
    asks="Which shapes may backward return for an input of shape (2,)?",
)
def shape_of_gradients(T: Any, draw: Draw) -> Yields:
    for shape in ((2,), (1, 2), (2, 2), (), (3,)):
        g = T.tensor(draw.normal(*shape))
        x = T.tensor(draw.normal(2), requires_grad=True)
        apply = _function(T, _double_it, lambda ctx, incoming, g=g: g)
        yield f"{shape}", attempt(apply(x).sum().backward)
        yield f"{shape}: x.grad", x.grad


@scenario(
    "function.missing-gradients",
    lesson=9,
    asks="One of two outputs is not used: what does backward get for it?",
)
def missing_gradients(T: Any, draw: Draw) -> Yields:
    for materialize in (True, False):
        seen: list[object] = []

        def forward(ctx: Any, x: Any, materialize: bool = materialize) -> Any:
            if not materialize:
                ctx.set_materialize_grads(False)
            return x * 2, x * 3

        def backward(ctx: Any, a: Any, b: Any, seen: list[object] = seen) -> Any:
            seen += [a, b]
            return a * 2

        x = T.tensor(draw.normal(2), requires_grad=True)
        _function(T, forward, backward)(x)[0].sum().backward()
        yield f"materialized: {materialize}", seen


@scenario(
    "function.non-differentiable-output",
    lesson=9,
    asks="How does a Function say that an output carries no gradient?",
)
def non_differentiable_output(T: Any, draw: Draw) -> Yields:
    def forward(ctx: Any, x: Any) -> Any:
        rounded = (x > 0).to(x.dtype)
        ctx.mark_non_differentiable(rounded)
        return x * 2, rounded

    x = T.tensor(draw.normal(3), requires_grad=True)
    y, rounded = _function(T, forward, lambda ctx, g, _: g * 2)(x)
    yield "requires_grad", [y.requires_grad, rounded.requires_grad]
    y.sum().backward()
    yield "x.grad", x.grad


@scenario(
    "function.input-returned",
    lesson=9,
    asks="A Function returns its input as it is: the same object, and whose backward?",
)
def input_returned(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    y = _function(T, lambda ctx, t: t, lambda ctx, g: g * 100)(x)
    yield "same object", y is x
    yield "is_leaf", y.is_leaf
    y.sum().backward()
    yield "x.grad", x.grad


@scenario("function.mark-dirty", lesson=9, asks="A Function changes its input in place: what does mark_dirty do?")
def mark_dirty(T: Any, draw: Draw) -> Yields:
    def forward(ctx: Any, t: Any) -> Any:
        ctx.mark_dirty(t)
        return t.mul_(3)

    apply = _function(T, forward, lambda ctx, g: g * 3)
    x = T.tensor(draw.normal(3), requires_grad=True)
    h = x * 1
    y = apply(h)
    yield "same object", y is h
    y.sum().backward()
    yield "x.grad", x.grad
    yield "on a leaf", attempt(apply, x)


@scenario("function.exception", lesson=9, asks="forward or backward raises: which exception do I get?")
def exception(T: Any, draw: Draw) -> Yields:
    def fail(ctx: Any, t: Any) -> Any:
        raise KeyError("Mismatch in shape")

    x = T.tensor(draw.normal(3), requires_grad=True)
    yield "forward", attempt(_function(T, fail, fail), x)
    yield "backward", attempt(_function(T, _double_it, fail)(x).sum().backward)
    yield "x.grad", x.grad


@scenario(
    "function.saved-tensor-changed",
    lesson=9,
    asks="Is a tensor from save_for_backward checked, and one kept as ctx.x?",
)
def saved_tensor_changed(T: Any, draw: Draw) -> Yields:
    def save(ctx: Any, x: Any) -> Any:
        ctx.save_for_backward(x)
        return x * x

    def keep(ctx: Any, x: Any) -> Any:
        ctx.x = x
        return x * x

    for name, forward, read in (
        ("save_for_backward", save, lambda ctx: ctx.saved_tensors[0]),
        ("ctx.x", keep, lambda ctx: ctx.x),
    ):
        x = T.tensor(draw.normal(3), requires_grad=True)
        h = x * 1
        y = _function(T, forward, lambda ctx, g, read=read: 2 * g * read(ctx))(h)
        h.zero_()
        yield name, attempt(y.sum().backward)
        yield f"{name}: x.grad", x.grad


@scenario(
    "function.gradient-is-shared",
    lesson=9,
    asks="g[1] = 123 inside backward: why do several elements change, or fail?",
)
def gradient_is_shared(T: Any, draw: Draw) -> Yields:
    def backward(ctx: Any, g: Any) -> Any:
        g[1] = 123.0
        return g

    x = T.tensor(draw.normal(3), requires_grad=True)
    apply = _function(T, _double_it, backward)
    yield "after sum", attempt(apply(x).sum().backward)
    yield "x.grad after sum", x.grad
    x.grad = None
    yield "after a product", attempt((apply(x) * 1).sum().backward)
    yield "x.grad", x.grad


@scenario("function.twice-differentiable", lesson=10, asks="Can a Function written by hand be differentiated twice?")
def twice_differentiable(T: Any, draw: Draw) -> Yields:
    def forward(ctx: Any, x: Any) -> Any:
        ctx.save_for_backward(x)
        return x * x * x

    def backward(ctx: Any, g: Any) -> Any:
        (x,) = ctx.saved_tensors
        return 3 * x * x * g

    x = T.tensor(draw.normal(3), requires_grad=True)
    (slope,) = T.autograd.grad(_function(T, forward, backward)(x).sum(), x, create_graph=True)
    yield "slope", slope
    yield "second", T.autograd.grad(slope.sum(), x)


@scenario("function.once-differentiable", lesson=10, asks="When does once_differentiable complain?")
def once_differentiable(T: Any, draw: Draw) -> Yields:
    def forward(ctx: Any, x: Any) -> Any:
        ctx.save_for_backward(x)
        return x * x

    def backward(ctx: Any, g: Any) -> Any:
        (x,) = ctx.saved_tensors
        return 2 * x * g

    once = T.autograd.function.once_differentiable(backward)
    x = T.tensor(draw.normal(3), requires_grad=True)
    apply = _function(T, forward, once)
    (slope,) = T.autograd.grad(apply(x).sum(), x, create_graph=True)
    yield "plain gradient coming in: slope.requires_grad", slope.requires_grad
    (slope,) = T.autograd.grad((apply(x) * x).sum(), x, create_graph=True)
    yield "tracked gradient coming in: slope.requires_grad", slope.requires_grad
    yield "and its backward", attempt(slope.sum().backward)
