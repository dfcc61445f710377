"""The vjp table: one `Op` per operation, and what each of its rules has to keep.

A rule is a function ``rule(g, *what it needs)``. The names of its parameters say what that is:
names of inputs and ``result`` are tensors to keep, other names are plain facts such as ``dim``.
The table itself is in `rules`.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

from course.nptorch.parts import declare, missing, on_plug
from course.nptorch.saved import RESULT

Rule = Callable[..., Any]
G_ALONE, NO_GRADIENT = -1, -2


class Plan:
    """What one operation keeps, and which rules it runs, for one set of inputs that need gradients.

    Attributes
    ----------
    saves : tuple of int
        Positions of the inputs to keep; `RESULT` for the output.
    names : tuple of str
        Their names in the rules.
    op : Op
        The row of the table.
    calls : tuple
        Per input: None, or (positions in `saves`, names of plain facts).
    direct : tuple or None
        The same where every rule takes at most one kept value, as most do: per input its number,
        and the position in `saves`, `G_ALONE` or `NO_GRADIENT`.
    """

    __slots__ = ("calls", "direct", "names", "nothing", "op", "saves")

    def __init__(self, op: Op, needed: tuple[bool, ...]) -> None:
        # in the order in which the rules name them; the result comes last, and is kept, as in
        # torch, even if only the rule of an input that needs no gradient asks for it
        asked = [word for want, words in zip(needed, op.words, strict=True) if want for word in words]
        asked += ["result"]
        named = sorted((word for words in op.words for word in words), key="result".__eq__)
        names = [word for word in dict.fromkeys(named) if word in asked and word in op.tensors]
        calls: list[Any] = []
        for wanted, words in zip(needed, op.words, strict=True):
            if not wanted:
                calls.append(None)
                continue
            tensors = [word for word in words if word in op.tensors]
            facts = tuple(word for word in words if word not in op.tensors)
            calls.append((tuple(names.index(word) for word in tensors), facts))
        names += [name for name in op.inputs[len(op.words) :] if name not in names]
        self.names = tuple(names)
        self.saves = tuple(RESULT if name == "result" else op.inputs.index(name) for name in names)
        self.calls = tuple(calls)
        plain = [call is None or (len(call[0]) < 2 and not call[1]) for call in calls]
        which = [NO_GRADIENT if call is None else (*call[0], G_ALONE)[0] for call in calls]
        self.direct = tuple(enumerate(which)) if all(plain) else None
        self.nothing = (None,) * len(calls)
        self.op = op


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

    __slots__ = ("arity", "inputs", "name", "node_name", "plans", "rules", "tensors", "words")

    def __init__(self, name: str, rules: dict[str, Rule | None], node_name: str) -> None:
        self.name = name
        self.node_name = node_name
        self.inputs = tuple(rules)
        self.rules = [rule for rule in rules.values() if rule is not None]
        self.arity = len(self.rules)
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
OF_MANY: dict[str, Callable[[int], Op]] = {}
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


def vjp_of_many(name: str, /, *, tensor: Rule) -> None:
    """Add an operation of any number of Tensors: ``rule(g, i, *facts)`` serves the i-th."""
    words = [*inspect.signature(tensor).parameters.values()]
    signature = inspect.Signature([words[0], *words[2:]])

    def rule_for(i: int) -> Rule:
        def rule(g: Any, *facts: Any) -> Any:
            return tensor(g, i, *facts)

        rule.__signature__ = signature  # type: ignore[attr-defined]
        return rule

    @functools.cache
    def row(count: int) -> Op:
        rules: dict[str, Rule | None] = {f"tensor{i}": rule_for(i) for i in range(count)}
        return Op(name, rules, f"{name.capitalize()}Backward0")

    OF_MANY[name] = row


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
