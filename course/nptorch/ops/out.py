"""``out=``: results written into a tensor that is there already.

References
----------
.. [1] https://docs.pytorch.org/docs/stable/notes/autograd.html#in-place-operations-with-autograd
"""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from course.nptorch._tensor import Tensor
from course.nptorch.dtypes import dtype_of
from course.nptorch.grad_mode import mode, recording
from course.nptorch.ops.register import with_words
from course.nptorch.ops.write import KINDS, refuse_inference, refuse_leaf

ACCEPTED_BY = """
abs absolute acos acosh add addcdiv addcmul addmm addmv all amax amin aminmax any arange arccos arccosh arcsin
arcsinh arctan arctan2 arctanh argmax argmin asin asinh atan atan2 atanh baddbmm bernoulli bitwise_and bitwise_not
bitwise_or bitwise_xor bmm cat ceil clamp clip column_stack concat concatenate cos cosh cross cummax cummin cumprod
cumsum diag div divide dot dstack empty eq erf exp expm1 eye fix floor floor_divide fmod frac full gather ge ger
greater greater_equal gt hstack hypot index_add index_copy index_select inner isneginf isposinf kron kthvalue le lerp
less less_equal linspace log log10 log1p log2 logaddexp logical_and logical_not logical_or logical_xor logspace
logsumexp lt masked_select matmul max maximum mean median min minimum mm mode mul multinomial multiply mv nan_to_num
nanmean ne neg negative nonzero normal not_equal ones outer pow prod rand randint randn randperm reciprocal remainder
round row_stack rsqrt scatter scatter_add searchsorted sgn sigmoid sign signbit sin sinh softmax sort sqrt square stack
std sub subtract sum take take_along_dim tan tanh topk tril triu trunc var vstack where xlogy zeros
"""

FACTORIES = "arange empty eye full linspace logspace ones rand randint randn randperm zeros"  # they resize silently

RESIZED = (
    "An output with one or more elements was resized since it had shape {before}, which does not match the "
    "required output shape {after}. This behavior is deprecated, and in a future PyTorch release outputs will "
    "not be resized unless they have zero elements. You can explicitly reuse an out tensor t by resizing it, "
    "inplace, to zero elements with t.resize_(0)."
)


def with_out(name: str, operation: Callable[..., Any]) -> Callable[..., Any]:
    """Return `operation` as a function that also takes ``out=``, a Tensor or a tuple of them."""

    @functools.wraps(operation)
    def function(*args: Any, **kwargs: Any) -> Any:
        if "out" not in kwargs:
            return operation(*args, **kwargs)
        out = kwargs.pop("out")
        if out is None:
            return operation(*args, **kwargs)
        return _into(name, operation, out, args, kwargs)

    return with_words(function, operation, out=None)


def _into(name: str, operation: Callable[..., Any], out: Any, args: Any, kwargs: Any) -> Any:
    """Write what `operation` returns into `out`, and return `out`.

    Raises
    ------
    RuntimeError
        If recording is on and a gradient would be needed, or the result's type does not fit.
    """
    targets = out if isinstance(out, tuple | list) else (out,)
    tensors = [x for x in (*args, *kwargs.values(), *targets) if isinstance(x, Tensor)]
    tensors += [x for several in args if isinstance(several, tuple | list) for x in several if isinstance(x, Tensor)]
    if mode.enabled and any(x.requires_grad for x in tensors):
        raise RuntimeError(
            f"{name}(): functions with out=... arguments don't support automatic differentiation, but one "
            "of the arguments requires grad."
        )
    for target in targets:
        refuse_inference(target)
        refuse_leaf(target)
    with recording(False):
        results = operation(*args, **kwargs)
    if isinstance(results, Tensor):
        if name in FACTORIES.split() and out._data.shape != results._data.shape:
            out._data = np.empty(results._data.shape, out._data.dtype)
        _put(out, results._data)
        return out
    for target, result in zip(targets, results, strict=True):
        _put(target, result._data)
    return type(results)(*targets) if hasattr(results, "_fields") else targets


def _put(target: Tensor, values: Any) -> None:
    if KINDS[values.dtype.kind] > KINDS[target._data.dtype.kind]:
        source, wanted = (dtype_of(d).tensor_type[:-6] for d in (values.dtype, target._data.dtype))
        raise RuntimeError(f"result type {source} can't be cast to the desired output type {wanted}")
    before = target._data.shape
    if before != values.shape:
        if target._data.size:
            warnings.warn(RESIZED.format(before=list(before), after=list(values.shape)), UserWarning, stacklevel=4)
        target._data = np.empty(values.shape, target._data.dtype)
    target._array[...] = values
    if not target._inference:
        target._counter().bump()


def accept_out(functions: dict[str, Callable[..., Any]]) -> None:
    """Make the functions of the package take ``out=`` where torch's do."""
    for name in set(ACCEPTED_BY.split()) & functions.keys():
        functions[name] = with_out(name, functions[name])
