"""Checkpointing: the same gradients, whether the saved tensors are kept or computed again."""

from __future__ import annotations

import pytest

from tests.programs.both import same


def model(T):
    return T.nn.Sequential(
        T.nn.Linear(3, 4), T.nn.Tanh(), T.nn.Dropout(0.3), T.nn.Linear(4, 4), T.nn.Tanh(), T.nn.Linear(4, 1)
    )


def both_ways(T, note):
    checkpoint = T.utils.checkpoint.checkpoint
    net, x = model(T), T.randn(5, 3, requires_grad=True)
    for reentrant in (True, False):
        net.zero_grad()
        x.grad = None
        T.manual_seed(3)
        y = checkpoint(net, x, use_reentrant=reentrant)
        y.sum().backward()
        note(f"reentrant {reentrant}", [y, x.grad, [p.grad for p in net.parameters()]])
        note("numbers after", T.rand(2))
        note.attempt("again", y.sum().backward)


def how_often(T, note):
    calls = []

    def piece(a, b=2.0, *, c=1.0):
        calls.append("start")
        y = (a * b).sin() * c
        calls.append("end")
        return y, "text"

    x = T.ones(2, requires_grad=True)
    for early in (True, False):
        y, text = T.utils.checkpoint.checkpoint(piece, x, b=3.0, c=x, use_reentrant=False, early_stop=early)
        y.sum().backward(retain_graph=True)
        y.sum().backward()
        note(f"early {early}", [list(calls), text, x.grad])
        calls.clear()
    with T.utils.checkpoint.set_checkpoint_early_stop(False):
        y, _ = T.utils.checkpoint.checkpoint(piece, x, use_reentrant=False)
    y.sum().backward()
    note("switched", calls)
    y, _ = T.utils.checkpoint.checkpoint(piece, x, use_reentrant=False)
    (g,) = T.autograd.grad(y.sum(), x, create_graph=True)
    note("second derivative", T.autograd.grad(g.sum(), x))


def backward_inside(T, note):
    def slope(a):
        y = a.sin().exp().sin()
        (g,) = T.autograd.grad(y.sum(), a, create_graph=True)
        return g * y

    x = T.randn(3, requires_grad=True)
    for early in (True, False):
        y = T.utils.checkpoint.checkpoint(slope, x, use_reentrant=False, early_stop=early)
        note(f"early {early}", T.autograd.grad(y.sum(), x))


def nested(T, note):
    checkpoint = T.utils.checkpoint.checkpoint
    calls = []

    def inner(a):
        calls.append("inner")
        return a.exp().sin()

    def outer(a):
        calls.append("outer")
        return checkpoint(inner, a.cos(), use_reentrant=False).tanh()

    x = T.randn(3, requires_grad=True)
    checkpoint(outer, x, use_reentrant=False).sum().backward()
    note("gradient", x.grad)


def not_the_same_again(T, note):
    checkpoint = T.utils.checkpoint.checkpoint
    runs = []

    def fewer(a):
        runs.append(1)
        return a.sin().cos() if len(runs) % 2 else a.sin()

    def more(a):
        runs.append(1)
        return a.sin() if len(runs) % 2 else a.sin().cos()

    def narrower(a):
        runs.append(1)
        return (a if len(runs) % 2 else a[:1]).sin().cos().sum()

    x = T.ones(2, requires_grad=True)
    note.attempt("fewer", checkpoint(fewer, x, use_reentrant=False).sum().backward)
    for early in (True, False):
        runs.clear()
        y = checkpoint(more, x, use_reentrant=False, early_stop=early)
        note.attempt(f"more, early {early}", y.sum().backward)
    runs.clear()
    note.attempt("narrower", checkpoint(narrower, x, use_reentrant=False).backward)
    runs.clear()
    y = checkpoint(narrower, x, use_reentrant=False, determinism_check="none")
    note.attempt("not looked at", y.backward)
    z = x * 1
    y = checkpoint(lambda a: a.sin(), z, use_reentrant=False)
    with T.no_grad():
        z.mul_(2)
    note.attempt("changed input", y.sum().backward)


def misuse(T, note):
    checkpoint = T.utils.checkpoint.checkpoint
    x = T.ones(2, requires_grad=True)
    note.attempt("unsaid", lambda: checkpoint(T.sin, x))
    note.attempt("grad", lambda: T.autograd.grad(checkpoint(T.sin, x, use_reentrant=True).sum(), x))
    note.attempt("keywords", lambda: checkpoint(T.sin, x, use_reentrant=True, k=1))
    note.attempt("context", lambda: checkpoint(T.sin, x, use_reentrant=True, context_fn=lambda: None))
    note("no gradient", checkpoint(T.sin, T.ones(2), use_reentrant=True).requires_grad)
    note.attempt("detached", checkpoint(lambda a: a.detach(), x, use_reentrant=True).sum().backward)
    y = checkpoint(lambda a: a.detach(), x, use_reentrant=False)
    note("detached", y.requires_grad)


def in_sequence(T, note):
    net, x = model(T), T.randn(4, 3, requires_grad=True)
    for reentrant in (True, False):
        net.zero_grad()
        T.utils.checkpoint.checkpoint_sequential(net, 3, x, use_reentrant=reentrant).sum().backward()
        note(f"{reentrant}", [p.grad for p in net.parameters()])
    note.attempt("unsaid", lambda: T.utils.checkpoint.checkpoint_sequential(net, 2, x).shape)
    contexts = []

    def context():
        contexts.append("asked")
        return T.no_grad().__class__(), T.enable_grad()

    y = T.utils.checkpoint.checkpoint(net, x, use_reentrant=False, context_fn=context)
    note("under a context", [y.requires_grad, contexts])


PROGRAMS = [both_ways, how_often, backward_inside, nested, not_the_same_again, misuse, in_sequence]


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda p: p.__name__)
def test_checkpoint(program):
    same(program)
