"""What torch refuses the engine refuses too: the same calls, the same types of errors, word for word.

The calls are data, one expression a line, in the folder `refusals`. Those of ``on_states.txt`` are
made on a tensor `x` in every state of `STATES`; the others on the small tensors of `_names`.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

import course.nptorch as nptorch
from course.nptorch.absent import Absent
from course.parts import reference

TABLES = Path(__file__).parent / "refusals"
DEVICES = "our words are of the one device that there is"
WHOSE = "torch names a base class or a function behind the one that was called"
NUMPYS = ("AxisError", "UFunc", "for axis", "for array", "operands could not", "_data")
HOT = "called straight, for speed: Python's own words about the arguments"
PYTHON = "Python's own words about attributes that cannot be set"
ITSELF = "a tensor written into itself: torch looks at memory before it looks at positions"
LENIENT = "a flag of the wrong kind is taken for true"
POSITION = "where torch hands an argument on by position, or in a tuple of its own"

# what is not said in torch's words, or not refused: each with the reason
APART = {
    'F.max_pool2d(img)': WHOSE,
    'nn.RNN(3)': WHOSE,
    'nn.MaxPool2d()': WHOSE,
    'nn.AdaptiveAvgPool2d()': WHOSE,
    'T.unique(3)': WHOSE,
    "T.tensor([1.],device='nonsense')": DEVICES,
    "f.to('nonsense')": DEVICES,
    'f.to(3)': DEVICES,
    'f.cuda()': DEVICES,
    "nn.Linear(2,2).to('nonsense')": DEVICES,
    'nn.Linear(2,2).to(3)': DEVICES,
    'f.dim(1)': HOT,
    'f.numel(1)': HOT,
    "setattr(g,'is_leaf',3)": PYTHON,
    "setattr(g,'shape',3)": PYTHON,
    "setattr(g,'grad_fn',3)": PYTHON,
    "setattr(g,'T',3)": PYTHON,
    'f.scatter_add_(0,T.tensor([[7]]),f)': ITSELF,
    'f.index_add_(0,T.tensor([5,1]),f)': ITSELF,
    'f.index_copy_(0,T.tensor([5,1]),f)': ITSELF,
    'f.index_copy_(0,T.tensor([0.]),f)': ITSELF,
    "ag.grad((g*2).sum(),g,retain_graph='a')": LENIENT,
    "fn(lambda ctx,x:(ctx.set_materialize_grads('a'),x*2)[1],lambda ctx,q:q)(g)": LENIENT,
    "F.pad(f,(1,1),value='a')": POSITION,
    "nn.BatchNorm2d('a')": POSITION,
    'ag.gradcheck(lambda x:x*2,3)': 'a single number is no tuple of inputs here',
    'T.tensor([1.],dtype=float)': "Python's types are no dtypes here",
    'T.meshgrid(f,v)': 'torch prints the tensor as C++ does',
    'F.conv1d(f,T.ones(2,2,9))': 'a signal is an image of one row here',
    'nn.Upsample(scale_factor=2)(f)': 'resampling is there for images only, and says so',
    'optim.Optimizer([par(3)],{}).step()': 'the base class steps by the parts that are plugged in',
}  # fmt: skip


def _calls(name: str) -> list[str]:
    lines = (TABLES / f"{name}.txt").read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


ON_STATES = _calls("on_states")
TABLES_OF_OTHERS = sorted(path.stem for path in TABLES.glob("*.txt") if path.stem != "on_states")
OTHERS = [call for table in TABLES_OF_OTHERS for call in _calls(table)]


# -- tensors in the states in which an error may come first ---------------------------------------------


def _one_of_several(T: Any) -> Any:
    return (T.ones(2, 2, 3, requires_grad=True) * 1).unbind()[0]


def _stale(T: Any) -> Any:
    """Return one of several views of a leaf, another of which has been written to."""
    both = T.tensor([[[1.0, 2.0, 3.0], [1.0, 2.0, 3.0]], [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]], requires_grad=True)
    x, y = both
    with T.no_grad():
        y.sin_()
    return x


def _stale_unrecorded(T: Any) -> Any:
    """Return a view made under ``no_grad``, whose base has been written to since."""
    base = T.ones(2, 3, requires_grad=True) * 1
    with T.no_grad():
        x = base[:]
    base.mul_(2)
    return x


def _inference(T: Any) -> Any:
    with T.inference_mode():
        return T.ones(2, 3)


STATES: dict[str, Callable[[Any], Any]] = {
    "plain": lambda T: T.ones(2, 3),
    "vector": lambda T: T.ones(3),
    "scalar": lambda T: T.tensor(2.0),
    "integers": lambda T: T.ones(2, 3, dtype=T.int64),
    "expanded": lambda T: T.ones(1, 3).expand(2, 3),
    "leaf": lambda T: T.ones(2, 3, requires_grad=True),
    "view of a leaf": lambda T: T.ones(2, 3, requires_grad=True)[:],
    "one of several": _one_of_several,
    "inference": _inference,
    "stale": _stale,
    "stale, unrecorded": _stale_unrecorded,
}


def _names(T: Any) -> dict[str, Any]:
    """Return what the calls of the other tables are made of."""
    nn = T.nn

    def par(*shape: int) -> Any:
        return nn.Parameter(T.ones(*shape))

    def fn(forward: Any = None, backward: Any = None) -> Any:
        given = {"forward": forward, "backward": backward}
        members = {name: staticmethod(f) for name, f in given.items() if f is not None}
        mine: Any = type("Mine", (T.autograd.Function,), members)
        return mine.apply

    class Twice(T.autograd.Function):  # type: ignore[misc]
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            return x * 2

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            return g * 2

    return {
        "T": T,
        "nn": nn,
        "F": nn.functional,
        "optim": T.optim,
        "sched": T.optim.lr_scheduler,
        "D": T.distributions,
        "ag": T.autograd,
        "init": nn.init,
        "utils": nn.utils,
        "par": par,
        "fn": fn,
        "Twice": Twice,
        "sgd": lambda: T.optim.SGD([par(3)], lr=0.1),
        "f": T.ones(2, 3),
        "g": T.ones(2, 3, requires_grad=True),
        "v": T.ones(3),
        "s": T.tensor(2.0),
        "i": T.tensor([0, 1]),
        "b": T.tensor([True, False]),
        "img": T.ones(1, 3, 8, 8),
        "e": T.ones(0),
        "e2": T.ones(0, 3),
    }


def _said(call: str, names: dict[str, Any]) -> tuple[str, str]:
    """Return the type and the text of the error that a call ends with, or the type of what it returns."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            got = eval(call, names)
    except Absent as error:
        return "absent", str(error)
    except Exception as error:
        # where in torch's own sources it was raised is no part of what it says
        return type(error).__name__, str(error).split("\nException raised from")[0]
    return "returns", type(got).__name__


