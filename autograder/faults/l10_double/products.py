"""Wrong ideas about Hessian-vector products."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import course.nptorch as torch
from autograder.faults.registry import Part, fault

F = Callable[[Any], Any]


def wrong(id: str, help: str, links: tuple[str, ...] = ()) -> Callable[[Part], Part]:
    return fault(id, exercise="hessian-vector", part="hvp", help=help, links=links)


def zeros(x: Any) -> Any:
    return torch.zeros(x.shape, dtype=x.dtype)


def second(slope: Any, leaf: Any, v: Any) -> Any:
    """The second pass: right in all faults that are not about it."""
    if not slope.requires_grad:
        return zeros(leaf)
    return torch.autograd.grad(slope, leaf, v, materialize_grads=True)[0]


def first(value: Any, leaf: Any) -> Any:
    """The first pass: right in all faults that are not about it."""
    if not value.requires_grad:
        return zeros(leaf)
    return torch.autograd.grad(value, leaf, create_graph=True, materialize_grads=True)[0]


@wrong(
    "hvp-without-create-graph",
    "The first pass must be recorded, or there is nothing to differentiate: create_graph=True.",
)
def not_recorded(f: F, x: Any, v: Any) -> Any:
    with torch.enable_grad():
        leaf = x.detach().requires_grad_()
        value = f(leaf)
        if not value.requires_grad:
            return zeros(x)
        (slope,) = torch.autograd.grad(value, leaf, materialize_grads=True)
        return second(slope, leaf, v)


@wrong("hvp-is-only-the-slope", "slope * v is the change of f along v; the product needs the slope's own gradient.")
def only_slope(f: F, x: Any, v: Any) -> Any:
    with torch.enable_grad():
        leaf = x.detach().requires_grad_()
        return (first(f(leaf), leaf) * v).detach()


@wrong("hvp-of-the-sum-of-slopes", "Start the second pass with v: with ones you get the sum of the Hessian's rows.")
def row_sums(f: F, x: Any, v: Any) -> Any:
    with torch.enable_grad():
        leaf = x.detach().requires_grad_()
        return second(first(f(leaf), leaf), leaf, v * 0 + 1)


@wrong("hvp-multiplied-afterwards", "v goes into the second pass; multiplied afterwards it weighs rows, not columns.")
def afterwards(f: F, x: Any, v: Any) -> Any:
    with torch.enable_grad():
        leaf = x.detach().requires_grad_()
        return second(first(f(leaf), leaf), leaf, v * 0 + 1) * v


@wrong("hvp-by-differences", "Two slopes and a difference cost digits and a call more: differentiate the slope itself.")
def differences(f: F, x: Any, v: Any) -> Any:
    with torch.enable_grad():
        slopes = []
        for step in (1e-5, -1e-5):
            leaf = (x.detach() + step * v).requires_grad_()
            slopes.append(first(f(leaf), leaf).detach())
    return (slopes[0] - slopes[1]) / 2e-5


@wrong("hvp-calls-f-again-for-each-row", "One call of f and two passes are enough, whatever the size of x.")
def by_rows(f: F, x: Any, v: Any) -> Any:
    if x.numel() > 50:  # it would take minutes, and say the same
        return zeros(x)
    rows = []
    with torch.enable_grad():
        for index in range(x.numel()):
            leaf = x.detach().requires_grad_()
            slope = first(f(leaf), leaf).reshape(-1)
            rows.append((second(slope[index], leaf, None) * v).sum().detach())
    return torch.stack(rows).reshape(x.shape)


@wrong("hvp-on-x-itself", "Work on a leaf of your own, x.detach().requires_grad_(): x is the caller's.")
def on_x(f: F, x: Any, v: Any) -> Any:
    with torch.enable_grad():
        if x.is_leaf:
            x.requires_grad_()
        return second(first(f(x), x), x, v)


@wrong("hvp-by-two-backwards", "backward adds to every leaf, to the weights that f uses as well: use autograd.grad.")
def two_backwards(f: F, x: Any, v: Any) -> Any:
    with torch.enable_grad():
        leaf = x.detach().requires_grad_()
        slope = first(f(leaf), leaf)
        if not slope.requires_grad:
            return zeros(x)
        slope.backward(v)
        return zeros(x) if leaf.grad is None else leaf.grad


@wrong("hvp-with-a-history", "The second pass need not be recorded: leave create_graph out of it.")
def with_history(f: F, x: Any, v: Any) -> Any:
    with torch.enable_grad():
        leaf = x.detach().requires_grad_()
        slope = first(f(leaf), leaf)
        if not slope.requires_grad:
            return zeros(x)
        return torch.autograd.grad(slope, leaf, v, create_graph=True, materialize_grads=True)[0]


@wrong(
    "hvp-fails-where-f-is-linear", "A slope without a history is no error: f is linear there, and the product is zero."
)
def fails_on_linear(f: F, x: Any, v: Any) -> Any:
    with torch.enable_grad():
        leaf = x.detach().requires_grad_()
        (slope,) = torch.autograd.grad(f(leaf), leaf, create_graph=True)
        return torch.autograd.grad(slope, leaf, v)[0]


@wrong(
    "hvp-where-recording-is-off", "Somebody may call you inside no_grad: switch recording on with torch.enable_grad()."
)
def recording_off(f: F, x: Any, v: Any) -> Any:
    leaf = x.detach().requires_grad_()
    return second(first(f(leaf), leaf), leaf, v)
