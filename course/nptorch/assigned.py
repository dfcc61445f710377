"""What may be assigned to ``x.grad``, ``x.data`` and ``x.requires_grad``."""

from __future__ import annotations

from typing import Any

# torch's message names the dtype of the gradient as C++ does
_IN_CPP = {
    "float16": "c10::Half",
    "float32": "float",
    "float64": "double",
    "uint8": "unsigned char",
    "int8": "signed char",
    "int16": "short int",
    "int32": "int",
    "int64": "long int",
    "bool": "bool",
}


def check_gradient(tensor: Any, gradient: Any) -> None:
    """Check that `gradient` fits `tensor`.

    Raises
    ------
    TypeError
        If it is not a Tensor.
    RuntimeError
        If it is the tensor itself, or of another dtype or shape.
    """
    if not hasattr(gradient, "_data"):
        kind = type(gradient).__name__
        raise TypeError(f"assigned grad expected to be a Tensor or None but got grad of type {kind}")
    if gradient is tensor:
        raise RuntimeError("can't assign Variable as its own grad")
    if gradient._data.dtype != tensor._data.dtype:
        wanted = tensor.dtype.tensor_type.removesuffix("Tensor")
        raise RuntimeError(
            f"attempting to assign a gradient with dtype '{_IN_CPP[gradient.dtype.name]}' to a tensor "
            f"with grad_dtype '{wanted}'. The gradient must match the tensor's grad_dtype "
            "(defaults to the tensor's dtype). You can set the tensor's grad_dtype attribute with "
            "a specific dtype, or None to allow any dtype. Set grad_dtype with caution. Diverging the "
            "dtypes of a tensor and its gradient may break downstream systems that assume they match."
        )
    if gradient._data.shape != tensor._data.shape:
        raise RuntimeError(
            f"attempting to assign a gradient of size '{list(gradient._data.shape)}' to a tensor of "
            f"size '{list(tensor._data.shape)}'. Please ensure that the gradient and the tensor "
            "are the same size"
        )


def check_data(tensor: Any, other: Any) -> None:
    """Check that `other` may become the data of `tensor`; dtype and shape may differ.

    Raises
    ------
    TypeError
        If it is not a Tensor.
    RuntimeError
        If it holds integers and `tensor` requires grad.
    """
    if not hasattr(other, "_data"):
        raise TypeError(f"Variable data has to be a tensor, but got {type(other).__name__}")
    if tensor.requires_grad and not other.dtype.is_floating_point:
        raise RuntimeError("data set to a tensor that requires gradients must be floating point or complex dtype")


def check_flag(wanted: Any, method: str = "") -> None:
    """Check that `wanted` is a bool, as the attribute ``requires_grad`` or the argument of a method must be.

    Raises
    ------
    RuntimeError, TypeError
        If it is not; the second for a method.
    """
    if isinstance(wanted, bool):
        return
    if not method:
        raise RuntimeError("requires_grad must be a bool")
    kind = type(wanted).__name__
    raise TypeError(f"{method}(): argument 'requires_grad' (position 1) must be bool, not {kind}")
