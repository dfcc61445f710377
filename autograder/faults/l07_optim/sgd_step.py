"""Wrong ideas about `sgd_step`: what goes into the step, in which order, and who holds the memory."""

from __future__ import annotations

from typing import Any

import course.nptorch as torch
from autograder.faults.registry import fault
from course.parts.l07_optim import sgd_step

LEAF = "https://discuss.pytorch.org/t/leaf-variable-was-used-in-an-inplace-operation/308/2"


def turned(grad: Any, options: dict[str, Any]) -> Any:
    """The gradient to walk against: right in all faults that are not about it."""
    return -grad if options["maximize"] else grad


def decayed(grad: Any, param: Any, options: dict[str, Any]) -> Any:
    """The gradient with weight decay: right in all faults that are not about it."""
    return grad + options["weight_decay"] * param if options["weight_decay"] else grad


def direction(buffer: Any, grad: Any, options: dict[str, Any]) -> Any:
    """What to step along once the buffer is filled: right in all faults that are not about it."""
    return grad + options["momentum"] * buffer if options["nesterov"] else buffer


def filled(state: dict[str, Any], grad: Any, options: dict[str, Any]) -> Any:
    """The buffer with this gradient in it: right in all faults that are not about it."""
    if "momentum_buffer" not in state:
        state["momentum_buffer"] = grad.clone()
        return state["momentum_buffer"]
    return state["momentum_buffer"].mul_(options["momentum"]).add_(grad, alpha=1 - options["dampening"])


def start(param: Any, grad: Any, options: dict[str, Any]) -> Any:
    """The gradient as it enters the momentum."""
    return decayed(turned(grad, options), param, options)


@fault(
    "climbs",
    exercise="sgd-step",
    part="sgd_step",
    help="The gradient points uphill: subtract lr times it, unless maximize asks to climb.",
)
def climbs(param: Any, grad: Any, state: dict[str, Any], **options: Any) -> None:
    sgd_step(param, grad, state, **{**options, "lr": -options["lr"]})


@fault(
    "moves-a-copy",
    exercise="sgd-step",
    part="sgd_step",
    help="param = param - ... makes a new tensor, and the model keeps the old one: write param.add_(...).",
    links=[LEAF],
)
def moves_a_copy(param: Any, grad: Any, state: dict[str, Any], **options: Any) -> None:
    sgd_step(param.clone(), grad, state, **options)


@fault(
    "steps-past-the-version",
    exercise="sgd-step",
    part="sgd_step",
    help="A write to .data is not counted, so whoever needs the old weight goes wrong silently: use param.add_.",
    links=["https://github.com/rosinality/vq-vae-2-pytorch/issues/60"],
)
def steps_past_the_version(param: Any, grad: Any, state: dict[str, Any], **options: Any) -> None:
    sgd_step(param.data, grad, state, **options)


@fault(
    "changes-the-weight-twice",
    exercise="sgd-step",
    part="sgd_step",
    help="Each write counts as a change of the weight: put the whole step together, then change it once.",
)
def changes_the_weight_twice(param: Any, grad: Any, state: dict[str, Any], **options: Any) -> None:
    before, lr = param.detach().clone(), options["lr"]
    grad = turned(grad, options)
    if not options["momentum"]:
        param.add_(grad, alpha=-lr)
        if options["weight_decay"]:
            param.add_(before, alpha=-lr * options["weight_decay"])
    else:
        sgd_step(param, grad, state, **{**options, "maximize": False})


@fault(
    "no-momentum",
    exercise="sgd-step",
    part="sgd_step",
    help="With momentum, each step goes along the buffer, in which earlier gradients live on.",
)
def no_momentum(param: Any, grad: Any, state: dict[str, Any], **options: Any) -> None:
    sgd_step(param, grad, state, **{**options, "momentum": 0})


