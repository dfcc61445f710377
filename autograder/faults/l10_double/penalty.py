"""Wrong ideas about the penalty of WGAN-GP."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import course.nptorch as torch
from autograder.faults.registry import Part, fault

Critic = Callable[[Any], Any]


def wrong(id: str, help: str, links: tuple[str, ...] = ()) -> Callable[[Part], Part]:
    return fault(id, exercise="penalty", part="gradient_penalty", help=help, links=links)


def between(real: Any, fake: Any, mix: Any) -> Any:
    return (mix * real + (1 - mix) * fake).detach().requires_grad_()


def slopes(critic: Critic, points: Any, create_graph: bool = True) -> Any:
    return torch.autograd.grad(critic(points).sum(), points, create_graph=create_graph)[0]


def lengths(slope: Any) -> Any:
    return slope.flatten(1).norm(dim=1)


@wrong(
    "penalty-is-a-number",
    "Without create_graph=True the penalty has no history, and trains nothing.",
    ("https://github.com/ooples/AiDotNet/pull/1844",),
)
def a_number(critic: Critic, real: Any, fake: Any, mix: Any, weight: float = 10.0) -> Any:
    slope = slopes(critic, between(real, fake, mix), create_graph=False)
    return weight * ((lengths(slope) - 1) ** 2).mean()


@wrong("penalty-of-the-whole-batch", "Every example has a length of its own: take the norm over its axes only.")
def whole_batch(critic: Critic, real: Any, fake: Any, mix: Any, weight: float = 10.0) -> Any:
    return weight * (slopes(critic, between(real, fake, mix)).norm() - 1) ** 2


@wrong(
    "penalty-of-the-mean-length",
    "First (length - 1) ** 2 for each example, then the mean: else they make up for each other.",
)
def mean_length(critic: Critic, real: Any, fake: Any, mix: Any, weight: float = 10.0) -> Any:
    return weight * (lengths(slopes(critic, between(real, fake, mix))).mean() - 1) ** 2


@wrong(
    "penalty-of-the-mean-score",
    "The gradient of the mean of the scores is n times too short: take the gradient of their sum.",
)
def mean_score(critic: Critic, real: Any, fake: Any, mix: Any, weight: float = 10.0) -> Any:
    points = between(real, fake, mix)
    (slope,) = torch.autograd.grad(critic(points).mean(), points, create_graph=True)
    return weight * ((lengths(slope) - 1) ** 2).mean()


@wrong("penalty-summed-over-the-batch", "Take the mean over the batch: a sum grows with the number of examples.")
def summed(critic: Critic, real: Any, fake: Any, mix: Any, weight: float = 10.0) -> Any:
    return weight * ((lengths(slopes(critic, between(real, fake, mix))) - 1) ** 2).sum()


@wrong("penalty-of-the-squared-length", "The length is the root of the sum of squares; you compare its square with 1.")
def squared(critic: Critic, real: Any, fake: Any, mix: Any, weight: float = 10.0) -> Any:
    slope = slopes(critic, between(real, fake, mix)).flatten(1)
    return weight * (((slope**2).sum(1) - 1) ** 2).mean()


@wrong("penalty-by-sqrt", "sqrt has an infinite slope at 0, and 0 times that is nan: norm(dim=1) knows better.")
def by_sqrt(critic: Critic, real: Any, fake: Any, mix: Any, weight: float = 10.0) -> Any:
    slope = slopes(critic, between(real, fake, mix)).flatten(1)
    return weight * (((slope**2).sum(1).sqrt() - 1) ** 2).mean()


@wrong("penalty-one-sided", "Lengths below 1 count as well: the penalty of WGAN-GP has two sides.")
def one_sided(critic: Critic, real: Any, fake: Any, mix: Any, weight: float = 10.0) -> Any:
    return weight * ((lengths(slopes(critic, between(real, fake, mix))) - 1).clamp(min=0) ** 2).mean()


@wrong("penalty-without-the-one", "The length should be 1, not 0: subtract 1 before you square.")
def towards_zero(critic: Critic, real: Any, fake: Any, mix: Any, weight: float = 10.0) -> Any:
    return weight * (lengths(slopes(critic, between(real, fake, mix))) ** 2).mean()


@wrong("penalty-mixed-the-other-way", "mix is the share of real, and 1 - mix that of fake.")
def other_way(critic: Critic, real: Any, fake: Any, mix: Any, weight: float = 10.0) -> Any:
    return weight * ((lengths(slopes(critic, between(fake, real, mix))) - 1) ** 2).mean()


@wrong("penalty-at-the-real-points", "Take the slope between real and fake: at mix * real + (1 - mix) * fake.")
def at_real(critic: Critic, real: Any, fake: Any, mix: Any, weight: float = 10.0) -> Any:
    points = real.detach().requires_grad_()
    return weight * ((lengths(slopes(critic, points)) - 1) ** 2).mean()


@wrong(
    "penalty-trains-the-generator",
    "Detach the point between: the penalty is the critic's, and must not reach the generator.",
)
def trains_generator(critic: Critic, real: Any, fake: Any, mix: Any, weight: float = 10.0) -> Any:
    points = mix * real + (1 - mix) * fake
    points = points if points.requires_grad else points.requires_grad_()
    return weight * ((lengths(slopes(critic, points)) - 1) ** 2).mean()


@wrong("penalty-without-its-weight", "Multiply by weight.")
def no_weight(critic: Critic, real: Any, fake: Any, mix: Any, weight: float = 10.0) -> Any:
    return 10 * ((lengths(slopes(critic, between(real, fake, mix))) - 1) ** 2).mean()


@wrong("penalty-by-backward", "backward adds to the critic's .grad before there is a loss: use autograd.grad.")
def by_backward(critic: Critic, real: Any, fake: Any, mix: Any, weight: float = 10.0) -> Any:
    points = between(real, fake, mix)
    critic(points).sum().backward(create_graph=True)
    slope, points.grad = points.grad, None
    return weight * ((lengths(slope) - 1) ** 2).mean()


@wrong("penalty-length-of-rows", "A picture has more than one axis: flatten(1), and then the length.")
def of_rows(critic: Critic, real: Any, fake: Any, mix: Any, weight: float = 10.0) -> Any:
    return weight * ((slopes(critic, between(real, fake, mix)).norm(dim=1) - 1) ** 2).mean()
