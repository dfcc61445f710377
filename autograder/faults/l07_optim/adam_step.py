"""Wrong ideas about `adam_step`: the two means, their correction, and where weight decay goes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import course.nptorch as torch
from autograder.faults.registry import fault
from course.parts.l07_optim import adam_step

PAPER = "https://arxiv.org/abs/1412.6980"
DECOUPLED = "https://arxiv.org/abs/1711.05101"


def adam(
    param: Any,
    grad: Any,
    state: dict[str, Any],
    options: dict[str, Any],
    *,
    squared: Callable[[Any], Any] = lambda grad: grad * grad,
    largest: Callable[[Any, Any, float], Any] = lambda kept, square, share: torch.maximum(kept, square),
    step: Callable[[Any, Any, float, float, float], Any] | None = None,
) -> None:
    """Adam with three places to go wrong in; right in all the others.

    Parameters
    ----------
    squared : function of the gradient
        What the second mean is the mean of.
    largest : function of the largest mean square so far, the mean square, and its filled share
        What amsgrad keeps.
    step : function of both means, their filled shares, and eps
        What is subtracted, times lr.
    """
    first, second = options["betas"]
    state["step"].add_(1)
    count = state["step"].item()
    if options["maximize"]:
        grad = -grad
    if options["decoupled"]:
        param.mul_(1 - options["lr"] * options["weight_decay"])
    elif options["weight_decay"]:
        grad = grad.add(param, alpha=options["weight_decay"])
    mean = state["exp_avg"].mul_(first).add_(grad, alpha=1 - first)
    square = state["exp_avg_sq"].mul_(second).add_(squared(grad), alpha=1 - second)
    filled, filled_square = 1 - first**count, 1 - second**count
    if options["amsgrad"]:
        square = state["max_exp_avg_sq"].copy_(largest(state["max_exp_avg_sq"], square, filled_square))
    move = step or (lambda m, v, a, b, eps: m / a / ((v / b).sqrt() + eps))
    param.add_(move(mean, square, filled, filled_square, options["eps"]), alpha=-options["lr"])


@fault(
    "adam-climbs",
    exercise="adam-step",
    part="adam_step",
    help="The gradient points uphill: subtract the step, unless maximize asks to climb.",
)
def adam_climbs(param: Any, grad: Any, state: dict[str, Any], **options: Any) -> None:
    adam_step(param, grad, state, **{**options, "maximize": not options["maximize"]})


@fault(
    "adam-moves-a-copy",
    exercise="adam-step",
    part="adam_step",
    help="param = param - ... makes a new tensor, and the model keeps the old one: change param in place.",
)
def adam_moves_a_copy(param: Any, grad: Any, state: dict[str, Any], **options: Any) -> None:
    adam_step(param.clone(), grad, state, **options)


@fault(
    "adam-steps-past-the-version",
    exercise="adam-step",
    part="adam_step",
    help="A write to .data is not counted, so whoever needs the old weight goes wrong silently: use param.add_.",
    links=["https://github.com/rosinality/vq-vae-2-pytorch/issues/60"],
)
def adam_steps_past_the_version(param: Any, grad: Any, state: dict[str, Any], **options: Any) -> None:
    adam_step(param.data, grad, state, **options)


@fault(
    "no-bias-correction",
    exercise="adam-step",
    part="adam_step",
    help="Both means start at 0 and are too small at first: divide each by 1 - beta ** step.",
    links=[PAPER],
)
def no_bias_correction(param: Any, grad: Any, state: dict[str, Any], **options: Any) -> None:
    adam(param, grad, state, options, step=lambda m, v, a, b, eps: m / (v.sqrt() + eps))


@fault(
    "corrects-the-first-mean-only",
    exercise="adam-step",
    part="adam_step",
    help="The mean of the squares starts at 0 as well: divide it by 1 - betas[1] ** step.",
    links=[PAPER],
)
def corrects_the_first_mean_only(param: Any, grad: Any, state: dict[str, Any], **options: Any) -> None:
    adam(param, grad, state, options, step=lambda m, v, a, b, eps: m / a / (v.sqrt() + eps))


@fault(
    "corrects-with-one-beta",
    exercise="adam-step",
    part="adam_step",
    help="Each mean is corrected with its own beta: 1 - betas[0] ** step and 1 - betas[1] ** step.",
)
def corrects_with_one_beta(param: Any, grad: Any, state: dict[str, Any], **options: Any) -> None:
    adam(param, grad, state, options, step=lambda m, v, a, b, eps: m / a / ((v / a).sqrt() + eps))


@fault(
    "corrects-after-the-root",
    exercise="adam-step",
    part="adam_step",
    help="Correct the mean square before its root is taken, or divide the root by the root of its share.",
)
def corrects_after_the_root(param: Any, grad: Any, state: dict[str, Any], **options: Any) -> None:
    adam(param, grad, state, options, step=lambda m, v, a, b, eps: m / a / (v.sqrt() / b + eps))


@fault(
    "always-the-first-step",
    exercise="adam-step",
    part="adam_step",
    help="beta ** step, not beta: with every step the means are better filled and need less correction.",
)
def always_the_first_step(param: Any, grad: Any, state: dict[str, Any], **options: Any) -> None:
    first, second = options["betas"]
    move = lambda m, v, a, b, eps: m / (1 - first) / ((v / (1 - second)).sqrt() + eps)  # noqa: E731 - as below
    adam(param, grad, state, options, step=move)


@fault(
    "forgets-the-means",
    exercise="adam-step",
    part="adam_step",
    help="The means must outlive this call: write them into state['exp_avg'] and state['exp_avg_sq'].",
)
def forgets_the_means(param: Any, grad: Any, state: dict[str, Any], **options: Any) -> None:
    count = state["step"]
    adam_step(param, grad, {name: value.clone() for name, value in state.items()}, **options)
    count.add_(1)


@fault(
    "betas-swapped",
    exercise="adam-step",
    part="adam_step",
    help="betas[0] belongs to the mean of the gradients, betas[1] to the mean of their squares.",
)
def betas_swapped(param: Any, grad: Any, state: dict[str, Any], **options: Any) -> None:
    adam_step(param, grad, state, **{**options, "betas": options["betas"][::-1]})


@fault(
    "betas-the-wrong-way-round",
    exercise="adam-step",
    part="adam_step",
    help="beta is the share of the old mean that is kept; the new value enters with 1 - beta.",
)
def betas_the_wrong_way_round(param: Any, grad: Any, state: dict[str, Any], **options: Any) -> None:
    first, second = options["betas"]
    adam_step(param, grad, state, **{**options, "betas": (1 - first, 1 - second)})


@fault(
    "mean-of-sizes",
    exercise="adam-step",
    part="adam_step",
    help="The second mean is of the squared gradient: square before you average, and take the root after.",
)
def mean_of_sizes(param: Any, grad: Any, state: dict[str, Any], **options: Any) -> None:
    adam(param, grad, state, options, squared=lambda g: g.abs())


@fault(
    "forgets-the-root",
    exercise="adam-step",
    part="adam_step",
    help="Divide by the root of the mean square: without it the step is not as long as lr.",
)
def forgets_the_root(param: Any, grad: Any, state: dict[str, Any], **options: Any) -> None:
    adam(param, grad, state, options, step=lambda m, v, a, b, eps: m / a / (v / b + eps))


@fault(
    "eps-inside-the-root",
    exercise="adam-step",
    part="adam_step",
    help="eps is added to the root, not under it.",
)
def eps_inside_the_root(param: Any, grad: Any, state: dict[str, Any], **options: Any) -> None:
    adam(param, grad, state, options, step=lambda m, v, a, b, eps: m / a / (v / b + eps).sqrt())


@fault(
    "eps-before-the-correction",
    exercise="adam-step",
    part="adam_step",
    help="Correct the mean square first, then take its root, and add eps last of all.",
)
def eps_before_the_correction(param: Any, grad: Any, state: dict[str, Any], **options: Any) -> None:
    adam(param, grad, state, options, step=lambda m, v, a, b, eps: m / a / ((v.sqrt() + eps) / b**0.5))


@fault(
    "without-eps",
    exercise="adam-step",
    part="adam_step",
    help="Add eps to the root before you divide: a weight whose gradients were all 0 has nothing else below the line.",
)
def without_eps(param: Any, grad: Any, state: dict[str, Any], **options: Any) -> None:
    adam(param, grad, state, options, step=lambda m, v, a, b, eps: m / a / (v / b).sqrt())


@fault(
    "never-decoupled",
    exercise="adam-step",
    part="adam_step",
    help="If decoupled, leave the gradient alone and multiply the parameter by 1 - lr * weight_decay instead.",
    links=[DECOUPLED],
)
def never_decoupled(param: Any, grad: Any, state: dict[str, Any], **options: Any) -> None:
    adam_step(param, grad, state, **{**options, "decoupled": False})


@fault(
    "always-decoupled",
    exercise="adam-step",
    part="adam_step",
    help="Only AdamW decays the parameter itself; without `decoupled` the decay is added to the gradient.",
    links=[DECOUPLED],
)
def always_decoupled(param: Any, grad: Any, state: dict[str, Any], **options: Any) -> None:
    adam_step(param, grad, state, **{**options, "decoupled": True})


@fault(
    "decays-in-both-ways",
    exercise="adam-step",
    part="adam_step",
    help="Decay once: if decoupled the parameter is decayed, otherwise the gradient gets the decay, never both.",
    links=[DECOUPLED],
)
def decays_in_both_ways(param: Any, grad: Any, state: dict[str, Any], **options: Any) -> None:
    decay = options["weight_decay"]
    if options["decoupled"]:
        before = param.detach().clone()
        param.mul_(1 - options["lr"] * decay)
        grad = grad.add(before, alpha=-decay if options["maximize"] else decay)
        options = {**options, "weight_decay": 0}
    adam_step(param, grad, state, **options)


@fault(
    "decay-without-the-rate",
    exercise="adam-step",
    part="adam_step",
    help="The decoupled decay is multiplied by lr as well: param times 1 - lr * weight_decay.",
)
def decay_without_the_rate(param: Any, grad: Any, state: dict[str, Any], **options: Any) -> None:
    if options["decoupled"]:
        param.mul_(1 - options["weight_decay"])
        options = {**options, "weight_decay": 0}
    adam_step(param, grad, state, **options)


@fault(
    "decays-after-the-step",
    exercise="adam-step",
    part="adam_step",
    help="The decoupled decay comes before the step, so that the step itself is not made smaller by it.",
)
def decays_after_the_step(param: Any, grad: Any, state: dict[str, Any], **options: Any) -> None:
    if not options["decoupled"]:
        return adam_step(param, grad, state, **options)
    adam_step(param, grad, state, **{**options, "weight_decay": 0})
    param.mul_(1 - options["lr"] * options["weight_decay"])
    return None


@fault(
    "adam-decay-written-into-grad",
    exercise="adam-step",
    part="adam_step",
    help="param.grad belongs to others too (clipping, logging): add the decay to a new tensor, not to grad.",
    links=["https://github.com/pytorch/pytorch/pull/30257"],
)
def adam_decay_written_into_grad(param: Any, grad: Any, state: dict[str, Any], **options: Any) -> None:
    if options["maximize"] or options["decoupled"]:
        return adam_step(param, grad, state, **options)
    grad.add_(param.detach(), alpha=options["weight_decay"])
    return adam_step(param, grad, state, **{**options, "weight_decay": 0})


@fault(
    "adam-turns-grad-itself",
    exercise="adam-step",
    part="adam_step",
    help="For maximize write -grad, a new tensor: grad.neg_() turns param.grad itself around.",
)
def adam_turns_grad_itself(param: Any, grad: Any, state: dict[str, Any], **options: Any) -> None:
    if options["maximize"]:
        grad.neg_()
    adam_step(param, grad, state, **{**options, "maximize": False})


@fault(
    "adam-maximize-ignored",
    exercise="adam-step",
    part="adam_step",
    help="With maximize=True the step goes along the gradient: turn its sign first.",
)
def adam_maximize_ignored(param: Any, grad: Any, state: dict[str, Any], **options: Any) -> None:
    adam_step(param, grad, state, **{**options, "maximize": False})


@fault(
    "adam-decay-turned-around",
    exercise="adam-step",
    part="adam_step",
    help="maximize turns the gradient around before the decay is added: decay always makes the weight smaller.",
)
def adam_decay_turned_around(param: Any, grad: Any, state: dict[str, Any], **options: Any) -> None:
    if options["maximize"] and not options["decoupled"]:
        options = {**options, "weight_decay": -options["weight_decay"]}
    adam_step(param, grad, state, **options)


@fault(
    "amsgrad-ignored",
    exercise="adam-step",
    part="adam_step",
    help="With amsgrad divide by the largest mean square so far, which is kept in state['max_exp_avg_sq'].",
)
def amsgrad_ignored(param: Any, grad: Any, state: dict[str, Any], **options: Any) -> None:
    adam_step(param, grad, state, **{**options, "amsgrad": False})


@fault(
    "amsgrad-of-the-corrected",
    exercise="adam-step",
    part="adam_step",
    help="amsgrad keeps the largest mean square as it is, and corrects it afterwards, in each step anew.",
)
def amsgrad_of_the_corrected(param: Any, grad: Any, state: dict[str, Any], **options: Any) -> None:
    move = lambda m, v, a, b, eps: m / a / (v.sqrt() + eps)  # noqa: E731 - corrected already
    largest = lambda kept, square, share: torch.maximum(kept, square / share)  # noqa: E731
    adam(param, grad, state, options, largest=largest, step=move if options["amsgrad"] else None)


@fault(
    "amsgrad-over-the-mean",
    exercise="adam-step",
    part="adam_step",
    help="The largest mean square has a place of its own: state['exp_avg_sq'] goes on as if there were no amsgrad.",
)
def amsgrad_over_the_mean(param: Any, grad: Any, state: dict[str, Any], **options: Any) -> None:
    adam_step(param, grad, state, **options)
    if options["amsgrad"]:
        state["exp_avg_sq"].copy_(state["max_exp_avg_sq"])
