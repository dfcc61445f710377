"""A training step: a perceptron 784-256-128-10, a batch of 128, cross entropy, SGD."""

from __future__ import annotations

import itertools
from types import SimpleNamespace
from typing import Any

import numpy as np

from benchmarks.targets import Target

TITLE = "perceptron 784-256-128-10, batch 128, forward, backward and SGD step, float32"
TARGETS = (Target("time", 1.10), Target("time", 1.0, over="torch"))
RATE = 0.01


def problem(quick: bool) -> SimpleNamespace:
    """Return the batch, its one-hot labels and the initial weights and biases."""
    rng = np.random.default_rng(0)
    sizes = (784, 256, 128, 10) if not quick else (64, 32, 16, 10)
    batch = 128 if not quick else 16
    params = []
    for before, after in itertools.pairwise(sizes):
        params.append(rng.standard_normal((before, after), dtype=np.float32) / np.float32(before**0.5))
        params.append(np.full(after, 0.01, np.float32))
    return SimpleNamespace(
        x=rng.standard_normal((batch, sizes[0]), dtype=np.float32),
        onehot=np.eye(10, dtype=np.float32)[rng.integers(0, 10, batch)],
        params=params,
        batch=batch,
        count=1,
        unit="step",
    )


def hand(p: SimpleNamespace) -> Any:
    """Write every layer out, forward and back."""
    x, onehot, n = p.x, p.onehot, np.float32(p.batch)
    params = [v.copy() for v in p.params]

    def step() -> Any:
        w1, b1, w2, b2, w3, b3 = params
        h1 = np.maximum(x @ w1 + b1, 0)
        h2 = np.maximum(h1 @ w2 + b2, 0)
        z = h2 @ w3 + b3
        z = z - z.max(1, keepdims=True)
        log_p = z - np.log(np.exp(z).sum(1, keepdims=True))
        loss = -(log_p * onehot).sum() / n
        g = (np.exp(log_p) - onehot) / n
        gw3, gb3 = h2.T @ g, g.sum(0)
        g = (g @ w3.T) * (h2 > 0)
        gw2, gb2 = h1.T @ g, g.sum(0)
        g = (g @ w2.T) * (h1 > 0)
        gw1, gb1 = x.T @ g, g.sum(0)
        gradients = [gw1, gb1, gw2, gb2, gw3, gb3]
        for param, gradient in zip(params, gradients, strict=True):
            param -= RATE * gradient
        return loss, gradients

    return step


def tensors(torch: Any, p: SimpleNamespace) -> Any:
    """For torch and nptorch."""
    x, onehot = torch.tensor(p.x), torch.tensor(p.onehot)
    params = [torch.tensor(v).requires_grad_() for v in p.params]

    def step() -> Any:
        w1, b1, w2, b2, w3, b3 = params
        h = (x @ w1 + b1).relu()
        h = (h @ w2 + b2).relu()
        log_p = (h @ w3 + b3).log_softmax(1)
        loss = -(log_p * onehot).sum() / p.batch
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

    def loss(*params: Any) -> Any:
        w1, b1, w2, b2, w3, b3 = params
        h = anp.maximum(anp.dot(p.x, w1) + b1, np.float32(0))
        h = anp.maximum(anp.dot(h, w2) + b2, np.float32(0))
        z = anp.dot(h, w3) + b3
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
    from mygrad.nnet import logsoftmax, relu

    params = [mg.tensor(v) for v in p.params]

    def step() -> Any:
        w1, b1, w2, b2, w3, b3 = params
        h = relu(p.x @ w1 + b1)
        h = relu(h @ w2 + b2)
        log_p = logsoftmax(h @ w3 + b3)
        loss = -(log_p * p.onehot).sum() / np.float32(p.batch)
        loss.backward()
        gradients = [param.grad for param in params]
        for param, gradient in zip(params, gradients, strict=True):
            param.data -= RATE * gradient
        return loss.data, gradients

    return step
