"""Watching torch: the graph, read off ``grad_fn`` and ``next_functions`` after each call.

Nodes are held until the recording ends: the hooks that watch them would go with them.
"""

from __future__ import annotations

from collections.abc import Callable
from types import FrameType
from typing import Any

import torch

from course.widgets.theatre.formulas import formula_by_name
from course.widgets.theatre.identity import WeakTable
from course.widgets.theatre.observer import Observer
from course.widgets.theatre.story import Story, Value
from course.widgets.theatre.values import value_of

LEAF = "torch::autograd::AccumulateGrad"
RAW = "_raw_saved_"


class TorchGraph(Observer):
    """Turns the nodes of torch into nodes of a story."""

    tensor_type, module_type = torch.Tensor, torch.nn.Module

    def __init__(self, story: Story, outermost: FrameType) -> None:
        super().__init__(story, outermost)
        self.nodes: list[Any] = []  # by number; None for sources
        self.ids: dict[Any, int] = {}
        self.made = WeakTable()  # by tensor: the node that made it, when it was last seen
        self.leaves: dict[int, int] = {}  # by id of the leaf, which its node holds
        self.sources = WeakTable()
        self.memories = WeakTable()  # of storages
        self.on_new: Callable[[Any, int], None] = lambda node, number: None

    # -- meeting -------------------------------------------------------------------------------

    def number_of(self, tensor: Any) -> int | None:
        found = self.made.get(tensor)
        if found is None and not tensor._is_view():  # to ask a view who made it may change who that is
            node = tensor.grad_fn
            found = self.leaves.get(id(tensor)) if node is None else self.ids.get(node)
            if tensor.output_nr:
                found = None
        found = self.sources.get(tensor) if found is None else found
        return None if found is None else int(found)

    def value(self, tensor: Any) -> Value | None:
        return value(tensor)

    def id_of(self, node: Any) -> int:
        """Return the number of a node, which is met now if it was not before."""
        if node not in self.ids:
            self.meet(node, None, (), before=True)
        return self.ids[node]

    def meet(self, top: Any, result: Any, given: tuple[Any, ...], before: bool = False) -> None:
        """Add a node and all below it that are unknown.

        Parameters
        ----------
        top : Node
            The node.
        result : Tensor or None
            What it made, if that is known.
        given : tuple of Tensor
            What the call was given that made it.
        before : bool
            It was recorded while nobody watched.
        """
        data = [x for x in given if not x.requires_grad and x.is_floating_point()]
        for node in self._unknown(top):
            if node not in self.ids:
                self._add(node, result if node is top else None, data, before)

    def _unknown(self, top: Any) -> list[Any]:
        """Return the nodes that are met now, each after those below it, in the order of recording."""
        found: dict[Any, None] = {}
        stack = [top]
        while stack:
            at = stack.pop()
            if at not in self.ids and at not in found:
                found[at] = None
                stack += [below for below, _ in at.next_functions if below is not None]
        return sorted((node for node in found if node.name() != LEAF), key=lambda node: node._sequence_nr()) or [top]

    # -- adding --------------------------------------------------------------------------------

    def _add(self, node: Any, result: Any, data: list[Any], before: bool) -> None:
        if node.name() == LEAF:
            self._add_leaf(node)
            return
        ends: list[int | None] = []
        for below, _ in node.next_functions:
            if below is not None and below not in self.ids:
                self._add(below, None, [], before)  # a leaf: all else is there already
            ends.append(self.ids[below] if below is not None else self.source(data.pop(0), "data") if data else None)
        shape, dtype = _form(node, result)
        wanted = [below is not None for below, _ in node.next_functions]
        number = self.writer.node(
            "op",
            node.name(),
            shape,
            dtype,
            value(result),
            _rule(node, wanted),
            None if before else self.line(),
            self.modules.now,
        )
        self._known(node, number)
        if result is not None and not result.output_nr:
            self.made.put(result, number)
        for at, (end, (below, slot)) in enumerate(zip(ends, node.next_functions, strict=True)):
            if end is not None:
                self.writer.edge(number, end, at, slot, tuple(self.story.nodes[end]["shape"]), below is None)
        self.writer.event("record", number, **({"before": True} if before else {}))
        for slot, kept in kept_by(node).items():
            if isinstance(kept, torch.Tensor) and self._just_a_number(kept):
                self.writer.save(number, slot, 0, 0, None, kept.item())
            elif isinstance(kept, torch.Tensor):
                self.writer.save(number, slot, kept.nbytes, self._version_at_saving(slot, kept), self.memory(kept))

    def _add_leaf(self, node: Any) -> None:
        leaf = node.variable
        number = self.writer.node(
            "leaf", "AccumulateGrad", leaf.shape, _name(leaf.dtype), value(leaf), "x.grad += g", self.line()
        )
        self.leaves[id(leaf)] = number
        self._known(node, number)
        self.writer.event("record", number)

    def _known(self, node: Any, number: int) -> None:
        self.nodes += [None] * (number - len(self.nodes)) + [node]
        self.ids[node] = number
        self.on_new(node, number)

    def source(self, tensor: Any, name: str) -> int:
        """Return the node of a tensor through which no gradient passes."""
        number = self.sources.get(tensor)
        if number is None:
            number = self.writer.node("source", name, tensor.shape, _name(tensor.dtype), value(tensor), "", self.line())
            self.sources.put(tensor, number)
            if name == "data":
                self.writer.event("record", number)
        return int(number)

    def detached(self, of: int, result: Any) -> None:
        """A tensor was cut off."""
        number = self.source(result, "detached")
        self.writer.edge(number, of, 0, 0, tuple(result.shape), cut=True)
        self.writer.event("record", number)
        self.writer.event("detach", number, of=of)

    # -- memory --------------------------------------------------------------------------------

    just_written: Any = None  # (memory, by how many writes) of the call that is being looked at
    just_given: tuple[Any, ...] = ()  # the tensors it was given

    def memory(self, tensor: Any) -> int:
        """Return the number of a tensor's memory."""
        owner = _storage(tensor)
        number = self.memories.get(owner)
        if number is None:
            number = self.writer.memory()
            self.memories.put(owner, number)
        return int(number)

    def _version_at_saving(self, slot: str, kept: Any) -> int | None:
        version = version_of(kept)
        if version is not None and self.just_written is not None and slot != "result":
            memory, writes = self.just_written  # the inputs of a write are saved before it
            if memory == self.memory(kept):
                version -= writes
        return version

    def _just_a_number(self, kept: Any) -> bool:
        """Return whether a saved tensor is a Python number of the call in a tensor's clothes."""
        if kept.dim() or kept.requires_grad or not self.just_given:
            return False
        return all(_storage(kept) is not _storage(x) for x in self.just_given)

    def sweep(self, number: int) -> None:
        """Look which of what a node kept it has let go of."""
        slots = list(self.writer.alive.get(number, ()))
        if slots:
            still = kept_by(self.nodes[number])
            for slot in slots:
                if still.get(slot) is None:
                    self.writer.free(number, slot)

    def version_now(self, place: tuple[int, str]) -> int | None:
        """Return the version that a saved value has by now."""
        kept = kept_by(self.nodes[place[0]]).get(place[1])
        return version_of(kept) if isinstance(kept, torch.Tensor) else None


