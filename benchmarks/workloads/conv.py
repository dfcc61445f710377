"""A training step of a small convolutional network on images of 28x28."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np

from benchmarks import layers
from benchmarks.targets import Target

TITLE = "conv 1-8, pool, conv 8-16, pool, linear on 8x1x28x28, forward, backward, SGD, float32"
TARGETS = (Target("time", 1.10),)
RATE = 0.01


def problem(quick: bool) -> SimpleNamespace:
    """Return images, their one-hot labels and the initial parameters."""
    rng = np.random.default_rng(0)
    batch, side = (2, 12) if quick else (8, 28)

    def draw(*shape: int, fan: int) -> Any:
        return rng.standard_normal(shape, dtype=np.float32) / np.float32(fan**0.5)

    inner = 16 * (side // 4) ** 2
    return SimpleNamespace(
        x=rng.standard_normal((batch, 1, side, side), dtype=np.float32),
        labels=(labels := rng.integers(0, 10, batch)),
        onehot=np.eye(10, dtype=np.float32)[labels],
        params=[
            draw(8, 1, 3, 3, fan=9),
            draw(8, fan=9),
            draw(16, 8, 3, 3, fan=72),
            draw(16, fan=72),
            draw(10, inner, fan=inner),
            draw(10, fan=inner),
        ],
        batch=batch,
        count=1,
        unit="step",
    )


def hand(p: SimpleNamespace) -> Any:
    """Write every layer out, forward and back."""
    params = [v.copy() for v in p.params]
    n = np.float32(p.batch)

    def step() -> Any:
        w1, b1, w2, b2, w3, b3 = params
        a1, places1 = layers.conv(p.x, w1, b1)
        h1, at1 = layers.pool(np.maximum(a1, 0))
        a2, places2 = layers.conv(h1, w2, b2)
        h2, at2 = layers.pool(np.maximum(a2, 0))
        flat = h2.reshape(p.batch, -1)
        z = flat @ w3.T + b3
        z = z - z.max(1, keepdims=True)
        log_p = z - np.log(np.exp(z).sum(1, keepdims=True))
        loss = -(log_p * p.onehot).sum() / n
        g = (np.exp(log_p) - p.onehot) / n
        gw3, gb3 = g.T @ flat, g.sum(0)
        g = layers.pool_back((g @ w3).reshape(h2.shape), at2, a2.shape) * (a2 > 0)
        g, gw2, gb2 = layers.conv_back(g, places2, w2, h1.shape)
        g = layers.pool_back(g, at1, a1.shape) * (a1 > 0)
        _, gw1, gb1 = layers.conv_back(g, places1, w1, None)
        gradients = [gw1, gb1, gw2, gb2, gw3, gb3]
        for param, gradient in zip(params, gradients, strict=True):
            param -= RATE * gradient
        return loss, gradients

    return step


def tensors(torch: Any, p: SimpleNamespace) -> Any:
    """For torch and nptorch."""
    if torch.__name__ == "torch":
        import torch.nn.functional as F
    else:
        import course.nptorch.nn.functional as F  # noqa: N812
    x, labels = torch.tensor(p.x), torch.tensor(p.labels)
    params = [torch.tensor(v).requires_grad_() for v in p.params]

    def step() -> Any:
        w1, b1, w2, b2, w3, b3 = params
        h = F.max_pool2d(F.conv2d(x, w1, b1, padding=1).relu(), 2)
        h = F.max_pool2d(F.conv2d(h, w2, b2, padding=1).relu(), 2)
        loss = F.cross_entropy(F.linear(h.flatten(1), w3, b3), labels)
        for param in params:
            param.grad = None
        loss.backward()
        with torch.no_grad():
            for param in params:
                param.sub_(param.grad, alpha=RATE)
        return loss, [param.grad for param in params]

    return step


def hips(p: SimpleNamespace) -> Any:
    """For HIPS autograd."""
    import autograd.numpy as anp
    from autograd import value_and_grad

    params = [v.copy() for v in p.params]
    zero = np.float32(0)

    def pooled(x: Any) -> Any:
        n, c, h, w = x.shape
        return anp.max(anp.reshape(x, (n, c, h // 2, 2, w // 2, 2)), (3, 5))

    def loss(*params: Any) -> Any:
        w1, b1, w2, b2, w3, b3 = params
        h = pooled(anp.maximum(layers.hips_conv(anp, p.x, w1, b1), zero))
        h = pooled(anp.maximum(layers.hips_conv(anp, h, w2, b2), zero))
        z = anp.dot(anp.reshape(h, (p.batch, -1)), w3.T) + b3
        z = z - anp.max(z, 1, keepdims=True)
        log_p = z - anp.log(anp.sum(anp.exp(z), 1, keepdims=True))
        return -anp.sum(log_p * p.onehot) / np.float32(p.batch)

    run = value_and_grad(loss, tuple(range(6)))

    def step() -> Any:
        value, gradients = run(*params)
        for param, gradient in zip(params, gradients, strict=True):
            param -= RATE * gradient
        return value, list(gradients)

    return step


def mygrad(p: SimpleNamespace) -> Any:
    """For mygrad."""
    import mygrad as mg
    from mygrad.nnet import conv_nd, max_pool, relu, softmax_crossentropy

    params = [mg.tensor(v) for v in p.params]

    def step() -> Any:
        w1, b1, w2, b2, w3, b3 = params
        h = conv_nd(p.x, w1, stride=1, padding=1) + b1.reshape(1, -1, 1, 1)
        h = max_pool(relu(h), pool=(2, 2), stride=2)
        h = conv_nd(h, w2, stride=1, padding=1) + b2.reshape(1, -1, 1, 1)
        h = max_pool(relu(h), pool=(2, 2), stride=2)
        loss = softmax_crossentropy(h.reshape(p.batch, -1) @ w3.T + b3, p.labels)
        loss.backward()
        gradients = [param.grad for param in params]
        for param, gradient in zip(params, gradients, strict=True):
            param.data -= RATE * gradient
        return loss.data, gradients

    return step
