"""Every public function, method and class takes what torch's takes, under the same names.

What torch takes is asked of torch: of its operators' own schemas, and of Python's ``inspect`` for what is
written in Python. Exceptions are few, and each has its reason beside it.
"""

from __future__ import annotations

import inspect
import re
from collections import defaultdict
from typing import Any

import pytest
import torch

import course.nptorch as nptorch
from course.nptorch.ops.register import FUNCTIONS
from tests.engine.helper import PARTS

SCHEMAS = defaultdict(list)
for _schema in torch._C._jit_get_all_schemas():
    if _schema.name.startswith("aten::"):
        SCHEMAS[_schema.name.removeprefix("aten::")].append(_schema)

# operators of TorchScript, forms that torch's Python never sees, and numbers in the place of a Tensor
NOT_IN_PYTHON = {"Tensor_list", "Scalar_Tensor", "complex", "Dimname", "dtype", "str", "t", "int", "float", "bool"}
# these are functions of Python in torch; `test_python_signatures` looks at them
WRITTEN_IN_PYTHON = {"split", "einsum", "norm", "meshgrid", "broadcast_tensors", "tensordot", "max", "min"}
# old forms, deprecated in torch for years, in which a plain number could stand before the keywords
OLD_FORMS = {"add", "sub", "subtract", "rsub", "add_", "sub_", "subtract_", "sort", "copy_"}
# torch has another name for it in the schema than in Python ("from" is a word of Python)
OTHER_NAME = {"where", "tensor_split", "random_", "uniform_", "searchsorted", "repeat_interleave", "isin"}


def forms(name: str, method: bool) -> list[tuple[list[int], list[Any]]]:
    """Return every way in which torch takes a call: what stands for the Tensor in front, and the rest."""
    found = []
    for schema in SCHEMAS[name]:
        arguments = schema.arguments
        names = [a.name for a in arguments]
        if any(word in str(schema) for word in ("Dimname", "complex")) or schema.overload_name in NOT_IN_PYTHON:
            continue
        if any(a.is_out for a in arguments) or (method and "self" not in names) or "l" in names:
            continue
        if not any("Tensor" in str(a.type) for a in arguments) and not {"size", "end", "n"} & set(names):
            continue  # of numbers alone
        first = [0] if method or names[0] == "self" else []
        found.append((first, [a for a in arguments if a.name != "self"] if first else arguments))
    return found


def names_of_functions() -> list[str]:
    return sorted(n for n in FUNCTIONS if hasattr(torch, n) and n not in WRITTEN_IN_PYTHON | OLD_FORMS | OTHER_NAME)


def names_of_methods() -> list[str]:
    both = {n for n in dir(nptorch.Tensor) if hasattr(torch.Tensor, n) and callable(getattr(nptorch.Tensor, n, None))}
    return sorted(n for n in both if n[0] != "_" and n not in WRITTEN_IN_PYTHON | OLD_FORMS | OTHER_NAME)


def differences(name: str, mine: Any, method: bool) -> list[str]:
    """Say in which of torch's forms a call of `mine` would fail, or which defaults differ."""
    signature = inspect.signature(mine)
    found = []
    for first, arguments in forms(name, method):
        positional = [a for a in arguments if not a.kwarg_only]
        for args, kwargs in (
            (first, {a.name: 0 for a in arguments}),
            ([*first, *[0] * len(positional)], {}),
        ):
            try:
                signature.bind(*args, **kwargs)
            except TypeError as error:
                found.append(f"{name}({', '.join(a.name for a in arguments)}): {error}")
        found += _defaults(name, signature, arguments)
    return found


def _defaults(name: str, signature: inspect.Signature, arguments: list[Any]) -> list[str]:
    mine = {p.name: p.default for p in signature.parameters.values()}
    found = []
    for a in arguments:
        if a.name not in mine or not a.has_default_value():
            continue
        if mine[a.name] is inspect.Parameter.empty:
            found.append(f"{name}: {a.name} has a default in torch")
        # dtype is an enumeration there, and unbiased=True is what its None means here
        number = isinstance(a.default_value, int | float) and a.name not in ("dtype", "unbiased")
        if number and mine[a.name] not in (None, a.default_value, inspect.Parameter.empty):
            found.append(f"{name}: {a.name} is {a.default_value} in torch, {mine[a.name]} here")
    return found


@pytest.mark.parametrize("name", names_of_functions())
def test_functions_take_what_torch_takes(name):
    assert differences(name, FUNCTIONS[name], method=False) == []


@pytest.mark.parametrize("name", names_of_methods())
def test_methods_take_what_torch_takes(name):
    assert differences(name, getattr(nptorch.Tensor, name), method=True) == []


MODULES = """
nn nn.functional nn.init nn.utils optim optim.lr_scheduler autograd autograd.graph autograd.function autograd.functional
distributions utils.checkpoint utils.data
"""
# torch's take (*args, **kwargs) and look at them later; or they are made by the engine only
NOT_COMPARED = {
    "nn.RNN",
    "nn.functional.max_pool2d", "nn.functional.adaptive_max_pool2d", "nn.functional.max_pool2d_with_indices",
    "autograd.graph.Node", "autograd.function.FunctionCtx", "autograd.Variable", "autograd.SavedTensor",
}  # fmt: skip


def parameters(f: Any) -> list[tuple[str, str, str]]:
    """Return name, kind and default of each parameter; an empty shape is one in any spelling."""
    found = []
    for p in inspect.signature(f).parameters.values():
        default = "" if p.default is p.empty else repr(p.default).replace("torch.Size([])", "()")
        default = re.sub(r" at 0x[0-9a-f]+|[\w.]+\.(?=\w+ object)", "", default)  # where an object lies and is defined
        found.append((p.name, p.kind.name, default))
    return found


def public_pairs() -> list[Any]:
    """Return what both sides have under one public name: functions, classes, methods of classes."""
    with nptorch.use(**PARTS):
        return [pytest.param(mine, theirs, id=name) for name, mine, theirs in _pairs()]


def _pairs() -> list[tuple[str, Any, Any]]:
    found = []
    for path in MODULES.split():
        mine, theirs = nptorch, torch
        for step in path.split("."):
            mine, theirs = getattr(mine, step), getattr(theirs, step)
        for name in dir(mine):
            a, b = getattr(mine, name), getattr(theirs, name, None)
            whole = f"{path}.{name}"
            ours = getattr(a, "__module__", "").startswith("course.")
            if name[0] == "_" or not callable(a) or not callable(b) or not ours or a is nptorch.Tensor:
                continue
            found.append((whole, a, b))
            if inspect.isclass(a) and inspect.isclass(b):
                shared = [m for m in vars(a) if m[0] != "_" and callable(getattr(b, m, None)) and m != "forward"]
                found += [(f"{whole}.{m}", getattr(a, m), getattr(b, m)) for m in shared]
    return [pair for pair in found if pair[0] not in NOT_COMPARED and _inspectable(pair[2]) and callable(pair[1])]


def _inspectable(f: Any) -> bool:
    try:
        inspect.signature(f)
    except (ValueError, TypeError):
        return False
    return True


@pytest.mark.parametrize(("mine", "theirs"), public_pairs())
def test_python_signatures(mine, theirs):
    assert parameters(mine) == parameters(theirs)
