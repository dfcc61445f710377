"""Weights that leave the program and come back."""

from __future__ import annotations

import collections
import copy
import io

import pytest

from tests.programs.both import same


def through_a_file(T, thing, **options):
    file = io.BytesIO()
    T.save(thing, file)
    file.seek(0)
    return T.load(file, **options)


def resumed_training(T, note):
    def make():
        net = T.nn.Sequential(T.nn.Linear(2, 4, bias=False), T.nn.BatchNorm1d(4), T.nn.Tanh(), T.nn.Linear(4, 1))
        return net, T.optim.Adam(net.parameters(), lr=0.05)

    def step(net, optimizer, x):
        optimizer.zero_grad()
        loss = (net(x) - 1).pow(2).mean()
        loss.backward()
        optimizer.step()
        return loss

    net, optimizer = make()
    xs = T.randn(4, 6, 2)
    for x in xs[:2]:
        step(net, optimizer, x)
    saved = {
        "net": net.state_dict(),
        "optimizer": optimizer.state_dict(),
        "epoch": 2,
        "size": T.Size([2]),
        "dtype": T.float32,
    }
    read = through_a_file(T, saved)
    note("kinds", [type(read["net"]).__name__, str(read["size"]), str(read["dtype"]), read["epoch"]])
    other, resumed = make()
    note("keys", str(other.load_state_dict(read["net"])))
    resumed.load_state_dict(read["optimizer"])
    for x in xs[2:]:
        note("losses", [step(net, optimizer, x), step(other, resumed, x)])
    note("weights", [list(net.parameters()), list(other.parameters())])


def what_is_kept(T, note):
    w = T.nn.Parameter(T.ones(2))
    w.grad = T.ones(2)
    read = through_a_file(T, w)
    note("parameter", [type(read).__name__, read, read.grad])
    leaf = through_a_file(T, T.ones(2, requires_grad=True) * 2)
    note("result", [leaf, leaf.is_leaf])
    x = T.arange(6.0)
    whole, part = through_a_file(T, [x, x[2:4]])
    part.fill_(-1)
    note("shared memory", whole)
    note("layout", list(through_a_file(T, T.ones(2, 3).t()).stride()))
    tagged = T.ones(1)
    tagged.label = "hello"
    note("attribute", through_a_file(T, tagged, weights_only=False).label)
    tied = T.nn.Linear(2, 2)
    first, second = through_a_file(T, [tied.weight, tied.weight])
    note("one tensor", first is second)


def whole_models(T, note):
    net = T.nn.Sequential(T.nn.Linear(2, 1), T.nn.ReLU())
    try:
        through_a_file(T, net)
    except Exception as error:
        note("refused", [type(error).__name__, str(error)[:25]])
    note("trusted", repr(through_a_file(T, net, weights_only=False)))
    try:
        T.load(io.BytesIO(b"no such thing"))
    except Exception as error:
        note("other file", [type(error).__name__, str(error)[:25]])


def partial_state(T, note):
    net = T.nn.Sequential(T.nn.Linear(2, 2), T.nn.Linear(2, 1))
    state = net.state_dict()
    note("plain", [type(state).__name__, isinstance(state, collections.OrderedDict), hasattr(state, "_metadata")])
    state["0.weight"].fill_(3.0)
    note("one memory", net[0].weight)
    some = {k: v for k, v in state.items() if k.startswith("0")}
    note("missing", str(net.load_state_dict(some, strict=False)))
    note.attempt("strict", net.load_state_dict, some)
    note.attempt("shape", net.load_state_dict, {**state, "1.weight": T.ones(5, 5)})
    twin = copy.deepcopy(net)
    twin[0].weight.data.zero_()
    note("deep copy", [net[0].weight, twin[0].weight, twin[0].weight.is_leaf])


PROGRAMS = [resumed_training, what_is_kept, whole_models, partial_state]


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda p: p.__name__)
def test_saving(program):
    same(program)
