"""Lesson 7: from gradients to steps."""

from __future__ import annotations

from typing import Any

import course.nptorch as torch


def sgd_step(
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
    """Move one parameter by one step of stochastic gradient descent, in place.

    The caller has switched recording off.

    Parameters
    ----------
    param : Tensor
        The parameter; change it in place, once.
    grad : Tensor
        Its gradient; leave it as it is.
    state : dict
        What is remembered of this parameter, empty at its first step. With momentum, keep the
        running sum of gradients as ``state["momentum_buffer"]``.
    lr : float
        Learning rate.
    momentum : float
        Share of the buffer that is kept; 0 means no buffer.
    dampening : float
        The new gradient enters the buffer multiplied by ``1 - dampening``; the first one whole.
    weight_decay : float
        This much of the parameter is added to its gradient, before the buffer sees it.
    nesterov : bool
        Step along the gradient plus `momentum` times the buffer, instead of along the buffer.
    maximize : bool
        Turn the gradient around first, so that the step goes uphill; decay still pulls towards 0.
    """
    if maximize:
        grad = -grad
    if weight_decay:
        grad = grad.add(param, alpha=weight_decay)
    if momentum:
        buffer = state.get("momentum_buffer")
        if buffer is None:
            buffer = state["momentum_buffer"] = grad.detach().clone()
        else:
            buffer.mul_(momentum).add_(grad, alpha=1 - dampening)
        grad = grad.add(buffer, alpha=momentum) if nesterov else buffer
    param.add_(grad, alpha=-lr)


def adam_step(
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
    """Move one parameter by one step of Adam, in place.

    The caller has switched recording off.

    Parameters
    ----------
    param : Tensor
        The parameter; change it in place.
    grad : Tensor
        Its gradient; leave it as it is.
    state : dict
        What is remembered of this parameter: ``step`` (a 0-d tensor of float32 that counts the steps;
        calculate with its ``item()``, or the result has float32's digits), ``exp_avg`` and
        ``exp_avg_sq`` (running means of the gradient and of its square), and ``max_exp_avg_sq`` if
        `amsgrad`. All are zeros at the first step; change them in place.
    lr : float
        Learning rate.
    betas : (float, float)
        How much of each running mean is kept (of the gradient, of its square); the rest is filled up
        with the new value. Both means are too small at first, since they start at 0: they are corrected
        where the step is made, and kept as they are.
    eps : float
        Added to the root of the corrected mean square.
    weight_decay : float
        This much of the parameter is added to its gradient; if `decoupled`, the parameter is
        multiplied by ``1 - lr * weight_decay`` first instead.
    amsgrad : bool
        Divide by the root of the largest mean square so far, which is corrected as the last one is.
    maximize : bool
        Turn the gradient around first, so that the step goes uphill; decay still pulls towards 0.
    decoupled : bool
        AdamW's weight decay instead of Adam's.
    """
    state["step"].add_(1)
    step = state["step"].item()
    if maximize:
        grad = -grad
    if weight_decay and decoupled:
        param.mul_(1 - lr * weight_decay)
    elif weight_decay:
        grad = grad.add(param, alpha=weight_decay)
    mean, square = state["exp_avg"], state["exp_avg_sq"]
    mean.mul_(betas[0]).add_(grad, alpha=1 - betas[0])
    square.mul_(betas[1]).add_(grad * grad, alpha=1 - betas[1])
    if amsgrad:
        square = state["max_exp_avg_sq"].copy_(torch.maximum(state["max_exp_avg_sq"], square))
    # the means started at 0: after few steps they are too small by these factors
    mean_share, square_share = 1 - betas[0] ** step, 1 - betas[1] ** step
    root = square.sqrt() / square_share**0.5 + eps
    param.add_(mean / root, alpha=-lr / mean_share)
