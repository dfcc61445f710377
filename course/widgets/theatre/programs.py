"""Small programs to watch, each for either engine: ``diamond(T)`` with torch or `course.nptorch` as T.

Each returns the tensors it made, so that its graph outlives it for as long as somebody looks.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

Program = Callable[[Any], tuple[Any, ...]]


def diamond(T: Any) -> tuple[Any, ...]:
    """Two ways lead from the loss to x: gradients add up where they meet."""
    x = T.tensor([1.0, 2.0], dtype=T.float64, requires_grad=True)
    left = x * 3.0
    right = x.exp()
    loss = (left * right).sum()
    loss.backward()
    return x, left, right, loss


def two_losses(T: Any) -> tuple[Any, ...]:
    """Two losses share a trunk: the first pass frees what the second one needs."""
    x = T.tensor([1.0, 2.0], dtype=T.float64, requires_grad=True)
    trunk = x.exp()
    first = trunk.sum()
    second = (trunk * trunk).sum()
    first.backward()
    with suppress(RuntimeError):  # which is what there is to see
        second.backward()
    return x, trunk, first, second


def retain(T: Any) -> tuple[Any, ...]:
    """The same graph twice: kept the first time, freed the second; ``.grad`` adds up."""
    x = T.tensor([1.0, 2.0], dtype=T.float64, requires_grad=True)
    loss = (x**2 * 4.0).mean()
    loss.backward(retain_graph=True)
    loss.backward()
    return x, loss


def detach(T: Any) -> tuple[Any, ...]:
    """One of two ways is cut."""
    x = T.tensor([1.0, 2.0], dtype=T.float64, requires_grad=True)
    h = x.sin()
    target = h.detach()
    loss = ((h - target * 2.0) ** 2).sum()
    loss.backward()
    return x, h, target, loss


def inplace_error(T: Any) -> tuple[Any, ...]:
    """Memory that was saved is written to before it is needed."""
    x = T.tensor([1.0, 2.0], dtype=T.float64, requires_grad=True)
    h = x.exp()
    loss = (h * h).sum()
    h.add_(1.0)
    with suppress(RuntimeError):  # which is what there is to see
        loss.backward()
    return x, h, loss


def hooks(T: Any) -> tuple[Any, ...]:
    """Hooks see gradients on their way, and may change them."""
    x = T.tensor([1.0, 2.0], dtype=T.float64, requires_grad=True)
    h = x.tanh()
    h.retain_grad()

    def double(grad: Any) -> Any:
        return grad * 2.0

    def look(grad: Any) -> None:
        grad.sum()

    def step(leaf: Any) -> None:
        leaf.grad.mul_(0.5)

    h.register_hook(double)
    h.register_hook(look)
    x.register_hook(look)
    x.register_post_accumulate_grad_hook(step)
    loss = (h * 3.0).sum()
    loss.backward()
    return x, h, loss


def node_hooks(T: Any) -> tuple[Any, ...]:
    """Hooks before and after a node; torch does not show its calls of them."""
    x = T.tensor([1.0, 2.0], dtype=T.float64, requires_grad=True)
    h = x.exp()

    def before(gradients: Any) -> Any:
        return tuple(g * 10.0 for g in gradients)

    def after(inputs: Any, outputs: Any) -> Any:
        return tuple(g + 1.0 for g in inputs)

    h.grad_fn.register_prehook(before)
    h.grad_fn.register_hook(after)
    loss = h.sum()
    loss.backward()
    return x, h, loss


def grad_of_grad(T: Any) -> tuple[Any, ...]:
    """The first pass is recorded, and the second one walks back through it."""
    x = T.tensor([1.0, 2.0], dtype=T.float64, requires_grad=True)
    y = (x**3).sum()
    (slope,) = T.autograd.grad(y, x, create_graph=True)
    penalty = (slope * slope).sum()
    penalty.backward()
    return x, y, slope, penalty


def rnn(steps: int) -> Program:
    """Return a recurrent network, unrolled: three leaves that every step uses, five nodes a step."""

    def program(T: Any) -> tuple[Any, ...]:
        state = T.tensor([[0.5, -0.5]], dtype=T.float64)
        W = T.tensor([[0.5, 0.1], [-0.2, 0.3]], dtype=T.float64, requires_grad=True)
        U = T.tensor([[0.3, -0.4]], dtype=T.float64, requires_grad=True)
        b = T.tensor([0.1, 0.2], dtype=T.float64, requires_grad=True)
        for _ in range(steps):
            state = (state @ W + U * 0.5 + b).tanh()
        loss = state.sum()
        loss.backward()
        return W, U, b, state, loss

    return program


PROGRAMS: dict[str, Program] = {
    "diamond": diamond,
    "two_losses": two_losses,
    "retain": retain,
    "detach": detach,
    "inplace_error": inplace_error,
    "hooks": hooks,
    "node_hooks": node_hooks,
    "grad_of_grad": grad_of_grad,
    "rnn31": rnn(5),
    "rnn1000": rnn(200),
    "rnn5000": rnn(1000),
}
