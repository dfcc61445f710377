"""The second wall: scenarios run outside, and what is inside can crash, hang or lie without earning."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from autograder.classroom import Example, examples
from autograder.exercises import exercises, get
from autograder.sandbox import judge as judging
from autograder.sandbox.judge import Judge, Judgement
from autograder.sandbox.session import Session
from autograder.sandbox.transplant import grade_id, solutions, text_of
from autograder.sandbox.worker import Worker

LESSON = "l05_retain_graph"
ROOT = Path(__file__).resolve().parents[2]
SOURCE = json.loads((ROOT / "source" / LESSON / f"{LESSON}.ipynb").read_text(encoding="utf-8"))
RIGHT = {grade_id(cell): text_of(cell) for cell in solutions(SOURCE)}
SEED = 20_240_101  # not among the recorded ones


@pytest.fixture(scope="module")
def judge() -> Iterator[Judge]:
    with Worker(ROOT / "source" / LESSON / "given") as worker:
        yield Judge(worker, SOURCE)


def judged(judge: Judge, exercise: str, **texts: str) -> Judgement:
    return judge.judge(get(exercise), RIGHT | {name.replace("_", "-"): text for name, text in texts.items()}, SEED)


@pytest.mark.parametrize("exercise", [one.id for one in exercises(LESSON)])
def test_the_reference_earns_everything(judge: Judge, exercise: str) -> None:
    found = judged(judge, exercise)
    assert found.verdict.points == get(exercise).points, str(found.verdict)


@pytest.mark.parametrize("example", [one for one in examples(LESSON) if one.cells], ids=lambda one: one.student)
def test_not_to_wait_for_answers_changes_nothing(
    judge: Judge, example: Example, monkeypatch: pytest.MonkeyPatch
) -> None:
    if example.student == "fatima":  # loops without end
        monkeypatch.setattr(judging, "SECONDS", 0.5)
    quick = [judge.judge(one, example.cells, SEED) for one in exercises(LESSON)]
    monkeypatch.setattr(judging, "Session", lambda wire, ahead: Session(wire))
    assert quick == [judge.judge(one, example.cells, SEED) for one in exercises(LESSON)]


def test_what_fails_unawaited_is_tried_again_with_waiting(judge: Judge, monkeypatch: pytest.MonkeyPatch) -> None:
    text = RIGHT["saved-tensor"] + (
        "\n\nclass Picky(SavedTensor):\n"
        "    def __init__(self, value, is_output=False):\n"
        "        if isinstance(value, (int, float)):\n"
        "            raise ValueError('I keep no numbers')\n"
        "        super().__init__(value, is_output)\n"
        "\nSavedTensor = Picky\n"
    )
    waits: list[bool] = []
    monkeypatch.setattr(judging, "Session", lambda wire, ahead: waits.append(not ahead) or Session(wire, ahead))
    found = judged(judge, "saved-tensor", saved_tensor=text)
    assert waits == [False, True]
    assert "ValueError: I keep no numbers" in str(found.verdict)
    assert 0 < found.verdict.points < 5


def test_a_crash_costs_its_scenario_and_no_other(judge: Judge) -> None:
    text = RIGHT["saved-tensor"] + (
        "\n\nclass Crashing(SavedTensor):\n"
        "    def __init__(self, value, is_output=False):\n"
        "        if isinstance(value, (int, float)):\n"
        "            import os; os._exit(7)\n"
        "        super().__init__(value, is_output)\n"
        "\nSavedTensor = Crashing\n"
    )
    found = judged(judge, "saved-tensor", saved_tensor=text)
    failed = {trial.scenario.id: trial.trouble for trial in found.trials if not trial.passed}
    assert "saved.numbers-stay-numbers" in failed
    assert all("ended the process" in why for why in failed.values())
    assert 0 < found.verdict.points < 5


def test_a_hang_ends_at_the_limit_and_the_rest_goes_on(judge: Judge, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judging, "SECONDS", 0.5)
    text = RIGHT["saved-bytes"] + (
        "\n\nright = saved_bytes\n"
        "def saved_bytes(tensor):\n"
        "    import signal\n"
        "    signal.signal(signal.SIGINT, signal.SIG_IGN)\n"
        "    while tensor.dtype is __import__('numpy').dtype('float32') or str(tensor.dtype).endswith('float32'):\n"
        "        pass\n"
        "    return right(tensor)\n"
    )
    found = judged(judge, "saved-bytes", saved_bytes=text)
    assert [trial.scenario.id for trial in found.trials if trial.trouble] == ["saved.bytes-by-dtype"]
    assert found.verdict.points > 2


def test_an_endless_cell_is_stopped(judge: Judge, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judging, "CELLS", 0.5)
    found = judged(judge, "saved-tensor", saved_tensor="while True: pass")
    assert found.verdict.points == 0
    assert "did not end" in str(found.verdict)


def test_a_cell_that_does_not_run_says_why_and_where(judge: Judge) -> None:
    found = judged(judge, "saved-tensor", saved_tensor="x = 1\nclass SavedTensor(:\n    pass")
    assert found.verdict.points == 0
    assert "SyntaxError" in str(found.verdict)
    assert "line 2" in str(found.verdict)


def test_other_exercises_do_not_suffer_from_a_broken_cell(judge: Judge) -> None:
    found = judged(judge, "release-rule", saved_tensor="import os\nraise SystemExit")
    assert found.verdict.points == 3


def test_the_parts_under_test_are_not_in_there(judge: Judge) -> None:
    """No module, file or object holds them, and nothing that judges is there either."""
    spy = """
