"""Wrong ideas about several losses on one trunk."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import course.nptorch as torch
from autograder.faults.registry import Part, fault


def wrong(id: str, help: str, links: tuple[str, ...] = ()) -> Callable[[Part], Part]:
    return fault(id, exercise="task-pulls", part="task_pulls", help=help, links=links)


def own(loss: Any, shared: Any, **more: Any) -> list[Any]:
    """The gradients of one loss: right in all faults that are not about them."""
    return [g for g in torch.autograd.grad(loss, shared, allow_unused=True, **more) if g is not None]


def length(parts: list[Any]) -> float:
    """Right in all faults that are not about it."""
    return math.sqrt(sum((g * g).sum().item() for g in parts))


@wrong("tasks-without-retaining", "The losses share a trunk: all passes but the last must retain it.")
def without_retaining(losses: Any, shared: Any) -> Any:
    pulls = [length(own(loss, shared)) for loss in losses]
    torch.autograd.backward(losses)
    return pulls


@wrong(
    "tasks-retained-to-the-end",
    "The last pass must free the graph: do not retain in it.",
    ("https://docs.pytorch.org/docs/stable/generated/torch.Tensor.backward.html",),
)
def to_the_end(losses: Any, shared: Any) -> Any:
    pulls = [length(own(loss, shared, retain_graph=True)) for loss in losses]
    torch.autograd.backward(losses, retain_graph=True)
    return pulls


@wrong(
    "tasks-last-pass-through-one-loss",
    "A pass frees only what it walks through: a last pass through one loss leaves what the others kept.",
)
def through_one(losses: Any, shared: Any) -> Any:
    pulls = [length(own(loss, shared, retain_graph=True)) for loss in losses]
    for number, loss in enumerate(losses):
        loss.backward(retain_graph=number < len(losses) - 1)
    return pulls


@wrong("tasks-grad-untouched", "Afterwards .grad must hold the gradients: grad() hands them out and adds nothing.")
def untouched(losses: Any, shared: Any) -> Any:
    return [length(own(loss, shared, retain_graph=loss is not losses[-1])) for loss in losses]


@wrong("tasks-heads-forgotten", "Other leaves than the shared ones get their gradients, too: do not pass inputs.")
def heads_forgotten(losses: Any, shared: Any) -> Any:
    pulls = [length(own(loss, shared, retain_graph=True)) for loss in losses]
    torch.autograd.backward(losses, inputs=list(shared))
    return pulls


@wrong("tasks-pull-of-all-so-far", ".grad adds up: after the second backward it holds both losses, not the second.")
def so_far(losses: Any, shared: Any) -> Any:
    pulls = []
    for number, loss in enumerate(losses):
        loss.backward(retain_graph=number < len(losses) - 1)
        pulls.append(length([w.grad for w in shared if w.grad is not None]))
    return pulls


@wrong("tasks-old-gradients-cleared", "What was in .grad before stays there, and is added to.")
def cleared(losses: Any, shared: Any) -> Any:
    pulls = [length(own(loss, shared, retain_graph=True)) for loss in losses]
    for w in shared:
        w.grad = None
    torch.autograd.backward(losses)
    return pulls


@wrong("tasks-unused-is-an-error", "A loss need not depend on every shared weight: allow_unused=True.")
def unused(losses: Any, shared: Any) -> Any:
    pulls = [length(list(torch.autograd.grad(loss, shared, retain_graph=True))) for loss in losses]
    torch.autograd.backward(losses)
    return pulls


@wrong("tasks-lengths-added", "One length over all weights together: the root of the sum of all squares.")
def lengths_added(losses: Any, shared: Any) -> Any:
    pulls = [float(sum(length([g]) for g in own(loss, shared, retain_graph=True))) for loss in losses]
    torch.autograd.backward(losses)
    return pulls


@wrong("tasks-squares-without-root", "The length is the root of the sum of squares.")
def squares(losses: Any, shared: Any) -> Any:
    pulls = [length(own(loss, shared, retain_graph=True)) ** 2 for loss in losses]
    torch.autograd.backward(losses)
    return pulls


@wrong("tasks-first-weight-only", "The pull is on all the shared weights together.")
def first_only(losses: Any, shared: Any) -> Any:
    pulls = [length(own(loss, list(shared)[:1], retain_graph=True)) for loss in losses]
    torch.autograd.backward(losses)
    return pulls


@wrong("tasks-gradients-counted-twice", "Fill .grad once: a backward for each loss and one of the sum make it double.")
def twice(losses: Any, shared: Any) -> Any:
    pulls = []
    for loss in losses:
        pulls.append(length(own(loss, shared, retain_graph=True)))
        loss.backward(retain_graph=True)
    torch.autograd.backward(losses)
    return pulls


@wrong("tasks-pulls-are-tensors", "Return plain numbers: item().")
def tensors(losses: Any, shared: Any) -> Any:
    pulls = [torch.tensor(length(own(loss, shared, retain_graph=True))) for loss in losses]
    torch.autograd.backward(losses)
    return pulls
