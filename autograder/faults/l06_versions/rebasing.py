"""Wrong ideas about `rebase_history`: whose history a write becomes, and what flows back through it."""

from __future__ import annotations

from typing import Any

from autograder.faults.registry import fault
from course.nptorch.graph import gradient_edge
from course.nptorch.views import scatter, see
from course.parts import l06_versions as right

TOO_STRICT = [
    "https://discuss.pytorch.org/t/when-would-the-error-one-of-the-variables-needed-for-gradient-computation-has-been-modified-occur/11976/2",
    "https://github.com/pytorch/pytorch/issues/5687",
]


@fault(
    "change-not-recorded",
    exercise="in-place-history",
    part="rebase_history",
    help="The write changed the numbers but not the graph: make `operation` the tensor's grad_fn.",
)
def change_not_recorded(tensor: Any, operation: Any) -> None:
    return None


@fault(
    "every-change-refused",
    exercise="in-place-history",
    part="rebase_history",
    help="Too strict: whether the old value is needed shows when backward reads it, so nothing is refused here.",
    links=TOO_STRICT,
)
def every_change_refused(tensor: Any, operation: Any) -> None:
    if tensor._grad_fn is not None:
        raise RuntimeError("a tensor in a graph may not be changed in place")
    right.rebase_history(tensor, operation)


@fault(
    "change-cuts-the-graph",
    exercise="in-place-history",
    part="rebase_history",
    help="After the write the tensor has no history at all: it must get a new one, not lose the old one only.",
)
def change_cuts_the_graph(tensor: Any, operation: Any) -> None:
    owner = tensor if tensor._base is None else tensor._base
    owner._grad_fn = None
    owner._output_nr = 0


@fault(
    "base-is-not-told",
    exercise="in-place-history",
    part="rebase_history",
    help="Writing to a view writes to its base: it is the base that needs the new history, not the view alone.",
)
def base_is_not_told(tensor: Any, operation: Any) -> None:
    tensor._grad_fn = operation
    tensor._output_nr = 0
    tensor._requires_grad = False
    if tensor._base is not None:
        tensor._seen_version = tensor._base._version


@fault(
    "operation-taken-for-the-whole-base",
    exercise="in-place-history",
    part="rebase_history",
    help="The operation knows only the view's elements: the base needs a node that sends each part its way.",
)
def operation_taken_for_the_whole_base(tensor: Any, operation: Any) -> None:
    base = tensor if tensor._base is None else tensor._base
    base._grad_fn = operation
    base._output_nr = 0
    base._requires_grad = False


@fault(
    "view-goes-its-own-way",
    exercise="in-place-history",
    part="rebase_history",
    help="The view must read its history off the base like its sisters; you gave it the operation itself.",
)
def view_goes_its_own_way(tensor: Any, operation: Any) -> None:
    right.rebase_history(tensor, operation)
    if tensor._base is not None:
        tensor._grad_fn = operation


@fault(
    "old-gradient-let-through",
    exercise="in-place-history",
    part="rebase_history",
    help="Overwritten elements no longer depend on the old tensor: its gradient there comes from the operation alone.",
)
def old_gradient_let_through(tensor: Any, operation: Any) -> None:
    class Slices(right.CopySlices):
        def apply(self, gradients: list[Any]) -> list[Any]:
            return [gradients[0], *super().apply(gradients)[1:]]

    _rebase(tensor, operation, Slices)


@fault(
    "rest-of-the-base-forgotten",
    exercise="in-place-history",
    part="rebase_history",
    help="Elements of the base that were not written to keep their gradient: only the view's go through the operation.",
)
def rest_of_the_base_forgotten(tensor: Any, operation: Any) -> None:
    class Slices(right.CopySlices):
        def apply(self, gradients: list[Any]) -> list[Any]:
            below, *others = self.held.unpack().apply([see(gradients[0], self.replay)])
            return [scatter(below, self.base_shape, self.replay), *others]

    _rebase(tensor, operation, Slices)