def _same(torchs: tuple[str, str], ours: tuple[str, str]) -> bool:
    # of several signatures torch lists all; that it was none of them is enough
    listed = torchs[0] == "TypeError" and "invalid combination of arguments" in torchs[1]
    return torchs[0] == ours[0] if listed else torchs == ours


@pytest.fixture(autouse=True)
def parts() -> None:
    nptorch.use(**reference())


@pytest.mark.parametrize("call", ON_STATES)
def test_refused_in_every_state(call: str) -> None:
    differing = {}
    for state, make in STATES.items():
        said = [_said(call, {"T": T, "F": T.nn.functional, "x": make(T), "s": T.tensor(1.0)}) for T in (torch, nptorch)]
        if not _same(*said):
            differing[state] = said
    assert not differing


@pytest.mark.parametrize("call", [call for call in OTHERS if call not in APART])
def test_refused_alike(call: str) -> None:
    torchs, ours = (_said(call, _names(T)) for T in (torch, nptorch))
    assert _same(torchs, ours), (torchs, ours)


@pytest.mark.parametrize("call", APART)
def test_apart_is_what_differs_and_no_more(call: str) -> None:
    assert call in OTHERS
    torchs, ours = (_said(call, _names(T)) for T in (torch, nptorch))
    assert not _same(torchs, ours)


def test_nothing_of_numpy_shows() -> None:
    """No call of any table ends in an error that NumPy raised."""
    leaked = {}
    for call in OTHERS:
        kind, text = _said(call, _names(nptorch))
        if any(
            word in f"{kind} {text}" for word in ("AxisError", "UFunc", "for axis", "for array", "operands could not")
        ):
            leaked[call] = (kind, text)
    assert not leaked
