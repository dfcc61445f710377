"""Hooks as debugging and training code uses them."""

from __future__ import annotations

import pytest

from tests.programs.both import same


def net_of(T):
    return T.nn.Sequential(T.nn.Linear(3, 4), T.nn.Sigmoid(), T.nn.Linear(4, 2))


def gradient_flow(T, note):
    """The size of every layer's gradient, by module hooks, and of its activation."""
    net, seen = net_of(T), []

    def forward_hook(name):
        return lambda module, args, out: seen.append((name, type(module).__name__, list(out.shape), out.norm().item()))

    def backward_hook(name):
        return lambda module, gi, go: seen.append((name, [g is None for g in gi], go[0].norm().item()))

    handles = [m.register_forward_hook(forward_hook(n)) for n, m in net.named_children()]
    handles += [m.register_full_backward_hook(backward_hook(n)) for n, m in net.named_children()]
    net(T.randn(5, 3)).pow(2).sum().backward()
    note("seen", seen)
    for handle in handles:
        handle.remove()
    seen.clear()
    net(T.randn(5, 3)).sum().backward()
    note("removed", seen)


def clipped_on_the_way(T, note):
    net, x = net_of(T), T.randn(5, 3, requires_grad=True)
    order = []
    for name, p in net.named_parameters():
        p.register_hook(lambda g, name=name: order.append(name) or g.clamp(-0.05, 0.05))
    hidden = net[1](net[0](x))
    hidden.retain_grad()
    hidden.register_hook(lambda g: g * 2)
    net[2](hidden).sum().backward()
    note("order", order)
    note("gradients", [hidden.grad, x.grad, [p.grad for p in net.parameters()]])


def features(T, note):
    """Activations of inner layers without changing the model; and a layer that is replaced by a hook."""
    net, kept = net_of(T), {}
    net[1].register_forward_hook(lambda m, args, out: kept.update(hidden=out.detach()))
    net[0].register_forward_pre_hook(lambda m, args: (args[0] * 2,))
    net[2].register_forward_hook(lambda m, args, kwargs, out: out + 1, with_kwargs=True)
    note("out", net(T.ones(1, 3)))
    note("hidden", kept["hidden"])
    note.attempt("wrong", T.ones(1).register_hook, print)


def all_and_any(T, note):
    a, b, c = (T.ones(2, requires_grad=True) for _ in range(3))
    seen = []
    multi = T.autograd.graph.register_multi_grad_hook
    handle = multi((a, b, c), lambda grads: seen.append([g is None for g in grads]))
    multi([a, b], lambda grad: seen.append(grad.sum().item()), mode="any")
    (a * 2 + b * 3).sum().backward()
    (a * c).sum().backward()
    note("seen", seen)
    handle.remove()
    (a * b).sum().backward()
    note("after", len(seen))


def halves_in_the_graph(T, note):
    """Saved tensors are kept in half precision."""
    x = T.randn(4, requires_grad=True)
    with T.autograd.graph.saved_tensors_hooks(lambda t: (t.dtype, t.half()), lambda kept: kept[1].to(kept[0])):
        y = (x * x).exp().sum()
    y.backward()
    exact = (2 * x * (x * x).exp()).detach()
    note("near", bool((x.grad - exact).abs().max() < 2e-2))
    note("gradient", x.grad)


def node_hooks(T, note):
    x = T.ones(2, requires_grad=True)
    y = x * 3
    seen = []
    y.grad_fn.register_prehook(lambda grads: seen.append(("pre", grads[0])) or (grads[0] * 2,))
    y.grad_fn.register_hook(lambda gi, go: seen.append(("post", [g is not None for g in gi], go[0])))
    leaf = y.grad_fn.next_functions[0][0]
    leaf.register_prehook(lambda grads: seen.append(("leaf", grads[0])))
    y.sum().backward()
    note("seen", seen)
    note("gradient", x.grad)


def broken_hooks(T, note):
    x = T.ones(2, requires_grad=True)
    for label, hook in {
        "shape": lambda g: g[:1],
        "dtype": lambda g: g.float(),
        "no tensor": lambda g: 5,
        "raises": lambda g: 1 / 0,
    }.items():
        handle = x.register_hook(hook)
        note.attempt(label, (x * 2).sum().backward)
        handle.remove()
    (x * 2).sum().backward()
    note("fine again", x.grad)


PROGRAMS = [gradient_flow, clipped_on_the_way, features, all_and_any, halves_in_the_graph, node_hooks, broken_hooks]


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda p: p.__name__)
def test_hooks(program):
    same(program)
