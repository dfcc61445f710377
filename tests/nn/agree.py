"""Run one program on the engine and on torch, and compare what comes out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

import course.nptorch as nptorch

BACKENDS = (nptorch, torch)
Array = np.ndarray[Any, Any]


def array(x: Any) -> Array:
    """Return the values of a tensor of either side."""
    return np.asarray(x.detach().numpy(force=True))


def close(mine: Any, theirs: Any, tolerance: float = 1e-11, what: str = "") -> None:
    """Assert that two results agree: tensors in values, shape and dtype; others are equal."""
    if theirs is None or mine is None:
        assert mine is None, f"{what}: expected None"
        assert theirs is None, f"{what}: unexpected None"
        return
    if isinstance(theirs, tuple | list):
        assert len(mine) == len(theirs), what
        for i, (a, b) in enumerate(zip(mine, theirs, strict=True)):
            close(a, b, tolerance, f"{what}[{i}]")
        return
    if not hasattr(theirs, "detach"):
        assert mine == theirs, what
        return
    a, b = array(mine), array(theirs)
    assert a.shape == b.shape, what
    assert a.dtype == b.dtype, what
    np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance, err_msg=what)


def both(program: Callable[..., Any], *inputs: Any, tolerance: float = 1e-11) -> None:
    """Assert that ``program(T, *inputs)`` gives the same on both sides."""
    mine, theirs = (program(T, *inputs) for T in BACKENDS)
    close(mine, theirs, tolerance)


def gradients(T: Any, f: Callable[..., Any], *arrays: Array) -> list[Any]:
    """Return the value of f, its first gradients, and gradients of a function of those."""
    xs = [T.tensor(a, requires_grad=a.dtype.kind == "f") for a in arrays]
    out = f(T, *xs)
    return [out, *_slopes(T, out, [x for x in xs if x.requires_grad])]


def _slopes(T: Any, out: Any, leaves: list[Any]) -> list[Any]:
    """Return the gradients of the leaves: recorded, plain, and of the recorded ones again."""
    loss = (out * T.tensor(np.linspace(0.5, 1.5, max(out.numel(), 1)).reshape(out.shape))).sum()
    first = T.autograd.grad(loss, leaves, create_graph=True, allow_unused=True)
    plain = T.autograd.grad(loss, leaves, allow_unused=True, retain_graph=True)
    again = [(g * g).sum() for g in first if g is not None and g.requires_grad]
    second: list[Any] = [None] * len(leaves)
    if again:
        second = list(T.autograd.grad(sum(again[1:], again[0]), leaves, allow_unused=True))
    return [list(first), list(plain), second]


def _compared(names: tuple[str, ...], mine: list[Any], theirs: list[Any], tolerance: float) -> None:
    for name, a, b in zip(names, mine, theirs, strict=True):
        if name == "second gradient":  # none at all, and zeros, say the same
            a, b = ([_or_zero(x, y) for x, y in zip(c, d, strict=True)] for c, d in ((a, b), (b, a)))
        close(a, b, tolerance, name)


def _or_zero(x: Any, other: Any) -> Any:
    return other * 0 if x is None and other is not None else x


def agree(f: Callable[..., Any], *arrays: Array, tolerance: float = 1e-10) -> None:
    """Assert that ``f(T, *tensors)`` agrees in value, gradients and second-order gradients."""
    mine, theirs = (gradients(T, f, *arrays) for T in BACKENDS)
    names = ("value", "gradient (recorded)", "gradient", "second gradient")
    _compared(names, mine, theirs, tolerance)


def twins(make: Callable[[Any], Any]) -> tuple[Any, Any]:
    """Return a module made on both sides, with the same parameters and buffers."""
    mine, theirs = make(nptorch.nn), make(torch.nn)
    assert list(mine.state_dict()) == list(theirs.state_dict())
    assert repr(mine) == repr(theirs)
    for a, b in zip(mine.state_dict().values(), theirs.state_dict().values(), strict=True):
        assert tuple(a.shape) == tuple(b.shape)
        assert str(a.dtype) == str(b.dtype)
    theirs.load_state_dict({k: torch.tensor(array(v)) for k, v in mine.state_dict().items()})
    return mine, theirs


def modules_agree(make: Callable[[Any], Any], *arrays: Array, tolerance: float = 1e-10) -> None:
    """Assert that a module agrees: output, gradients of inputs and parameters, second order, buffers."""
    pair = twins(make)
    results = []
    for T, module in zip(BACKENDS, pair, strict=True):
        xs = [T.tensor(a, requires_grad=a.dtype.kind == "f") for a in arrays]
        out = module(*xs)
        out = out[0] if isinstance(out, tuple) else out
        leaves = [x for x in xs if x.requires_grad] + list(module.parameters())
        slopes = _slopes(T, out, leaves)
        results.append([out, *slopes, list(module.buffers())])
    names = ("output", "gradient (recorded)", "gradient", "second gradient", "buffers")
    _compared(names, *results, tolerance)


def outcome(program: Callable[[Any], Any], T: Any) -> tuple[str, str]:
    """Return the type and text of what a program raises, in torch's spelling."""
    try:
        program(T)
    except Exception as error:
        text = str(error).replace("course.nptorch", "torch")
        return type(error).__name__, text
    return "no error", ""


def same_error(program: Callable[[Any], Any]) -> None:
    """Assert that a program raises the same type with the same text on both sides."""
    mine, theirs = (outcome(program, T) for T in BACKENDS)
    assert theirs[0] != "no error", "torch raises nothing here"
    assert mine == theirs