@fault(
    "momentum-as-an-average",
    exercise="sgd-step",
    part="sgd_step",
    help="torch's momentum is a sum, not an average: only dampening weakens a new gradient, never 1 - momentum.",
)
def momentum_as_an_average(param: Any, grad: Any, state: dict[str, Any], **options: Any) -> None:
    sgd_step(param, grad, state, **{**options, "dampening": options["momentum"]})


@fault(
    "rate-inside-the-momentum",
    exercise="sgd-step",
    part="sgd_step",
    help="Multiply by lr after the buffer, not inside it, or a lower rate does not hold for earlier gradients.",
)
def rate_inside_the_momentum(param: Any, grad: Any, state: dict[str, Any], **options: Any) -> None:
    step = start(param, grad, options) * options["lr"]
    if options["momentum"]:
        step = direction(filled(state, step, options), step, options)
    param.sub_(step)


@fault(
    "damps-the-first-gradient",
    exercise="sgd-step",
    part="sgd_step",
    help="The first gradient enters the buffer whole; dampening is for those that come after it.",
)
def damps_the_first_gradient(param: Any, grad: Any, state: dict[str, Any], **options: Any) -> None:
    if options["momentum"] and "momentum_buffer" not in state:
        state["momentum_buffer"] = torch.zeros_like(param)
    sgd_step(param, grad, state, **options)


@fault(
    "dampening-ignored",
    exercise="sgd-step",
    part="sgd_step",
    help="From the second step on, the new gradient enters the buffer times 1 - dampening.",
)
def dampening_ignored(param: Any, grad: Any, state: dict[str, Any], **options: Any) -> None:
    sgd_step(param, grad, state, **{**options, "dampening": 0})


@fault(
    "dampening-the-wrong-way-round",
    exercise="sgd-step",
    part="sgd_step",
    help="dampening is what is left out: the new gradient counts times 1 - dampening, not times dampening.",
)
def dampening_the_wrong_way_round(param: Any, grad: Any, state: dict[str, Any], **options: Any) -> None:
    sgd_step(param, grad, state, **{**options, "dampening": 1 - options["dampening"]})


@fault(
    "nesterov-ignored",
    exercise="sgd-step",
    part="sgd_step",
    help="With nesterov step along gradient + momentum * buffer; the buffer holds this gradient already.",
)
def nesterov_ignored(param: Any, grad: Any, state: dict[str, Any], **options: Any) -> None:
    sgd_step(param, grad, state, **{**options, "nesterov": False})


@fault(
    "nesterov-stretches-the-buffer",
    exercise="sgd-step",
    part="sgd_step",
    help="nesterov adds momentum * buffer to the new gradient, not to the buffer.",
)
def nesterov_stretches_the_buffer(param: Any, grad: Any, state: dict[str, Any], **options: Any) -> None:
    stretch = 1 + options["momentum"] if options["nesterov"] else 1
    sgd_step(param, grad, state, **{**options, "nesterov": False, "lr": options["lr"] * stretch})


@fault(
    "nesterov-not-at-first",
    exercise="sgd-step",
    part="sgd_step",
    help="nesterov looks ahead from the first step on: there, too, gradient + momentum * buffer.",
)
def nesterov_not_at_first(param: Any, grad: Any, state: dict[str, Any], **options: Any) -> None:
    first = "momentum_buffer" not in state
    sgd_step(param, grad, state, **{**options, "nesterov": options["nesterov"] and not first})


@fault(
    "decay-ignored",
    exercise="sgd-step",
    part="sgd_step",
    help="Add weight_decay times the parameter to its gradient, before anything else is done with it.",
)
def decay_ignored(param: Any, grad: Any, state: dict[str, Any], **options: Any) -> None:
    sgd_step(param, grad, state, **{**options, "weight_decay": 0})


