"""Watching `course.nptorch`: the graph as it is recorded, with whatever parts are plugged in.

Nothing here keeps a node, a tensor or a gradient alive, so that programs which look at what is
freed see the same as without a watcher.
"""

from __future__ import annotations

import weakref
from types import FrameType
from typing import Any

from course.nptorch._tensor import Tensor
from course.nptorch.graph import AccumulateGrad, Node, Nowhere
from course.nptorch.nn import Module
from course.nptorch.saved import RESULT, PackedTensor
from course.widgets.theatre.formulas import formula_of
from course.widgets.theatre.holding import count_in, held_by
from course.widgets.theatre.identity import Memories, WeakTable
from course.widgets.theatre.observer import Observer
from course.widgets.theatre.story import Story, Value
from course.widgets.theatre.values import value_of


class Graph(Observer):
    """Turns the nodes of the engine into nodes of a story."""

    tensor_type, module_type = Tensor, Module

    def __init__(self, story: Story, outermost: FrameType) -> None:
        super().__init__(story, outermost)
        self.ids: WeakTable = WeakTable()  # of nodes
        self.leaves: WeakTable = WeakTable()  # of tensors
        self.sources: WeakTable = WeakTable()  # of tensors without a gradient
        self.drafts: WeakTable = WeakTable()  # inputs of nodes that are not finished yet
        self.memories = Memories(self.writer.memory)
        self.counting: dict[tuple[int, str], object] = {}  # with whom a saved value counts writes
        self.numbers: dict[tuple[int, str], tuple[Any, int]] = {}  # kept numbers, and how often they are in there
        self.unfinished: set[int] = set()  # nodes that a pack hook met while they were being made
        self.watching = True

    # -- meeting -------------------------------------------------------------------------------

    def id_of(self, node: Any) -> int:
        """Return the number of a node of the engine, which is met now if it was not before."""
        known = self.ids.get(node)
        if known is None:
            self.meet(node)
            known = self.ids.get(node)
        return int(known)

    def meet(self, node: Any) -> None:
        """Add a node, and what lies below it, as it is: it was recorded while nobody watched."""
        unknown: dict[int, Node] = {}
        stack = [node]
        while stack:
            at = stack.pop()
            if id(at) not in unknown and self.ids.get(at) is None:
                unknown[id(at)] = at
                stack += [below for below in at.edges if below is not None]
        for at in sorted(unknown.values(), key=lambda at: at.sequence_nr):
            if self.ids.get(at) is None:
                self._add(at)

    def _add(self, node: Any) -> None:
        if isinstance(node, AccumulateGrad):
            self._add_leaf(node)
        else:
            draft = self.drafts.get(node)
            inputs = None if draft is None else tuple([ref() if isinstance(ref, weakref.ref) else ref for ref in draft])
            self.add_op(node, inputs, None, before=draft is None)

    def _add_leaf(self, node: AccumulateGrad) -> None:
        self.ids.put(node, self.leaf(node.variable))

    def leaf(self, leaf: Any) -> int:
        """Return the number of a leaf: its `AccumulateGrad` may die with a graph, and another one follow."""
        number = self.leaves.get(leaf)
        if number is None:
            number = self.writer.node(
                "leaf", "AccumulateGrad", leaf.shape, _dtype(leaf), value_of(leaf._data), "x.grad += g", self.line()
            )
            self.leaves.put(leaf, number)
            self.writer.event("record", number)
        return int(number)

    def _known(self, node: Any, number: int) -> None:
        self.ids.put(node, number)
        weakref.finalize(node, self._dropped, number).atexit = False

    def _dropped(self, number: int) -> None:
        """A node died, and with it what it kept."""
        for slot in list(self.writer.alive.get(number, ())) if self.watching else ():
            self.writer.free(number, slot, dropped=True)

    # -- adding --------------------------------------------------------------------------------

    def draft(self, node: Any, inputs: tuple[Any, ...]) -> None:
        """Remember the inputs of a node whose result is not there yet."""
        if node is not None and self.ids.get(node) is None:
            self.drafts.put(node, [weakref.ref(x) if isinstance(x, Tensor) else x for x in inputs])

    def add_op(self, node: Any, inputs: tuple[Any, ...] | None, result: Any, before: bool = False) -> None:
        """Add an operation that has just been recorded.

        Parameters
        ----------
        node : Node
            The node.
        inputs : tuple or None
            What the operation was given, where that is known.
        result : Tensor or None
            Its (first) result, where that is known.
        before : bool
            It was recorded while nobody watched.
        """
        known = self.ids.get(node)
        if known is not None:
            if known in self.unfinished and result is not None:
                self.unfinished.discard(known)
                self.story.nodes[known]["value"] = value_of(result._data)
                self._saves(node, known, inputs, result)
            return
        given = inputs if inputs is not None else (None,) * len(node.edges)
        below_of = [self._below(edge, x) for edge, x in zip(node.edges, given, strict=False)]
        shape, dtype = _form(node, result)
        number = self.writer.node(
            "op",
            node.name(),
            shape,
            dtype,
            None if result is None else value_of(result._data),
            _rule(node),
            None if before else self.line(),
            self.modules.now,
        )
        self._known(node, number)
        for at, (to, x) in enumerate(zip(below_of, given, strict=False)):
            if to is not None:
                target = self.story.nodes[to]
                known = x._data.shape if isinstance(x, Tensor) else target["shape"]
                cut = target["kind"] == "source"
                self.writer.edge(number, to, at, 0 if cut else node.slots[at], known, cut)
        self.writer.event("record", number, **({"before": True} if before else {}))
        if hasattr(node, "kept"):
            self._saves(node, number, inputs, result)
        else:
            self.unfinished.add(number)

    def _below(self, edge: Any, x: Any) -> int | None:
        """Return the node at the other end of an edge: a source where no gradient goes."""
        if edge is not None and edge.__class__ is not Nowhere:
            return self.id_of(edge)
        return self.source(x, "data") if isinstance(x, Tensor) else None

    def source(self, tensor: Any, name: str) -> int:
        """Return the node of a tensor through which no gradient passes."""
        number = self.sources.get(tensor)
        if number is None:
            number = self.writer.node(
                "source", name, tensor._data.shape, _dtype(tensor), value_of(tensor._data), "", self.line()
            )
            self.sources.put(tensor, number)
            if name == "data":
                self.writer.event("record", number)
        return int(number)

    def detached(self, tensor: Any, result: Any) -> None:
        """A tensor was cut off."""
        node = tensor._grad_fn if tensor._base is None else tensor.grad_fn
        if node is None and not tensor._requires_grad:
            return
        of = self.leaf(tensor) if node is None else self.id_of(node)
        number = self.source(result, "detached")
        self.writer.edge(number, of, 0, tensor._output_nr, tensor._data.shape, cut=True)
        self.writer.event("record", number)
        self.writer.event("detach", number, of=of)

    def _saves(self, node: Any, number: int, inputs: tuple[Any, ...] | None, result: Any) -> None:
        for slot, saved, tensor in _kept(node, inputs, result):
            if isinstance(saved, PackedTensor):
                tensor = saved.packed and saved.packed[0]
            elif tensor is None:
                tensor = next((x for x in held_by(saved) if isinstance(x, Tensor)), None)
            if type(tensor) in (int, float):
                self.numbers[number, slot] = tensor, count_in(saved, tensor)
                self.writer.save(number, slot, 0, 0, None, tensor)
            if not isinstance(tensor, Tensor):
                continue  # a number, or something that only its owner understands
            memory, self.counting[number, slot] = self.memories.of(tensor)
            self.writer.save(number, slot, int(tensor._data.nbytes), getattr(saved, "version", None), memory)

    def sweep(self, node: Any) -> None:
        """Look which of what a node kept it has let go of."""
        number = self.ids.get(node)
        if number is None:
            return
        slots = list(self.writer.alive.get(number, ()))
        if slots:
            still = {slot for slot, saved, _ in _kept(node, None, None) if self._still(number, slot, saved)}
            for slot in slots:
                if slot not in still:
                    self.writer.free(number, slot)

    def value(self, tensor: Any) -> Value | None:
        return value_of(getattr(tensor, "_data", tensor))  # gradients may be arrays

    def _still(self, number: int, slot: str, saved: Any) -> bool:
        plain, count = self.numbers.get((number, slot), (None, 0))
        return bool(held_by(saved)) if plain is None else count_in(saved, plain) >= count > 0

    def number_of(self, tensor: Any) -> int | None:
        node = tensor._grad_fn
        found = self.leaves.get(tensor) if node is None else None if tensor._output_nr else self.ids.get(node)
        found = self.sources.get(tensor) if found is None else found
        return None if found is None else int(found)


