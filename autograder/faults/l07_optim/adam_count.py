"""Wrong ideas about the steps that `adam_step` counts: who counts, when, and in which dtype."""

from __future__ import annotations

from typing import Any

from autograder.faults.l07_optim.adam_step import adam
from autograder.faults.registry import fault
from course.parts.l07_optim import adam_step


@fault(
    "counts-too-late",
    exercise="adam-step",
    part="adam_step",
    help="Count the step before you use the count: with step = 0 you divide by 1 - beta ** 0, which is 0.",
)
def counts_too_late(param: Any, grad: Any, state: dict[str, Any], **options: Any) -> None:
    state["step"].sub_(1)
    adam_step(param, grad, state, **options)
    state["step"].add_(1)


@fault(
    "counts-nothing",
    exercise="adam-step",
    part="adam_step",
    help="Nobody counts the steps for you: add 1 to state['step'] in place, in every step.",
)
def counts_nothing(param: Any, grad: Any, state: dict[str, Any], **options: Any) -> None:
    adam_step(param, grad, state, **options)
    state["step"].sub_(1)


@fault(
    "counts-in-float32",
    exercise="adam-step",
    part="adam_step",
    help="state['step'] is a float32 tensor, and so is beta ** step then: take the number, state['step'].item().",
)
def counts_in_float32(param: Any, grad: Any, state: dict[str, Any], **options: Any) -> None:
    count = state["step"] + 1  # `adam` counts in a moment
    first, second = (1 - beta**count for beta in options["betas"])
    adam(param, grad, state, options, step=lambda m, v, a, b, eps: m / first / ((v / second).sqrt() + eps))
