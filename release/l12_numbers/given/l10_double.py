"""Lesson 10: a backward that is recorded itself, and what it is good for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import course.nptorch as torch


def swish_forward(ctx: Any, x: Any) -> Any:
    """Compute ``x * sigmoid(x)``: the ``forward`` of a Function whose gradient can be differentiated again.

    Parameters
    ----------
    ctx : FunctionCtx
        Of this call (lesson 9). Recording is off in here.
    x : Tensor
        Any shape.

    Returns
    -------
    Tensor
        Of the shape of `x`.
    """
    ctx.save_for_backward(x)
    return x * x.sigmoid()


def swish_backward(ctx: Any, g: Any) -> Any:
    """Compute the gradient of ``x * sigmoid(x)``: the ``backward`` that goes with `swish_forward`.

    With ``create_graph=True`` recording is on in here, and the gradient that is returned gets a history.
    That history must lead to `x` and to `g`, along every path on which they count.

    Parameters
    ----------
    ctx : FunctionCtx
        The one that `swish_forward` was given.
    g : Tensor
        Gradient with respect to the result, of its shape.

    Returns
    -------
    Tensor
        Gradient with respect to `x`.

    References
    ----------
    .. [1] https://docs.pytorch.org/tutorials/intermediate/custom_function_double_backward_tutorial.html
    """
    (x,) = ctx.saved_tensors
    s = x.sigmoid()
    return g * s * (1 + x * (1 - s))


def grad(output: Any, inputs: Sequence[Any], gradient: Any = None, create_graph: bool = False) -> tuple[Any, ...]:
    """Return the gradients of `output`, and leave every ``.grad`` as it was; made of ``backward`` alone.

    Parameters
    ----------
    output : Tensor
        Where the pass starts.
    inputs : sequence of Tensor
        Leaves that require grad. Other leaves get nothing.
    gradient : Tensor, optional
        Gradient with respect to `output`; None where it has one element.
    create_graph : bool
        Record the pass, so that the gradients can be differentiated again.

    Returns
    -------
    tuple of Tensor or None
        One for each input; None where `output` does not depend on it.

    Raises
    ------
    RuntimeError
        What ``backward`` raises; then, too, every ``.grad`` is the object that it was.
    """
    before = [x.grad for x in inputs]
    for x in inputs:
        x.grad = None
    try:
        output.backward(gradient, create_graph=create_graph, inputs=inputs)
        return tuple([x.grad for x in inputs])
    finally:
        for x, old in zip(inputs, before, strict=True):
            x.grad = old


def hvp(f: Callable[[Any], Any], x: Any, v: Any) -> Any:
    """Return the product of the Hessian of `f` at `x` with `v`, without making the Hessian.

    Neither `x` nor anything that `f` uses changes, and the product has no history. Works inside
    ``no_grad`` as well.

    Parameters
    ----------
    f : function
        Takes a Tensor of the shape of `x`, returns one number as a Tensor. Called once.
    x : Tensor
        Where; n elements in any shape.
    v : Tensor
        Of the shape of `x`.

    Returns
    -------
    Tensor
        Of the shape of `x`; zeros where the gradient of `f` does not depend on `x`.
    """
    with torch.enable_grad():
        leaf = x.detach().requires_grad_()
        value = f(leaf)
        if not value.requires_grad:
            return torch.zeros_like(x)
        (slope,) = torch.autograd.grad(value, leaf, create_graph=True, materialize_grads=True)
        if not slope.requires_grad:
            return torch.zeros_like(x)
        return torch.autograd.grad(slope, leaf, v, materialize_grads=True)[0]


def gradient_penalty(critic: Callable[[Any], Any], real: Any, fake: Any, mix: Any, weight: float = 10.0) -> Any:
    """Return WGAN-GP's penalty: the critic's gradient should have length 1 between real and fake.

    Parameters
    ----------
    critic : function
        Takes a batch ``(n, ...)``, returns one score for each example. Called once.
    real, fake : Tensor
        Batches of one shape ``(n, ...)``. Whoever made `fake` is not trained by the penalty.
    mix : Tensor
        For each example the share of `real` in the point between, of shape ``(n, 1, ...)``.
    weight : float
        Factor of the penalty.

    Returns
    -------
    Tensor
        ``weight`` times the mean over the batch of ``(length - 1) ** 2``, one number, where ``length`` is
        the Euclidean length of the gradient of one example's score with respect to that example's point.
        Its backward reaches the critic's parameters, and stays finite where a length is 0.

    References
    ----------
    .. [1] Gulrajani et al., "Improved Training of Wasserstein GANs", 2017, https://arxiv.org/abs/1704.00028
    """
    points = (mix * real + (1 - mix) * fake).detach().requires_grad_()
    (slope,) = torch.autograd.grad(critic(points).sum(), points, create_graph=True)
    length = slope.flatten(1).norm(dim=1)
    return weight * ((length - 1) ** 2).mean()
