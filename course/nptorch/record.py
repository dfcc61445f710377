"""Recording: one `OpNode` for each operation whose result needs a gradient.

The table in `rules` says, for each input of each operation, how the gradient flows back and, by
the parameter names of that rule, what has to be kept for it: ``self``, ``other`` and so on are
inputs, ``result`` is the output, other names are plain facts such as ``dim``.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from course.nptorch.grad_mode import mode
from course.nptorch.graph import ZERO_SLOTS, Node, gradient_edge
from course.nptorch.parts import declare, missing, on_plug, plugged
from course.nptorch.saved import RESULT, keep, read

Rule = Callable[..., Any]


class Plan:
    """What one operation keeps, and which rules it runs, for one set of inputs that need gradients.

    Attributes
    ----------
    saves : tuple of int
        Positions of the inputs to keep; `RESULT` for the output.
    names : tuple of str
        Their names in the rules.
    calls : tuple
        Per input: None, or (positions in `saves`, names of plain facts).
    """

    __slots__ = ("calls", "names", "saves")

    def __init__(self, op: Op, needed: tuple[bool, ...]) -> None:
        names: list[str] = []
        calls: list[Any] = []
        for wanted, words in zip(needed, op.words, strict=True):
            if not wanted:
                calls.append(None)
                continue
            tensors = [word for word in words if word in op.tensors]
            for word in tensors:
                if word not in names:
                    names.append(word)
            facts = tuple(word for word in words if word not in op.tensors)
            calls.append((tuple(names.index(word) for word in tensors), facts))
        self.names = tuple(names)
        self.saves = tuple(
            RESULT if name == "result" else op.inputs.index(name) for name in names
        )
        self.calls = tuple(calls)


class Op:
    """One row of the vjp table.

    Parameters
    ----------
    name : str
        torch's name of the operation.
    rules : dict of str to function or None
        Per input, in order: its rule, ``rule(g, *what it needs)``. Inputs that are kept but have
        no gradient of their own (masks, indices) come last, with None.
    node_name : str
        torch's name of the node, e.g. ``"MulBackward0"``.
    """

    __slots__ = ("inputs", "name", "node_name", "plans", "rules", "tensors", "words")

    def __init__(self, name: str, rules: dict[str, Rule | None], node_name: str) -> None:
        self.name = name
        self.node_name = node_name
        self.inputs = tuple(rules)
        self.rules = [rule for rule in rules.values() if rule is not None]
        self.tensors = {*self.inputs, "result"}
        self.words = [tuple(inspect.signature(rule).parameters)[1:] for rule in self.rules]
        self.plans: dict[tuple[bool, ...], Plan] = {}

    def plan(self, needed: tuple[bool, ...]) -> Plan:
        """Return the plan for the inputs that need gradients, made at first use."""
        plan = self.plans.get(needed)
        if plan is None:
            plan = self.plans[needed] = Plan(self, needed)
        return plan


OPS: dict[str, Op] = {}
_places: dict[str, list[tuple[Op, int]]] = {}


def vjp(name: str, /, *, node_name: str = "", **rules: Rule | None) -> Op:
    """Add an operation to the table: one rule per differentiable input, in order of the inputs.

    None in the place of a rule marks an input that other rules need, such as a mask.
    """
    camel = "".join(piece.capitalize() for piece in name.split("_"))
    op = OPS[name] = Op(name, rules, node_name or f"{camel}Backward0")
    for position, rule in enumerate(op.rules):
        if hasattr(rule, "part"):
            _places.setdefault(rule.part, []).append((op, position))
    return op


def share(name: str, other: str, /, *, node_name: str = "") -> Op:
    """Add an operation with the rules of another one and a node name of its own."""
    like = OPS[other]
    rules = dict.fromkeys(like.inputs) | dict(zip(like.inputs, like.rules, strict=False))
    return vjp(name, node_name=node_name, **rules)


def built(lesson: int, part: str, like: Rule) -> Rule:
    """Return the place of a rule that students build: the part called `part`.

    `like` shows the parameters only (what the operation keeps); it is never called.
    """
    null = missing(part, lesson)
    null.__signature__ = inspect.signature(like)  # type: ignore[attr-defined]
    null.part = part  # type: ignore[attr-defined]
    declare(part, lesson, f"vjp rule: {part}{inspect.signature(like)}", null)
    return null


def _install(name: str, part: Any) -> None:
    """Put a plugged rule into the table; refuse one that asks for other things than were kept."""
    for op, position in _places.get(name, ()):
        got, asked = tuple(inspect.signature(part).parameters)[1:], op.words[position]
        if got != asked:
            raise TypeError(
                f"{name} must take ({', '.join(('g', *asked))}): these are the names of what the "
                f"operation keeps; yours takes (g, {', '.join(got)})"
            )
        op.rules[position] = part


on_plug(_install)


class OpNode(Node):
    """A recorded operation from the table.

    Attributes
    ----------
    kept : tuple of SavedTensor
        What the rules need, in the order of ``plan.saves``.
    facts : dict or None
        Plain facts the rules need (``dim``, shapes).
    like : tuple or None
        Per input ``(shape, dtype)`` its gradient is brought back to, where that differs.
    """

    __slots__ = ("facts", "kept", "like", "op", "plan")

    def apply(self, gradients: list[Any]) -> list[Any]:
        g = gradients[0]
        if g is None:
            return [None] * len(self.edges)
        plan = self.plan
        tracked = hasattr(g, "_data")
        values = [
            read(saved, self, position, tracked)
            for position, saved in zip(plan.saves, self.kept, strict=True)
        ]
        facts = self.facts
        out = []
        for rule, call in zip(self.op.rules, plan.calls, strict=True):
            if call is None:
                out.append(None)
                continue
            picks, words = call
            arguments = [values[pick] for pick in picks]
            out.append(rule(g, *arguments, *[facts[word] for word in words]))
        if self.like is not None:
            out = [
                grad if grad is None or form is None else conform(grad, *form)
                for grad, form in zip(out, self.like, strict=True)
            ]
        return out

    def saved(self) -> tuple[Any, ...]:
        return self.kept

    def name(self) -> str:
        return self.op.node_name

    def __getattr__(self, name: str) -> Any:
        # torch shows what a node kept as node._saved_self, node._saved_result, node._saved_dim
        if name.startswith("_saved_"):
            word = name.removeprefix("_saved_")
            if word in self.plan.names:
                at = self.plan.names.index(word)
                return read(self.kept[at], self, self.plan.saves[at], tracked=True)
            if self.facts and word in self.facts:
                return self.facts[word]
        raise AttributeError(f"'{self.name()}' object has no attribute '{name}'")


def conform(gradient: Any, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Any:
    """Bring a gradient back to the shape (lesson 3) and dtype of the input it belongs to."""
    if gradient.shape != shape:
        gradient = plugged.sum_to_size(gradient, shape)
    if hasattr(gradient, "_data"):
        return gradient if gradient._data.dtype == dtype else gradient._cast(dtype)
    return gradient if gradient.dtype == dtype else gradient.astype(dtype)


def needed(inputs: tuple[Any, ...]) -> tuple[bool, ...]:
    """Return, per input, whether it is a Tensor that requires grad."""
    return tuple(hasattr(x, "_data") and x.requires_grad for x in inputs)


def attach(
    op: Op, inputs: tuple[Any, ...], result: Any, facts: dict[str, Any] | None = None
) -> Any:
    """Record `op` as the maker of the Tensor `result`, if recording is on and an input needs it.

    Parameters
    ----------
    op : Op
        Row of the table.
    inputs : tuple
        As in the row: one per rule (a Tensor, a Python number, or None), then what is only kept.
    result : Tensor
        A fresh result; it gets its ``grad_fn``.
    facts : dict
        Plain facts for the rules.

    Returns
    -------
    result : Tensor
        The same object.
    """
    if mode.enabled:
        wanted = needed(inputs)
        if True in wanted:
            result._grad_fn = make_node(op, inputs, wanted, result, facts)
    return result


def make_node(
    op: Op,
    inputs: tuple[Any, ...],
    wanted: tuple[bool, ...],
    result: Any,
    facts: dict[str, Any] | None,
    kind: type[OpNode] = OpNode,
) -> OpNode:
    """Return the node of one operation, with its edges and everything its rules need."""
    wanted = wanted[: len(op.rules)]  # inputs that are only kept have no edge
    edges, slots = [], []
    for x, want in zip(inputs, wanted, strict=False):
        edge = gradient_edge(x) if want else (None, 0)
        edges.append(edge[0])
        slots.append(edge[1])
    zeros = ZERO_SLOTS[len(slots)] if len(slots) < len(ZERO_SLOTS) else (0,) * len(slots)
    node = kind(tuple(edges), zeros if not any(slots) else tuple(slots))
    plan = node.plan = op.plan(wanted)
    node.op = op
    node.facts = facts
    node.like = _like(inputs, wanted, result)
    node.kept = tuple(
        [keep(result, True) if i == RESULT else keep(inputs[i]) for i in plan.saves]
    )
    return node


def _like(inputs: tuple[Any, ...], wanted: tuple[bool, ...], result: Any) -> Any:
    """Return the forms to which gradients are brought back, or None where all fit already."""
    data = result._data
    forms = [
        (x._data.shape, x._data.dtype) if want else None
        for x, want in zip(inputs, wanted, strict=False)
    ]
    same = (data.shape, data.dtype)
    return None if all(form is None or form == same for form in forms) else tuple(forms)


declare("sum_to_size", 3, "sum a gradient back over the axes that broadcasting added")