@fault(
    "decay-past-the-momentum",
    exercise="sgd-step",
    part="sgd_step",
    help="Weight decay is a part of the gradient, so it goes into the momentum: add it before the buffer.",
)
def decay_past_the_momentum(param: Any, grad: Any, state: dict[str, Any], **options: Any) -> None:
    step = turned(grad, options)
    if options["momentum"]:
        step = direction(filled(state, step, options), step, options)
    param.add_(decayed(step, param, options), alpha=-options["lr"])


@fault(
    "decay-written-into-grad",
    exercise="sgd-step",
    part="sgd_step",
    help="param.grad belongs to others too (clipping, logging): add the decay to a new tensor, not to grad.",
    links=["https://github.com/pytorch/pytorch/pull/30257"],
)
def decay_written_into_grad(param: Any, grad: Any, state: dict[str, Any], **options: Any) -> None:
    if options["maximize"]:
        return sgd_step(param, grad, state, **options)
    grad.add_(param.detach(), alpha=options["weight_decay"])
    return sgd_step(param, grad, state, **{**options, "weight_decay": 0})


@fault(
    "decay-turned-around",
    exercise="sgd-step",
    part="sgd_step",
    help="maximize turns the gradient around before the decay is added: decay always makes the weight smaller.",
)
def decay_turned_around(param: Any, grad: Any, state: dict[str, Any], **options: Any) -> None:
    if options["maximize"]:
        options = {**options, "weight_decay": -options["weight_decay"]}
    sgd_step(param, grad, state, **options)


@fault(
    "maximize-ignored",
    exercise="sgd-step",
    part="sgd_step",
    help="With maximize=True the step goes along the gradient: turn its sign first.",
)
def maximize_ignored(param: Any, grad: Any, state: dict[str, Any], **options: Any) -> None:
    sgd_step(param, grad, state, **{**options, "maximize": False})


@fault(
    "buffer-is-the-gradient-itself",
    exercise="sgd-step",
    part="sgd_step",
    help="Your buffer is param.grad itself: who clears one clears the other. Start it with a clone.",
)
def buffer_is_the_gradient_itself(param: Any, grad: Any, state: dict[str, Any], **options: Any) -> None:
    grad = start(param, grad, options)  # param.grad itself where neither maximize nor decay made a new one
    if options["momentum"]:
        buffer = filled(state, grad, options) if "momentum_buffer" in state else grad
        state["momentum_buffer"] = buffer
        grad = direction(buffer, grad, options)
    param.add_(grad, alpha=-options["lr"])


@fault(
    "weighs-the-new-gradient",
    exercise="sgd-step",
    part="sgd_step",
    help="momentum is the share of the old buffer that is kept; it does not weigh the new gradient.",
)
def weighs_the_new_gradient(param: Any, grad: Any, state: dict[str, Any], **options: Any) -> None:
    grad = start(param, grad, options)
    if options["momentum"]:
        if "momentum_buffer" in state:
            state["momentum_buffer"].add_(grad, alpha=options["momentum"])
        grad = direction(filled(state, grad, options) if not state else state["momentum_buffer"], grad, options)
    param.add_(grad, alpha=-options["lr"])


@fault(
    "buffer-under-another-name",
    exercise="sgd-step",
    part="sgd_step",
    help="Keep the buffer as state['momentum_buffer']: a state_dict is read by that name.",
)
def buffer_under_another_name(param: Any, grad: Any, state: dict[str, Any], **options: Any) -> None:
    if "velocity" in state:
        state["momentum_buffer"] = state.pop("velocity")
    sgd_step(param, grad, state, **options)
    if "momentum_buffer" in state:
        state["velocity"] = state.pop("momentum_buffer")


@fault(
    "rests-without-a-gradient",
    exercise="sgd-step",
    part="sgd_step",
    help="A gradient of zeros still makes a step: momentum rolls on, and weight decay goes on.",
    links=["https://github.com/pytorch/pytorch/issues/22035"],
)
def rests_without_a_gradient(param: Any, grad: Any, state: dict[str, Any], **options: Any) -> None:
    if bool((grad != 0).any()):
        sgd_step(param, grad, state, **options)
