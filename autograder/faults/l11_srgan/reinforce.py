"""Wrong ideas about REINFORCE."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import course.nptorch as torch
from autograder.faults.registry import Part, fault

SCORE = "https://docs.pytorch.org/docs/stable/distributions.html#score-function"


def wrong(id: str, help: str, links: tuple[str, ...] = ()) -> Callable[[Part], Part]:
    return fault(id, exercise="reinforce", part="reinforce_loss", help=help, links=links)


def returns_of(rewards: Any, discount: float) -> list[float]:
    """Right in all faults that are not about it."""
    found: list[float] = []
    for reward in reversed(rewards):
        found.append(reward + discount * (found[-1] if found else 0.0))
    return found[::-1]


def weights_of(returns: list[float], logits: Any, values: Any) -> Any:
    """Right in all faults that are not about it."""
    weights = torch.tensor(returns, dtype=logits.dtype)
    return weights if values is None else weights - values.detach()


def log_prob(logits: Any, actions: Any) -> Any:
    return torch.distributions.Categorical(logits=logits).log_prob(actions)


@wrong(
    "reinforce-upside-down", "An optimizer goes down: the loss is minus the log-probability times the return.", (SCORE,)
)
def upside_down(logits: Any, actions: Any, rewards: Any, discount: float = 1.0, values: Any = None) -> Any:
    return (log_prob(logits, actions) * weights_of(returns_of(rewards, discount), logits, values)).sum()


@wrong("reinforce-mean", "Sum over the choices of the episode; a mean divides by their number.")
def mean(logits: Any, actions: Any, rewards: Any, discount: float = 1.0, values: Any = None) -> Any:
    return -(log_prob(logits, actions) * weights_of(returns_of(rewards, discount), logits, values)).mean()


@wrong("reinforce-rewards-alone", "A choice is followed by all later rewards: use returns, not single rewards.")
def rewards_alone(logits: Any, actions: Any, rewards: Any, discount: float = 1.0, values: Any = None) -> Any:
    return -(log_prob(logits, actions) * weights_of(list(rewards), logits, values)).sum()


@wrong(
    "reinforce-whole-episode", "A reward that came before a choice does not speak for it: count the later ones only."
)
def whole_episode(logits: Any, actions: Any, rewards: Any, discount: float = 1.0, values: Any = None) -> Any:
    total = returns_of(rewards, discount)[0]
    return -(log_prob(logits, actions) * weights_of([total] * len(rewards), logits, values)).sum()


@wrong("reinforce-forwards", "Walk from the last reward to the first: you add up those that came before.")
def forwards(logits: Any, actions: Any, rewards: Any, discount: float = 1.0, values: Any = None) -> Any:
    summed = returns_of(list(rewards)[::-1], discount)[::-1]
    return -(log_prob(logits, actions) * weights_of(summed, logits, values)).sum()


@wrong("reinforce-returns-in-reverse", "You built the returns from the end: turn them round before you multiply.")
def in_reverse(logits: Any, actions: Any, rewards: Any, discount: float = 1.0, values: Any = None) -> Any:
    return -(log_prob(logits, actions) * weights_of(returns_of(rewards, discount)[::-1], logits, values)).sum()


@wrong("reinforce-no-discount", "Multiply the next return by discount.")
def no_discount(logits: Any, actions: Any, rewards: Any, discount: float = 1.0, values: Any = None) -> Any:
    return -(log_prob(logits, actions) * weights_of(returns_of(rewards, 1.0), logits, values)).sum()


@wrong(
    "reinforce-discount-from-the-start", "The return of a choice is not discounted for its own place in the episode."
)
def from_the_start(logits: Any, actions: Any, rewards: Any, discount: float = 1.0, values: Any = None) -> Any:
    placed = [discount**t * one for t, one in enumerate(returns_of(rewards, discount))]
    return -(log_prob(logits, actions) * weights_of(placed, logits, values)).sum()


@wrong("reinforce-trains-the-critic", "The critic has a loss of its own: detach the values.")
def trains_critic(logits: Any, actions: Any, rewards: Any, discount: float = 1.0, values: Any = None) -> Any:
    weights = weights_of(returns_of(rewards, discount), logits, None)
    return -(log_prob(logits, actions) * (weights if values is None else weights - values)).sum()


@wrong("reinforce-values-ignored", "Subtract the values from the returns.")
def ignored(logits: Any, actions: Any, rewards: Any, discount: float = 1.0, values: Any = None) -> Any:
    return -(log_prob(logits, actions) * weights_of(returns_of(rewards, discount), logits, None)).sum()


@wrong("reinforce-values-added", "Subtract the values; do not add them.")
def added(logits: Any, actions: Any, rewards: Any, discount: float = 1.0, values: Any = None) -> Any:
    opposite = None if values is None else -values
    return -(log_prob(logits, actions) * weights_of(returns_of(rewards, discount), logits, opposite)).sum()


@wrong("reinforce-probability", "The logarithm of the probability, not the probability.", (SCORE,))
def probability(logits: Any, actions: Any, rewards: Any, discount: float = 1.0, values: Any = None) -> Any:
    return -(log_prob(logits, actions).exp() * weights_of(returns_of(rewards, discount), logits, values)).sum()


@wrong("reinforce-logits-as-probs", "logits are not probabilities: Categorical(logits=logits).")
def as_probs(logits: Any, actions: Any, rewards: Any, discount: float = 1.0, values: Any = None) -> Any:
    found = logits.gather(1, actions.reshape(-1, 1)).squeeze(1)
    return -(found * weights_of(returns_of(rewards, discount), logits, values)).sum()


@wrong("reinforce-cut-off", "The log-probability must keep its history, or the policy learns nothing.")
def cut_off(logits: Any, actions: Any, rewards: Any, discount: float = 1.0, values: Any = None) -> Any:
    return -(log_prob(logits.detach(), actions) * weights_of(returns_of(rewards, discount), logits, values)).sum()


@wrong("reinforce-draws-again", "Judge the choices that were made: do not draw new ones.")
def draws_again(logits: Any, actions: Any, rewards: Any, discount: float = 1.0, values: Any = None) -> Any:
    other = (actions + 1) % logits.shape[1]  # what was not chosen, and always the same
    return -(log_prob(logits, other) * weights_of(returns_of(rewards, discount), logits, values)).sum()
