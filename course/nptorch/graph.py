"""The recording graph: nodes, the edges between them, and where gradients leave it.

Every recorded operation makes one `Node`. A node holds its edges (towards the leaves) and never
the tensor it made, so a graph dies with the last tensor that points into it.

References
----------
.. [1] https://docs.pytorch.org/docs/stable/autograd.html#autograd-graph
"""

from __future__ import annotations

import itertools
import weakref
from collections import OrderedDict
from typing import Any

from course.nptorch.parts import declare, plugged

sequence = itertools.count()
FIRST = 2**62


class Node:
    """One recorded operation.

    Attributes
    ----------
    edges : tuple of Node or None
        Where the gradient of each input goes; None for inputs that need none.
    slots : tuple of int
        Which output of that node the input was (0 for nearly all).
    sequence_nr : int
        Position in the order of recording.
    outputs : int
        How many gradients `apply` takes.
    hooks : NodeHooks or None
        Everything hooked to this node; None while there is nothing.
    """

    __slots__ = ("__weakref__", "_metadata", "edges", "hooks", "sequence_nr", "slots")
    outputs = 1
    kept: Any = None  # an empty tuple tells the engine that there is nothing to release

    def __init__(self, edges: tuple[Any, ...], slots: tuple[int, ...]) -> None:
        self.edges = edges
        self.slots = slots
        self.sequence_nr = next(sequence)
        self.hooks: Any = None

    def apply(self, gradients: list[Any]) -> Any:
        """Return one gradient (or None) per edge, given one (or None) per output.

        Gradients are NumPy arrays, or Tensors while the backward pass is itself recorded.
        """
        raise NotImplementedError(f"{type(self).__name__} has no backward rule")

    def saved(self) -> tuple[Any, ...]:
        """Return the `SavedTensor` objects this node holds (released ones too)."""
        return ()

    def name(self) -> str:
        """Return the operation's name as torch spells it, e.g. ``MulBackward0``."""
        return type(self).__name__

    @property
    def next_functions(self) -> tuple[tuple[Node | None, int], ...]:
        """``(node, which of its outputs)`` per input; node is None where no gradient goes."""
        edges = [None if isinstance(node, Nowhere) else node for node in self.edges]
        return tuple(zip(edges, self.slots, strict=True))

    @property
    def metadata(self) -> dict[Any, Any]:
        """A dictionary for the user's own notes."""
        try:
            return self._metadata
        except AttributeError:
            self._metadata: dict[Any, Any] = {}
            return self._metadata

    def register_hook(self, fn: Any) -> Any:
        """Call ``fn(grad_inputs, grad_outputs)`` after this node's backward; returns a handle."""
        return hook_onto(hooks_of(self).post, fn)

    def register_prehook(self, fn: Any) -> Any:
        """Call ``fn(grad_outputs)`` before this node's backward; returns a handle."""
        return hook_onto(hooks_of(self).pre, fn)

    def __repr__(self) -> str:
        return f"<{self.name()} object at {id(self):#x}>"


class NodeHooks:
    """What is hooked to a node: tensor hooks and retained gradients by output, node hooks."""

    __slots__ = ("post", "pre", "retained", "tensor")

    def __init__(self) -> None:
        # ordered dictionaries, because handles hold them weakly and a plain dict cannot be
        self.tensor: dict[int, OrderedDict[int, Any]] = {}
        self.retained: dict[int, weakref.ref[Any]] = {}
        self.pre: OrderedDict[int, Any] = OrderedDict()
        self.post: OrderedDict[int, Any] = OrderedDict()


def hooks_of(node: Node) -> Any:
    """Return the node's `NodeHooks`, made at first use."""
    if node.hooks is None:
        node.hooks = NodeHooks()
    return node.hooks


def hook_onto(hooks: OrderedDict[int, Any], hook: Any) -> Any:
    """Add `hook` to a table of hooks and return the handle that removes it."""
    handle = plugged.RemovableHandle(hooks)
    hooks[handle.id] = hook
    return handle


def as_tensor(gradient: Any) -> Any:
    """Return a gradient as a Tensor on the same memory; arrays become one, Tensors stay."""
    if hasattr(gradient, "_data"):
        return gradient
    from course.nptorch._tensor import wrap  # imported late: tensors are built on the graph

    return wrap(gradient)


class AccumulateGrad(Node):
    """Where the walk ends: adds what arrives into ``variable.grad``.

    The leaf holds this node weakly and the node holds the leaf, so a leaf outlives every graph
    that was built on it, but no graph outlives its results.
    """

    __slots__ = ("variable",)

    def __init__(self, variable: Any) -> None:
        super().__init__((), ())
        self.sequence_nr = FIRST  # a leaf that is complete is served before anything else
        self.variable = variable
        if variable._backward_hooks is not None:
            hooks_of(self).tensor[0] = variable._backward_hooks

    def apply(self, gradients: list[Any]) -> list[Any]:
        variable = self.variable
        gradient = gradients[0]
        if gradient is not None and variable.requires_grad:
            plugged.accumulate_grad(variable, as_tensor(gradient))
            if variable._post_accumulate_hooks:
                plugged.run_post_accumulate_hooks(variable)
        return []

    def name(self) -> str:
        return "torch::autograd::AccumulateGrad"


class Nowhere(Node):
    """Where the gradient of a view goes that was made under `no_grad`: nobody gets it, as in torch."""

    __slots__ = ()

    def apply(self, gradients: list[Any]) -> list[Any]:
        return []


def gradient_edge(tensor: Any) -> tuple[Node | None, int]:
    """Return ``(node, output)`` to which the gradient of `tensor` is sent.

    ``(None, 0)`` for a tensor that needs no gradient.
    """
    node = tensor._grad_fn if tensor._base is None else tensor.grad_fn
    if node is not None:
        return node, tensor._output_nr
    if tensor._requires_grad:
        return accumulator(tensor), 0
    if tensor._base is not None and tensor._base.requires_grad:
        return Nowhere((), ()), 0
    return None, 0


def accumulator(leaf: Any) -> AccumulateGrad:
    """Return the one `AccumulateGrad` node of a leaf that requires grad."""
    held = leaf._accumulator
    node = held() if held is not None else None
    if node is None:
        node = AccumulateGrad(leaf)
        leaf._accumulator = weakref.ref(node)
    return node


declare("accumulate_grad", 2, "add a gradient into a leaf's .grad, aliasing nothing")
declare("RemovableHandle", 8, "take one hook away again")
declare("run_post_accumulate_hooks", 8, "call what waits for a leaf's new .grad")
