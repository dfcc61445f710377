"""A recording leaves nothing behind, and only the thread that records is watched."""

from __future__ import annotations

import sys
import threading
import weakref
from collections import OrderedDict
from typing import Any

import pytest
import torch

import course.nptorch as nptorch
from course.nptorch.graph import Node
from course.nptorch.parts import DECLARED, plugged
from course.parts import reference
from course.widgets.theatre import record
from course.widgets.theatre.programs import PROGRAMS
from tests.theatre.engines import ENGINES, of_kind, watched


@pytest.fixture(autouse=True)
def reference_parts() -> Any:
    with nptorch.use(**reference()):
        yield


def below(kind: type) -> list[type]:
    return [kind, *(found for child in kind.__subclasses__() for found in below(child))]


def everything() -> dict[Any, int]:
    """Return the identity of everything in the engine's modules and classes, and of what torch lets be replaced."""
    modules = [module for name, module in sys.modules.items() if f"{name}.".startswith("course.nptorch.")]
    kinds = [*below(Node), *below(nptorch.Tensor), *below(nptorch.nn.Module), plugged.VersionCounter, type(plugged)]
    found: dict[Any, int] = {}
    for owner in [*modules, *kinds, torch.autograd, torch.Tensor, torch.nn.Module, torch.nn.modules.module]:
        for name, thing in vars(owner).items():
            found[id(owner), owner.__name__, name] = hash(tuple(thing)) if isinstance(thing, OrderedDict) else id(thing)
    for name in DECLARED:
        found["plugged", name] = id(vars(plugged)[name])
    found["class"] = id(type(plugged))
    found["modes"] = torch._C._len_torch_function_stack()
    return found


@pytest.mark.parametrize("engine", ["nptorch", "torch"])
@pytest.mark.parametrize("name", ["hooks", "grad_of_grad", "inplace_error"])
def test_everything_is_as_it_was(engine: str, name: str) -> None:
    PROGRAMS[name](ENGINES[engine])  # plans are made at first use
    before = everything()
    with record(engine=engine):
        during = everything()
        PROGRAMS[name](ENGINES[engine])
    assert during != before
    assert everything() == before


@pytest.mark.parametrize("engine", ["nptorch", "torch"])
def test_also_after_an_exception(engine: str) -> None:
    before = everything()
    x = ENGINES[engine].ones(2, requires_grad=True)
    with pytest.raises(ZeroDivisionError), record(engine=engine) as story:
        x.register_hook(1 / 0)
    assert everything() == before
    assert [event["error"] for event in of_kind(story, "error")] == ["ZeroDivisionError"]


@pytest.mark.parametrize("engine", ["nptorch", "torch"])
def test_hooks_of_the_user_are_as_they_were(engine: str) -> None:
    T = ENGINES[engine]
    x = T.ones(2, requires_grad=True)

    def hook(grad: Any) -> Any:
        return grad * 2

    x.register_hook(hook)
    with record(engine=engine):
        (x * 3).sum().backward()
        x.register_hook(lambda grad: T.ones(5))  # of another size
        with pytest.raises(RuntimeError):
            (x * 3).sum().backward()
    assert next(iter(x._backward_hooks.values())) is hook
    if engine == "torch":
        assert not x._post_accumulate_grad_hooks


def test_a_recording_inside_another_is_refused_and_harms_nothing() -> None:
    before = everything()
    with record() as story:
        with pytest.raises(RuntimeError, match="a recording is under way"), record(engine="torch"):
            pass
        nptorch.ones(1, requires_grad=True) * 2
    assert len(of_kind(story, "record")) == 2
    assert everything() == before
    with record():  # and afterwards there may be another
        pass


def test_an_unknown_engine_is_refused() -> None:
    with pytest.raises(ValueError, match="'nptorch' or 'torch', not 'jax'"):
        record(engine="jax")


@pytest.mark.parametrize("engine", ["nptorch", "torch"])
def test_other_threads_are_not_watched(engine: str) -> None:
    T = ENGINES[engine]
    seen: list[float] = []

    def elsewhere() -> None:
        x = T.tensor([3.0], requires_grad=True)
        x.register_hook(lambda grad: grad * 2)
        (x * x).sum().backward()
        seen.append(float(x.grad[0]))

    with record(engine=engine) as story:
        thread = threading.Thread(target=elsewhere)
        thread.start()
        thread.join()
    assert seen == [12.0]
    assert story.events == []


def test_passes_so_deep_that_the_engine_changes_threads_are_watched() -> None:
    def nested(depth: int) -> Any:
        x = nptorch.tensor([1.0], requires_grad=True)
        if depth:
            x.register_hook(lambda grad: nested(depth - 1))
        with nptorch.enable_grad():  # hooks run without
            (x * 2).sum().backward()

    with record() as story:
        nested(25)
    assert len(of_kind(story, "backward")) == len(of_kind(story, "end")) == 26


def test_what_dies_dies_during_the_recording() -> None:
    """No tensor, node or gradient lives longer because somebody looks."""
    with record() as story:
        x = nptorch.ones(3, requires_grad=True)
        y = x.exp()
        y.register_hook(lambda grad: None)
        tensor, node = weakref.ref(y), weakref.ref(y.grad_fn)
        y.sum().backward()
        del y
        assert tensor() is None
        assert node() is None
        z = x.exp()
        array = weakref.ref(z._data)
        del z
        assert array() is None
    free = of_kind(story, "free")
    assert [event.get("dropped", False) for event in free] == [False, True]  # the second graph had no pass


def test_a_gradient_that_nobody_else_has_becomes_grad_without_a_copy() -> None:
    def program(T: Any) -> Any:
        x = T.ones(3, requires_grad=True)
        addresses = []
        y = x * 2.0
        y.grad_fn.register_hook(lambda inputs, outputs: addresses.append(inputs[0].data_ptr()))
        y.sum().backward()
        return [x.grad.data_ptr() in addresses]

    before = program(nptorch)
    with record():
        assert program(nptorch) == before


def test_a_function_local_does_not_outlive_its_del() -> None:
    with record():
        x = nptorch.ones(3, requires_grad=True)
        loss = (x * x).sum()
        loss.backward(retain_graph=True)  # names are read here
        held = weakref.ref(loss)
        del loss
        assert held() is None
    assert watched(PROGRAMS["diamond"]).nodes[-1]["label"] == "loss"
