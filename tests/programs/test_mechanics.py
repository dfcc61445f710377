"""What notes on the mechanics of autograd show: graphs looked at, cut, walked in pieces, and misused."""

from __future__ import annotations

import pytest

from tests.programs.both import same


def views_made_without_recording(T, note):
    def no_grad():
        return T.no_grad()

    def inference():
        return T.inference_mode()

    for mode in (no_grad, inference):
        label = mode.__name__
        x = T.zeros(2, 2, requires_grad=True).clone()
        with mode():
            y, piece = x.view(4), x.unbind()[0]
        note.attempt(f"{label}: view", y.mul_, 2)
        note.attempt(f"{label}: view of view", y.view(4).mul_, 2)
        note.attempt(f"{label}: one of several", piece.mul_, 2)
        x.mul_(2)
        note.attempt(f"{label}: base changed", lambda y=y: y.grad_fn)
        with mode():
            z = T.zeros(2).view(2)
        note.attempt(f"{label}: of a leaf", lambda z=z: z.add_(T.ones(2, requires_grad=True)))
    note.attempt("of several", T.ones(2, 2, requires_grad=True).clone().unbind()[0].view(2).mul_, 2)


def inference_tensors(T, note):
    with T.inference_mode(mode=True):
        x = T.ones(1, 2, requires_grad=True)
    v = x.view(-1)
    note("view", [v.requires_grad, v.is_inference(), v._is_view(), v.is_leaf])
    note("result", (x * 2).requires_grad)
    note.attempt("saved", lambda: T.ones(1, 2, requires_grad=True) * x)
    decorated = T.inference_mode(mode=lambda: T.is_inference_mode_enabled())
    note("decorated", [decorated(), T.is_inference_mode_enabled()])
    with T.set_grad_enabled(mode=False):
        note("off", T.is_grad_enabled())


def decorated_class(T, note):
    @T.no_grad()
    class Quiet:
        def __init__(self):
            self.recording = T.is_grad_enabled()

    note("class", [isinstance(Quiet, type), Quiet().recording])


def backward_in_two_pieces(T, note):
    edge_of = T.autograd.graph.get_gradient_edge
    x = T.tensor([1.0, 2.0], requires_grad=True)
    middle = x.sin()
    edge = edge_of(middle)
    out = middle.exp().sum()
    del middle
    (g,) = T.autograd.grad(out, edge)
    note("upper", g)
    note("lower", T.autograd.grad(edge, x, grad_outputs=g))
    note("fields", [list(edge._fields), edge.output_nr, edge.ownership_token is None])
    edge = edge_of(x.sin())
    note.attempt("no scalar", T.autograd.grad, edge, (x,))
    note.attempt("shape", T.autograd.grad, edge, (x,), T.ones(3))
    scalar = edge_of(x.sum())
    note("scalar", T.autograd.grad(scalar, x))
    y = x * 2
    (y * 3).sum().backward(inputs=[edge_of(x)])
    note("into a leaf", x.grad)
    unused = edge_of(T.ones(1, requires_grad=True) * 2)
    note("unused", T.autograd.grad(y.sum(), (x, unused), allow_unused=True)[1])
    note.attempt(
        "zeros", lambda: T.autograd.grad((x * 2).sum(), (x, unused), allow_unused=True, materialize_grads=True)
    )
    z = x * 2
    before = edge_of(z)
    z *= 5
    note("before and after", T.autograd.grad(z.sum(), (before, z)))
    note.attempt("no gradient", edge_of, T.ones(2))


def nodes(T, note):
    x = T.ones(2, requires_grad=True)
    several = [x * 2, x.unbind()[0], T.cat([x, x]), x.mean(), T.nn.functional.relu(x)]
    note("classes", [type(y.grad_fn).__name__ for y in several])
    note("repr", [str(y.grad_fn).split(" at ")[0] for y in several])
    note("leaf", str((x * 2).grad_fn.next_functions[0][0]).split(" at ")[0])
    node = (x**2).grad_fn
    note("called", node(T.ones(2)))
    note("called again", node(T.ones(2)))
    note.attempt("too many", node, T.ones(2), 1)
    note.attempt("no tensor", node, 1)
    note("two inputs", list((x * x).grad_fn(T.ones(2))))


def raw_saved(T, note):
    x = T.ones(2, requires_grad=True) * 1
    y = x * x
    y.grad_fn._raw_saved_self.register_hooks(lambda t: 2 * t, lambda t: t * 3)
    note("through hooks", y.grad_fn._saved_self)
    again = y.grad_fn._raw_saved_self
    note.attempt("twice", again.register_hooks, lambda t: t, lambda t: t)
    y = T.ones(2, requires_grad=True).exp()
    seen = []
    y.grad_fn._raw_saved_result.register_hooks(lambda t: seen.append(t.requires_grad) or t, lambda t: t)
    y.sum().backward()
    note("output", seen)
    y = x * x
    kept = y.grad_fn._raw_saved_self
    y.sum().backward()
    note.attempt("freed", kept.register_hooks, lambda t: t, lambda t: t)
    y = x * x
    with T.no_grad():
        note.attempt("in place", y.grad_fn._raw_saved_self.register_hooks, lambda t: t.mul_(2), lambda t: t)
    note.attempt("made", T.autograd.SavedTensor)