def value(tensor: Any) -> Value | None:
    """Return a tensor of torch as a `Value`; without numbers where NumPy cannot have them (of a meta tensor, say)."""
    if tensor is None:
        return None
    try:
        plain = tensor.detach() if tensor.layout is torch.strided else tensor.detach().to_dense()
        return value_of((plain.float() if plain.dtype is torch.bfloat16 else plain).numpy(force=True))
    except (NotImplementedError, RuntimeError, TypeError):
        return {"shape": list(tensor.shape), "text": "", "norm": "nan"}


def _storage(tensor: Any) -> Any:
    """Return what owns the memory of a tensor: the tensor itself where it is of a kind that has no storage."""
    try:
        return tensor.untyped_storage()
    except (NotImplementedError, RuntimeError):
        return tensor


def grad_fn_of(tensor: Any) -> Any:
    """Return what made a tensor; None also for a view that torch refuses to show since its base was written to."""
    try:
        return tensor.grad_fn
    except RuntimeError:
        return None


def edge_of(tensor: Any) -> Any:
    """Return the node to which the gradient of a tensor goes, or None."""
    try:
        return torch.autograd.graph.get_gradient_edge(tensor).node
    except (AssertionError, RuntimeError):  # it needs none, or it is a view as above
        return None


def version_of(tensor: Any) -> int | None:
    """Return a tensor's version; None for one of inference mode, which has none."""
    return None if tensor.is_inference() else int(tensor._version)


def kept_by(node: Any) -> dict[str, Any]:
    """Return what a node of torch keeps, by slot: None where it was freed. No hook of a user is called."""
    try:
        if hasattr(node, "_raw_saved_tensors"):  # a Function of the user's
            return {str(at): saved.data for at, saved in enumerate(node._raw_saved_tensors)}
        found: dict[str, Any] = {}
        for name in _slots(type(node)):
            raw = getattr(node, RAW + name)
            if isinstance(raw, tuple | list):
                found.update({f"{name}[{at}]": one.data for at, one in enumerate(raw)})
            else:
                found[name] = raw.data
        return found
    except RuntimeError:  # lists, and Functions, say that they were freed
        return {}


_known_slots: dict[type, list[str]] = {}


def _slots(kind: type) -> list[str]:
    if kind not in _known_slots:
        names = [name[len(RAW) :] for name in dir(kind) if name.startswith(RAW)]
        _known_slots[kind] = sorted(names, key=lambda name: (name == "result", name))
    return _known_slots[kind]


def _form(node: Any, result: Any) -> tuple[Any, str]:
    like = result if result is not None else next(iter(node._input_metadata), None)
    return ((), "") if like is None else (tuple(like.shape), _name(like.dtype))


def _name(dtype: Any) -> str:
    return str(dtype).removeprefix("torch.")


def _rule(node: Any, wanted: list[bool]) -> str:
    if isinstance(node, torch.autograd.function.BackwardCFunction):
        return f"{node.name().removesuffix('Backward')}.backward(ctx, g)"
    return formula_by_name(node.name(), wanted)
