"""A chain of 50 layers on 4 MB tensors: its time, and what it holds.

``h = tanh(h * w)``, 50 times. What has to be kept for backward are the outputs of tanh, 200 MB;
each is the input of the next product as well, so an engine that shares them keeps nothing else.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np

from benchmarks import memory, peers
from benchmarks.targets import Target

TITLE = "50 layers h = tanh(h * w) on 4 MB tensors"
SIZES = ("after forward", "peak", "residue", "loop peak")
TARGETS = (
    Target("time", 1.15),
    *(Target(f"{size}{kind}, MB", 1.05, over="torch") for kind in ("", ", retained") for size in SIZES),
)
MEASURED = ("hand", "nptorch", "torch", "hips", "mygrad")
LAYERS = 50


def problem(quick: bool) -> SimpleNamespace:
    """Return two leaves of 4 MB."""
    rng = np.random.default_rng(0)
    size = 1 << (17 if quick else 19)
    x = rng.standard_normal(size)
    w = 1 + 0.1 * rng.standard_normal(size)
    return SimpleNamespace(x=x, w=w, count=1, unit="step")


def _hand(p: SimpleNamespace) -> tuple[Any, Any, Any]:
    x, w = p.x, p.w

    def forward() -> list[Any]:
        values = [x]
        for _ in range(LAYERS):
            values.append(np.tanh(values[-1] * w))
        return [values, values[-1].sum()]

    def backward(made: list[Any], retain: bool) -> list[Any]:
        values = made[0] if not retain else list(made[0])
        g, gw = np.ones_like(x), np.zeros_like(w)
        while len(values) > 1:
            h = values.pop()
            g = g * (1 - h * h)
            gw += g * values[-1]
            g *= w
        return [g, gw]

    return forward, backward, lambda made: made[1]


def _tensors(torch: Any, p: SimpleNamespace) -> tuple[Any, Any, Any]:
    x, w = leaves = [torch.tensor(v).requires_grad_() for v in (p.x, p.w)]

    def forward() -> Any:
        for leaf in leaves:
            leaf.grad = None
        h = x
        for _ in range(LAYERS):
            h = (h * w).tanh()
        return h.sum()

    def backward(loss: Any, retain: bool) -> list[Any]:
        loss.backward(retain_graph=retain)
        return [leaf.grad for leaf in leaves]

    return forward, backward, lambda loss: loss


def _hips(p: SimpleNamespace) -> tuple[Any, Any, Any]:
    import autograd.numpy as anp
    from autograd import make_vjp

    def loss(both: Any) -> Any:
        h, w = both
        for _ in range(LAYERS):
            h = anp.tanh(h * w)
        return anp.sum(h)

    def forward() -> Any:
        return make_vjp(loss)((p.x, p.w))

    def backward(made: Any, retain: bool) -> list[Any]:
        return list(made[0](np.float64(1)))

    return forward, backward, lambda made: made[1]


def _mygrad(p: SimpleNamespace) -> tuple[Any, Any, Any]:
    import mygrad as mg

    x, w = leaves = [mg.tensor(v) for v in (p.x, p.w)]

    def forward() -> Any:
        h = x
        for _ in range(LAYERS):
            h = mg.tanh(h * w)
        return h.sum()

    def backward(loss: Any, retain: bool) -> list[Any]:
        loss.backward()
        return [leaf.grad for leaf in leaves]

    return forward, backward, lambda loss: loss.data


def _halves(peer: str, p: SimpleNamespace) -> tuple[Any, Any, Any]:
    if peer in ("nptorch", "torch"):
        return _tensors(peers.load(peer), p)
    return {"hand": _hand, "hips": _hips, "mygrad": _mygrad}[peer](p)


def _step(halves: tuple[Any, Any, Any]) -> Any:
    forward, backward, value = halves

    def step() -> Any:
        made = forward()
        loss = value(made)
        return loss, backward(made, False)

    return step


def hand(p: SimpleNamespace) -> Any:
    """Keep the outputs, and let go of each one when its turn has come."""
    return _step(_hand(p))


def tensors(torch: Any, p: SimpleNamespace) -> Any:
    """For torch and nptorch."""
    return _step(_tensors(torch, p))


def hips(p: SimpleNamespace) -> Any:
    """For HIPS autograd."""
    return _step(_hips(p))


def mygrad(p: SimpleNamespace) -> Any:
    """For mygrad."""
    return _step(_mygrad(p))


def measure(peer: str, quick: bool) -> dict[str, float]:
    """Return megabytes above the leaves: after forward, at most, left with the loss alive.

    ``loop peak`` is the most that three steps in a row hold. Each once as usual and once with
    ``retain_graph=True``; peers without that choice do what they always do.
    """
    found = {}
    small = problem(True)
    _step(_halves(peer, small))()  # load what is loaded at first use
    p = problem(quick)
    for kind, retain in (("", False), (", retained", True)):
        forward, backward, _ = _halves(peer, p)
        before = memory.resident()
        memory.reset_peak()
        made = forward()
        found[f"after forward{kind}, MB"] = memory.resident() - before
        gradients = backward(made, retain)
        found[f"peak{kind}, MB"] = memory.peak() - before
        found[f"residue{kind}, MB"] = memory.resident() - before
        for _ in range(2):
            made = forward()
            gradients = backward(made, retain)
        found[f"loop peak{kind}, MB"] = memory.peak() - before
        del made, gradients, forward, backward
    return {name: size / 1e6 for name, size in found.items()}
