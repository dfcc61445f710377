"""The same program, the same observation: a scenario cannot tell that its engine is in another process."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autograder.exercises import exercises
from autograder.oracles import oracle
from autograder.sandbox.inside.wire import Wire
from autograder.sandbox.remote import RemoteBackend
from autograder.sandbox.session import Early, Session, deadline
from autograder.sandbox.worker import Worker
from autograder.trial import load_hidden
from course.scenarios import load
from course.scenarios.differences import differences
from course.scenarios.observation import observe
from course.scenarios.registry import get

load()
load_hidden()
GRADED = sorted({id for one in exercises() for id in (*one.basics, *one.scenarios, *one.hidden)})
PARTS = Path(__file__).resolve().parents[2] / "course" / "parts"


@pytest.fixture(scope="module")
def worker() -> Iterator[Worker]:
    with Worker(PARTS) as worker:  # every part is there: this is about the connection, not about hiding
        yield worker


@pytest.fixture(scope="module")
def session(worker: Worker) -> Iterator[Session]:
    with worker.process() as process:
        yield Session(process.wire)


@pytest.mark.parametrize("id", GRADED)
def test_a_graded_scenario_sees_the_same(session: Session, id: str) -> None:
    seed = oracle.seeds(id)[0]
    session.until = deadline(20)
    got = observe(get(id), RemoteBackend(session), seed)
    assert differences(oracle.expected(id, seed), got, get(id).ulps) == []


def test_scenarios_see_the_same_without_waiting(worker: Worker) -> None:
    """A few do what nobody can take for granted: torch warns or refuses."""
    early, others, process = [], [], None
    for id in GRADED:
        if process is None:
            process = worker.process()
            session = Session(process.__enter__().wire, ahead=True)
        seed = oracle.seeds(id)[0]
        session.until = deadline(20)
        try:
            got = observe(get(id), RemoteBackend(session), seed)
        except Early:
            early.append(id)
            process.__exit__(None, None, None)
            process = None
        else:
            others += [id] if differences(oracle.expected(id, seed), got, get(id).ulps) else []
    if process is not None:
        process.__exit__(None, None, None)
    assert others == []
    assert 0 < len(early) < len(GRADED) / 50, early


def test_several_calls_go_in_one_message(worker: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    with worker.process() as process:
        session = Session(process.wire, ahead=True)
        backend = RemoteBackend(session)
        make = backend.T.tensor
        flush, sent = Wire.flush, []
        monkeypatch.setattr(Wire, "flush", lambda wire: (sent.append(1), flush(wire))[1])
        x = make(np.ones(3), requires_grad=True)
        y = (x.exp() * 2 + x).sum()
        y.backward()
        assert len(sent) == 1
        grad = x.grad
        assert backend.read(grad).tolist() == pytest.approx([2 * np.e + 1] * 3)
        assert len(sent) == 2  # a few numbers come along with the tensor


TAKEN_FOR_GRANTED = {
    "raises": "def exp(self): raise ValueError('no')",
    "warns": "def exp(self):\n    warnings.warn('careful')\n    return self.sin()",
    "is no tensor": "def exp(self): return 5",
    "is none": "def exp(self): return None",
    "is not new": "def exp(self): return self",
}


@pytest.mark.parametrize("text", TAKEN_FOR_GRANTED.values(), ids=TAKEN_FOR_GRANTED)
def test_what_cannot_be_taken_for_granted_is_noticed(worker: Worker, text: str) -> None:
    with worker.process() as process:
        session = Session(process.wire, ahead=True)
        session.until = deadline(20)
        cell = f"import warnings\nimport course.nptorch as torch\n{text}\ntorch.Tensor.exp = exp"
        session.ask("cells", [["one", cell]])
        T: Any = RemoteBackend(session).T
        x = T.ones(3)
        y = x.exp()
        with pytest.raises(Early):
            assert y.shape
        with pytest.raises(Early):  # and from here on there is nothing to be had
            assert x.shape


def test_a_call_back_is_not_taken_for_granted(worker: Worker) -> None:
    with worker.process() as process:
        session = Session(process.wire, ahead=True)
        session.until = deadline(20)
        session.ask("cells", [["one", "import course.nptorch as torch\ntorch.ask = lambda f: setattr(torch, 'f', f)"]])
        session.ask("cells", [["one", "import course.nptorch as torch\ntorch.Tensor.exp = lambda self: torch.f(self)"]])
        T: Any = RemoteBackend(session).T
        T.ask(lambda tensor: tensor)
        y = T.ones(3).exp()
        with pytest.raises(Early):
            assert y.shape


def test_objects_that_are_numbered_here_differ(worker: Worker) -> None:
    with worker.process() as process:
        session = Session(process.wire, ahead=True)
        T: Any = RemoteBackend(session).T
        several = [T.tensor(np.ones(2)) for _ in range(40)]
        assert len(set(several)) == len({hash(one) for one in several}) == 40


def test_what_dies_here_dies_there(session: Session) -> None:
    T: Any = RemoteBackend(session).T
    x = T.ones(3)
    alive = T.watch(x)
    assert alive()
    del x
    assert not alive()


def test_a_hook_keeps_what_it_names_and_no_longer(session: Session) -> None:
    T: Any = RemoteBackend(session).T
    factor = T.ones(3)
    alive = T.watch(factor)
    x = T.ones(3, requires_grad=True)
    handle = x.register_hook(lambda gradient, factor=factor: gradient * factor)
    del factor
    assert alive()
    handle.remove()
    assert not alive()


def test_the_same_thing_is_the_same(session: Session) -> None:
    T: Any = RemoteBackend(session).T
    y = T.ones(3, requires_grad=True).exp()
    assert y.grad_fn is y.grad_fn
    assert {y.grad_fn: 1}[y.grad_fn] == 1


def test_errors_come_back_as_themselves(session: Session) -> None:
    T: Any = RemoteBackend(session).T
    with pytest.raises(RuntimeError, match="only for scalar outputs"):
        T.ones(3, requires_grad=True).exp().backward()

    def hook(gradient: Any) -> None:
        raise ZeroDivisionError("from here")

    x = T.ones(3, requires_grad=True)
    x.register_hook(hook)
    with pytest.raises(ZeroDivisionError, match="from here"):
        x.sum().backward()


def test_what_does_not_travel_is_refused(session: Session) -> None:
    T: Any = RemoteBackend(session).T
    with pytest.raises(TypeError):
        T.ones(object())


CARELESS = """
import contextlib
from course.nptorch.grad_mode import mode

@contextlib.contextmanager
def careless():
    before, mode.enabled = mode.enabled, False
    yield
    mode.enabled = before  # not reached when the block fails
"""


def test_a_block_is_left_by_the_exception_that_left_it(worker: Worker) -> None:
    with worker.process() as process:
        session = Session(process.wire)
        session.until = deadline(20)
        session.ask("cells", [["one", CARELESS + "import course.nptorch as torch\ntorch.careless = careless"]])
        T: Any = RemoteBackend(session).T
        with T.careless():
            assert not T.is_grad_enabled()
        assert T.is_grad_enabled()
        with pytest.raises(ValueError, match="half way"), T.careless():
            raise ValueError("half way")
        assert not T.is_grad_enabled()
