"""One backward pass: what happens at each node, and which nodes are asked.

The walk itself, `run_backward`, is a part of lesson 2. It decides *when* a node runs and adds up
what arrives at it; this module decides *what* happens there: hooks, the rule, releasing.
"""

from __future__ import annotations

import threading
from typing import Any

import numpy as np

from course.nptorch.deep import DEEPEST, elsewhere
from course.nptorch.grad_mode import as_it_was, mode, recording
from course.nptorch.graph import NOTHING, Node, as_tensor
from course.nptorch.parts import declare, plugged

Root = tuple[Node, int, Any]


class Pass:
    """One backward pass over a graph.

    Parameters
    ----------
    retain_graph : bool
        Keep what the nodes saved.
    create_graph : bool
        Record the pass itself: gradients are Tensors then, arrays otherwise.
    needed : set of Node or None
        Nodes on a way to the wanted inputs; None where every leaf is wanted.
    captures : dict
        ``node -> [(output of the node, key)]``: gradients to hand out, for `autograd.grad`.
    """

    def __init__(
        self,
        retain_graph: bool,
        create_graph: bool,
        needed: set[Node] | None = None,
        captures: dict[Node, list[tuple[int, int]]] | None = None,
    ) -> None:
        self.retain_graph = retain_graph
        self.create_graph = create_graph
        self.needed = needed
        self.plain = needed is None and not create_graph
        self.captures = captures or {}
        self.captured: dict[int, Any] = {}
        self.roots: list[Node] = []
        self.given: dict[int, Any] = {}  # Tensors with a history that came into a pass that is not recorded
        self._reachable: set[Node] | None = None
        self.callbacks: list[Any] = []  # called at the end; see `Variable._execution_engine`

    def run(self, roots: list[Root]) -> None:
        """Walk the graph from `roots`, ``(node, output, gradient)`` each."""
        if current.depth == DEEPEST:
            elsewhere(self.run, roots)
            return
        if not self.create_graph:
            self.given = {id(g._data): g for _, _, g in roots if g.requires_grad}
            roots = [(node, slot, g._data) for node, slot, g in roots]
        self.roots = [node for node, _, _ in roots]
        outer, current.backward = current.backward, self
        current.depth += 1
        try:
            with as_it_was(), recording(self.create_graph), np.errstate(all="ignore"):
                plugged.run_backward(roots, self.run_node if self.needed is None else self.run_if_needed)
            for callback in self.callbacks:  # a callback may add more of them
                callback()
        finally:
            current.backward = outer
            current.depth -= 1

    def will_run(self, node: Node) -> bool:
        """Return whether this pass runs, ran, or hands out the gradient of `node`."""
        if self.needed is not None:
            return node in self.needed or node in self.captures
        if self._reachable is None:
            self._reachable = reachable(self.roots)
        return node in self._reachable

    def run_node(self, node: Node, gradients: list[Any]) -> Any:
        """Do everything that happens at one node whose gradients are complete.

        Parameters
        ----------
        node : Node
            The node.
        gradients : list
            One gradient (or None) per output of the node.

        Returns
        -------
        list or None
            One gradient (or None) per edge; None where the pass does not go on from here.
        """
        if node.hooks is not None:
            return self._run_hooked(node, gradients)
        out = node.apply(gradients) if self.plain else self._applied(node, gradients)
        if node.kept is not NOTHING:
            plugged.release_saved(node, self.retain_graph)
        return out

    def _applied(self, node: Node, gradients: list[Any]) -> Any:
        """Return what the rule of a node makes of its gradients: as in torch, nothing that nobody asked for."""
        apply: Any = node.apply_recorded if self.create_graph else node.apply
        return apply(gradients, self.will_run) if self.needed is not None and node.prunes else apply(gradients)

    def _applied_as_switched(self, node: Node, gradients: list[Any]) -> Any:
        """Do what `_applied` does where a hook of the node has switched recording on, or off."""
        if mode.enabled:
            return self._raw(node.apply_recorded(self._shown(gradients)))
        self.given.update((id(g._data), g) for g in gradients if g is not None)  # what is handed on is handed on itself
        return self._shown(node.apply([None if g is None else g._data for g in gradients]))

    def run_if_needed(self, node: Node, gradients: list[Any]) -> Any:
        """Do what `run_node` does where only some inputs are asked for."""
        assert self.needed is not None
        wanted = node in self.needed
        asked = self.captures.get(node, ())
        if not wanted and not asked and self.roots != [node]:  # of several roots it is passed over
            return None
        if not wanted and node.hooks is not None:
            gradients = self._tensor_hooks(node, gradients)
            mode.enabled = self.create_graph
        for slot, key in asked:
            self.captured[key] = self.given.get(id(gradients[slot]), gradients[slot])
        return self.run_node(node, gradients) if wanted else None

    def _run_hooked(self, node: Node, gradients: list[Any]) -> Any:
        """Run a node together with everything that is hooked to it."""
        hooks = node.hooks
        gradients = self._tensor_hooks(node, gradients)
        if hooks.pre:
            gradients = self._raw(plugged.run_pre_hooks(hooks.pre, self._shown(gradients)))
        apply = self._applied if mode.enabled is self.create_graph else self._applied_as_switched
        out = apply(node, gradients)
        if hooks.post:
            if self.needed is not None:  # show what is asked for, and no more
                out = [
                    None if below is None or not self.will_run(below) else g
                    for g, below in zip(out, node.edges, strict=False)
                ]
            ran = plugged.run_post_hooks(hooks.post, self._shown(out), self._shown(gradients))
            out = self._raw(ran)
        mode.enabled = self.create_graph  # what a hook switched is for this node alone
        if node.kept is not NOTHING:
            plugged.release_saved(node, self.retain_graph)
        return out

    def _tensor_hooks(self, node: Node, gradients: list[Any]) -> list[Any]:
        """Run what is hooked to the tensors this node made, then store retained gradients."""
        shown = self._shown(gradients)
        for slot, hooks in node.hooks.tensor.items():
            if hooks:
                shown[slot] = plugged.run_tensor_hooks(hooks, shown[slot])
        for slot, held in node.hooks.retained.items():
            tensor = held()
            if tensor is not None and shown[slot] is not None:
                plugged.store_retained_grad(tensor, shown[slot])
        return self._raw(shown)

    def _shown(self, gradients: Any) -> list[Any]:
        return [self.shown(g) for g in gradients]

    def shown(self, g: Any) -> Any:
        """Return a gradient as user code sees it: a Tensor, the very one that user code gave."""
        return None if g is None else self.given[id(g)] if id(g) in self.given else as_tensor(g)

    def _raw(self, gradients: Any) -> list[Any]:
        """Return gradients as the rules want them in this pass."""
        if self.create_graph:
            return list(gradients)
        self.given.update((id(g._data), g) for g in gradients if g is not None and g.requires_grad)
        return [None if g is None else g._data for g in gradients]


