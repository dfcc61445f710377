"""Functions in full: what forward may return, what ctx keeps, and what is refused."""

from __future__ import annotations

import weakref
from typing import Any

from course.scenarios import Draw, Yields, attempt, derived, heard, quiet_gc, scenario


def _function(T: Any, forward: Any, backward: Any = None, **more: Any) -> Any:
    """Return a Function class made of these."""
    body = {"forward": staticmethod(forward), **{name: staticmethod(f) for name, f in more.items()}}
    if backward is not None:
        body["backward"] = staticmethod(backward)
    made: Any = derived("Custom", T.autograd.Function, body)
    return made


@scenario(
    "function.setup-context", lesson=9, asks="forward without ctx and a setup_context: what does each of them get?"
)
def setup_context(T: Any, draw: Draw) -> Yields:
    seen: list[object] = []

    def setup(ctx: Any, inputs: Any, output: Any) -> None:
        seen.append([len(inputs), inputs[1], output.requires_grad])
        ctx.save_for_backward(inputs[0], output)

    def backward(ctx: Any, g: Any) -> Any:
        x, y = ctx.saved_tensors
        return g * y + x * 0, None

    custom = _function(T, lambda x, n: (x * n).exp(), backward, setup_context=setup)
    x = T.tensor(draw.normal(2), requires_grad=True)
    custom.apply(x, 1).sum().backward()
    yield "seen", seen
    yield "x.grad", x.grad


@scenario(
    "function.saves-its-output",
    lesson=9,
    asks="ctx.save_for_backward(result): is the result checked for changes, and kept alive?",
)
def saves_its_output(T: Any, draw: Draw) -> Yields:
    def forward(ctx: Any, x: Any) -> Any:
        y = x.exp()
        ctx.save_for_backward(y)
        return y

    custom = _function(T, forward, lambda ctx, g: g * ctx.saved_tensors[0])
    x = T.tensor(draw.normal(2), requires_grad=True)
    y = custom.apply(x)
    y.mul_(2)
    yield "changed", attempt(y.sum().backward)
    with quiet_gc():
        y = custom.apply(x)
        ref = weakref.ref(y)
        del y
        yield "gone without the collector", ref() is None
    custom.apply(x).sum().backward()
    yield "x.grad", x.grad


@scenario(
    "function.attributes-of-ctx",
    lesson=9,
    asks="ctx.n = 3 in forward: is it there in backward, and after the graph was freed?",
)
def attributes_of_ctx(T: Any, draw: Draw) -> Yields:
    def forward(ctx: Any, x: Any, n: int) -> Any:
        ctx.n = n
        return x**n

    def backward(ctx: Any, g: Any) -> Any:
        return g * ctx.n, None

    x = T.tensor(draw.normal(2), requires_grad=True)
    y = _function(T, forward, backward).apply(x, 3)
    y.sum().backward()
    yield "x.grad", x.grad
    yield "on the node", y.grad_fn.n
    yield "a second backward: nothing was saved", attempt(y.sum().backward)


@scenario(
    "function.saved-tensors-after-backward",
    lesson=9,
    asks="ctx.saved_tensors is read after the graph was freed: what is said?",
)
def saved_tensors_after_backward(T: Any, draw: Draw) -> Yields:
    def forward(ctx: Any, x: Any) -> Any:
        ctx.save_for_backward(x)
        return x * x

    custom = _function(T, forward, lambda ctx, g: 2 * g * ctx.saved_tensors[0])
    x = T.tensor(draw.normal(2), requires_grad=True)
    y = custom.apply(x)
    yield "before", y.grad_fn.saved_tensors
    y.sum().backward()
    yield "after", attempt(lambda: y.grad_fn.saved_tensors)


@scenario("function.saves-no-tensor", lesson=9, asks="save_for_backward of a number: refused, and when?")
def saves_no_tensor(T: Any, draw: Draw) -> Yields:
    def forward(ctx: Any, x: Any) -> Any:
        ctx.save_for_backward(x, 3)
        return x * 3

    x = T.tensor(draw.normal(2), requires_grad=True)
    yield "number", attempt(_function(T, forward, lambda ctx, g: g).apply, x)


