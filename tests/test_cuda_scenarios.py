"""The programs that need a GPU, run without one: on the CPU, with a stand-in for what only `torch.cuda` has.

What they say of a GPU only a GPU can tell. Here one sees that they run to their end, that their meters
measure, and that on a device which never works ahead of Python nothing waits and nothing comes late.
"""

from __future__ import annotations

import ctypes
import itertools

import pytest
import torch

from course.compare import backend
from course.compare.backends import Backend
from course.scenarios import get, scenarios
from course.scenarios.observation import observe

IDS = [one.id for one in scenarios(needs="cuda")]


class Bytes(ctypes.Structure):
    """What glibc's mallinfo2 returns."""

    _fields_ = [(f"other{i}", ctypes.c_size_t) for i in range(10)]

    @property
    def in_use(self) -> int:
        """Bytes in large blocks (hblkhd) and in small ones (uordblks)."""
        return self.other4 + self.other7


class Stream:
    def wait_stream(self, other: Stream) -> None:
        assert isinstance(other, Stream)

    def query(self) -> bool:
        return True


class PretendCuda:
    """The CPU under the names of `torch.cuda`: done as soon as it is asked, and malloc for an allocator."""

    Stream = Stream

    def __init__(self) -> None:
        self._main = self._now = Stream()
        self._libc = ctypes.CDLL(None)
        self._libc.mallinfo2.restype = Bytes
        self._asked = itertools.count()

    def memory_allocated(self) -> int:
        return self._libc.mallinfo2().in_use

    def memory_reserved(self) -> int:
        return next(self._asked)

    def current_stream(self) -> Stream:
        return self._now

    def stream(self, stream: Stream):
        pretend = self

        class Within:
            def __enter__(self):
                pretend._now = stream

            def __exit__(self, *error):
                pretend._now = pretend._main

        return Within()

    def synchronize(self) -> None: ...

    def empty_cache(self) -> None: ...

    def _sleep(self, cycles: int) -> None: ...


class PretendTorch:
    """torch, with `PretendCuda` for its cuda."""

    __name__ = "torch"

    def __init__(self) -> None:
        self.cuda = PretendCuda()

    def __getattr__(self, name: str):
        return getattr(torch, name)


@pytest.fixture
def seen(monkeypatch):
    if not hasattr(ctypes.CDLL(None), "mallinfo2"):
        pytest.skip("the stand-in for the GPU's allocator counts with glibc's mallinfo2, which is not here")
    monkeypatch.setattr(torch.Tensor, "pin_memory", lambda self: self)
    cpu = backend("torch-cpu")
    engine = Backend("pretend", PretendTorch(), "cpu", "the CPU in disguise", cpu.scope, cpu.read)

    def run(id: str):
        return {label: one.value for label, one in observe(get(id), engine).by_label().items()}

    return run


def test_they_are_in_no_list_but_their_own():
    assert len(IDS) >= 15
    assert not {one.id for one in scenarios(hidden=None)} & set(IDS)
    assert all(one.topic == "cuda" for one in scenarios(needs="cuda"))


@pytest.mark.parametrize("id", IDS)
def test_runs_to_its_end(seen, id):
    found = seen(id)
    assert found
    assert "raised" not in found


def test_memory_is_what_exp_tanh_and_the_gradient_hold(seen):
    held = list(seen("cuda.freed-by-backward").values())
    assert held == [2.0, 3.0, 1.0, 1.0, 0.0]
    assert list(seen("cuda.loss-kept-in-a-list").values()) == [6.0, 0.0, 0.0]


def test_nothing_comes_late_where_nothing_runs_ahead(seen):
    read = seen("cuda.read-before-it-arrived")
    assert read["at once"] == read["after synchronize"]
    *before, after = seen("cuda.error-after-the-line")["in order"]
    assert [one.value["type"] for one in before] == ["IndexError"]
    assert after.value == "the device can be used again"


def test_the_stream_of_a_forward_is_that_of_the_pretended_device(seen):
    # The CPU has no streams, so its backward runs on whatever is current: the program can tell.
    assert [one.value for one in seen("cuda.two-streams")["backward of exp on the stream of its forward"]] == [False]


def test_fused_steps_are_not_counted(seen):
    found = seen("cuda.versions-after-a-step")
    for name in ("SGD", "Adam", "AdamW"):
        assert found[f"{name} fused: writes counted"] == 0
        assert found[f"{name} one by one: writes counted"] > 0


def test_precision_is_that_of_float32(seen):
    found = seen("cuda.tf32")
    off = found["bits right in the worst place, TF32 off"]
    assert 20 <= off <= 30
    assert found["the same of a * b, TF32 off"] >= 24