class Current(threading.local):
    """The backward pass that this thread is in the middle of."""

    backward: Pass | None = None
    depth = 0  # how many passes are under way, one inside the other


current = Current()


def reachable(roots: list[Node]) -> set[Node]:
    """Return `roots` and every node below them."""
    seen = set(roots)
    stack = list(seen)
    while stack:
        for below in stack.pop().edges:
            if below is not None and below not in seen:
                seen.add(below)
                stack.append(below)
    return seen


def nodes_towards(roots: list[Node], targets: set[Node]) -> set[Node]:
    """Return the nodes reachable from `roots` that have a target among or below their edges.

    The targets themselves are not included unless another target lies below them.
    """
    order: list[Node] = []  # every node after all nodes below it
    seen: set[Node] = set()
    stack = [(node, False) for node in roots]
    while stack:
        node, below_done = stack.pop()
        if below_done:
            order.append(node)
        elif node not in seen:
            seen.add(node)
            stack.append((node, True))
            stack += [(below, False) for below in node.edges if below is not None]
    found: set[Node] = set()
    for node in order:
        if any(below in found or below in targets for below in node.edges):
            found.add(node)
    return found


declare("run_backward", 2, "walk the graph so that each node runs once, when complete")
declare("run_tensor_hooks", 8, "call the hooks of one tensor in order, feeding each the last result")
declare("run_pre_hooks", 8, "call the hooks of a node before its backward")
declare("run_post_hooks", 8, "call the hooks of a node after its backward")
declare("store_retained_grad", 8, "put a non-leaf's gradient into its .grad")