@fault(
    "gradient-of-both-added",
    exercise="in-place-history",
    part="rebase_history",
    help="In the view's elements the operation's gradient replaces that of the base; do not add the two.",
)
def gradient_of_both_added(tensor: Any, operation: Any) -> None:
    class Slices(right.CopySlices):
        def apply(self, gradients: list[Any]) -> list[Any]:
            below, *others = self.held.unpack().apply([see(gradients[0], self.replay)])
            return [gradients[0] + scatter(below, self.base_shape, self.replay), *others]

    _rebase(tensor, operation, Slices)


@fault(
    "other-operands-forgotten",
    exercise="in-place-history",
    part="rebase_history",
    help="The operation may have more inputs, such as the value that was assigned: keep their edges, too.",
)
def other_operands_forgotten(tensor: Any, operation: Any) -> None:
    class Slices(right.CopySlices):
        def __init__(self, base: Any, replay: Any, operation: Any) -> None:
            super().__init__(base, replay, operation)
            self.edges = (self.edges[0], *[None] * (len(self.edges) - 1))

    _rebase(tensor, operation, Slices)


@fault(
    "base-lost-its-past",
    exercise="in-place-history",
    part="rebase_history",
    help="The new node must lead to what the base was before the write: without that edge the rest of it has no past.",
)
def base_lost_its_past(tensor: Any, operation: Any) -> None:
    class Slices(right.CopySlices):
        def __init__(self, base: Any, replay: Any, operation: Any) -> None:
            super().__init__(base, replay, operation)
            self.edges = (None, *self.edges[1:])

    _rebase(tensor, operation, Slices)


@fault(
    "past-taken-from-the-view",
    exercise="in-place-history",
    part="rebase_history",
    help="The first edge must lead to the base's past; the operation's own first edge leads to the view's.",
)
def past_taken_from_the_view(tensor: Any, operation: Any) -> None:
    class Slices(right.CopySlices):
        def __init__(self, base: Any, replay: Any, operation: Any) -> None:
            super().__init__(base, replay, operation)
            self.edges, self.slots = tuple(operation.edges), tuple(operation.slots)

    _rebase(tensor, operation, Slices)


@fault(
    "node-holds-its-base",
    exercise="in-place-history",
    part="rebase_history",
    help="The base points at its node; a node that keeps the base itself makes a cycle: keep its shape only.",
)
def node_holds_its_base(tensor: Any, operation: Any) -> None:
    class Slices(right.CopySlices):
        def __init__(self, base: Any, replay: Any, operation: Any) -> None:
            super().__init__(base, replay, operation)
            self.base = base

    _rebase(tensor, operation, Slices)


@fault(
    "operation-never-released",
    exercise="in-place-history",
    part="rebase_history",
    help="The node keeps the operation as others keep tensors: after backward it must let go, and a second one fail.",
)
def operation_never_released(tensor: Any, operation: Any) -> None:
    class Slices(right.CopySlices):
        def saved(self) -> tuple[Any, ...]:
            return ()

    _rebase(tensor, operation, Slices)


@fault(
    "node-under-another-name",
    exercise="in-place-history",
    part="rebase_history",
    help="Call the node torch::autograd::CopySlices, as torch does, so that people recognise the graph.",
)
def node_under_another_name(tensor: Any, operation: Any) -> None:
    class Slices(right.CopySlices):
        def name(self) -> str:
            return "Slices"

    _rebase(tensor, operation, Slices)


def _rebase(tensor: Any, operation: Any, kind: Any) -> None:
    """Do what is right, but with a node of another kind for the base of a view."""
    base = tensor._base
    if base is None:
        right.rebase_history(tensor, operation)
    else:
        _ = gradient_edge(base)
        right.rebase_history(base, kind(base, tensor._replay, operation))
        _ = tensor.grad_fn
