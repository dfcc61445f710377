"""A gradient of a gradient: the penalty step of a critic, as in WGAN-GP.

``f(x) = tanh(x W + b) v``; the loss is ``mean f(x) + 10 mean (|df/dx| - 1)**2``, and its gradient
with respect to the weights goes through ``df/dx``.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np

from benchmarks.targets import Target

TITLE = "gradient penalty of a critic 64-128-1, batch 64, float64"
TARGETS: tuple[Target, ...] = ()
STRENGTH = 10.0


def problem(quick: bool) -> SimpleNamespace:
    """Return a batch and the weights."""
    rng = np.random.default_rng(0)
    batch, width, hidden = (8, 8, 16) if quick else (64, 64, 128)
    return SimpleNamespace(
        x=rng.standard_normal((batch, width)),
        w=rng.standard_normal((width, hidden)) / width**0.5,
        b=0.1 * rng.standard_normal(hidden),
        v=rng.standard_normal((hidden, 1)) / hidden**0.5,
        count=1,
        unit="step",
    )


def hand(p: SimpleNamespace) -> Any:
    """Derive the gradient of the gradient on paper."""
    x, w, b, v = p.x, p.w, p.b, p.v
    n = len(x)

    def step() -> Any:
        t = np.tanh(x @ w + b)
        slope = 1 - t * t
        q = slope * v[:, 0]
        gx = q @ w.T
        norm = np.sqrt((gx * gx).sum(1))
        loss = (t @ v).sum() / n + STRENGTH * ((norm - 1) ** 2).sum() / n
        d_gx = (2 * STRENGTH / n * (norm - 1) / norm)[:, None] * gx
        d_q = d_gx @ w
        d_t = 1 / n * v[:, 0] - 2 * t * (d_q * v[:, 0])
        d_s = d_t * slope
        d_v = t.sum(0) / n + (d_q * slope).sum(0)
        return loss, [x.T @ d_s + d_gx.T @ q, d_s.sum(0), d_v[:, None]]

    return step


def tensors(torch: Any, p: SimpleNamespace) -> Any:
    """For torch and nptorch."""
    x = torch.tensor(p.x).requires_grad_()
    w, b, v = params = [torch.tensor(value).requires_grad_() for value in (p.w, p.b, p.v)]

    def step() -> Any:
        f = (x @ w + b).tanh() @ v
        (gx,) = torch.autograd.grad(f.sum(), x, create_graph=True)
        norm = (gx * gx).sum(1).sqrt()
        off = norm - 1
        loss = f.mean() + STRENGTH * (off * off).mean()
        return loss, list(torch.autograd.grad(loss, params))

    return step


def hips(p: SimpleNamespace) -> Any:
    """For HIPS autograd."""
    import autograd.numpy as anp
    from autograd import elementwise_grad, value_and_grad

    def critic(x: Any, w: Any, b: Any, v: Any) -> Any:
        return anp.dot(anp.tanh(anp.dot(x, w) + b), v)

    slope = elementwise_grad(critic)

    def loss(w: Any, b: Any, v: Any) -> Any:
        gx = slope(p.x, w, b, v)
        off = anp.sqrt(anp.sum(gx * gx, 1)) - 1
        return anp.mean(critic(p.x, w, b, v)) + STRENGTH * anp.mean(off * off)

    run = value_and_grad(loss, (0, 1, 2))

    def step() -> Any:
        value, gradients = run(p.w, p.b, p.v)
        return value, list(gradients)

    return step
