"""Stochastic gradient descent."""

from __future__ import annotations

from typing import Any

from course.nptorch.optim.checks import check, number, refuse_fused_mix
from course.nptorch.optim.optimizer import Optimizer, target
from course.nptorch.parts import declare, plugged


class SGD(Optimizer):
    """Steps against the gradient, with momentum and weight decay if wanted.

    Parameters
    ----------
    params : iterable of Tensor, of (str, Tensor), or of dict
        What to optimise.
    lr : float
        Learning rate.
    momentum : float
        Share of the last step that is kept.
    dampening : float
        How much less of the new gradient goes into the momentum.
    weight_decay : float
        How much of the parameter is added to its gradient.
    nesterov : bool
        Look ahead along the momentum.
    maximize : bool
        Step along the gradient instead of against it.
    foreach : bool, optional
        Taken and ignored: it changes torch's speed only.
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
    The update of one parameter is the part ``sgd_step`` of lesson 7.

    References
    ----------
    .. [1] https://docs.pytorch.org/docs/stable/generated/torch.optim.SGD.html
    """

    def __init__(
        self,
        params: Any,
        lr: Any = 1e-3,
        momentum: float = 0,
        dampening: float = 0,
        weight_decay: float = 0,
        nesterov: bool = False,
        *,
        maximize: bool = False,
        foreach: bool | None = None,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        check(not number(lr) < 0.0, f"Invalid learning rate: {lr}")
        check(momentum >= 0, f"Invalid momentum value: {momentum}")
        check(weight_decay >= 0, f"Invalid weight_decay value: {weight_decay}")
        defaults = {
            "lr": lr,
            "momentum": momentum,
            "dampening": dampening,
            "weight_decay": weight_decay,
            "nesterov": nesterov,
            "maximize": maximize,
            "foreach": foreach,
            "differentiable": differentiable,
            "fused": fused,
        }
        check(
            not nesterov or (momentum > 0 and dampening == 0),
            "Nesterov momentum requires a momentum and zero dampening",
        )
        super().__init__(params, defaults)
        refuse_fused_mix(fused, foreach, differentiable)

    def update(self, param: Any, group: dict[str, Any]) -> None:
        # without momentum nothing is remembered, and state_dict() shows no entry
        state = self.state[param] if group["momentum"] else {}
        plugged.sgd_step(
            target(param, group),
            param.grad,
            state,
            lr=number(group["lr"]),
            momentum=group["momentum"],
            dampening=group["dampening"],
            weight_decay=group["weight_decay"],
            nesterov=group["nesterov"],
            maximize=group["maximize"],
        )


declare("sgd_step", 7, "move one parameter along its gradient: momentum, weight decay")
