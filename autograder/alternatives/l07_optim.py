"""Lesson 7 in other words: with NumPy arrays, with formulas unrolled, with other in-place operations."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

import course.nptorch as torch
from autograder.alternatives.registry import alternative


@alternative(part="sgd_step", how="in NumPy, with the result copied back")
def sgd_in_numpy(
    param: Any,
    grad: Any,
    state: dict[str, Any],
    *,
    lr: float,
    momentum: float,
    dampening: float,
    weight_decay: float,
    nesterov: bool,
    maximize: bool,
) -> None:
    w, g = param.detach().numpy(), grad.detach().numpy().copy()
    g = (-g if maximize else g) + weight_decay * w
    if momentum:
        if "momentum_buffer" in state:
            buffer = state["momentum_buffer"].numpy()
            buffer *= momentum
            buffer += (1 - dampening) * g
        else:
            buffer = g.copy()
            state["momentum_buffer"] = torch.tensor(buffer, dtype=param.dtype)
        g = g + momentum * buffer if nesterov else buffer
    param.copy_(torch.tensor(w - lr * g, dtype=param.dtype))


@alternative(part="sgd_step", how="by one formula for the direction, and a new buffer each time")
def sgd_by_formula(param: Any, grad: Any, state: dict[str, Any], **options: Any) -> None:
    sign = -1.0 if options["maximize"] else 1.0
    slope = sign * grad + options["weight_decay"] * param.detach()
    keep = options["momentum"]
    if not keep:
        param -= options["lr"] * slope
        return
    before = state.get("momentum_buffer")
    state["momentum_buffer"] = slope if before is None else keep * before + (1 - options["dampening"]) * slope
    param -= options["lr"] * (
        slope + keep * state["momentum_buffer"] if options["nesterov"] else state["momentum_buffer"]
    )


@alternative(part="adam_step", how="in NumPy, corrected means written out as in the paper")
def adam_as_in_the_paper(
    param: Any,
    grad: Any,
    state: dict[str, Any],
    *,
    lr: float,
    betas: tuple[float, float],
    eps: float,
    weight_decay: float,
    amsgrad: bool,
    maximize: bool,
    decoupled: bool,
) -> None:
    state["step"] += 1
    t = int(state["step"].item())
    w, g = param.detach().numpy().copy(), grad.detach().numpy().copy()
    if maximize:
        g *= -1
    if decoupled:
        w *= 1 - lr * weight_decay
    else:
        g += weight_decay * w
    m, v = state["exp_avg"].numpy(), state["exp_avg_sq"].numpy()
    m[...] = betas[0] * m + (1 - betas[0]) * g
    v[...] = betas[1] * v + (1 - betas[1]) * np.square(g)
    if amsgrad:
        largest = state["max_exp_avg_sq"].numpy()
        np.maximum(largest, v, out=largest)
        v = largest
    mean, square = m / (1 - betas[0] ** t), v / (1 - betas[1] ** t)
    param.copy_(torch.tensor(w - lr * mean / (np.sqrt(square) + eps), dtype=param.dtype))


@alternative(part="adam_step", how="by lerp_ and addcdiv_, with corrections moved into the step size")
def adam_with_moved_corrections(param: Any, grad: Any, state: dict[str, Any], **options: Any) -> None:
    first, second = options["betas"]
    state["step"].add_(1)
    count = float(state["step"])
    g = grad.neg() if options["maximize"] else grad.clone()
    shrink = 1.0
    if options["decoupled"]:
        shrink = 1.0 - options["lr"] * options["weight_decay"]
    else:
        g = g + options["weight_decay"] * param
    state["exp_avg"].lerp_(g, 1 - first)
    state["exp_avg_sq"].mul_(second).addcmul_(g, g, value=1 - second)
    spread = state["exp_avg_sq"]
    if options["amsgrad"]:
        spread = torch.maximum(state["max_exp_avg_sq"], spread)
        state["max_exp_avg_sq"].copy_(spread)
    correction = math.sqrt(1 - second**count)
    size = options["lr"] * correction / (1 - first**count)
    param.mul_(shrink).addcdiv_(state["exp_avg"], spread.sqrt() + options["eps"] * correction, value=-size)
