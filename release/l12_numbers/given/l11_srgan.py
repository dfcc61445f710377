"""Lesson 11: programs that people post when they are stuck, repaired."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import course.nptorch as torch


def srgan_step(
    maker: Any,
    judge: Any,
    low: Any,
    real: Any,
    of_maker: Any,
    of_judge: Any,
    maker_loss: Callable[[Any, Any, Any], Any],
) -> tuple[float, float]:
    """Train the judge, then the maker, on one batch: one step of SRGAN.

    The judge's loss is ``1 - judge(real).mean() + judge(fake).mean()``, and its optimizer steps once. Then the
    maker's loss is ``maker_loss(fake, real, score)``, where ``score`` is ``judge(fake).mean()`` as the judge is
    **after its step**, and the maker's optimizer steps once. Each net is trained by its own loss alone,
    whatever is in ``.grad`` before. No part of any graph is retained.

    Parameters
    ----------
    maker, judge : Module
        The generator; the discriminator, which gives one number for each picture.
    low, real : Tensor
        Small pictures, and what they should become.
    of_maker, of_judge : Optimizer
        The optimizers of the two.
    maker_loss : function
        Takes ``fake = maker(low)``, ``real`` and the score, returns one number.

    Returns
    -------
    tuple of float
        The judge's loss and the maker's, as plain numbers.

    Notes
    -----
    The maker is the expensive one: it runs forward once and backward once. The judge is asked three times.
    """
    fake = maker(low)
    of_judge.zero_grad()
    judged = 1 - judge(real).mean() + judge(fake.detach()).mean()
    judged.backward()
    of_judge.step()

    of_maker.zero_grad()
    made = maker_loss(fake, real, judge(fake).mean())
    made.backward()
    of_maker.step()
    return judged.item(), made.item()


def carry_state(
    net: Callable[[Any, Any], tuple[Any, Any]],
    chunks: Sequence[tuple[Any, Any]],
    state: Any,
    optimizer: Any,
    loss_of: Callable[[Any, Any], Any],
) -> tuple[list[float], Any]:
    """Train a recurrent net on one long sequence that comes in chunks, one optimizer step for each chunk.

    The state goes on from chunk to chunk, the gradient does not: each backward walks through its own chunk only.

    Parameters
    ----------
    net : function
        Takes the inputs of a chunk and a state, returns the output and the next state.
    chunks : sequence of pairs
        Inputs and targets of each chunk, in order.
    state : Tensor or tuple of Tensor
        Where to begin. If it requires grad it is learned: the first chunk's gradient reaches it.
    optimizer : Optimizer
        Steps once after each chunk, on that chunk's gradients alone; those of the last chunk stay in ``.grad``.
    loss_of : function
        Takes output and targets, returns one number.

    Returns
    -------
    list of float
        The losses, as plain numbers.
    Tensor or tuple of Tensor
        The last state, of the kind that `net` returned, without a history.
    """
    losses = []
    for inputs, targets in chunks:
        output, state = net(inputs, state)
        state = tuple(s.detach() for s in state) if isinstance(state, tuple) else state.detach()
        loss = loss_of(output, targets)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses, state


def task_pulls(losses: Sequence[Any], shared: Sequence[Any]) -> list[float]:
    """Run backward for several losses, and say how hard each of them pulls at the weights that they share.

    Afterwards every leaf has what ``sum(losses).backward()`` would have added to its ``.grad``, and nothing
    that the graph had kept is kept any more, of no loss.

    Parameters
    ----------
    losses : sequence of Tensor
        One number each. They may share a part of their graph, or nothing at all.
    shared : sequence of Tensor
        Leaves that require grad.

    Returns
    -------
    list of float
        For each loss the Euclidean length of its own gradient with respect to all of `shared` together,
        0.0 where the loss does not depend on them.
    """
    pulls = []
    for loss in losses:
        parts = torch.autograd.grad(loss, shared, retain_graph=True, allow_unused=True)
        pulls.append(sum((part * part).sum().item() for part in parts if part is not None) ** 0.5)
    torch.autograd.backward(losses)
    return pulls


def reinforce_loss(
    logits: Any, actions: Any, rewards: Sequence[float], discount: float = 1.0, values: Any = None
) -> Any:
    """Return the loss whose gradient is that of REINFORCE, for one episode of n choices.

    Parameters
    ----------
    logits : Tensor
        What the policy said before each choice, of shape ``(n, k)``.
    actions : Tensor
        The choices that were drawn, int64, of shape ``(n,)``.
    rewards : sequence of float
        What came after each choice.
    discount : float
        How much a reward counts one step earlier.
    values : Tensor, optional
        A critic's guess of each return, of shape ``(n,)``; it is subtracted from the return. The critic has a
        loss of its own: this one must not train it.

    Returns
    -------
    Tensor
        The sum over all choices of ``-log_prob(action) * (return - value)``, one number. The return of a choice
        is its reward plus `discount` times the return of the next choice; that of the last is its reward.

    References
    ----------
    .. [1] https://docs.pytorch.org/docs/stable/distributions.html#score-function
    """
    returns: list[float] = []
    for reward in reversed(rewards):
        returns.append(reward + discount * (returns[-1] if returns else 0.0))
    weights = torch.tensor(returns[::-1], dtype=logits.dtype)
    if values is not None:
        weights = weights - values.detach()
    return -(torch.distributions.Categorical(logits=logits).log_prob(actions) * weights).sum()
