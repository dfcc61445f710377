"""Adam and AdamW."""

from __future__ import annotations

from typing import Any

import numpy as np

from course.nptorch._tensor import wrap
from course.nptorch.dtypes import float32, float64, get_default_dtype
from course.nptorch.optim.checks import check, number, refuse_fused_mix
from course.nptorch.optim.optimizer import Optimizer, target, zeros_like
from course.nptorch.parts import declare, plugged


def step_count() -> Any:
    """Return a fresh count of steps: a 0-d tensor, as in torch's state."""
    kind = float64 if get_default_dtype() is float64 else float32
    return wrap(np.zeros((), kind.numpy))


class Adam(Optimizer):
    """Steps along a running mean of the gradient, divided by the root of that of its square.

    Parameters
    ----------
    params : iterable of Tensor, of (str, Tensor), or of dict
        What to optimise.
    lr : float
        Learning rate.
    betas : (float, float)
        How much of each running mean is kept at a step.
    eps : float
        Added to the divisor.
    weight_decay : float
        How much of the parameter is added to its gradient, or with `decoupled_weight_decay` taken
        off the parameter itself.
    amsgrad : bool
        Divide by the largest mean square so far.
    foreach, capturable : bool
        Taken and ignored: they change torch's speed only.
    maximize : bool
        Step along the gradient instead of against it.
    differentiable : bool
        Record the step itself.
    fused : bool, optional
        As torch's fused kernel: the parameter's version is not counted up.

    Raises
    ------
    ValueError
        If an option is out of range.

    Notes
    -----
    The update of one parameter is the part ``adam_step`` of lesson 7.

    References
    ----------
    .. [1] https://docs.pytorch.org/docs/stable/generated/torch.optim.Adam.html
    """

    def __init__(
        self,
        params: Any,
        lr: Any = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        amsgrad: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
        decoupled_weight_decay: bool = False,
    ) -> None:
        check(not number(lr) < 0.0, f"Invalid learning rate: {lr}")
        check(eps >= 0, f"Invalid epsilon value: {eps}")
        for index, beta in enumerate((betas[0], betas[1])):
            check(0 <= beta < 1, f"Invalid beta parameter at index {index}: {beta}")
        check(weight_decay >= 0, f"Invalid weight_decay value: {weight_decay}")
        defaults = {
            "lr": lr,
            "betas": betas,
            "eps": eps,
            "weight_decay": weight_decay,
            "amsgrad": amsgrad,
            "maximize": maximize,
            "foreach": foreach,
            "capturable": capturable,
            "differentiable": differentiable,
            "fused": fused,
            "decoupled_weight_decay": decoupled_weight_decay,
        }
        super().__init__(params, defaults)
        refuse_fused_mix(fused, foreach, differentiable)

    def update(self, param: Any, group: dict[str, Any]) -> None:
        state = self.state[param]
        if not state:
            state["step"] = step_count()
            state["exp_avg"] = zeros_like(param)
            state["exp_avg_sq"] = zeros_like(param)
            if group["amsgrad"]:
                state["max_exp_avg_sq"] = zeros_like(param)
        plugged.adam_step(
            target(param, group),
            param.grad,
            state,
            lr=number(group["lr"]),
            betas=group["betas"],
            eps=group["eps"],
            weight_decay=group["weight_decay"],
            amsgrad=group["amsgrad"],
            maximize=group["maximize"],
            decoupled=group["decoupled_weight_decay"],
        )


class AdamW(Adam):
    """Adam with weight decay taken off the parameter itself, not added to its gradient.

    Parameters
    ----------
    params, lr, betas, eps, weight_decay, amsgrad, maximize, foreach, capturable, differentiable, fused
        As for `Adam`; the default weight decay is 0.01.

    References
    ----------
    .. [1] https://docs.pytorch.org/docs/stable/generated/torch.optim.AdamW.html
    """

    def __init__(
        self,
        params: Any,
        lr: Any = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
        foreach: bool | None = None,
        capturable: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        super().__init__(
            params,
            lr,
            betas,
            eps,
            weight_decay,
            amsgrad,
            foreach=foreach,
            maximize=maximize,
            capturable=capturable,
            differentiable=differentiable,
            fused=fused,
            decoupled_weight_decay=True,
        )


declare("adam_step", 7, "move one parameter as Adam does: running means, bias correction, decay")
