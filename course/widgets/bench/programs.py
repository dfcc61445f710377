"""The programs on the bench: a few lines each, which switches change.

A program is text, so that the reader sees what each switch writes. It is written once and runs under ``T``,
torch or the engine.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

SWITCHES = {
    "retain_graph": "retain_graph=True in the first backward",
    "create_graph": "create_graph=True in the first backward",
    "detach": "detach the trunk",
    "no_grad": "compute the trunk under no_grad",
    "hook": "a hook on the trunk: gradient times 10",
    "in_place": "change a tensor in place before the last backward",
}


@dataclass(frozen=True)
class Switches:
    """Which switches are on; their names are those of `SWITCHES`."""

    retain_graph: bool = False
    create_graph: bool = False
    detach: bool = False
    no_grad: bool = False
    hook: bool = False
    in_place: bool = False

    @property
    def flags(self) -> str:
        """What stands between the brackets of the first ``backward()``."""
        names = [name for name in ("retain_graph", "create_graph") if getattr(self, name)]
        return ", ".join(f"{name}=True" for name in names)

    def trunk(self, name: str, made: str) -> list[str]:
        """Return the lines that compute the trunk."""
        if self.detach:
            made = f"({made}).detach()"
        lines = ["with T.no_grad():", f"    {name} = {made}"] if self.no_grad else [f"{name} = {made}"]
        return [*lines, f"{name}.register_hook(lambda g: g * 10)"] if self.hook else lines


@dataclass(frozen=True)
class Program:
    """One program.

    Attributes
    ----------
    id, title : str
        What the list shows.
    inputs : dict of str to tuple of float
        The leaves, and the numbers they begin with.
    body : function
        From switches to lines of code after the leaves.
    """

    id: str
    title: str
    inputs: dict[str, tuple[float, ...]]
    body: Callable[[Switches], list[str]]

    def code(self, inputs: dict[str, tuple[float, ...]], switches: Switches) -> str:
        """Write the program."""
        leaves = [f"{name} = T.tensor({list(inputs[name])}, requires_grad=True)" for name in self.inputs]
        return "\n".join([*leaves, *self.body(switches)]) + "\n"


def _twice(on: Switches) -> list[str]:
    change = ["h.mul_(2)"] if on.in_place else []
    lines = [*on.trunk("h", "x * w"), "loss = h.exp().sum()"]
    return [*lines, f"loss.backward({on.flags})", *change, "loss.backward()"]


def _two_losses(on: Switches) -> list[str]:
    change = ["with T.no_grad():", "    w.sub_(0.1)"] if on.in_place else []
    lines = [*on.trunk("h", "(x * w).exp()"), "first = (h * w).sum()", "second = (h * x).sum()"]
    return [*lines, f"first.backward({on.flags})", *change, "second.backward()"]


def _diamond(on: Switches) -> list[str]:
    change = ["left.add_(1)"] if on.in_place else []
    lines = [*on.trunk("h", "x * 2"), "left = h.exp()", "right = h.sin()", "loss = (left * right).sum()"]
    return [*lines, *change, f"loss.backward({on.flags})"]


def _state(on: Switches) -> list[str]:
    change = ["with T.no_grad():", "    w.sub_(0.1)"] if on.in_place else []
    first = ["state = (x * w).tanh()", f"state.sum().backward({on.flags})"]
    return [
        *first,
        *change,
        *on.trunk("carried", "state * 1"),
        "state = (carried * w).tanh()",
        "state.sum().backward()",
    ]


def _slope(on: Switches) -> list[str]:
    change = ["w.data.add_(1)"] if on.in_place else []
    lines = [*on.trunk("h", "x ** 3"), "loss = (h * w).sum()"]
    return [*lines, f"loss.backward({on.flags})", *change, "(x.grad ** 2).sum().backward()"]


PROGRAMS = {
    one.id: one
    for one in (
        Program("twice", "One loss, backward twice", {"x": (1.0, 2.0), "w": (0.5, -1.0)}, _twice),
        Program("two-losses", "Two losses on one trunk", {"x": (1.0, 2.0), "w": (0.5, -1.0)}, _two_losses),
        Program("diamond", "Two ways from the loss to x", {"x": (1.0, 2.0)}, _diamond),
        Program("state", "A state carried from step to step", {"x": (1.0, 2.0), "w": (0.5, -1.0)}, _state),
        Program("slope", "The gradient of a gradient", {"x": (1.0, 2.0), "w": (0.5, -1.0)}, _slope),
    )
}
