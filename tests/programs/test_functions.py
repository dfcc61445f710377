"""Custom Functions as people write them, right and wrong."""

from __future__ import annotations

import pytest

from tests.programs.both import same


def function(T, forward, backward=lambda ctx, *grads: grads if len(grads) > 1 else grads[0], **more):
    """Return a Function made of two plain functions."""
    body = {"forward": staticmethod(forward), "backward": staticmethod(backward)} | more
    return type("Mine", (T.autograd.Function,), body)


def exponential(T, note):
    class Exp(T.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            y = x.exp()
            ctx.save_for_backward(y)
            return y

        @staticmethod
        def backward(ctx, g):
            (y,) = ctx.saved_tensors
            return g * y

    x = T.randn(3, requires_grad=True)
    y = Exp.apply(x)
    (g,) = T.autograd.grad(y.sum(), x, create_graph=True)
    note("first", g)
    note("second", T.autograd.grad(g.sum(), x))
    note("checked", T.autograd.gradcheck(Exp.apply, (x,)) and T.autograd.gradgradcheck(Exp.apply, (x,)))


def fitted_polynomial(T, note):
    """The sine between -pi and pi by a Legendre polynomial, whose derivative is written by hand."""

    class P3(T.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return (5 * x**3 - 3 * x) / 2

        @staticmethod
        def backward(ctx, g):
            (x,) = ctx.saved_tensors
            return g * (7.5 * x**2 - 1.5)

    x = T.linspace(-3.14159, 3.14159, 50)
    a, b, c, d = (T.full((), v, requires_grad=True) for v in (0.0, -1.0, 0.0, 0.3))
    for step in range(3):
        loss = (a + b * P3.apply(c + d * x) - x.sin()).pow(2).sum()
        loss.backward()
        with T.no_grad():
            for w in (a, b, c, d):
                w -= 5e-6 * w.grad
                w.grad = None
        note(f"step {step}", [loss.item(), a, b, c, d])


def straight_through(T, note):
    """Rounding, whose gradient is passed on as if nothing had happened; one input needs none."""

    class Round(T.autograd.Function):
        @staticmethod
        def forward(ctx, x, scale, name="round"):
            ctx.scale = scale
            ctx.mark_non_differentiable(x > 0)
            note("needs", list(ctx.needs_input_grad))
            return (x / scale).round() * scale

        @staticmethod
        def backward(ctx, g):
            return g.clamp(-1, 1), None, None

    x = T.randn(4, requires_grad=True)
    y = Round.apply(x, 0.25, "quarters")
    (y * T.tensor([3.0, -3.0, 0.5, 1.0])).sum().backward()
    note("gradient", x.grad)
    note("name", [y.grad_fn.name(), type(y.grad_fn).__name__, y.grad_fn.scale])


def separate_context(T, note):
    class Cube(T.autograd.Function):
        @staticmethod
        def forward(x, n=3):
            return x**n

        @staticmethod
        def setup_context(ctx, inputs, output):
            x, ctx.n = inputs
            ctx.save_for_backward(x)

        @staticmethod
        def backward(ctx, g):
            (x,) = ctx.saved_tensors
            return g * ctx.n * x ** (ctx.n - 1), None

    x = T.randn(3, requires_grad=True)
    Cube.apply(x).sum().backward()
    note("default", x.grad)
    Cube.apply(x, 2).sum().backward()
    note("given", x.grad)


def notes_of_any_name(T, note):
    def forward(ctx, x):
        ctx.outputs = ctx.saved = ctx.hooks = ctx.kept = ctx.edges = ctx.inputs = ctx.function = 2.0
        ctx.forms = ctx.slots = ctx.dirty = ctx.shape = ctx.node = ctx.variable = 3.0
        return x * 1

    def backward(ctx, g):
        return g * ctx.outputs * ctx.saved * ctx.inputs * ctx.slots * ctx.node

    x = T.ones(2, requires_grad=True)
    y = function(T, forward, backward).apply(x)
    note("on the node", y.grad_fn.shape)
    y.sum().backward()
    note("gradient", x.grad)


def changed_in_place(T, note):
    def forward(ctx, x):
        x.mul_(2)
        ctx.mark_dirty(x)
        ctx.save_for_backward(x)
        return x

    def backward(ctx, g):
        return g * ctx.saved_tensors[0]

    F = function(T, forward, backward)
    x = T.ones(3, requires_grad=True)
    y = x.clone()
    out = F.apply(y)
    note("same object", out is y)
    out.sum().backward()
    note("gradient", [x.grad, y._version])
    note.attempt("leaf", F.apply, x)
    view = x.clone()[:2]
    F.apply(view).sum().backward()
    note("view", x.grad)


def marked_wrongly(T, note):
    def stranger(ctx, x):
        y = x * 3
        ctx.mark_dirty(y)
        return y

    def kept_back(ctx, x):
        ctx.mark_dirty(x.add_(1))
        return x.clone()

    def of_several(ctx, x):
        ctx.mark_dirty(x.add_(1))
        return x, x + 1

    x = T.ones(2, requires_grad=True)
    y = function(T, stranger).apply(x.clone())
    y.sum().backward()
    note("stranger", x.grad)
    note.attempt("not returned", function(T, kept_back).apply, x.clone())
    note.attempt("view of several", function(T, of_several).apply, x.clone().view_as(x))
    for label, mark in (("dirty", "mark_dirty"), ("flat", "mark_non_differentiable"), ("saved", "save_for_backward")):

        def number(ctx, x, mark=mark):
            getattr(ctx, mark)(*((x, 5) if mark == "save_for_backward" else (5,)))
            return x + 1

        note.attempt(label, function(T, number).apply, x.clone())


def old_and_new_names(T, note):
    x = T.ones(2, requires_grad=True)
    forward = staticmethod(lambda ctx, x: x + 1)
    Vjp = type("Vjp", (T.autograd.Function,), {"forward": forward, "vjp": staticmethod(lambda ctx, g: g * 5)})
    Vjp.apply(x).sum().backward()
    note("vjp", x.grad)
    Both = function(T, lambda ctx, x: x + 1, vjp=staticmethod(lambda ctx, g: g))
    note.attempt("both", Both.apply(x).sum().backward)
    None_ = type("None_", (T.autograd.Function,), {"forward": forward})
    note.attempt("neither", None_.apply(x).sum().backward)
    note.attempt("jvp", None_.jvp, None, x)
    note.attempt("vmap", None_.vmap, None, None, x)
    note("rule", None_.generate_vmap_rule)


def instance(T, note):
    F = function(T, lambda ctx, x: x)
    note.attempt("call", lambda: F()(T.ones(2)))


def saved_variables(T, note):
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * 1

    x = T.full((2,), 3.0, requires_grad=True)
    function(T, forward, lambda ctx, g: g * ctx.saved_variables[0]).apply(x).sum().backward()
    note("gradient", x.grad)


def missing_gradients(T, note):
    seen = []

    def backward(ctx, *grads):
        seen.append([g is None for g in grads])
        return next(g for g in grads if g is not None)

    def forward(ctx, x, materialize, flat):
        ctx.set_materialize_grads(materialize)
        ctx._materialize_non_diff_grads = flat
        b = x.clone()
        ctx.mark_non_differentiable(b)
        return x.clone(), b, x.clone()

    for materialize in (True, False):
        for flat in (True, False):
            x = T.ones(2, requires_grad=True)
            F = function(T, forward, lambda ctx, *grads: (backward(ctx, *grads), None, None))
            F.apply(x, materialize, flat)[0].sum().backward()
    note("seen", seen)


def only_once(T, note):
    def backward(ctx, g):
        note("recording", T.is_grad_enabled())
        return g * 2, None, g * 3

    F = function(T, lambda ctx, x, n, y: x + y, T.autograd.function.once_differentiable(backward))
    x, y = T.ones(2, requires_grad=True), T.ones(2, requires_grad=True)
    out = F.apply(x, 3, y)
    g, h = T.autograd.grad((out * out).sum(), (x, y), create_graph=True)
    node = g.grad_fn
    below = [f and f.name() for f, _ in node.next_functions]
    note("behind", [node.name(), below, g.requires_grad, h.requires_grad])
    note.attempt("second", g.sum().backward)
    note.attempt("around it", lambda: T.autograd.grad(g.sum(), x))


def views_out_of_functions(T, note):
    as_it_is = function(T, lambda ctx, x: x)
    viewed = function(T, lambda ctx, x: x.view_as(x))
    two = function(T, lambda ctx, x: (x.view_as(x), x[0]), lambda ctx, g, h: g + h)
    plain, tracked = T.ones(1, 2), T.ones(1, 2, requires_grad=True)
    for F in (as_it_is, viewed, two):
        for x in (plain, tracked.clone()):
            out = F.apply(x)
            out = out[0] if isinstance(out, tuple) else out
            note("view", out._is_view())
            note.attempt("in place", out.add_, tracked)
            note.attempt("view of it", out.view(2).add_, tracked[0])

    def fresh(ctx, x):
        v = x.clone()[:, :1]
        v += 2
        return v

    out = function(T, fresh, lambda ctx, g: g.expand(1, 2)).apply(tracked)
    note("fresh", [out.grad_fn.name(), out._is_view(), out])


def several_of_each(T, note):
    class MinMax(T.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            low, i = x.min(0)
            high, j = x.max(0)
            ctx.places, ctx.n = (i, j), x.shape[0]
            return low, high, "text", 7

        @staticmethod
        def backward(ctx, g, h, *rest):
            note("rest", [r is None for r in rest])
            full = T.zeros(ctx.n)
            full[ctx.places[0]] += g
            full[ctx.places[1]] += h
            return full

    x = T.tensor([3.0, 1.0, 2.0], requires_grad=True)
    low, high, text, seven = MinMax.apply(x)
    note("others", [text, seven])
    (high - 2 * low).backward()
    note("gradient", x.grad)
    wrong = function(T, lambda ctx, a, b: a + b, lambda ctx, g: g)
    note.attempt("too few", wrong.apply(x, x).sum().backward)
    shape = function(T, lambda ctx, a: a * 1, lambda ctx, g: T.ones(5))
    note.attempt("shape", shape.apply(x).sum().backward)


PROGRAMS = [
    exponential, fitted_polynomial, straight_through, separate_context, notes_of_any_name, changed_in_place,
    marked_wrongly, old_and_new_names, instance, saved_variables, missing_gradients, only_once,
    views_out_of_functions, several_of_each,
]  # fmt: skip


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda p: p.__name__)
def test_functions(program):
    same(program)
