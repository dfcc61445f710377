"""Lesson 11 in other words."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import course.nptorch as torch
from autograder.alternatives.registry import alternative


@alternative(part="srgan_step", how="with gradients handed out")
def step_with_grad(
    maker: Any, judge: Any, low: Any, real: Any, of_maker: Any, of_judge: Any, maker_loss: Callable[..., Any]
) -> tuple[float, float]:
    def learn(net: Any, optimizer: Any, loss: Any) -> float:
        own = list(net.parameters())
        for p, g in zip(own, torch.autograd.grad(loss, own), strict=True):
            p.grad = g
        optimizer.step()
        return float(loss)

    fake = maker(low)
    first = learn(judge, of_judge, 1 + (judge(fake.detach()).mean() - judge(real).mean()))
    return first, learn(maker, of_maker, maker_loss(fake, real, judge(fake).mean()))


@alternative(part="srgan_step", how="with a frozen judge")
def step_with_frozen_judge(
    maker: Any, judge: Any, low: Any, real: Any, of_maker: Any, of_judge: Any, maker_loss: Callable[..., Any]
) -> tuple[float, float]:
    maker.zero_grad()
    judge.zero_grad()
    fake = maker(low)
    with torch.no_grad():
        shown = fake.clone()
    d_loss = 1 - judge(real).mean() + judge(shown).mean()
    d_loss.backward()
    of_judge.step()
    judge.requires_grad_(False)
    g_loss = maker_loss(fake, real, judge(fake).mean())
    g_loss.backward()
    judge.requires_grad_(True)
    of_maker.step()
    return d_loss.item(), g_loss.item()


@alternative(part="carry_state", how="cuts before each chunk but the first")
def carry_cutting_before(
    net: Callable[..., Any], chunks: Iterable[Any], state: Any, optimizer: Any, loss_of: Callable[..., Any]
) -> tuple[list[float], Any]:
    def cut(s: Any) -> Any:
        return tuple(cut(one) for one in s) if isinstance(s, tuple) else s.detach()

    losses: list[float] = []
    for number, (inputs, targets) in enumerate(chunks):
        output, state = net(inputs, cut(state) if number else state)
        optimizer.zero_grad()
        loss = loss_of(output, targets)
        loss.backward()
        losses.append(loss.item())
        optimizer.step()
    return losses, cut(state)


@alternative(part="carry_state", how="with .data")
def carry_by_data(
    net: Callable[..., Any], chunks: Iterable[Any], state: Any, optimizer: Any, loss_of: Callable[..., Any]
) -> tuple[list[float], Any]:
    losses: list[float] = []
    for inputs, targets in chunks:
        optimizer.zero_grad()
        output, after = net(inputs, state)
        loss = loss_of(output, targets)
        loss.backward()
        optimizer.step()
        losses.append(float(loss))
        state = tuple(one.data for one in after) if isinstance(after, tuple) else after.data
    if isinstance(state, tuple):
        return losses, tuple(one.detach() for one in state)
    return losses, state.detach()


@alternative(part="task_pulls", how="one backward for each, then one through all")
def pulls_by_backward(losses: Sequence[Any], shared: Sequence[Any]) -> list[float]:
    before = [w.grad for w in shared]
    pulls = []
    for loss in losses:
        for w in shared:
            w.grad = None
        loss.backward(retain_graph=True, inputs=list(shared))
        pulls.append(float(sum(w.grad.norm().item() ** 2 for w in shared if w.grad is not None)) ** 0.5)
    for w, old in zip(shared, before, strict=True):
        w.grad = old
    sum(losses).backward()
    return pulls


@alternative(part="task_pulls", how="as one long vector")
def pulls_as_a_vector(losses: Sequence[Any], shared: Sequence[Any]) -> list[float]:
    def pull(loss: Any) -> float:
        each = torch.autograd.grad(loss, list(shared), retain_graph=True, materialize_grads=True)
        return torch.cat([g.flatten() for g in each]).norm().item()  # type: ignore[no-any-return]

    pulls = [pull(loss) for loss in losses]
    torch.stack(list(losses)).sum().backward()
    return pulls


@alternative(part="reinforce_loss", how="by log_softmax and gather")
def loss_by_gather(
    logits: Any, actions: Any, rewards: Sequence[float], discount: float = 1.0, values: Any = None
) -> Any:
    n = len(rewards)
    returns = [sum(discount ** (late - early) * rewards[late] for late in range(early, n)) for early in range(n)]
    weights = torch.tensor(returns, dtype=logits.dtype)
    if values is not None:
        with torch.no_grad():
            weights = weights - values
    chosen = logits.log_softmax(1).gather(1, actions.reshape(-1, 1)).squeeze(1)
    return (-chosen * weights).sum()


@alternative(part="reinforce_loss", how="choice by choice")
def loss_choice_by_choice(
    logits: Any, actions: Any, rewards: Sequence[float], discount: float = 1.0, values: Any = None
) -> Any:
    total: Any = 0.0
    later: Any = 0.0
    for t in range(len(rewards) - 1, -1, -1):
        later = rewards[t] + discount * later
        advantage: Any = later if values is None else later - values[t].item()
        total = total - torch.distributions.Categorical(logits=logits[t]).log_prob(actions[t]) * advantage
    return total
