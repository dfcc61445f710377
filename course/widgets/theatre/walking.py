"""Watching a backward pass of `course.nptorch`: what arrives where, what runs, what is let go of."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from course.nptorch.engine import Pass, reachable
from course.nptorch.graph import Nowhere
from course.widgets.theatre.story import Value
from course.widgets.theatre.tapping import Tapped
from course.widgets.theatre.watch import Graph
from course.widgets.theatre.where import users_line


class Walk:
    """One pass that is under way.

    Attributes
    ----------
    number : int
        Which of the passes of this story.
    at : Node or None
        The node whose turn it is.
    waiting : Node or None
        The same, until its rule runs.
    """

    def __init__(self, number: int, backward: Pass | None) -> None:
        self.number = number
        self.backward = backward
        self.at: Any = None
        self.waiting: Any = None
        self.need: dict[Any, int] = {}
        self.have: dict[Any, int] = {}

    def expects(self, node: Any) -> bool:
        """Return whether the pass means to bring a gradient to this node."""
        if node is None or node.__class__ is Nowhere:
            return False
        backward = self.backward
        if backward is None or backward.needed is None:
            return True
        return node in backward.needed or node in backward.captures


class Watch(Graph):
    """Everything that is seen of one recording."""

    walk: Walk | None = None
    quiet = 0  # in the engine's own doings, of which nothing is told

    # -- the parts, each with the watcher around it ---------------------------------------------

    def starting(self, real: Callable[..., Any], outputs: Any, gradients: Any) -> Any:
        """Watch what a pass is prepared by, and may be refused."""
        try:
            return real(outputs, gradients)
        except BaseException as error:
            self.error(error, self.number_of(outputs[0]) if outputs else None)
            raise

    make_grads = starting

    def run_backward(self, real: Callable[..., Any], roots: Any, run_node: Any) -> Any:
        self.name_from_frames()
        walk = Walk(self.passes, getattr(run_node, "__self__", None))
        self.passes += 1
        outer, self.walk = self.walk, walk
        line, self.pass_line = self.pass_line, self.pass_line or users_line()
        backward = walk.backward
        failed = True
        try:
            self._begin(walk, roots, backward)
            out = real(roots, lambda node, gradients: self._step(walk, run_node, node, gradients))
            failed = False
            return out
        except BaseException as error:
            self.error(error, None)
            raise
        finally:
            for node in walk.need:
                self.sweep(node)
            self.ended(walk.number, failed)
            self.walk, self.pass_line = outer, line

    def _begin(self, walk: Walk, roots: Any, backward: Any) -> None:
        starts = [node for node, _, _ in roots]
        numbers = [self.id_of(node) for node in starts]
        walk.need = dict.fromkeys(reachable(starts), 0)
        for node in list(walk.need):
            for below in node.edges:
                if below is not None:
                    walk.need[below] += 1
        for node in starts:
            walk.need[node] += 1
        self.writer.event(
            "backward",
            numbers[0],
            roots=numbers,
            retain_graph=bool(getattr(backward, "retain_graph", False)),
            create_graph=bool(getattr(backward, "create_graph", False)),
            **{"pass": walk.number},
        )
        for node, _, gradient in roots:
            self._arrive(walk, node, None, self.value(gradient))

    def _arrive(self, walk: Walk, node: Any, edge: int | None, value: Value | None) -> None:
        walk.have[node] = walk.have.get(node, 0) + 1
        self.writer.event(
            "arrive", self.id_of(node), edge=edge, value=value, have=walk.have[node], need=walk.need.get(node, 0)
        )

    def _step(self, walk: Walk, run_node: Any, node: Any, gradients: Any) -> Any:
        outer = walk.at, walk.waiting
        walk.at = walk.waiting = node
        try:
            out = run_node(node, gradients)
        except BaseException as error:
            self.error(error, self.id_of(node))
            raise
        finally:
            walk.at, walk.waiting = outer
        self.sweep(node)
        if out is not None:
            number = self.id_of(node)
            for at, (below, value) in enumerate(zip(node.edges, [self.value(g) for g in out], strict=False)):
                if walk.expects(below):
                    self._arrive(walk, below, self.writer.into.get((number, at)), value)
        return out

    def apply(self, real: Callable[..., Any], node: Any, gradients: Any) -> Any:
        """Watch ``node.apply``."""
        walk = self.walk
        if walk is None or walk.waiting is not node:
            return real(node, gradients)  # a node called by hand, or one inside another
        walk.waiting = None
        given = [self.value(g) for g in gradients]
        try:
            out = real(node, gradients)
        finally:
            walk.waiting = node
        self.writer.event("run", self.id_of(node), gradients_in=given, gradients_out=[self.value(g) for g in out])
        return out

    def release_saved(self, real: Callable[..., Any], node: Any, retain_graph: bool) -> Any:
        out = real(node, retain_graph)
        self.sweep(node)
        return out

    def accumulate_grad(self, real: Callable[..., Any], leaf: Any, gradient: Any) -> Any:
        value, first = self.value(gradient), leaf._grad is None
        self.quiet += 1
        try:
            out = real(leaf, gradient)
        finally:
            self.quiet -= 1
        node = leaf._accumulator()
        self.writer.event("accumulate", self.id_of(node), value=value, total=self.value(leaf._grad), first=first)
        return out

    def SavedTensor(self, real: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:  # noqa: N802 - the part's name
        return self._quietly(real, args, kwargs)

    def _quietly(self, real: Callable[..., Any], args: Any, kwargs: Any) -> Any:
        self.quiet += 1
        try:
            return real(*args, **kwargs)
        finally:
            self.quiet -= 1

    def detach(self, real: Callable[..., Any], tensor: Any) -> Any:
        out = real(tensor)
        if not self.quiet and self._by_user() and not out.requires_grad:
            self.detached(tensor, out)
        return out

    def detach_(self, real: Callable[..., Any], tensor: Any) -> Any:
        of = self.number_of(tensor)
        node = tensor._grad_fn
        out = real(tensor)
        if not self.quiet and node is not None and tensor._grad_fn is None:
            of = self.id_of(node) if of is None else of
            number = self.source(tensor, "detached")
            self.writer.edge(number, of, 0, 0, tensor._data.shape, cut=True)
            self.writer.event("record", number)
            self.writer.event("detach", number, of=of)
        return out

    def _by_user(self) -> bool:
        """Return whether the user's own line called ``Tensor.detach``, and not the engine."""
        frame: Any = sys._getframe(3)  # behind this method, the watcher's `detach` and the Tensor's
        return not str(frame.f_globals.get("__name__", "")).startswith("course.nptorch.")

    def rebase_history(self, real: Callable[..., Any], tensor: Any, operation: Any) -> Any:
        self.name_from_frames()  # the old value is about to lose its name to the new one
        out = real(tensor, operation)
        base = tensor if tensor._base is None else tensor._base
        draft = self.drafts.get(operation)
        inputs = None if draft is None else tuple([x() if callable(x) else x for x in draft])
        node = base._grad_fn
        if node is operation:
            self.add_op(node, inputs, base)
        elif node is not None:
            self.add_op(node, None, base)
        return out

    # -- hooks -----------------------------------------------------------------------------------

    def run_tensor_hooks(self, real: Callable[..., Any], hooks: Any, gradient: Any) -> Any:
        with Tapped(self, hooks, "tensor"):
            return real(hooks, gradient)

    def run_pre_hooks(self, real: Callable[..., Any], hooks: Any, gradients: Any) -> Any:
        with Tapped(self, hooks, "pre"):
            return real(hooks, gradients)

    def run_post_hooks(self, real: Callable[..., Any], hooks: Any, inputs: Any, outputs: Any) -> Any:
        with Tapped(self, hooks, "post"):
            return real(hooks, inputs, outputs)

    def run_post_accumulate_hooks(self, real: Callable[..., Any], leaf: Any) -> Any:
        with Tapped(self, leaf._post_accumulate_hooks, "post_accumulate"):
            return real(leaf)

    def store_retained_grad(self, real: Callable[..., Any], tensor: Any, gradient: Any) -> Any:
        before = self.value(gradient)
        out = self._quietly(real, (tensor, gradient), {})
        self.hooked(self.here(), "retain_grad", "", before, self.value(tensor._grad))
        return out

    def here(self) -> int | None:
        """Return the node whose turn it is."""
        return None if self.walk is None or self.walk.at is None else self.id_of(self.walk.at)

    def call_hook(self, hook: Callable[..., Any], *args: Any) -> Any:
        quiet, self.quiet = self.quiet, 0
        try:
            return super().call_hook(hook, *args)
        finally:
            self.quiet = quiet

    # -- versions --------------------------------------------------------------------------------

    def bumped(self, counter: Any) -> None:
        """A version counter was told to count one write."""
        known = self.memories.counted(counter)
        if not self.quiet and known is not None:
            memory, counting = known
            version = getattr(counter, "value", None)
            self.writer.version(memory, version, lambda place: version if self.counting[place] is counting else None)
