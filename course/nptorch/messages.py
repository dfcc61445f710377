"""torch's own error texts, word for word (torch 2.13), so that what is searched for is found."""

from __future__ import annotations

import re
from typing import Any

SECOND_TIME = (
    "Trying to backward through the graph a second time (or directly access saved tensors after "
    "they have already been freed). Saved intermediate values of the graph are freed when you "
    "call .backward() or autograd.grad(). Specify retain_graph=True if you need to backward "
    "through the graph a second time or if you need to access saved tensors after calling "
    "backward."
)

_MODIFIED = (
    "one of the variables needed for gradient computation has been modified by an inplace "
    "operation: [torch.{type} {shape}]{which} is at version {now}; expected version {saved} "
    "instead. Hint: "
)
MODIFIED = _MODIFIED + (
    "enable anomaly detection to find the operation that failed to compute its "
    "gradient, with torch.autograd.set_detect_anomaly(True, check_nan=False)."
)
# anomaly mode puts this one in the other's place
MODIFIED_AND_SHOWN = _MODIFIED + (
    "the backtrace further above shows the operation that failed to compute its gradient. The "
    "variable in question was changed in there or anywhere later. Good luck!"
)

NOT_REQUIRED = "element {index} of tensors does not require grad and does not have a grad_fn"

NOT_SCALAR = "grad can be implicitly created only for scalar outputs"

NOT_USED = (
    "The differentiated Tensor at index {index} appears to not have been used in the graph. Set "
    "allow_unused=True if this is the desired behavior."
)

PARTLY_SAME = (
    "unsupported operation: some elements of the input tensor and the written-to tensor refer to a "
    "single memory location. Please clone() the tensor before performing the operation."
)

LEAF_IN_PLACE = "a leaf Variable that requires grad is being used in an in-place operation."

LEAF_VIEW_IN_PLACE = "a view of a leaf Variable that requires grad is being used in an in-place operation."

LEAF_MARKED_DIRTY = "a leaf Variable that requires grad has been used in an in-place operation."

WHOLE_ADDCDIV = (
    "Integer division with addcdiv is no longer supported, and in a future  release addcdiv will perform a "
    "true division of tensor1 and tensor2. The historic addcdiv behavior can be implemented as (input + value * "
    "torch.trunc(tensor1 / tensor2)).to(input.dtype) for integer inputs and as (input + value * tensor1 / tensor2) "
    "for float inputs. The future addcdiv behavior is just the latter implementation: (input + value * tensor1 / "
    "tensor2), for all dtypes."
)

ONLY_FLOATS = "Only Tensors of floating point and complex dtype can require gradients"

ONLY_FLOATS_HERE = "only Tensors of floating point dtype can require gradients"

ONLY_LEAVES = "you can only change requires_grad flags of leaf variables."

TWO_BOOLS = (
    "Subtraction, the `-` operator, with two bool tensors is not supported. Use the `^` "
    "or `logical_xor()` operator instead."
)

USE_DETACH = (
    " If you want to use a computed variable in a subgraph that doesn't require differentiation "
    "use var_no_grad = var.detach()."
)

DECORATED_CLASS = (
    "Decorating classes is deprecated and will be disabled in future versions. You should only "
    "decorate functions or methods. To preserve the current behavior of class decoration, you can "
    "directly decorate the `__init__` method and nothing else."
)

NO_GRAD_TO_HOOK = "cannot register a hook on a tensor that doesn't require gradient"

DETACHED_VIEW = (
    "Can't detach views in-place. Use detach() instead. If you are using DistributedDataParallel "
    "(DDP) for training, and gradient_as_bucket_view is set as True, gradients are views of DDP "
    "buckets, and hence detach_() cannot be called on these gradients. To fix this error, please "
    "refer to the Optimizer.zero_grad() function in torch/optim/optimizer.py as the solution."
)

SAVED_DETACHED = (
    "Trying to use a saved tensor that has been detached in-place, i.e. with .detach_().This is "
    "not supported, please use out-of-place `.detach()` instead"
)

INFERENCE_LEAF = "Setting requires_grad=True on inference tensor outside InferenceMode is not allowed."
INFERENCE_SAVED = (
    "Inference tensors cannot be saved for backward. Please do not use Tensors created in "
    "inference mode in computation tracked by autograd. To work around this, you can make a clone "
    "to get a normal tensor and use it in autograd, or use `torch.no_grad()` instead of "
    "`torch.inference_mode()`."
)

NON_LEAF_GRAD = (
    "The .grad attribute of a Tensor that is not a leaf Tensor is being accessed. Its .grad "
    "attribute won't be populated during autograd.backward(). If you indeed want the .grad field "
    "to be populated for a non-leaf Tensor, use .retain_grad() on the non-leaf Tensor. If you "
    "access the non-leaf Tensor by mistake, make sure you access the leaf Tensor instead. See "
    "github.com/pytorch/pytorch/pull/30531 for more information."
)


# Why a view may not be rebuilt on a changed base, by how it came about (`Tensor._made`).
_AMBIGUOUS = (
    " Given that this use case is ambiguous and error-prone, it is forbidden. You can clarify your "
    "code by moving both the view and the inplace either both inside the {mode} block (if you don't "
    "want the inplace to be tracked) or both outside (if you want the inplace to be tracked)."
)
_WHY = {
    "no_grad": _AMBIGUOUS.format(mode="no_grad"),
    "inference": _AMBIGUOUS.format(mode="inference_mode"),
    "several": (
        " This view is the output of a function that returns multiple views. Such functions do not "
        "allow the output views to be modified inplace. You should replace the inplace operation by "
        "an out-of-place one."
    ),
    "function": (
        " This view was created inside a custom Function (or because an input was returned as-is) and "
        "the autograd logic to handle view+inplace would override the custom backward associated with "
        "the custom Function, leading to incorrect gradients. This behavior is forbidden. You can fix "
        "this by cloning the output of the custom Function."
    ),
}
UNRECORDED = ("no_grad", "inference")


def short_name(node: Any) -> str:
    """Return the name of a node as torch's errors have it: ``Mul`` for ``MulBackward0``."""
    return re.sub(r"Backward\d*$", "", node.name())


def _view(view: Any, happens: str) -> str:
    made, node = view._made, view._grad_fn
    origin = node and f"Output {view._output_nr} of {short_name(node)}"
    if node is not None and made not in UNRECORDED:
        return f"{origin} is a view and {happens} modified inplace.{_WHY[made]}"
    created = "A view was created in" if node is None else f"{origin} is a view of a view which was created in"
    if made == "inference":
        return f"{created} inference mode and {happens} modified inplace in normal mode.{_WHY[made]}"
    return f"{created} no_grad mode and {happens} modified inplace with grad mode enabled.{_WHY[made]}"


def view_of_changed_base(view: Any) -> str:
    """Return torch's refusal to use a view after its base was changed in place.

    Parameters
    ----------
    view : Tensor
        ``view._made`` tells how it came about: under ``"no_grad"`` or in ``"inference"`` mode, as
        one of ``"several"`` views that one operation makes, or in a custom ``"function"``.
    """
    return _view(view, "its base or another view of its base has been")


def view_in_place(view: Any) -> str:
    """Return torch's refusal to write to a view, given how it came about."""
    return _view(view, "is being")


ONLY_LEAVES_COPIED = (
    "Only Tensors created explicitly by the user (graph leaves) support the deepcopy "
    "protocol at the moment.  If you were attempting to deepcopy a module, this may be "
    "because of a torch.nn.utils.weight_norm usage, see "
    "https://github.com/pytorch/pytorch/pull/103001"
)
