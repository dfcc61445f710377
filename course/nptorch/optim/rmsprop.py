"""RMSprop."""

from __future__ import annotations

from typing import Any

from course.nptorch.optim.adam import step_count
from course.nptorch.optim.checks import check, number
from course.nptorch.optim.optimizer import Optimizer, zeros_like


class RMSprop(Optimizer):
    """Divides the gradient by the root of a running mean of its square.

    Parameters
    ----------
    params : iterable of Tensor, of (str, Tensor), or of dict
        What to optimise.
    lr : float
        Learning rate.
    alpha : float
        How much of the running mean is kept at a step.
    eps : float
        Added to the divisor.
    weight_decay : float
        How much of the parameter is added to its gradient.
    momentum : float
        Share of the last step that is kept.
    centered : bool
        Divide by the root of the variance instead.
    maximize : bool
        Step along the gradient instead of against it.

    Raises
    ------
    ValueError
        If an option is out of range.

    References
    ----------
    .. [1] https://docs.pytorch.org/docs/stable/generated/torch.optim.RMSprop.html
    """

    def __init__(
        self,
        params: Any,
        lr: Any = 1e-2,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0,
        momentum: float = 0,
        centered: bool = False,
        capturable: bool = False,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        check(not number(lr) < 0.0, f"Invalid learning rate: {lr}")
        check(eps >= 0, f"Invalid epsilon value: {eps}")
        check(momentum >= 0, f"Invalid momentum value: {momentum}")
        check(weight_decay >= 0, f"Invalid weight_decay value: {weight_decay}")
        check(alpha >= 0, f"Invalid alpha value: {alpha}")
        defaults = {
            "lr": lr,
            "momentum": momentum,
            "alpha": alpha,
            "eps": eps,
            "centered": centered,
            "weight_decay": weight_decay,
            "capturable": capturable,
            "foreach": foreach,
            "maximize": maximize,
            "differentiable": differentiable,
        }
        super().__init__(params, defaults)

    def update(self, param: Any, group: dict[str, Any]) -> None:
        state = self.state[param]
        if not state:
            state["step"] = step_count()
            state["square_avg"] = zeros_like(param)
            if group["momentum"]:
                state["momentum_buffer"] = zeros_like(param)
            if group["centered"]:
                state["grad_avg"] = zeros_like(param)
        state["step"].add_(1)
        lr, alpha = number(group["lr"]), group["alpha"]
        g = -param.grad if group["maximize"] else param.grad
        if group["weight_decay"]:
            g = g + param * group["weight_decay"]
        square_avg = state["square_avg"]
        square_avg.mul_(alpha).add_(g * g, alpha=1 - alpha)
        if group["centered"]:
            mean = state["grad_avg"]
            mean.add_(g - mean, alpha=1 - alpha)
            divisor = (square_avg - mean * mean).sqrt() + group["eps"]
        else:
            divisor = square_avg.sqrt() + group["eps"]
        if group["momentum"]:
            step = state["momentum_buffer"]
            step.mul_(group["momentum"]).add_(g / divisor)
        else:
            step = g / divisor
        param.add_(step, alpha=-lr)