def hooks_off(T, note):
    graph = T.autograd.graph
    hooks = graph.saved_tensors_hooks(lambda t: t, lambda t: t)
    with graph.disable_saved_tensors_hooks("not here"):
        note.attempt("inside", hooks.__enter__)
        with graph.disable_saved_tensors_hooks("nor here"):
            note.attempt("deeper", hooks.__enter__)
        note.attempt("back", hooks.__enter__)
    with hooks:
        note.attempt("the other way", graph.disable_saved_tensors_hooks("too late").__enter__)
    hooks.__enter__()
    hooks.__exit__()
    x = T.ones(2, requires_grad=True)
    with graph.save_on_cpu():
        y = x * x
    y.sum().backward()
    note("saved on cpu", x.grad)


def threads(T, note):
    autograd = T.autograd
    note("before", [autograd.is_multithreading_enabled(), autograd.is_view_replay_enabled()])
    with autograd.set_multithreading_enabled(False):
        note("inside", autograd.is_multithreading_enabled())
    note("after", autograd.is_multithreading_enabled())


def callbacks(T, note):
    engine = T.autograd.Variable._execution_engine
    order = []

    class Queue(T.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 1

        @staticmethod
        def backward(ctx, g):
            engine.queue_callback(
                lambda: order.append("first") or engine.queue_callback(lambda: order.append("second"))
            )
            order.append("backward")
            return g

    x = T.ones(2, requires_grad=True)
    x.register_hook(lambda g: order.append("leaf"))
    Queue.apply(x).sum().backward()
    note("order", order)
    note.attempt("outside", engine.queue_callback, lambda: None)


def passes_in_passes(T, note):
    class Deeper(T.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            with T.enable_grad():
                ctx.x = x.detach().requires_grad_() - 1
            return ctx.x.detach()

        @staticmethod
        def backward(ctx, g):
            if ctx.x >= 0:
                with T.enable_grad():
                    Deeper.apply(ctx.x).sum().backward()
            return g

    x = T.tensor(150.0, requires_grad=True)
    Deeper.apply(x).sum().backward()
    note("gradient", x.grad)


def relu_on_a_view_twice(T, note):
    """The second derivative goes through an operation that overwrote a view."""
    x = T.tensor([1.0, 2.0, -3.0], requires_grad=True)
    y = (x * 1).view(3).relu_()
    (g,) = T.autograd.grad(y.pow(2), x, T.ones(3), create_graph=True)
    note("second", T.autograd.grad(g.sum(), x))
    z = (x * 1).view(3).exp_()
    z.sum().backward()
    note.attempt("freed", z.sum().backward)


def data_assigned(T, note):
    x = T.ones(2, requires_grad=True)
    note.attempt("none", setattr, x, "data", None)
    note.attempt("list", setattr, x, "data", [1.0])
    note.attempt("integers", setattr, x, "data", T.ones(2, dtype=T.int64))
    note.attempt("deleted", delattr, x, "data")
    note.attempt("requires_grad", delattr, x, "requires_grad")
    x.data = T.zeros(3)
    note("another shape", [x, x._version])


def hooks_and_in_place(T, note):
    class Changes(T.nn.Module):
        def forward(self, a, b):
            a += 1
            return a * b

    for inputs in (1, 2):
        m = Changes()
        m.register_full_backward_hook(lambda *args: None)
        x = T.ones(1, 2, requires_grad=True) * 1
        y = x * 2 if inputs == 2 else T.ones(1, 2)
        note.attempt(f"{inputs}", m, x, y)


def read_without_recording(T, note):
    x = T.ones(2, requires_grad=True)
    note.attempt("recording", x.numpy)
    with T.no_grad():
        note("not", x.numpy().tolist())


def visualised(T, note):
    """A walk over the graph as drawing tools do it."""
    net = T.nn.Sequential(T.nn.Linear(2, 3), T.nn.Tanh(), T.nn.Linear(3, 1))
    names = {id(p): name for name, p in net.named_parameters()}
    lines, seen = [], set()

    def walk(node, depth):
        label = type(node).__name__
        if hasattr(node, "variable"):
            label += " " + names[id(node.variable)]
        lines.append("  " * depth + label)
        for below, _ in node.next_functions:
            if below is not None and below not in seen:
                seen.add(below)
                walk(below, depth + 1)

    walk(net(T.ones(1, 2)).sum().grad_fn, 0)
    note("lines", lines)


PROGRAMS = [
    views_made_without_recording, inference_tensors, decorated_class, backward_in_two_pieces, nodes, raw_saved,
    hooks_off, threads, callbacks, passes_in_passes, relu_on_a_view_twice, data_assigned, hooks_and_in_place,
    read_without_recording, visualised,
]  # fmt: skip


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda p: p.__name__)
def test_mechanics(program):
    same(program)
