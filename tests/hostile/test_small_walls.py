"""Small walls that the cases met on their way, each alone."""

from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from autograder.batch.marker import Marker
from autograder.plugins.autograde import MARK, ClearOutput, Execute, OnlyNotebooks
from autograder.printable import one_line, printable
from autograder.sandbox import judge as judging
from autograder.sandbox.inside.magics import compiled, without_magics
from autograder.sandbox.inside.wire import Broken, array_in, array_out
from autograder.sandbox.rebuilt import rebuilt
from autograder.sandbox.session import ITEMS, Session
from autograder.sandbox.transplant import Carried, carry
from course.scenarios.draw import Draw
from tests.hostile.case import LESSON, RELEASED, RIGHT, SOURCE
from tests.hostile.conftest import make_course
from tests.hostile.harness import Ground


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("pi = \N{GREEK SMALL LETTER PI}\n\tx", "pi = \N{GREEK SMALL LETTER PI}\n\tx"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b[2J\x07\x00\x9b", "\\x1b[2J\\x07\\x00\\x9b"),
        ("\u202eabc\ud800\u200b", "\\u202eabc\\ud800\\u200b"),
        ("a\r\nb\rc\xa0d\u2028e", "a\nb\nc d e"),
        ("x" * 30, "x" * 20 + "..."),
    ],
)
def test_printable(text: str, shown: str) -> None:
    assert printable(text, 20 if len(text) > 25 else 100) == shown


def test_one_line() -> None:
    assert one_line("a\n\tb  c\r\nd") == "a b c d"
    assert len(one_line("\x00" * 10_000)) <= 303


@pytest.mark.parametrize(
    ("text", "python"),
    [
        ("%timeit f()\nif f:\n  !ls\nf?\n?f\nx = 1", "pass\nif f:\n  pass\npass\npass\nx = 1"),
        ("%time x = f()", "x = f()"),
        ("files = !ls\nn = %timeit -o f()", "files = None\nn = None"),
        ("%%time\nx = 1", "pass\nx = 1"),
        ("\n%%bash\nrm -rf /", ""),
        ("x = 1", "x = 1"),
    ],
)
def test_lines_for_ipython(text: str, python: str) -> None:
    assert without_magics(text) == python
    compile(python, "<test>", "exec")


def test_what_is_python_is_left_alone() -> None:
    names: dict[str, Any] = {}
    exec(compiled("x = (7\n% 4)\ny = '''\n!ls\n'''", "<test>"), names)
    assert (names["x"], names["y"]) == (3, "\n!ls\n")
    with pytest.raises(SyntaxError) as raised:
        compiled("x = 1\n%timeit 1\nclass (:", "<test>")
    assert raised.value.lineno == 3


def test_a_heading_takes_no_time(tmp_path: Path) -> None:
    notebook = {"cells": [{"cell_type": "markdown", "source": "# a" + " " * 300_000 + "x"}]}
    (tmp_path / "x.ipynb").write_text(json.dumps(notebook))
    started = time.monotonic()
    assert carry(tmp_path / "x.ipynb", SOURCE, RELEASED).texts == {}
    assert time.monotonic() - started < 5


def test_arrays_travel_in_this_machines_order() -> None:
    import numpy as np

    kind, shape, data = array_out(np.asfortranarray(np.arange(6, dtype=">f8").reshape(2, 3)))
    assert kind == np.dtype("f8").str
    assert array_in([kind, shape, data]).tolist() == [[0, 1, 2], [3, 4, 5]]


@pytest.mark.parametrize("kind", ["O", "i4,i4", "V8", "M8[s]", "<f8,", ["<f8"], None])
def test_other_arrays_do_not(kind: Any) -> None:
    with pytest.raises(Broken):
        array_in([kind, [1], bytes(8)])


class Said:
    """A connection on which this was said."""

    def __init__(self, *messages: Any) -> None:
        self.messages = list(messages)

    def send(self, message: Any) -> None:
        """Take it."""

    def receive(self, until: float | None) -> Any:
        """Say the next one."""
        return self.messages.pop(0)


def ask(*messages: Any) -> Any:
    return Session(Said(*messages)).ask("pass")  # type: ignore[arg-type]


def test_values_have_a_limit() -> None:
    assert len(ask(["v", ["l", [0] * (ITEMS - 10)], [], []])) == ITEMS - 10
    with pytest.raises(Broken, match="too many parts"):
        ask(["v", ["l", [0] * ITEMS], [], []])


def test_keys_are_not_tuples() -> None:
    assert ask(["v", ["D", [["a", 1]]], [], []]) == {"a": 1}
    with pytest.raises(Broken, match="tuple"):
        ask(["v", ["D", [[["t", [1, 2]], 1]]], [], []])


@pytest.mark.parametrize("name", ["a\0b", "<b>", "x y", "\ud800", "a" * 1000, "\u212a"])
def test_names_of_exceptions_are_names(name: str) -> None:
    assert type(rebuilt(name, "text", [], True)).__name__ == "Exception"


def test_kinds_of_exceptions_are_kept_once() -> None:
    assert type(rebuilt("Strange", "one", [], True)) is type(rebuilt("Strange", "two", [], True))
    assert isinstance(rebuilt("StopIteration", "x", [], True), Exception)
    assert not isinstance(rebuilt("StopIteration", "x", [], True), StopIteration)


def test_a_drawn_shape_has_a_limit() -> None:
    assert Draw().normal(1000, 1000).shape == (1000, 1000)
    for draw in (Draw().normal, Draw().uniform):
        with pytest.raises(ValueError, match="too large"):
            draw(10**9, 10**9)
    with pytest.raises(ValueError, match="too large"):
        Draw().integers(0, 9, 10**10)


def test_a_sandbox_that_does_not_start_is_an_error_like_any_other(tmp_path: Path, monkeypatch: Any) -> None:
    """A `Broken`, which is no Exception, would end nbgrader with the whole batch."""

    def fails(self: Any) -> Any:
        raise Broken("no server")

    monkeypatch.setattr(Marker, "_judging", fails)
    with pytest.raises(RuntimeError, match="no server"):
        Marker(make_course(tmp_path / "course"), LESSON).judge(Carried(dict(RIGHT)))


def test_a_server_that_ends_costs_nobody_anything(ground: Ground, monkeypatch: Any) -> None:
    """As when the machine ran out of memory and the kernel chose this process."""
    monkeypatch.setattr(judging, "ALL", 60.0)  # a new server takes a while on a busy machine
    server: Any = ground.marker._worker
    starts = server.starts
    assert ground.judge(Carried(dict(RIGHT)), ["saved-bytes"]).points == 3
    os.kill(server._server.pid, signal.SIGKILL)
    assert ground.judge(Carried(dict(RIGHT)), ["saved-bytes"]).points == 3
    assert server.starts == starts + 1


@pytest.mark.parametrize("step", [ClearOutput, Execute])
def test_the_mark_counts_in_lessons_only(step: Any, monkeypatch: Any) -> None:
    """In another assignment a student could have put it there, to have nbgrader's own steps left out."""
    called = []
    monkeypatch.setattr(step.__mro__[1], "preprocess", lambda self, nb, res, **more: called.append(1) or (nb, res))
    notebook = SimpleNamespace(metadata={MARK: {}}, cells=[])
    step.preprocess(step(), notebook, {"nbgrader": {"assignment": "ps1"}})
    assert called == [1]


@pytest.mark.parametrize(
    ("written", "year"),
    [
        ("2026-11-02 10:00:00.000000 UTC", 2026),
        ("2026-11-02 10:00:00 +0100", 2026),
        ("yesterday", None),
        ("2026-11-02 10:00:00 /etc/passwd", None),
        ("9" * 500, None),
        ("", None),
    ],
)
def test_dates(tmp_path: Path, written: str, year: int | None) -> None:
    (tmp_path / "timestamp.txt").write_text(written)
    found = OnlyNotebooks().get_existing_timestamp(str(tmp_path))
    assert (found and found.year) == year


def test_a_pipe_is_no_date(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "timestamp.txt")
    assert OnlyNotebooks().get_existing_timestamp(str(tmp_path)) is None
