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

from course.nptorch.grad_mode import HOOKED, mode
from course.nptorch.graph import sequence
from course.nptorch.parts import declare, missing, on_plug, plugged
from course.nptorch.saved import RESULT, keep, read
from course.nptorch.shown import show

Rule = Callable[..., Any]
USED = {"HOOKED": HOOKED, "keep_hooked": keep, "mode": mode, "plugged": plugged, "read": read, "sequence": sequence}
MADE = ("result", "buffer", "high", "low", "total_weight")  # what an operation keeps of what it found itself
node_bases: list[type] = []  # the class of recorded operations, put here by `record`


class Plan:
    """What one operation keeps, and how it goes back, for one set of inputs that need gradients.

    Attributes
    ----------
    op : Op
        The row of the table.
    saves : tuple of int
        Positions of the inputs to keep; `RESULT` for the output.
    names : tuple of str
        Their names in the rules.
    needed : tuple of bool
        Per input that has a rule, whether it runs.
    source : str
        The row written out as the functions `fill` and `back`: generic code would cost more than the
        mathematics of a small operation, and code that serves one class of nodes is faster in CPython
        than code that serves many.
    fill : function
        ``fill(node, edges, slots, facts, result, *inputs)`` makes a new object the node of one operation.
    back : function
        ``back(node, g, runs)`` returns one gradient (or None) per input: of several inputs, only for those
        to whose node ``runs(node)`` says yes. It says so to all if it is None.
    """

    __slots__ = ("back", "fill", "names", "needed", "nothing", "op", "saves", "source")

    def __init__(self, op: Op, needed: tuple[bool, ...]) -> None:
        # as in torch, the result is kept even if only the rule of an input that needs no gradient
        # asks for it, and what several rules ask for whichever of them runs
        named = [word for words in op.words for word in dict.fromkeys(words)]
        asked = {word for want, words in zip(needed, op.words, strict=True) if want for word in words}
        asked |= {word for word in named if word == "result" or named.count(word) > 1}
        asked |= {name for name in op.inputs[op.arity :] if name not in named}
        # kept, and read again, in the order of the names; results come last
        names = sorted(asked & op.tensors, key=lambda name: (name.startswith(MADE), name))
        self.op = op
        self.needed = needed
        self.names = tuple(names)
        self.saves = tuple(RESULT if name == "result" else op.inputs.index(name) for name in names)
        self.nothing = (None,) * len(needed)
        self.source = f"{self._recording()}\n\n{self._going_back()}"
        space: dict[str, Any] = {"__name__": __name__, "plan": self, "rules": op.rules, **USED}
        exec(compile(self.source, f"<{op.node_name}>", "exec"), space)
        self.fill: Callable[..., None] = space["fill"]
        self.back: Callable[[Any, Any, Any], tuple[Any, ...]] = space["back"]

    def _recording(self) -> str:
        """Return the source of `fill`, such as::

        def fill(node, edges, slots, facts, result, self=None, other=None):
            node.plan = plan
            node.edges = edges
            node.slots = slots
            node.facts = facts
            node.hooks = node.like = None
            node.sequence_nr = next(sequence)
            keep = keep_hooked if HOOKED else plugged.SavedTensor
            node.kept = keep(other, False), keep(self, False),
        """
        inputs = ", ".join([f"{name}=None" for name in self.op.inputs])
        lines = [f"def fill(node, edges, slots, facts, result, {inputs}):", "node.plan = plan"]
        lines += [f"node.{name} = {name}" for name in ("edges", "slots", "facts")]
        lines += ["node.hooks = node.like = None", "node.sequence_nr = next(sequence)"]
        kept = "".join([f"keep({name}, {name == 'result'}), " for name in self.names])
        lines += ["keep = keep_hooked if HOOKED else plugged.SavedTensor"] if kept else []
        return "\n    ".join([*lines, f"node.kept = {kept.rstrip() or '()'}\n"])

    def _going_back(self) -> str:
        """Return the source of `back`, such as::

        def back(node, g, runs=None):
            recorded = mode.enabled
            other, self = node.kept
            other = read(other, node, 1, recorded)
            self = read(self, node, 0, recorded)
            of_other = rules[1](g, self) if runs is None or runs(node.edges[1]) else None
            of_self = rules[0](g, other) if runs is None or runs(node.edges[0]) else None
            return of_self, of_other,
        """
        lines = ["def back(node, g, runs=None):"]
        if self.names:
            lines += ["recorded = mode.enabled", f"{', '.join(self.names)}, = node.kept"]
        lines += [
            f"{name} = read({name}, node, {at}, recorded)" for name, at in zip(self.names, self.saves, strict=True)
        ]
        made = [f"of_{name}" if wanted else "None" for name, wanted in zip(self.op.inputs, self.needed, strict=False)]
        several = sum(self.needed) > 1 and not self.op.refuses
        for i in sorted(range(len(made)), key=self.op.inputs.__getitem__):  # as in torch, by name
            values = [word if word in self.op.tensors else f"node.facts[{word!r}]" for word in self.op.words[i]]
            asked = f" if runs is None or runs(node.edges[{i}]) else None" if several else ""
            lines += [f"{made[i]} = rules[{i}]({', '.join(['g', *values])}){asked}"] if self.needed[i] else []
        lines.append(f"return {', '.join(made)},")
        return "\n    ".join(lines) + "\n"


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

    __slots__ = ("arity", "inputs", "kind", "name", "node_name", "plans", "refuses", "rules", "tensors", "words")

    def __init__(self, name: str, rules: dict[str, Rule | None], node_name: str) -> None:
        self.name = name
        self.node_name = node_name
        self.kind: Any = type(node_name.rpartition("::")[2], (node_bases[0],), {"__slots__": ()})  # type(node) tells it
        self.inputs = tuple(rules)
        self.rules = [rule for rule in rules.values() if rule is not None]
        self.arity = len(self.rules)
        self.refuses = any(hasattr(rule, "refuses") for rule in self.rules)  # there is no derivative
        self.tensors = {*self.inputs, "result"}
        self.words = [tuple(inspect.signature(rule).parameters)[1:] for rule in self.rules]
        self.plans = Plans(self)
        for word in self.tensors.union(*self.words):
            show(word)

    def plan(self, needed: tuple[bool, ...]) -> Plan:
        """Return the plan for the inputs that need gradients."""
        return self.plans[sum([wanted << i for i, wanted in enumerate(needed)])]


class Plans(dict[int, Plan]):
    """The plans of one operation, made at first use. Bit i of a key: input i needs a gradient."""

    def __init__(self, op: Op) -> None:
        super().__init__()
        self.op = op

    def __missing__(self, key: int) -> Plan:
        plan = self[key] = Plan(self.op, tuple([bool(key >> i & 1) for i in range(self.op.arity)]))
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
        rules: dict[str, Rule | None] = {f"tensor{i:04}": rule_for(i) for i in range(count)}
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
