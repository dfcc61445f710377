"""Watching torch: backward passes, through hooks of its nodes."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

import torch

from course.widgets.theatre.story import Value
from course.widgets.theatre.tapping import Heard
from course.widgets.theatre.torch_graph import LEAF, TorchGraph, edge_of, value
from course.widgets.theatre.where import users_line


class TorchPass:
    """One pass that is under way.

    Attributes
    ----------
    begun : bool
        Whether a node has had its turn; a pass that is refused has no events but its error.
    at : int or None
        The node whose turn it is.
    later : function or None
        What is to be told before the next event: what the last node let go of, and who got its gradients.
    """

    def __init__(self, number: int, roots: list[Any], starts: list[Any], retain: bool, create: bool) -> None:
        self.number, self.roots, self.starts = number, roots, starts
        self.retain_graph, self.create_graph = retain, create
        self.begun = False
        self.at: int | None = None
        self.later: Any = None
        self.needed: set[Any] | None = None
        self.need: dict[Any, int] = {}
        self.have: dict[Any, int] = {}


class TorchWalk(TorchGraph):
    """Tells the events of passes."""

    walk: TorchPass | None = None

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.on_new = self._listen
        self.awake: Any = nullcontext  # a context in which the calls of torch in this thread are seen
        self.asleep = False  # the calls of torch are the watcher's own, or the engine's
        self.handles: list[Any] = []
        self.given: dict[int, list[Value | None]] = {}  # what a node was given that is running
        self.first: dict[int, bool] = {}  # whether a leaf had no gradient before
        self.retained: dict[int, list[Any]] = {}  # tensors whose gradient is stored as well

    def here(self) -> int | None:
        """Return the node whose turn it is."""
        return None if self.walk is None else self.walk.at

    def call_hook(self, hook: Any, *args: Any) -> Any:
        with self.awake():
            return super().call_hook(hook, *args)

    # -- a pass from outside -----------------------------------------------------------------------

    def passing(self, run: Any, roots: list[Any], gradients: Any, retain: Any, create: bool, inputs: Any) -> Any:
        """Watch one call of ``torch.autograd.backward`` or ``grad``, which `run` makes.

        Parameters
        ----------
        run : function
            Makes the call; its result is returned.
        roots : list of Tensor
            Where the pass starts.
        gradients : sequence of Tensor or None
            What was given for each.
        retain, create : bool or None, bool
            ``retain_graph`` and ``create_graph``.
        inputs : list of Tensor or None
            To which gradients go, if not to all leaves.
        """
        asleep, self.asleep = self.asleep, True
        self.name_from_frames()
        nodes = [edge_of(x) if isinstance(x, torch.Tensor) else x.node for x in roots]
        given = list(gradients) if isinstance(gradients, tuple | list) else [gradients] * len(roots)
        starts = [_start(x, g) for x, g in zip(roots, given, strict=False)]
        walk = TorchPass(self.passes, nodes, starts, bool(create if retain is None else retain), bool(create))
        outer, self.walk = self.walk, walk
        line, self.pass_line = self.pass_line, self.pass_line or users_line()
        failed = True
        try:
            if None not in nodes:
                self._expect(walk, inputs)
            out = run()
            failed = False
            return out
        except BaseException as error:
            self.flush()
            at = walk.at if walk.begun else self.ids.get(nodes[0]) if nodes and nodes[0] is not None else None
            self.error(error, at)
            raise
        finally:
            self.flush()
            if walk.begun:
                self.ended(walk.number, failed)
            self.walk, self.pass_line, self.asleep = outer, line, asleep

    def _expect(self, walk: TorchPass, inputs: Any) -> None:
        order = list(walk.roots)
        for node in order:
            self.id_of(node)
        walk.need = dict.fromkeys(order, 0)
        order = list(walk.need)
        for node in order:  # grows meanwhile
            for below, _ in node.next_functions:
                if below is not None:
                    if below not in walk.need:
                        walk.need[below] = 0
                        order.append(below)
                    walk.need[below] += 1
        for node in walk.roots:
            walk.need[node] += 1
        if inputs is not None:
            walk.needed = _towards(order, {self._end(x) for x in inputs})

    def _end(self, tensor: Any) -> Any:
        return edge_of(tensor) if isinstance(tensor, torch.Tensor) else tensor.node

    def begin(self) -> None:
        """A pass really starts."""
        walk = self.walk
        if walk is None or walk.begun:
            return
        walk.begun = True
        self.passes += 1
        roots = [self.id_of(node) for node in walk.roots]
        self.writer.event(
            "backward",
            roots[0],
            roots=roots,
            retain_graph=walk.retain_graph,
            create_graph=walk.create_graph,
            **{"pass": walk.number},
        )
        for node, start in zip(walk.roots, walk.starts, strict=False):
            self._arrive(walk, node, None, start)

    def flush(self) -> None:
        """Tell what followed from the last node that ran."""
        walk = self.walk
        if walk is not None and walk.later is not None:
            later, walk.later = walk.later, None
            later()

    def _arrive(self, walk: TorchPass, node: Any, edge: int | None, given: Value | None) -> None:
        walk.have[node] = walk.have.get(node, 0) + 1
        self.writer.event(
            "arrive", self.id_of(node), edge=edge, value=given, have=walk.have[node], need=walk.need.get(node, 0)
        )

    # -- a node's turn -----------------------------------------------------------------------------

    def _listen(self, node: Any, number: int) -> None:
        """Hook a node that was met."""
        self.handles.append(node.register_prehook(lambda gradients: self._before(number, gradients)))
        self.handles.append(node.register_hook(lambda inputs, outputs: self._after(node, number, inputs, outputs)))
        if node.name() == LEAF:
            leaf = node.variable
            handle = leaf.register_post_accumulate_grad_hook(lambda leaf: self._accumulated(number, leaf))
            leaf._post_accumulate_grad_hooks.move_to_end(handle.id, last=False)  # before the user's
            self.handles.append(handle)

    def turn(self, number: int) -> None:
        """Something happens at a node."""
        self.begin()
        if self.walk is not None and self.walk.at != number:
            self.flush()
            self.walk.at = number

    def _before(self, number: int, gradients: Any) -> None:
        self.turn(number)
        for tensor in self.retained.get(number, ()):
            self.hooked(number, "retain_grad", "", value(gradients[tensor.output_nr]), value(tensor.grad))
        self.given[number] = [value(g) for g in gradients]
        node = self.nodes[number]
        if node.name() == LEAF:
            self.first[number] = node.variable.grad is None

    def _accumulated(self, number: int, leaf: Any) -> None:
        self.turn(number)
        given = self.given.get(number, [None])[0]
        self.writer.event(
            "accumulate", number, value=given, total=value(leaf.grad), first=self.first.get(number, False)
        )

    def _after(self, node: Any, number: int, inputs: Any, outputs: Any) -> None:
        walk = self.walk
        for g in inputs:  # with create_graph, the pass has recorded nodes of its own
            if g is not None and g.grad_fn is not None and g.grad_fn not in self.ids:
                self.meet(g.grad_fn, g, ())
        given = self.given.pop(number, [value(g) for g in outputs])
        out = [value(g) for g in inputs]
        self.writer.event("run", number, gradients_in=given, gradients_out=out)
        if walk is None:
            return

        def later() -> None:
            self.sweep(number)
            for at, ((below, _), g) in enumerate(zip(node.next_functions, out, strict=False)):
                if below is not None and (walk.needed is None or below in walk.needed):
                    self._arrive(walk, below, self.writer.into.get((number, at)), g)

        walk.later = later


def _start(root: Any, given: Any) -> Value | None:
    """Return the gradient with which a pass starts at a root."""
    if isinstance(given, torch.Tensor):
        return value(given)
    return value(torch.ones_like(root)) if isinstance(root, torch.Tensor) else None


class HeardInTorch(Heard):
    """A hook of the user's, with an ear on it; its node is known from its tensor."""

    def __init__(self, watch: TorchWalk, hook: Any, on: str, number: int) -> None:
        super().__init__(watch, hook, on)
        self._number = number

    def __call__(self, *args: Any) -> Any:
        """Call the hook and tell of it, and of what it does."""
        watch = self._watch
        watch.turn(self._number)
        try:
            return super().__call__(*args)
        except BaseException as error:
            watch.error(error, self._number)
            raise


def _towards(order: list[Any], targets: set[Any]) -> set[Any]:
    """Return the targets, and the nodes that lead to one; `order` has all nodes that a pass can reach."""
    above: dict[Any, list[Any]] = {}
    for node in order:
        for below, _ in node.next_functions:
            above.setdefault(below, []).append(node)
    found, stack = set(targets), list(targets)
    while stack:
        for node in above.get(stack.pop(), ()):
            if node not in found:
                found.add(node)
                stack.append(node)
    return found
