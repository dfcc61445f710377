"""Lesson 11: the loss of REINFORCE."""

from __future__ import annotations

from typing import Any

import numpy as np

from course.scenarios import Draw, Yields, attempt, part, scenario


def reinforce_loss(T: Any) -> Any:
    """Return the loss: as a weighted cross entropy, or the student's part."""
    if T.__name__ != "torch":
        return part(T, "reinforce_loss")

    def loss(logits: Any, actions: Any, rewards: Any, discount: float = 1.0, values: Any = None) -> Any:
        n = len(rewards)
        powers = [[discount ** (late - early) if late >= early else 0.0 for late in range(n)] for early in range(n)]
        weights = np.asarray(powers) @ np.asarray(rewards, float)
        if values is not None:
            weights = weights - np.asarray(values.tolist())
        surprise = T.nn.functional.cross_entropy(logits, actions, reduction="none")
        return (surprise * T.tensor(weights, dtype=logits.dtype)).sum()

    return loss


def episode(T: Any, draw: Draw, n: int = 4) -> tuple[Any, Any, list[float]]:
    """Return logits that require grad, choices and rewards."""
    logits = T.tensor(draw.normal(n, 3), requires_grad=True)
    return logits, T.tensor(draw.integers(0, 3, n)), draw.normal(n).tolist()


@scenario("reinforce.value", lesson=11, contract=True, asks="What is the loss of a short episode?")
def value(T: Any, draw: Draw) -> Yields:
    yield "loss", attempt(reinforce_loss(T), *episode(T, draw, 2))


@scenario("reinforce.gradient", lesson=11, contract=True, asks="Which gradient do the logits get?")
def gradient(T: Any, draw: Draw) -> Yields:
    logits, actions, rewards = episode(T, draw)
    reinforce_loss(T)(logits, actions, rewards).backward()
    yield "logits.grad", logits.grad


@scenario(
    "reinforce.known-odds",
    lesson=11,
    contract=True,
    asks="The policy was sure of its choice, or all choices were alike: what is the loss?",
)
def known_odds(T: Any, draw: Draw) -> Yields:
    action = T.tensor([1])
    yield "sure", reinforce_loss(T)(T.tensor(draw.array([[0.0, 60.0, 0.0]])), action, [2.0])
    logits = T.tensor(draw.array([[0.0, 0.0, 0.0]]), requires_grad=True)
    loss = reinforce_loss(T)(logits, action, [2.0])
    yield "all alike", loss
    loss.backward()
    yield "the gradients of all actions make up for each other", abs(logits.grad.sum().item()) < 1e-9


@scenario(
    "reinforce.later-rewards-count",
    lesson=11,
    contract=True,
    asks="Only the last choice is rewarded: do the earlier ones get a gradient?",
)
def later_rewards_count(T: Any, draw: Draw) -> Yields:
    logits, actions, _ = episode(T, draw)
    reinforce_loss(T)(logits, actions, [0.0, 0.0, 0.0, 2.0]).backward()
    yield "logits.grad", logits.grad


@scenario(
    "reinforce.earlier-rewards-do-not",
    lesson=11,
    contract=True,
    asks="Only the first choice is rewarded: do the later ones get a gradient?",
)
def earlier_rewards_do_not(T: Any, draw: Draw) -> Yields:
    logits, actions, _ = episode(T, draw)
    reinforce_loss(T)(logits, actions, [2.0, 0.0, 0.0, 0.0]).backward()
    yield "of the first choice", logits.grad[0]
    yield "of the others", logits.grad[1:]


@scenario("reinforce.discount", lesson=11, contract=True, asks="What does the discount do to the gradient?")
def discounted(T: Any, draw: Draw) -> Yields:
    for discount in (0.5, 0.0):
        logits, actions, rewards = episode(T, draw)
        reinforce_loss(T)(logits, actions, rewards, discount).backward()
        yield f"discount {discount}", logits.grad
    logits, actions, _ = episode(T, draw)
    reinforce_loss(T)(logits, actions, [0.0, 2.0, 0.0, 0.0], 0.5).backward()
    yield "before the reward", logits.grad[0]
    yield "at the reward", logits.grad[1]


@scenario(
    "reinforce.critic-is-left-alone",
    lesson=11,
    contract=True,
    asks="The values come from a critic: are they subtracted, and does this loss train it?",
)
def critic_is_left_alone(T: Any, draw: Draw) -> Yields:
    logits, actions, rewards = episode(T, draw)
    weight = T.tensor(draw.normal(4), requires_grad=True)
    values = weight * 2
    loss = reinforce_loss(T)(logits, actions, rewards, 0.5, values)
    yield "loss", loss
    yield "another than without values", (loss - reinforce_loss(T)(logits, actions, rewards, 0.5)).item() != 0
    loss.backward()
    yield "logits.grad", logits.grad
    yield "critic", weight.grad
    yield "the critic's own loss", attempt((values**2).sum().backward)


@scenario(
    "reinforce.through-a-policy",
    lesson=11,
    contract=True,
    ulps=1024,
    asks="The logits come from a policy: which gradient does its weight get?",
)
def through_a_policy(T: Any, draw: Draw) -> Yields:
    states, weight = T.tensor(draw.normal(4, 2)), T.tensor(draw.normal(2, 3), requires_grad=True)
    _, actions, rewards = episode(T, draw)
    reinforce_loss(T)(states @ weight, actions, rewards, 0.75).backward()
    yield "weight.grad", weight.grad


@scenario(
    "reinforce.one-choice",
    lesson=11,
    contract=True,
    asks="An episode of one choice: what is the loss, its shape and its dtype, and are the rewards as they were?",
)
def one_choice(T: Any, draw: Draw) -> Yields:
    logits, actions, _ = episode(T, draw, 1)
    yield "loss", attempt(reinforce_loss(T), logits, actions, [1.5])
    single = T.tensor(draw.normal(2, 3).astype("float32"), requires_grad=True)
    rewards = [1.0, 2.0]
    yield "in single precision", reinforce_loss(T)(single, T.tensor(draw.integers(0, 3, 2)), rewards).dtype
    yield "rewards", rewards