@scenario(
    "function.several-outputs", lesson=9, asks="A Function returns two tensors and a word: which of them carry a graph?"
)
def several_outputs(T: Any, draw: Draw) -> Yields:
    def forward(ctx: Any, x: Any) -> Any:
        return x * 2, "word", x * 3

    custom = _function(T, forward, lambda ctx, a, word, b: a * 2 + b * 3)
    x = T.tensor(draw.normal(2), requires_grad=True)
    first, word, second = custom.apply(x)
    yield "word", word
    yield "one node", first.grad_fn is second.grad_fn
    yield "output_nr", [first.output_nr, second.output_nr]
    (first.sum() + second.sum() * 10).backward()
    yield "x.grad", x.grad


@scenario(
    "function.no-tensor-requires-grad",
    lesson=9,
    asks="No input wants a gradient, or no_grad is on: is backward ever needed?",
)
def no_tensor_requires_grad(T: Any, draw: Draw) -> Yields:
    custom = _function(T, lambda ctx, x: x * 2)
    plain, x = T.tensor(draw.normal(2)), T.tensor(draw.normal(2), requires_grad=True)
    y = custom.apply(plain)
    yield "plain input", [y.requires_grad, y.grad_fn is None]
    with T.no_grad():
        yield "under no_grad", custom.apply(x).requires_grad
    yield "no backward written", attempt(custom.apply(x).sum().backward)


@scenario(
    "function.whole-number-output", lesson=9, asks="A Function returns whole numbers or a mask: do they require grad?"
)
def whole_number_output(T: Any, draw: Draw) -> Yields:
    def forward(ctx: Any, x: Any) -> Any:
        return x * 2, (x > 0), x.argsort()

    def backward(ctx: Any, g: Any, mask: Any, order: Any) -> Any:
        return g * 2

    x = T.tensor(draw.normal(3), requires_grad=True)
    outputs = _function(T, forward, backward).apply(x)
    yield "requires_grad", [y.requires_grad for y in outputs]
    outputs[0].sum().backward()
    yield "x.grad", x.grad


@scenario(
    "function.returns-a-view",
    lesson=9,
    asks="A Function returns a view of its input: may the view be changed in place?",
)
def returns_a_view(T: Any, draw: Draw) -> Yields:
    custom = _function(T, lambda ctx, x: x[:1], lambda ctx, g: T.cat([g * 10, g * 0]))
    x = T.tensor(draw.normal(2), requires_grad=True)
    h = x * 1
    y = custom.apply(h)
    yield "is a view", y._is_view()
    yield "in place", attempt(lambda: y.mul_(2))
    custom.apply(h).sum().backward()
    yield "x.grad", x.grad


@scenario(
    "function.dirty-view",
    lesson=9,
    asks="A Function changes a view in place and says so: does the base's gradient know?",
)
def dirty_view(T: Any, draw: Draw) -> Yields:
    def forward(ctx: Any, t: Any) -> Any:
        ctx.mark_dirty(t)
        return t.mul_(3)

    custom = _function(T, forward, lambda ctx, g: g * 3)
    x = T.tensor(draw.normal(3), requires_grad=True)
    base = x * 1
    view = base[:2]
    custom.apply(view)
    yield "base", base
    yield "version", base._version
    base.sum().backward()
    yield "x.grad", x.grad


@scenario(
    "function.gradient-of-another-dtype",
    lesson=9,
    asks="backward returns float64 for a float32 input: cast, or refused?",
)
def gradient_of_another_dtype(T: Any, draw: Draw) -> Yields:
    custom = _function(T, lambda ctx, x: x * 2, lambda ctx, g: g.to(T.float64) * 2)
    x = T.tensor([1.0, 2.0], dtype=T.float32, requires_grad=True)
    custom.apply(x).sum().backward()
    yield "x.grad", x.grad
    plain = _function(T, lambda ctx, x: x * 2, lambda ctx, g: 2.0)
    yield "a number", attempt(plain.apply(x).sum().backward)


@scenario(
    "function.gradient-nobody-wants",
    lesson=9,
    asks="backward returns a gradient for an input that wants none: is it thrown away?",
)
def gradient_nobody_wants(T: Any, draw: Draw) -> Yields:
    custom = _function(T, lambda ctx, a, b, n: a * b * n, lambda ctx, g: (g, g * 7, None))
    x, plain = T.tensor(draw.normal(2), requires_grad=True), T.tensor(draw.normal(2))
    custom.apply(x, plain, 2).sum().backward()
    yield "x.grad", x.grad
    yield "plain.grad", plain.grad
    wrong = _function(T, lambda ctx, a, n: a * n, lambda ctx, g: (g, g))
    yield "a gradient for a number", attempt(wrong.apply(x, 2).sum().backward)