def _form(node: Any, result: Any) -> tuple[Any, str]:
    if result is not None:
        return result._data.shape, _dtype(result)
    forms = getattr(node, "output_forms", None) or getattr(node, "forms", None)
    if forms and forms[0]:
        return forms[0][0], str(forms[0][1])
    return getattr(node, "base_shape", ()), ""


def _dtype(tensor: Any) -> str:
    return str(tensor._data.dtype)


def _rule(node: Any) -> str:
    plan = getattr(node, "plan", None)
    if plan is not None:
        return formula_of(plan.op, [edge is not None for edge in node.edges])
    function = getattr(getattr(node, "ctx", None), "_function", None)
    return "" if function is None else f"{function.__name__}.backward(ctx, g)"


def _kept(node: Any, inputs: tuple[Any, ...] | None, result: Any) -> list[tuple[str, Any, Any]]:
    """Return what a node keeps: torch's name of it, the `SavedTensor`, and the tensor where it is known."""
    saved = node.saved()
    plan = getattr(node, "plan", None)
    if plan is None:
        return [(str(at), kept, None) for at, kept in enumerate(saved)]
    return [
        (name, kept, result if at == RESULT else None if inputs is None else inputs[at])
        for name, kept, at in zip(plan.names, saved, plan.saves, strict=False)
    ]
