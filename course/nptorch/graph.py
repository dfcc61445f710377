"""The recording graph: nodes, the edges between them, and where gradients leave it.

Every recorded operation makes one `Node`. A node holds its edges (towards the leaves) and never
the tensor it made, so a graph dies with the last tensor that points into it.

References
----------
.. [1] https://docs.pytorch.org/docs/stable/autograd.html#autograd-graph
"""

from __future__ import annotations

import itertools
import threading
import weakref
from collections import OrderedDict
from sys import getrefcount
from typing import Any

from numpy import ndarray

from course.nptorch.absent import AbsentAttribute
from course.nptorch.contract import astray, obeying
from course.nptorch.grad_mode import mode
from course.nptorch.parts import declare, plugged

sequence = itertools.count()
FIRST = 2**62
PRIVATE = ("_input_metadata", "_register_hook_dict", "_sequence_nr", "_set_sequence_nr")  # of torch's nodes
NO_EDGE = (None, 0)
NOTHING: tuple[Any, ...] = ()  # what a node keeps that has nothing to release


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
    prunes = False  # whether `apply` takes a second argument, `runs`, and leaves out edges to nodes that do not run
    kept: Any = None

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

    def apply_recorded(self, gradients: list[Any]) -> Any:
        """Do what `apply` does in a pass that is itself recorded: gradients are Tensors."""
        return self.apply(gradients)

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

    def __call__(self, *gradients: Any) -> Any:
        """Return what the backward of this node alone makes of one gradient per output.

        Parameters
        ----------
        *gradients : Tensor or None
            One per output of the node, of its shape and dtype.

        Returns
        -------
        Tensor or None, or tuple of them
            One per edge, of the shape and dtype of that input; no tuple for a single edge.

        Raises
        ------
        TypeError
            If there are more or fewer of them, or one is no Tensor.
        """
        if len(gradients) != self.outputs:
            raise TypeError(f"expected {self.outputs} arguments, got {len(gradients)} instead")
        for index, g in enumerate(gradients):
            if g is not None and not hasattr(g, "_data"):
                raise TypeError(f"argument {index} is not a Variable")
        if mode.enabled:
            out = self.apply_recorded([*gradients])
        else:
            out = self.apply([None if g is None else g._data for g in gradients])
        shown = tuple([None if g is None else as_tensor(g) for g in out])
        return shown[0] if len(shown) == 1 else shown

    def __repr__(self) -> str:
        return f"<{type(self).__name__} object at {id(self):#x}>"


for _name in PRIVATE:
    setattr(Node, _name, AbsentAttribute(f"autograd.graph.Node.{_name}"))


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


def owned(gradient: Any) -> bool:
    """Return whether a gradient that is being accumulated is in memory that nobody else has.

    Then it may become ``.grad`` without a copy, as in torch.
    """
    return bool(gradient._owned)


#: Two threads may add to the same leaf, and adding is to read and to write.
_adding = threading.RLock()


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
        if variable._grad_fn is not None:
            raise RuntimeError("leaf variable has been moved into the graph interior")
        if gradient is not None and variable.requires_grad:
            # held by the list, by this name and by the call that counts: by nobody else
            alone = gradient.__class__ is ndarray and getrefcount(gradient) == 3 and gradient.base is None
            gradient = as_tensor(gradient)
            if variable._grad is None and (mode.enabled or astray(gradient._data, variable._data)):
                gradient, alone = obeying(gradient, variable), True
            gradient._owned = alone
            with _adding:
                plugged.accumulate_grad(variable, gradient)
            gradient._owned = False
        if variable._post_accumulate_hooks:  # in torch they are called even where nothing was added
            recorded = mode.enabled
            plugged.run_post_accumulate_hooks(variable)
            mode.enabled = recorded
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
    if tensor._base is None:
        node = tensor._grad_fn
        if node is not None:
            return node, tensor._output_nr
        if not tensor._requires_grad:
            return NO_EDGE
        held = tensor._accumulator
        node = None if held is None else held()
        return (accumulator(tensor) if node is None else node), 0
    node = tensor.grad_fn
    if node is not None:
        return node, tensor._output_nr
    if tensor._requires_grad:
        return accumulator(tensor), 0
    return (Nowhere((), ()), 0) if tensor._base.requires_grad else NO_EDGE


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
