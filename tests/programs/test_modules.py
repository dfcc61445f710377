"""Containers and modules put to odd uses."""

from __future__ import annotations

import warnings

import pytest
import torch

import course.nptorch as nptorch
from tests.programs.both import same


def pair(T):
    return T.nn.Sequential(T.nn.Linear(2, 2), T.nn.ReLU())


def sequences(T, note):
    nn = T.nn
    note("times", [len(pair(T) * 2), len(3 * pair(T))])
    s = pair(T)
    s *= 2
    note("in place", [repr(s), s[0] is s[2]])
    note.attempt("negative place", lambda: repr(pair(T).insert(-1, nn.Tanh())))
    note.attempt("out of range", pair(T).insert, 5, nn.ReLU())
    for factor in (0, -1, 1.5):
        try:
            pair(T) * factor
        except (TypeError, ValueError) as error:
            note("factor", [type(error).__name__, str(error).split("<class")[0]])


def dictionaries(T, note):
    nn = T.nn
    d = nn.ModuleDict({"a": nn.ReLU()})
    d.update(nn.ModuleDict({"b": nn.Tanh()}))
    d.update([("c", nn.Sigmoid())])
    note("names", list(d))
    note.attempt("number", nn.ModuleDict, 5)
    note.attempt("short pair", nn.ModuleDict, [("a",)])


def lists_of_parameters(T, note):
    nn = T.nn
    values = nn.ParameterList([T.ones(1)])
    values += [T.zeros(1)]
    values.extend([T.ones(2), 7])
    values[0] = T.full((1,), 5.0)
    note("text", repr(values).replace("course.nptorch", "torch"))
    note("kinds", [type(x).__name__ for x in values] + [type(values[1:]).__name__, len(values[1:])])
    note("last", [values[-1], values[0]])
    note("state", dict(values.state_dict()))
    note.attempt("number", nn.ParameterList, 5)
    note.attempt("range", lambda: values[9])


def places(T, note):
    nn = T.nn
    n = nn.Sequential(pair(T))
    n.set_submodule("0.1", nn.Tanh())
    n.set_submodule("x", nn.Tanh())
    note("text", repr(n))
    note.attempt("nameless", n.set_submodule, "", nn.Tanh())
    note.attempt("strict", n.set_submodule, "y", nn.Tanh(), strict=True)
    note.attempt("number", lambda: n.set_submodule("x", 5))


def conversions(T, note):
    note.attempt("copy", lambda: pair(T).to("cpu", copy=True))
    note.attempt("integers", lambda: pair(T).to(T.int32))
    net = pair(T).to(device="cpu", dtype=T.float32, non_blocking=True)
    note("dtype", str(net[0].weight.dtype))
    note("like", str(net.to(T.ones(1))[0].weight.dtype))


def constructors(T, note):
    nn = T.nn

    class Mixin:
        def __init__(self, *args, **kwargs):
            super().__init__(*args, **kwargs)
            self.mixed = True

    class After(nn.Module, Mixin):
        call_super_init = True

        def __init__(self):
            super().__init__()

    class Plain(nn.Module, Mixin):
        pass

    class Own(nn.Module):
        def __init__(self, persistent):
            super().__init__()
            self.kept = nn.Buffer(T.ones(2), persistent=persistent)

        def register_buffer(self, name, value):
            return super().register_buffer(name, value, True)

    note("mixed", [hasattr(After(), "mixed"), hasattr(Plain(), "mixed")])
    note("own form", list(Own(True).state_dict()))
    note.attempt("own form, not persistent", lambda: Own(False))
    note.attempt("argument", nn.Module, 5)
    note.attempt("keyword", nn.Sigmoid, x=5)
    note.attempt("projection", nn.RNN, 2, 3, proj_size=1)


def shapes(T, note):
    nn, F = T.nn, T.nn.functional
    note.attempt("scalar", lambda: nn.Linear(2, 2)(T.tensor(1.0)))
    note.attempt("unshuffle", nn.PixelUnshuffle(2), T.ones(2, 2))
    note.attempt("batch", lambda: nn.RNNCell(3, 4)(T.ones(2, 3), T.ones(1, 4)))
    note.attempt("hidden", lambda: nn.RNNCell(3, 4)(T.ones(2, 3), T.ones(2, 5)))
    note.attempt("huber", F.huber_loss, T.ones(2), T.zeros(2), delta=0.0)
    note.attempt("smooth", F.smooth_l1_loss, T.ones(2), T.zeros(2), beta=-1.0)
    note("channels", nn.InstanceNorm2d(2)(T.rand(1, 1, 2, 2)))
    note("tanh", nn.Hardtanh(max_value=2.0)(T.tensor([3.0])))


PROGRAMS = [sequences, dictionaries, lists_of_parameters, places, conversions, constructors, shapes]


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda p: p.__name__)
def test_modules(program):
    same(program)


def test_the_mean_over_no_classes_is_nan():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # NumPy's own, which the engine does not show
        for T in (torch, nptorch):
            assert T.nn.CrossEntropyLoss()(T.rand(5, 0), T.rand(5, 0)).isnan()
