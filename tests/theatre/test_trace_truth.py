"""What a story of nptorch tells is what torch does, seen here without the theatre's own watching of torch."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import pytest
import torch

import course.nptorch as nptorch
from course.parts import reference
from course.widgets.theatre import record
from course.widgets.theatre.programs import PROGRAMS
from tests.theatre.engines import ENGINES, SMALL, names, of_kind, watched

LEAF = "torch::autograd::AccumulateGrad"


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the names of torch's nodes in the order in which they run from here on."""
    order: list[str] = []

    def noting(name: str) -> Callable[..., None]:
        return lambda *_: order.append(name)

    def hooked(plain: Callable[..., Any]) -> Callable[..., Any]:
        def run(roots: Any, *args: Any, **kwargs: Any) -> Any:
            roots = roots if isinstance(roots, tuple | list) else (roots,)
            found = {root.grad_fn for root in roots}
            stack = list(found)
            while stack:
                for below, _ in stack.pop().next_functions:
                    if below is not None and below not in found:
                        found.add(below)
                        stack.append(below)
            handles = [node.register_hook(noting(node.name())) for node in found]
            try:
                return plain(roots, *args, **kwargs)
            finally:
                for handle in handles:
                    handle.remove()

        return run

    monkeypatch.setattr(torch.autograd, "backward", hooked(torch.autograd.backward))
    monkeypatch.setattr(torch.autograd, "grad", hooked(torch.autograd.grad))
    return order


def of_torch(name: str) -> str:
    """Return torch's name of a node as the engine has it."""
    return "AccumulateGrad" if name == LEAF else name


@pytest.mark.parametrize("name", SMALL)
def test_nodes_run_in_the_order_of_torch(name: str, ran: list[str]) -> None:
    PROGRAMS[name](torch)
    assert ran
    assert names(watched(PROGRAMS[name]), "run") == [of_torch(one) for one in ran]


@pytest.mark.parametrize("name", SMALL)
def test_saved_bytes_are_those_of_torch(name: str) -> None:
    sizes: list[int] = []

    def pack(tensor: torch.Tensor) -> torch.Tensor:
        sizes.append(tensor.nbytes)
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        PROGRAMS[name](torch)
    assert sizes
    saved = of_kind(watched(PROGRAMS[name]), "save")
    assert [event["bytes"] for event in saved if "number" not in event] == sizes


def writes(T: Any) -> list[int]:
    """Write to one memory in several ways, and say what torch counts."""
    x = T.tensor([1.0, 2.0], dtype=T.float64, requires_grad=True)
    h = x.exp()
    counted = []
    h.add_(1.0)
    counted.append(h._version)
    h[0] = 5.0
    counted.append(h._version)
    h.view(2, 1).mul_(2.0)
    counted.append(h._version)
    h.detach().zero_()
    counted.append(h._version)
    with T.no_grad():
        h.copy_(T.ones(2, dtype=T.float64))
    counted.append(h._version)
    h.data.zero_()
    return counted


def test_versions_are_those_of_torch() -> None:
    expected = writes(torch)
    story = watched(writes)
    versions = of_kind(story, "version")
    assert [event["version"] for event in versions[:-1]] == expected
    (memory,) = {event["memory"] for event in versions}  # .data is the same memory
    assert memory == of_kind(story, "save")[0]["memory"]
    assert [len(event["saved"]) for event in versions] == [1] * len(expected) + [0]  # and counts for itself
    assert versions[0]["saved"] == [{"node": 1, "slot": "result", "version": 0}]


def test_what_accumulates_is_what_torch_has_in_the_end() -> None:
    for name in ("diamond", "two_losses", "retain", "detach", "grad_of_grad"):
        (x, *_) = PROGRAMS[name](torch)
        last = of_kind(watched(PROGRAMS[name]), "accumulate")[-1]
        assert last["total"]["norm"] == pytest.approx(float(x.grad.norm()))


def test_an_error_is_told_once_with_the_message_of_torch() -> None:
    def twice(T: Any) -> None:
        x = T.tensor([1.0, 2.0], requires_grad=True)
        y = (x * x).sum()
        y.backward()
        y.backward()

    with pytest.raises(RuntimeError) as expected:
        twice(torch)
    with nptorch.use(**reference()), pytest.raises(RuntimeError), record() as story:
        twice(nptorch)
    (error,) = of_kind(story, "error")
    assert error["text"] == str(expected.value)
    assert story.nodes[error["node"]]["name"] == "MulBackward0"
    assert [event["failed"] for event in of_kind(story, "end")] == [False, True]


def test_a_pass_that_is_refused_is_an_error_and_no_pass() -> None:
    for engine, T in ENGINES.items():
        with nptorch.use(**reference()), record(engine=engine) as story:
            x = T.tensor([1.0, 2.0], requires_grad=True)
            y = x * 2.0
            with pytest.raises(RuntimeError):
                y.backward()
        assert [event["kind"] for event in story.events] == ["record", "record", "save", "error"]
        assert story.nodes[story.events[-1]["node"]]["label"] == "y"


def warned(T: Any) -> list[tuple[str, int]]:
    """Do what warns, and return where the warnings point to."""
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        x = T.tensor([1.0], requires_grad=True)
        (x * x).sum().backward(create_graph=True)
        T.autograd.backward((x * x).sum(), create_graph=True)
        T.autograd.backward((x * x).sum(), grad_variables=T.tensor(1.0))
        _ = (x * x).grad
        listed = T.nn.Linear(1, 1)
        listed.forward = lambda x: [x]
        listed.register_full_backward_hook(lambda *_: None)
        listed(x)
    return [(warning.filename, warning.lineno) for warning in heard]


def test_warnings_point_where_they_did() -> None:
    """Those of nptorch: torch's calls are watched from one frame further in."""
    with nptorch.use(**reference()):
        expected = warned(nptorch)
        with record():
            got = warned(nptorch)
    assert len(expected) == 5
    assert got == expected