import gc, sys, os
found = []
for name in (
    *("course.parts", "course.parts.l05_retain_graph", "course.scenarios", "autograder.oracles", "autograder.hidden"),
    *("autograder.faults", "autograder.grading", "autograder.exercises", "torch", "autograd", "mygrad", "micrograd"),
):
    try:
        __import__(name)
    except ImportError:
        continue
    found.append(name)
for thing in gc.get_objects():
    if isinstance(thing, type) and thing.__name__ == "SavedTensor":
        if not thing.__module__.startswith("course.nptorch"):
            found.append(thing.__module__)
print(found)
class SavedTensor:
    pass
"""
    found = judged(judge, "saved-tensor", saved_tensor=spy)
    assert found.cells["saved-tensor"].printed.strip() == "[]"


LIES = {
    "a float that equals everything": """
class Yes(float):
    __eq__ = lambda s, o: True
    __ne__ = lambda s, o: False
    __hash__ = float.__hash__
def saved_bytes(tensor):
    return Yes(1)
""",
    "an object that is everything": """
class Yes:
    def __getattr__(self, name): return self
    def __call__(self, *a, **k): return self
    __eq__ = lambda s, o: True
    __bool__ = lambda s: True
    __int__ = lambda s: 40
def saved_bytes(tensor):
    return Yes()
""",
    "an array of a class of its own": """
import numpy as np
class Yes(np.ndarray):
    __array_priority__ = 1e9
    __eq__ = lambda s, o: True
def saved_bytes(tensor):
    return np.zeros(1).view(Yes)
""",
    "a text": "def saved_bytes(tensor):\n    return '40'",
    "a number without end": "def saved_bytes(tensor):\n    return 10 ** 100_000",
    "nests": "def saved_bytes(tensor):\n    a = []\n    for _ in range(10_000): a = [a]\n    return a",
}


@pytest.mark.parametrize("lie", LIES)
def test_objects_that_answer_yes_earn_nothing(judge: Judge, lie: str) -> None:
    assert judged(judge, "saved-bytes", saved_bytes=LIES[lie]).verdict.points == 0


ATTACKS = {
    "the engine lies": """
import course.nptorch as t
t.Tensor.backward = lambda *a, **k: None
t.Tensor.grad = property(lambda s: s)
""",
    "parts are not taken": "import course.nptorch as t\nt.use = lambda **parts: None",
    "bytes into every descriptor": """
import os
for fd in range(64):
    try:
        os.write(fd, b'\\x00\\x00\\x00\\x05' + b'\\x94\\xa1v\\x01\\x90\\x90')
    except OSError:
        pass
""",
    "isinstance says yes": "import builtins\nbuiltins.isinstance = lambda *a: True",
    "recursion without limit": "import sys\nsys.setrecursionlimit(10**9)\nf = lambda: f()\nf()",
    "sums are wrong": "import operator\noperator.add = lambda a, b: a",
    "messages are replaced": "import msgpack\nmsgpack.packb = lambda *a, **k: b'\\xc0'",
    "answers before questions": """
import gc
for o in gc.get_objects():
    if type(o).__name__ == 'Wire':
        o.send(['v', 40, [], []])
        o.send(['v', 40, [], []])
""",
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_attacks_on_the_engine_or_the_wire_earn_nothing(judge: Judge, attack: str) -> None:
    stub = "\ndef saved_bytes(tensor):\n    return 0\n"
    assert judged(judge, "saved-bytes", saved_bytes=ATTACKS[attack] + stub).verdict.points == 0
    assert judged(judge, "saved-bytes").verdict.points == 3  # and the next one is not harmed


def test_a_name_that_a_plot_made_is_there_after_all(judge: Judge) -> None:
    text = RIGHT["saved-bytes"].replace("def saved_bytes", "assert megabyte == 2**20\n\n\ndef saved_bytes")
    source = json.loads(json.dumps(SOURCE).replace("megabyte = 2**20", "megabyte = int(2**20)"))
    late = {grade_id(cell): cell for cell in source["cells"] if grade_id(cell)}["saved-bytes"]
    source["cells"].remove(late)
    source["cells"].append(late)
    found = Judge(judge.worker, source).judge(get("saved-bytes"), RIGHT | {"saved-bytes": text}, SEED)
    assert found.verdict.points == 3, str(found.verdict)


def test_ipythons_own_lines_do_no_harm(judge: Judge) -> None:
    text = "%load_ext autoreload\n!ls /\n" + RIGHT["saved-bytes"] + "\n%timeit 1\n"
    assert judged(judge, "saved-bytes", saved_bytes=text).verdict.points == 3


def test_a_killed_server_is_started_again(judge: Judge) -> None:
    import os
    import signal

    server: Any = judge.worker._server
    os.kill(server.pid, signal.SIGKILL)
    assert judged(judge, "saved-bytes").verdict.points == 3
    assert judge.worker._server is not server


@pytest.mark.parametrize("seed", [100, 105])  # with the second, nothing is counted twice in the random graph
def test_no_grade_hangs_on_which_inputs_were_drawn(judge: Judge, seed: int) -> None:
    counts_twice = next(one for one in examples(LESSON) if one.student == "fatima").cells["saved-bytes"]
    found = judge.judge(get("saved-bytes"), RIGHT | {"saved-bytes": counts_twice}, seed)
    assert "saved.bytes-of-a-random-graph" in [trial.scenario.id for trial in found.trials if not trial.passed]
    assert found.verdict.points == 1.85
