"""Wrong ideas about `detach` and `detach_`: what is shared, what is cut, and whose it is."""

from __future__ import annotations

from typing import Any

import course.nptorch as torch
from autograder.faults.registry import fault
from course.nptorch.grad_mode import mode, recording
from course.nptorch.messages import DETACHED_VIEW

TUTORIAL = "https://androidkt.com/how-to-copy-pytorch-tensor-using-clone-detach-and-deepcopy/"
DATA = "https://github.com/pytorch/pytorch/issues/6990"


@fault(
    "detach-copies",
    exercise="detach",
    part="detach",
    help="detach() must share memory with the tensor; a copy is what clone() is for.",
    links=[DATA, TUTORIAL],
)
def detach_copies(tensor: Any) -> Any:
    alias = tensor.detach_alias()
    alias._data = alias._data.copy()
    return alias


@fault(
    "detach-keeps-the-history",
    exercise="detach",
    part="detach",
    help="What you return still has a grad_fn, so nothing was cut: it must be a leaf without requires_grad.",
)
def detach_keeps_the_history(tensor: Any) -> Any:
    alias = tensor.detach_alias()
    alias._grad_fn, alias._requires_grad = tensor._grad_fn, tensor._requires_grad
    return alias


@fault(
    "detach-cuts-the-original",
    exercise="detach",
    part="detach",
    help="detach() must return a new tensor; you cut the one that it was called on, which is what detach_() does.",
)
def detach_cuts_the_original(tensor: Any) -> Any:
    tensor._grad_fn = None
    tensor._requires_grad = False
    return tensor


@fault(
    "detach-cuts-both",
    exercise="detach",
    part="detach",
    help="The new tensor is right, but the tensor that detach() was called on lost its own history as well.",
)
def detach_cuts_both(tensor: Any) -> Any:
    tensor._grad_fn = None
    return tensor.detach_alias()


@fault(
    "detach-keeps-the-flag",
    exercise="detach",
    part="detach",
    help="A leaf has no grad_fn but a flag, which you kept: the detached tensor must not require grad either.",
)
def detach_keeps_the_flag(tensor: Any) -> Any:
    alias = tensor.detach_alias()
    alias._requires_grad = tensor._requires_grad
    return alias


@fault(
    "detach-takes-the-gradient-along",
    exercise="detach",
    part="detach",
    help="The gradient stays with the tensor that it belongs to: .grad of a detached tensor is None.",
)
def detach_takes_the_gradient_along(tensor: Any) -> Any:
    alias = tensor.detach_alias()
    alias._grad = tensor._grad
    return alias


@fault(
    "detach-is-data",
    exercise="detach",
    part="detach",
    help=".data starts a version counter of its own; detach() must share it, or changes go unnoticed in backward.",
    links=[DATA],
)
def detach_is_data(tensor: Any) -> Any:
    return tensor.data


@fault(
    "detach-shares-a-counter-if-there-is-one",
    exercise="detach",
    part="detach",
    help="A fresh tensor has no counter yet, so you shared None: tensor._counter() makes one that both can have.",
    links=[DATA],
)
def detach_shares_a_counter_if_there_is_one(tensor: Any) -> Any:
    alias = tensor.data
    alias._version_counter = tensor._version_counter
    return alias


@fault(
    "detach-in-inference-mode",
    exercise="detach",
    part="detach",
    help="A detached tensor is an ordinary leaf, on which requires_grad_() works; yours is an inference tensor.",
    links=["https://github.com/dlsyscourse/hw1/issues/5"],
)
def detach_in_inference_mode(tensor: Any) -> Any:
    alias = tensor.detach_alias()
    alias._inference = True
    return alias


@fault(
    "detach-is-a-view-under-no-grad",
    exercise="detach",
    part="detach",
    help="A view asks its base, also one made without recording, and so requires grad: return a tensor without base.",
)
def detach_is_a_view_under_no_grad(tensor: Any) -> Any:
    with recording(False):
        return tensor.view_as(tensor)


@fault(
    "detach-forgets-single-numbers",
    exercise="detach",
    part="detach",
    help="A result without dimensions may be a NumPy scalar, a copy each time: use tensor._array, which is shared.",
)
def detach_forgets_single_numbers(tensor: Any) -> Any:
    alias = torch.zeros(())
    alias._data = tensor._data
    alias._version_counter = tensor._counter()
    return alias


@fault(
    "detach-switches-recording-off",
    exercise="detach",
    part="detach",
    help="After detach() nothing at all is recorded any more: it concerns one tensor, not the mode.",
)
def detach_switches_recording_off(tensor: Any) -> Any:
    mode.enabled = False
    return tensor.detach_alias()


# --- in place -------------------------------------------------------------------------------------


@fault(
    "cut-view-allowed",
    exercise="detach",
    part="detach_",
    help="A view cannot be cut in place, since its base would still be tracked: raise torch's RuntimeError.",
)
def cut_view_allowed(tensor: Any) -> Any:
    tensor._grad_fn = None
    tensor._output_nr = 0
    tensor._requires_grad = False
    return tensor


@fault(
    "cut-returns-nothing",
    exercise="detach",
    part="detach_",
    help="detach_() returns the tensor that it has cut, as all in-place operations do; yours returns None.",
)
def cut_returns_nothing(tensor: Any) -> Any:
    _refuse_view(tensor)
    tensor._grad_fn = None
    tensor._requires_grad = False


@fault(
    "cut-makes-a-new-tensor",
    exercise="detach",
    part="detach_",
    help="The underscore means in place: detach_() changes the tensor that it is called on, and returns that one.",
)
def cut_makes_a_new_tensor(tensor: Any) -> Any:
    _refuse_view(tensor)
    return tensor.detach()


@fault(
    "cut-forgets-the-flag",
    exercise="detach",
    part="detach_",
    help="A leaf has no grad_fn to lose, but its flag: after detach_() it must not require grad.",
)
def cut_forgets_the_flag(tensor: Any) -> Any:
    _refuse_view(tensor)
    tensor._grad_fn = None
    return tensor


@fault(
    "cut-throws-the-gradient-away",
    exercise="detach",
    part="detach_",
    help="detach_() leaves .grad alone: what a leaf has accumulated stays.",
)
def cut_throws_the_gradient_away(tensor: Any) -> Any:
    _refuse_view(tensor)
    tensor._grad_fn = None
    tensor._requires_grad = False
    tensor._grad = None
    return tensor


@fault(
    "cut-through-the-node",
    exercise="detach",
    part="detach_",
    help="Cut the tensor, not its node: what was computed from the tensor before keeps its path to the leaves.",
)
def cut_through_the_node(tensor: Any) -> Any:
    _refuse_view(tensor)
    if tensor._grad_fn is not None:
        tensor._grad_fn.edges = (None,) * len(tensor._grad_fn.edges)
    tensor._grad_fn = None
    tensor._requires_grad = False
    return tensor


@fault(
    "cut-for-ever",
    exercise="detach",
    part="detach_",
    help="After detach_() a tensor is an ordinary leaf again: requires_grad_() must work on it.",
)
def cut_for_ever(tensor: Any) -> Any:
    _refuse_view(tensor)
    tensor._grad_fn = None
    tensor._requires_grad = False
    tensor._inference = True
    return tensor


def _refuse_view(tensor: Any) -> None:
    if tensor._is_view():
        raise RuntimeError(DETACHED_VIEW)
