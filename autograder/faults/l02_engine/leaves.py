"""Wrong ideas about how a leaf takes its gradient."""

from __future__ import annotations

from typing import Any

import course.nptorch as torch
from autograder.faults.registry import fault

LEAF = "accumulate-grad"


def right(leaf: Any, gradient: Any) -> None:
    """Right code, for the faults that spoil what comes before it."""
    if leaf.grad is None:
        leaf.grad = gradient.clone()
    elif torch.is_grad_enabled():
        leaf.grad = leaf.grad + gradient
    else:
        leaf.grad.add_(gradient)


@fault(
    "overwrites-the-gradient",
    exercise=LEAF,
    part="accumulate_grad",
    help="backward() adds to what is in .grad; only zero_grad() or x.grad = None starts anew.",
    links=["https://github.com/karpathy/micrograd/pull/54", "https://github.com/karpathy/micrograd/issues/53"],
)
def overwrites_the_gradient(leaf: Any, gradient: Any) -> None:
    leaf.grad = gradient.clone()


@fault(
    "keeps-the-first-only",
    exercise=LEAF,
    part="accumulate_grad",
    help="Where there is a gradient already the new one has to be added to it; you throw it away.",
)
def keeps_the_first_only(leaf: Any, gradient: Any) -> None:
    if leaf.grad is None:
        leaf.grad = gradient.clone()


@fault(
    "keeps-what-it-was-handed",
    exercise=LEAF,
    part="accumulate_grad",
    help="x + y hands one gradient to both leaves: keep a copy, or what is added to one shows in the other.",
    links=["https://github.com/pytorch/pytorch/issues/34082", "https://github.com/Oneflow-Inc/oneflow/issues/8248"],
)
def keeps_what_it_was_handed(leaf: Any, gradient: Any) -> None:
    if leaf.grad is None:
        leaf.grad = gradient
    else:
        right(leaf, gradient)


@fault(
    "always-a-new-sum",
    exercise=LEAF,
    part="accumulate_grad",
    help="leaf.grad + gradient is a new tensor, and who holds the old .grad misses it: add into it with add_.",
)
def always_a_new_sum(leaf: Any, gradient: Any) -> None:
    leaf.grad = gradient.clone() if leaf.grad is None else leaf.grad + gradient


@fault(
    "always-in-place",
    exercise=LEAF,
    part="accumulate_grad",
    help="While the backward pass is recorded (is_grad_enabled), a new sum takes the place of the old .grad.",
)
def always_in_place(leaf: Any, gradient: Any) -> None:
    if leaf.grad is None:
        leaf.grad = gradient.clone()
    else:
        kept = leaf.grad
        kept._data[...] = kept._data + gradient._data


@fault(
    "asks-if-the-gradient-is-true",
    exercise=LEAF,
    part="accumulate_grad",
    help="'if not leaf.grad' asks for the numbers in it: ask 'leaf.grad is None'.",
)
def asks_if_the_gradient_is_true(leaf: Any, gradient: Any) -> None:
    if not leaf.grad:
        leaf.grad = gradient.clone()
    else:
        right(leaf, gradient)


@fault(
    "drops-zeros",
    exercise=LEAF,
    part="accumulate_grad",
    help="A gradient of 0 is a gradient: the leaf of y * 0 has zeros as its .grad, and not None.",
)
def drops_zeros(leaf: Any, gradient: Any) -> None:
    if bool((gradient != 0).any()):
        right(leaf, gradient)


@fault(
    "adds-to-the-leaf",
    exercise=LEAF,
    part="accumulate_grad",
    help="The gradient goes into leaf.grad; the leaf itself is changed by the optimizer, later.",
    links=["https://discuss.pytorch.org/t/308"],
)
def adds_to_the_leaf(leaf: Any, gradient: Any) -> None:
    right(leaf, gradient)
    leaf._data[...] = leaf._data - gradient._data


@fault(
    "gradient-in-double-precision",
    exercise=LEAF,
    part="accumulate_grad",
    help="The gradient of a float32 leaf is float32: do not convert it.",
)
def gradient_in_double_precision(leaf: Any, gradient: Any) -> None:
    right(leaf, gradient.to(torch.float64))


@fault(
    "counts-the-first-twice",
    exercise=LEAF,
    part="accumulate_grad",
    help="The first gradient is stored and then added once more: one of the two is enough.",
)
def counts_the_first_twice(leaf: Any, gradient: Any) -> None:
    if leaf.grad is None:
        leaf.grad = gradient.clone()
    right(leaf, gradient)


@fault(
    "adds-into-the-gradient-given",
    exercise=LEAF,
    part="accumulate_grad",
    help="gradient.add_(leaf.grad) changes the gradient, which belongs to others: change leaf.grad only.",
)
def adds_into_the_gradient_given(leaf: Any, gradient: Any) -> None:
    if leaf.grad is not None:
        gradient._data[...] = gradient._data + leaf.grad._data
    leaf.grad = gradient


@fault(
    "cuts-the-gradient-off",
    exercise=LEAF,
    part="accumulate_grad",
    help="While the backward pass is recorded the gradient has a graph of its own: leave it attached.",
)
def cuts_the_gradient_off(leaf: Any, gradient: Any) -> None:
    right(leaf, torch.tensor(gradient._data.copy()))


@fault(
    "averages-over-calls",
    exercise=LEAF,
    part="accumulate_grad",
    help="Gradients of several backward passes are summed; who wants the mean divides the loss.",
    links=["https://github.com/huggingface/transformers/pull/34191"],
)
def averages_over_calls(leaf: Any, gradient: Any) -> None:
    if leaf.grad is None:
        leaf.grad = gradient.clone()
    else:
        leaf.grad._data[...] = (leaf.grad._data + gradient._data) / 2
