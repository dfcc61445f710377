"""Run one small program under torch and under the engine, and say where they differ.

A program is a function ``f(T, *tensors)``; `T` is ``torch`` or ``course.nptorch``. Nothing is
compared with numbers written by hand.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch

import course.nptorch as engine
from course.nptorch.parts import is_null
from course.parts import reference

Program = Callable[..., Any]
DIGITS = {"float16": 2e-3, "float32": 2e-5, "float64": 1e-10}


@dataclass
class Seen:
    """What can be observed of one run."""

    raised: tuple[str, str] | None = None
    forms: list[Any] = field(default_factory=list)
    values: list[Any] = field(default_factory=list)
    first: list[Any] = field(default_factory=list)
    second: list[Any] = field(default_factory=list)
    inputs: list[Any] = field(default_factory=list)


PARTS = reference()


def plug_in() -> None:
    """Plug the reference parts in; after each test they are taken out again."""
    if is_null("run_backward"):
        engine.use(**PARTS)


def flat(result: Any) -> list[Any]:
    """Return the leaves of nested tuples and lists."""
    if isinstance(result, tuple | list) and not hasattr(result, "numel"):
        return [leaf for item in result for leaf in flat(item)]
    return [result]


def is_tensor(x: Any) -> bool:
    return hasattr(x, "grad_fn")


def array(x: Any) -> Any:
    return None if x is None else np.array(x.detach().numpy(force=True))


def weights(x: Any, seed: int) -> Any:
    """Return a fixed cotangent of the form of `x`."""
    draws = np.random.default_rng(seed).uniform(0.5, 1.5, tuple(x.shape))
    return np.asarray(draws).astype(array(x).dtype)


def run(T: Any, f: Program, inputs: tuple[Any, ...], grad: bool, second: bool) -> Seen:
    """Run `f` and its first and second backward pass under one backend."""
    seen = Seen()
    xs = [_input(T, x, grad) for x in inputs]
    try:
        outputs = flat(f(T, *xs))
    except Exception as error:
        seen.raised = (type(error).__name__, str(error))
        return seen
    leaves = [x for x in xs if is_tensor(x) and x.requires_grad]
    for x in outputs:
        seen.forms.append(_form(x))
        seen.values.append(array(x) if is_tensor(x) else x)
    seen.inputs = [array(x) for x in xs if is_tensor(x)]
    ends = [x for x in outputs if is_tensor(x) and x.requires_grad]
    if not (grad and ends and leaves):
        return seen
    try:
        cotangents = [T.tensor(weights(x, i)) for i, x in enumerate(ends)]
        first = T.autograd.grad(ends, leaves, cotangents, create_graph=second, allow_unused=True)
        seen.first = [array(g) for g in first]
        live = [g for g in first if g is not None and g.requires_grad]
        if second and live:
            cotangents = [T.tensor(weights(g, 7 + i)) for i, g in enumerate(live)]
            again = T.autograd.grad(live, leaves, cotangents, allow_unused=True)
            seen.second = [array(g) for g in again]
    except Exception as error:
        seen.raised = ("in backward: " + type(error).__name__, str(error))
    return seen


def _input(T: Any, x: Any, grad: bool) -> Any:
    if isinstance(x, np.generic):
        x = np.asarray(x)
    if not isinstance(x, np.ndarray):
        return x
    return T.tensor(x, requires_grad=grad and x.dtype.kind == "f")


def _form(x: Any) -> Any:
    if not is_tensor(x):
        return type(x).__name__
    node = x.grad_fn.name() if x.grad_fn is not None else None
    return str(x.dtype), tuple(x.shape), x.requires_grad, node


def differences(
    f: Program, *inputs: Any, grad: bool = True, second: bool = True, names: bool = True, text: bool = True
) -> list[str]:
    """Return what differs between the two backends, in words; empty if nothing does."""
    plug_in()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        want = run(torch, f, inputs, grad, second)
        got = run(engine, f, inputs, grad, second)
    if want.raised or got.raised:
        return _errors(want.raised, got.raised, text)
    found = []
    for i, (a, b) in enumerate(zip(want.forms, got.forms, strict=False)):
        if not names and isinstance(a, tuple) and isinstance(b, tuple):
            a, b = a[:3], b[:3]
        if a != b:
            found.append(f"output {i}: torch {a}, engine {b}")
    for what in ("values", "inputs", "first", "second"):
        a, b = getattr(want, what), getattr(got, what)
        if what == "second":  # not depending on something and depending with slope 0 are the same
            a, b = (_zeros_for_none(x, want.first) for x in (a, b))
        found += _values(what, a, b)
    return found


def _zeros_for_none(found: list[Any], first: list[Any]) -> list[Any]:
    found = found or [None] * len(first)
    return [np.zeros(()) if x is None or not np.any(x) else x for x in found]


def _errors(want: Any, got: Any, text: bool) -> list[str]:
    if want is None or got is None:
        return [f"torch: {want or 'no error'}; engine: {got or 'no error'}"]
    if want[0] != got[0] or (text and want[1].split("\n")[0] != got[1].split("\n")[0]):
        return [f"torch raised {want}; engine raised {got}"]
    return []


def _values(what: str, want: list[Any], got: list[Any]) -> list[str]:
    if len(want) != len(got):
        return [f"{what}: torch has {len(want)}, engine {len(got)}"]
    found = []
    for i, (a, b) in enumerate(zip(want, got, strict=True)):
        if not isinstance(a, np.ndarray) or not isinstance(b, np.ndarray):
            if (a is None) != (b is None) or (a is not None and a != b):
                found.append(f"{what} {i}: torch {a}, engine {b}")
            continue
        if a.dtype != b.dtype or a.shape != b.shape:
            if what == "second" and not np.any(a) and not np.any(b):
                continue
            found.append(f"{what} {i}: torch {a.dtype}{a.shape}, engine {b.dtype}{b.shape}")
            continue
        tolerance = DIGITS.get(a.dtype.name, 0)
        with np.errstate(all="ignore"):
            if not np.allclose(a, b, rtol=tolerance, atol=tolerance, equal_nan=True):
                found.append(f"{what} {i}: torch {a.tolist()}, engine {b.tolist()}")
    return found


def agree(f: Program, *inputs: Any, **options: Any) -> None:
    """Fail unless both backends do the same with `f`."""
    found = differences(f, *inputs, **options)
    assert not found, "\n".join(found)
