"""The walk made visible: which node runs when, with what, and how many edges lead to it.

torch is asked through the hooks of its nodes; here the parts `run_backward` and `count_consumers` are
called themselves, so that nothing else has to be built for it.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from course.scenarios import part

Ran = list[tuple[str, list[Any]]]


def nodes(*tensors: Any) -> list[Any]:
    """Every node behind some tensors, in the order in which they are first met."""
    found: dict[Any, None] = {}
    waiting = [tensor.grad_fn for tensor in reversed(tensors)]
    while waiting:
        node = waiting.pop()
        if node is not None and node not in found:
            found[node] = None
            waiting += [below for below, _ in reversed(node.next_functions)]
    return list(found)


def name(node: Any) -> str:
    """The operation in short: ``Mul`` for ``MulBackward0``; ``Leaf`` for the end of the walk."""
    full: str = node.name().rpartition("::")[2]
    return "Leaf" if full == "AccumulateGrad" else full.partition("Backward")[0]


def walked(T: Any, tensors: Any, gradients: Any, silent: str = "") -> Ran:
    """Which nodes a walk from these tensors runs, in order, and the gradients that each is given.

    A node called ``silent`` sends nothing back.
    """
    ran: Ran = []
    if T.__name__ == "torch":
        handles = []
        for node in nodes(*tensors):
            handles.append(node.register_prehook(lambda given, node=node: ran.append((name(node), list(given)))))
            if name(node) == silent:
                handles.append(node.register_hook(lambda sent, given: tuple(None for _ in sent)))
        T.autograd.backward(list(tensors), list(gradients), retain_graph=True)
        for handle in handles:
            handle.remove()
        return ran

    def run_node(node: Any, given: Any) -> Any:
        ran.append((name(node), list(given)))
        if not node.next_functions:
            return []
        sent = node(*given)
        several = sent if isinstance(sent, tuple) else (sent,)
        # without a history, as in an ordinary backward pass
        return [None if one is None or name(node) == silent else one.data for one in several]

    roots = [(tensor.grad_fn, tensor.output_nr, g) for tensor, g in zip(tensors, gradients, strict=True)]
    part(T, "run_backward")(roots, run_node)
    return ran


def asked(T: Any, y: Any, wanted: Any, gradient: Any) -> list[Any]:
    """The gradients of ``y`` for some tensors alone: the walk ends there, and touches no .grad.

    The graph is kept, so that one can ask again.
    """
    return list(T.autograd.grad(y, wanted, gradient, retain_graph=True))


def recorded_backward(T: Any, y: Any, gradient: Any) -> None:
    """A backward pass that is recorded itself; lesson 10 is about what that is good for."""
    y.backward(gradient, create_graph=True)


def order(ran: Ran) -> str:
    """The names in the order of the walk."""
    return " ".join(label for label, _ in ran)


def at_leaves(ran: Ran) -> list[Any]:
    """What arrived at the leaves, in the order of the walk."""
    return [given[0] for label, given in ran if label == "Leaf"]


def edges_to_each(T: Any, *tensors: Any) -> list[str]:
    """How many edges lead to each node behind some tensors, such as ``Exp: 2``."""
    every = nodes(*tensors)
    if T.__name__ == "torch":
        below = [low for node in every for low, _ in node.next_functions if low is not None]
        times = Counter(below)
        return [f"{name(node)}: {times[node]}" for node in every]
    counted = part(T, "count_consumers")([tensor.grad_fn for tensor in tensors])
    if len(counted) != len(every):
        return [f"{len(counted)} nodes"]
    return [f"{name(node)}: {counted[node]}" for node in every]