@scenario("function.same-input-twice", lesson=9, asks="f(x, x): does x receive both gradients?")
def same_input_twice(T: Any, draw: Draw) -> Yields:
    custom = _function(T, lambda ctx, a, b: a + b, lambda ctx, g: (g * 2, g * 3))
    x = T.tensor(draw.normal(2), requires_grad=True)
    custom.apply(x, x).sum().backward()
    yield "x.grad", x.grad


@scenario(
    "function.gradient-not-contiguous",
    lesson=9,
    asks="After sum(), is the incoming gradient one number shown many times: may it be kept?",
)
def gradient_not_contiguous(T: Any, draw: Draw) -> Yields:
    kept: list[Any] = []

    def backward(ctx: Any, g: Any) -> Any:
        kept.append(g)
        return g

    x = T.tensor(draw.normal(3), requires_grad=True)
    _function(T, lambda ctx, t: t * 1, backward).apply(x).sum().backward()
    yield "strides", list(kept[0].stride())
    x.grad[0] = 99.0
    yield "kept after x.grad changed", kept[0]


@scenario(
    "function.called-like-a-function", lesson=9, asks="Custom()(x) and Custom.forward(x): what do these do today?"
)
def called_like_a_function(T: Any, draw: Draw) -> Yields:
    custom = _function(T, lambda ctx, x: x * 2, lambda ctx, g: g * 2)
    x = T.tensor(draw.normal(2), requires_grad=True)
    yield "an instance is called", attempt(lambda: custom()(x))

    def forward(self: Any, x: Any) -> Any:
        return x * 2

    old: Any = derived("Old", T.autograd.Function, {"forward": forward, "backward": lambda self, g: g * 2})
    yield "methods that are not static", attempt(old.apply, x)


@scenario(
    "function.nothing-materialized",
    lesson=9,
    asks="set_materialize_grads(False): what does backward get if no output was used?",
)
def nothing_materialized(T: Any, draw: Draw) -> Yields:
    seen: list[object] = []

    def forward(ctx: Any, x: Any) -> Any:
        ctx.set_materialize_grads(False)
        return x * 2, x * 3

    def backward(ctx: Any, a: Any, b: Any) -> Any:
        seen.append([a, b])
        return None

    x = T.tensor(draw.normal(2), requires_grad=True)
    first, second = _function(T, forward, backward).apply(x)
    second.sum().backward()
    yield "seen", seen
    yield "x.grad stays", x.grad
    yield "autograd.grad", T.autograd.grad(first.sum(), x, allow_unused=True)


@scenario(
    "function.straight-through",
    lesson=9,
    asks="The straight-through estimator by a Function and by detach(): the same gradient?",
)
def straight_through(T: Any, draw: Draw) -> Yields:
    custom = _function(T, lambda ctx, x: x.round(), lambda ctx, g: g)
    values = draw.normal(4)
    for name, f in {"Function": custom.apply, "detach": lambda t: t + (t.round() - t).detach()}.items():
        x = T.tensor(values, requires_grad=True)
        y = f(x)
        (y * y).sum().backward()
        yield f"{name}: y", y
        yield f"{name}: x.grad", x.grad


@scenario(
    "function.gradient-reversal",
    lesson=9,
    asks="A layer that turns the gradient around: does it leave the value alone?",
)
def gradient_reversal(T: Any, draw: Draw) -> Yields:
    custom = _function(T, lambda ctx, x: x.view_as(x), lambda ctx, g: -g)
    x = T.tensor(draw.normal(2), requires_grad=True)
    y = custom.apply(x)
    yield "y", y
    (y * 3).sum().backward()
    yield "x.grad", x.grad


@scenario("function.warns-of-nothing", lesson=9, asks="Does a plain forward and backward through a Function warn?")
def warns_of_nothing(T: Any, draw: Draw) -> Yields:
    custom = _function(T, lambda ctx, x: x * 2, lambda ctx, g: g * 2)
    x = T.tensor(draw.normal(2), requires_grad=True)
    yield "warnings", heard(lambda: custom.apply(x).sum().backward())
    yield "names", [custom.apply(x).grad_fn.name(), type(custom.apply(x)).__name__]
