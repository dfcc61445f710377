"""Wrong ideas about a state that is carried on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from autograder.faults.registry import Part, fault

CHAIN = "https://github.com/MorvanZhou/PyTorch-Tutorial/issues/57"


def wrong(id: str, help: str, links: tuple[str, ...] = ()) -> Callable[[Part], Part]:
    return fault(id, exercise="carry-state", part="carry_state", help=help, links=links)


def cut(state: Any) -> Any:
    """Right in all faults that are not about it."""
    return tuple(s.detach() for s in state) if isinstance(state, tuple) else state.detach()


def learn(optimizer: Any, loss: Any, **more: Any) -> None:
    """Right in all faults that are not about it."""
    optimizer.zero_grad()
    loss.backward(**more)
    optimizer.step()


@wrong(
    "carried-with-its-history",
    "The state leads into the chunk before, whose graph is freed: detach it between chunks.",
    (CHAIN,),
)
def with_history(net: Any, chunks: Any, state: Any, optimizer: Any, loss_of: Any) -> Any:
    losses = []
    for inputs, targets in chunks:
        output, state = net(inputs, state)
        loss = loss_of(output, targets)
        learn(optimizer, loss)
        losses.append(loss.item())
    return losses, cut(state)


@wrong(
    "carried-and-retained",
    "retain_graph lets each backward walk on into the chunks before, whose weights have changed: detach the state.",
    (CHAIN,),
)
def retained(net: Any, chunks: Any, state: Any, optimizer: Any, loss_of: Any) -> Any:
    losses = []
    for inputs, targets in chunks:
        output, state = net(inputs, state)
        loss = loss_of(output, targets)
        learn(optimizer, loss, retain_graph=True)
        losses.append(loss.item())
    return losses, cut(state)


@wrong("carried-nowhere", "The state must go on from chunk to chunk.")
def nowhere(net: Any, chunks: Any, state: Any, optimizer: Any, loss_of: Any) -> Any:
    losses, last = [], state
    for inputs, targets in chunks:
        output, last = net(inputs, state)
        loss = loss_of(output, targets)
        learn(optimizer, loss)
        losses.append(loss.item())
    return losses, cut(last)


@wrong("carried-zeros", "Do not begin each chunk at zero: take the numbers of the last state.")
def zeros(net: Any, chunks: Any, state: Any, optimizer: Any, loss_of: Any) -> Any:
    losses = []
    for inputs, targets in chunks:
        output, state = net(inputs, state)
        loss = loss_of(output, targets)
        learn(optimizer, loss)
        losses.append(loss.item())
        state = tuple(s.detach() * 0 for s in state) if isinstance(state, tuple) else state.detach() * 0
    return losses, state


@wrong("carried-as-one-tensor", "The state may be a tuple: cut each of its members.")
def one_tensor(net: Any, chunks: Any, state: Any, optimizer: Any, loss_of: Any) -> Any:
    losses = []
    for inputs, targets in chunks:
        output, state = net(inputs, state)
        loss = loss_of(output, targets)
        learn(optimizer, loss)
        losses.append(loss.item())
        state = state.detach()
    return losses, state


@wrong("carried-only-one-half", "Of a state that is a pair both halves lead back: cut both.")
def one_half(net: Any, chunks: Any, state: Any, optimizer: Any, loss_of: Any) -> Any:
    losses = []
    for inputs, targets in chunks:
        output, state = net(inputs, state)
        loss = loss_of(output, targets)
        learn(optimizer, loss)
        losses.append(loss.item())
        state = (state[0].detach(), state[1]) if isinstance(state, tuple) else state.detach()
    return losses, state


@wrong("carried-start-cut-off", "Cut between chunks only: a start that is learned needs the first chunk's gradient.")
def start_cut_off(net: Any, chunks: Any, state: Any, optimizer: Any, loss_of: Any) -> Any:
    losses = []
    for inputs, targets in chunks:
        output, state = net(inputs, cut(state))
        loss = loss_of(output, targets)
        learn(optimizer, loss)
        losses.append(loss.item())
    return losses, cut(state)


@wrong("carried-result-with-a-history", "Cut the last state as well: whoever gets it would keep the last graph alive.")
def result_with_history(net: Any, chunks: Any, state: Any, optimizer: Any, loss_of: Any) -> Any:
    losses = []
    for number, (inputs, targets) in enumerate(chunks):
        output, state = net(inputs, cut(state) if number else state)
        loss = loss_of(output, targets)
        learn(optimizer, loss)
        losses.append(loss.item())
    return losses, state


@wrong(
    "carried-losses-in-a-list",
    "Keep loss.item(): a list of losses keeps every one of them alive, and its graph.",
    ("https://github.com/google/brax/pull/152",),
)
def losses_in_a_list(net: Any, chunks: Any, state: Any, optimizer: Any, loss_of: Any) -> Any:
    losses = []
    for inputs, targets in chunks:
        output, state = net(inputs, state)
        loss = loss_of(output, targets)
        learn(optimizer, loss)
        losses.append(loss)
        state = cut(state)
    return losses, state


@wrong("carried-gradients-add-up", "Clear the gradients before each backward: each step is for one chunk.")
def add_up(net: Any, chunks: Any, state: Any, optimizer: Any, loss_of: Any) -> Any:
    losses = []
    for inputs, targets in chunks:
        output, state = net(inputs, state)
        loss = loss_of(output, targets)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
        state = cut(state)
    return losses, state


@wrong("carried-one-step-at-the-end", "Step after each chunk, not once at the end.")
def at_the_end(net: Any, chunks: Any, state: Any, optimizer: Any, loss_of: Any) -> Any:
    losses = []
    optimizer.zero_grad()
    for inputs, targets in chunks:
        output, state = net(inputs, state)
        loss = loss_of(output, targets)
        loss.backward()
        losses.append(loss.item())
        state = cut(state)
    optimizer.step()
    return losses, state
