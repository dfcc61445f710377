"""`grade`: right points for every part, and proof against whatever a part does."""

from __future__ import annotations

import inspect
import logging
import os
import shutil
import subprocess
import sys
import tomllib
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import course.nptorch as torch
from autograder import grade, plugging, trial
from autograder.exercises import Exercise, exercises, get
from autograder.faults import faults
from autograder.trial import Trial
from autograder.verdict import MESSAGES, judged, stopped_at_basics
from autograder.words import inputs
from course.nptorch.parts import DECLARED, plugged
from course.parts import reference
from course.scenarios import Draw
from course.scenarios.differences import Difference
from course.scenarios.observation import Observation
from course.scenarios.registry import Scenario
from course.scenarios.simple import ONES

EXERCISES = exercises()
IDS = [exercise.id for exercise in EXERCISES]


def right(exercise: Exercise) -> dict[str, Any]:
    parts = reference(exercise.number)
    return {name: parts[name] for name in exercise.parts}


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trial, "SECONDS", 0.2)


@pytest.mark.parametrize("exercise", EXERCISES, ids=IDS)
def test_the_reference_earns_full_marks(exercise: Exercise, capfd: Any) -> None:
    points = grade(exercise.id, **right(exercise))
    assert type(points) is float, "nbgrader gives full marks for a NumPy number or a text"
    said = capfd.readouterr()
    assert points == exercise.points, said.out
    assert said.err == ""
    assert said.out.startswith(f"{exercise.id}: {exercise.points:g} of {exercise.points:g} points.")


@pytest.mark.parametrize("exercise", EXERCISES, ids=IDS)
def test_no_part_at_all_earns_exactly_nothing(exercise: Exercise) -> None:
    """Null parts pass some scenarios; those must carry no credit."""
    assert grade(exercise.id, **{name: DECLARED[name].null for name in exercise.parts}) == 0.0


@pytest.mark.parametrize("exercise", EXERCISES, ids=IDS)
def test_basic_scenarios_fail_for_a_stub(exercise: Exercise, capsys: Any) -> None:
    def stub_of(part: Any) -> Any:
        def stub(*args: object, **kwargs: object) -> Any:
            raise NotImplementedError("write it")

        # the one that the student was given: the engine refuses a rule that takes other things
        stub.__signature__ = inspect.signature(part)  # type: ignore[attr-defined]
        if not hasattr(part, "apply"):
            return stub
        # one derives from Function, and what one calls then is its apply, or forward
        return type("Stub", (), dict.fromkeys(("apply", "forward", "backward"), staticmethod(stub)))

    assert grade(exercise.id, **{name: stub_of(part) for name, part in right(exercise).items()}) == 0.0
    assert "This is not written yet: write it" in capsys.readouterr().out


@pytest.mark.parametrize("exercise", EXERCISES, ids=IDS)
def test_exercises_are_declared_completely(exercise: Exercise) -> None:
    assert exercise.basics
    assert exercise.advice.isascii()
    listed = [*exercise.basics, *exercise.scenarios, *exercise.hidden]
    assert len(set(listed)) == len(listed)
    assert set(exercise.waits) <= set(exercise.companions)
    trial.load_hidden()
    for id in listed:
        from course.scenarios import get as find

        assert find(id).lesson <= exercise.number
        assert find(id).hidden == (id in exercise.hidden)


class Keeps:
    """A right SavedTensor, to spoil."""

    def __init__(self, value: Any, is_output: bool = False) -> None:
        self.version = value._version if isinstance(value, torch.Tensor) else 0
        self.value = value.detach() if is_output else value
        self.released = False

    def unpack(self) -> Any:
        if self.released:
            raise RuntimeError(torch.autograd.graph.SECOND_TIME)
        return self.value

    def release(self) -> None:
        self.value = None
        self.released = True


def does(action: Callable[[], object]) -> type[Keeps]:
    """A SavedTensor that is right but does something on the side each time it is read."""

    class Part(Keeps):
        def unpack(self) -> Any:
            action()
            return super().unpack()

    return Part


def stops(error: BaseException) -> Callable[[], object]:
    def stop() -> None:
        raise error

    return stop


def forever() -> None:
    while True:
        pass


def forever_and_stubborn() -> None:
    for _ in range(3):
        try:
            forever()
        except BaseException:
            continue


def deeper() -> None:
    deeper()


class Spiteful(BaseException):
    def __str__(self) -> str:
        raise RuntimeError("no text for you")


HOSTILE = {
    "SystemExit": stops(SystemExit(0)),
    "KeyboardInterrupt": stops(KeyboardInterrupt()),
    "GeneratorExit": stops(GeneratorExit()),
    "StopIteration": stops(StopIteration()),
    "MemoryError": stops(MemoryError()),
    "an exception without text": stops(Spiteful()),
    "recursion": deeper,
    "an endless loop": forever,
    "a loop that holds interruptions back": forever_and_stubborn,
}


@pytest.mark.parametrize("action", HOSTILE.values(), ids=HOSTILE)
def test_a_part_may_do_anything(action: Callable[[], object], impatient: None, capfd: Any) -> None:
    points = grade("saved-tensor", SavedTensor=does(action))
    said = capfd.readouterr()
    assert type(points) is float
    assert points == 0.0
    assert said.err == ""
    assert "0 of 5 points" in said.out


def old_handler() -> Callable[[], object]:
    """A handler made in an earlier cell keeps the stream it found there."""
    logger = logging.getLogger("student")
    logger.handlers = [logging.StreamHandler(sys.stderr)]
    logger.propagate = False
    return lambda: logger.error("noise")


NOISE = {
    "print": lambda: print("noise"),
    "stderr": lambda: print("noise", file=sys.stderr),
    "the first stderr": lambda: print("noise", file=sys.__stderr__),
    "descriptor 2": lambda: os.write(2, b"noise\n"),
    "a warning": lambda: warnings.warn("noise", stacklevel=1),
    "flush": lambda: sys.stderr.flush(),
}


@pytest.mark.parametrize("action", NOISE.values(), ids=NOISE)
def test_noise_costs_nothing(action: Callable[[], object], capfd: Any) -> None:
    assert grade("saved-tensor", SavedTensor=does(action)) == 5.0
    said = capfd.readouterr()
    assert said.err == ""
    assert "noise" not in said.out


def test_noise_of_an_old_logging_handler_costs_nothing(capfd: Any) -> None:
    assert grade("saved-tensor", SavedTensor=does(old_handler())) == 5.0
    assert capfd.readouterr().err == ""


def test_noise_to_a_stream_object_of_the_notebook(monkeypatch: pytest.MonkeyPatch) -> None:
    """ipykernel's streams are Python objects that send each write to the cell at once."""

    class Stream:
        heard = ""

        def write(self, text: str) -> int:
            self.heard += text
            return len(text)

        def flush(self) -> None:
            pass

    stream = Stream()
    monkeypatch.setattr(sys, "stderr", stream)
    assert grade("saved-tensor", SavedTensor=does(old_handler())) == 5.0
    assert stream.heard == ""
    stream.write("back again")
    assert stream.heard == "back again"


WRONG = {"a text": "SavedTensor", "a number": 1.0, "a function": lambda *a: None, "a module": os}


@pytest.mark.parametrize("part", WRONG.values(), ids=WRONG)
@pytest.mark.parametrize("exercise", EXERCISES, ids=IDS)
def test_what_is_no_part_earns_nothing(exercise: Exercise, part: Any, capfd: Any) -> None:
    points = grade(exercise.id, **dict.fromkeys(exercise.parts, part))
    assert type(points) is float
    assert points == 0.0
    assert capfd.readouterr().err == ""


def test_a_part_that_was_not_handed_in(capsys: Any) -> None:
    assert grade("saved-tensor") == 0.0
    assert 'Call grade("saved-tensor", SavedTensor=SavedTensor).' in capsys.readouterr().out


def test_an_unknown_exercise(capsys: Any) -> None:
    assert grade("saved-tenser", SavedTensor=Keeps) == 0.0
    said = capsys.readouterr().out
    assert "no exercise 'saved-tenser'; there are: " in said
    assert ", saved-tensor, " in said


def test_the_notebook_gets_its_parts_and_modes_back() -> None:
    torch.use(SavedTensor=Keeps, check_version=None)
    before = {name: getattr(plugged, name) for name in DECLARED}
    grade("saved-tensor", SavedTensor=Keeps)
    assert {name: getattr(plugged, name) for name in DECLARED} == before


def test_a_notebook_left_under_no_grad() -> None:
    torch.use(**reference(5))
    with torch.no_grad():
        assert grade("saved-tensor", SavedTensor=Keeps) == 5.0


def test_partial_credit_between_nothing_and_all(capsys: Any) -> None:
    class Cycle(Keeps):
        def __init__(self, value: Any, is_output: bool = False) -> None:
            super().__init__(value)

    points = grade("saved-tensor", SavedTensor=Cycle)
    assert 0 < points < 5
    assert "keep output.detach()" in capsys.readouterr().out


def test_an_earlier_lesson_cannot_cost_points() -> None:
    def broken(*args: object, **kwargs: object) -> Any:
        raise RuntimeError("the student's own lesson 2")

    torch.use(run_backward=broken)
    assert grade("saved-tensor", SavedTensor=Keeps, run_backward=broken) == 5.0


# --- on a student's machine -------------------------------------------------------------------


@pytest.fixture
def student_machine(monkeypatch: pytest.MonkeyPatch, root: Any) -> None:
    """No reference parts, no hidden scenarios, no fault dictionary; earlier parts lie in given/."""
    found = plugging.importlib.util.find_spec
    absent = {"course.parts", "autograder.hidden", "autograder.faults"}
    monkeypatch.setattr("importlib.util.find_spec", lambda name, *a: None if name in absent else found(name, *a))
    earlier = reference(4)
    monkeypatch.setattr(plugging, "_given", lambda lesson: earlier)


@pytest.mark.parametrize("exercise", EXERCISES, ids=IDS)
def test_waiting_scenarios_are_those_that_need_the_companion(exercise: Exercise) -> None:
    parts = reference(exercise.number)
    for name in exercise.companions:
        scene = plugging.stage(exercise, right(exercise))
        without = plugging.Stage({**parts, **scene.parts, name: None}, (name,))
        with without.set():
            failing = {one.scenario.id for one in trial.run([*exercise.basics, *exercise.scenarios]) if not one.passed}
        assert failing == set(exercise.waits.get(name, ())), name


@pytest.mark.parametrize("exercise", EXERCISES, ids=IDS)
def test_what_is_no_companion_is_not_needed(exercise: Exercise) -> None:
    """Where the reference is not installed, other parts of the lesson are missing: a right one still fails nothing."""
    scene = plugging.stage(exercise, right(exercise))
    lesson = {name for other in EXERCISES if other.lesson == exercise.lesson for name in other.parts}
    missing = lesson - {*exercise.parts, *exercise.companions}
    with plugging.Stage({**reference(exercise.number), **scene.parts, **dict.fromkeys(missing)}, ()).set():
        trials = trial.run([*exercise.basics, *exercise.scenarios])
    assert [one.scenario.id for one in trials if not one.passed] == []


def test_lesson_1_builds_on_no_earlier_part(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """On a student's machine, in a folder into which nothing came with the notebook."""
    right_parts = right(get("numerical-vjp"))
    found = plugging.importlib.util.find_spec
    absent = {"course.parts", "autograder.hidden", "autograder.faults"}
    monkeypatch.setattr("importlib.util.find_spec", lambda name, *a: None if name in absent else found(name, *a))
    monkeypatch.chdir(tmp_path)
    assert grade("numerical-vjp", **right_parts) == 2.0


@pytest.mark.usefixtures("student_machine")
def test_the_first_exercise_waits_for_nothing() -> None:
    assert grade("saved-tensor", SavedTensor=Keeps) == 5.0


@pytest.mark.usefixtures("student_machine")
def test_without_the_companion_some_checks_wait(capsys: Any) -> None:
    rule = reference(5)["release_saved"]
    alone = grade("release-rule", release_saved=rule)
    assert 0 <= alone < 3
    said = capsys.readouterr().out
    waiting = len(get("release-rule").waits["SavedTensor"])
    assert f"release-rule: {alone:g} of 3 points so far." in said
    assert f"({waiting} more checks wait for SavedTensor; grading runs them all)" in said
    assert "\n- " not in said, "nothing the student wrote is wrong"
    assert grade("release-rule", release_saved=rule, SavedTensor=Keeps) == 3.0


@pytest.mark.usefixtures("student_machine")
def test_a_companion_that_is_plugged_in_need_not_be_passed() -> None:
    torch.use(SavedTensor=Keeps)
    assert grade("release-rule", release_saved=reference(5)["release_saved"]) == 3.0


@pytest.mark.usefixtures("student_machine")
def test_a_students_machine_gives_advice_instead_of_faults(capsys: Any) -> None:
    class Never(Keeps):
        def release(self) -> None:
            pass

    assert grade("saved-tensor", SavedTensor=Never) < 5
    said = capsys.readouterr().out
    assert "Likely cause" not in said
    assert "torch: raises RuntimeError" in said
    exercise = get("saved-tensor")
    assert any(f"Hint: {hint}" in said for hint in exercise.hints.values())
    assert exercise.advice not in said, "it is for those whom nothing better is said"


PACKAGE = """
import course.nptorch as torch
from autograder import grade

class SavedTensor:
    def __init__(self, value, is_output=False):
        self.version = value._version if isinstance(value, torch.Tensor) else 0
        self.value = value.detach() if is_output else value
        self.released = False
    def unpack(self):
        if self.released:
            raise RuntimeError(torch.autograd.graph.SECOND_TIME)
        return self.value
    def release(self):
        self.value, self.released = None, True

print(grade("saved-tensor", SavedTensor=SavedTensor))
"""


@pytest.mark.parametrize("given", [True, False])
def test_grading_with_what_students_install(root: Path, tmp_path: Path, given: bool) -> None:
    """A copy without all that the wheel leaves out, run in a folder as it is released."""
    wheel = tomllib.loads((root / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"]
    for package in wheel["packages"]:
        shutil.copytree(root / package, tmp_path / "site" / package)
    for pattern in wheel["exclude"]:
        for path in list((tmp_path / "site").glob(pattern.lstrip("/"))):
            shutil.rmtree(path)
    lesson = tmp_path / "lesson"
    lesson.mkdir()
    if given:
        shutil.copytree(root / "release" / "l05_retain_graph" / "given", lesson / "given")
    done = subprocess.run(
        [sys.executable, "-P", "-c", PACKAGE],
        cwd=lesson,
        env={**os.environ, "PYTHONPATH": str(tmp_path / "site")},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""
    if given:
        assert done.stdout.startswith("saved-tensor: 5 of 5 points. ")
        assert done.stdout.endswith("\n5.0\n")
    else:
        assert "The parts of earlier lessons do not load: there is no folder given." in done.stdout
        assert done.stdout.endswith("\n0.0\n")


# --- the arithmetic and the words, on made-up trials ------------------------------------------


def made_up(id: str, passed: bool, *, hidden: bool = False) -> Trial:
    def program(T: Any, draw: Any) -> Any:
        yield "SECRET BODY", 1

    one = Scenario(id, 5, f"What about {id}?", program, hidden)
    torchs = Observation("x.grad", "tensor", "float64", (2,), [1.0, 2.0])
    yours = Observation("x.grad", "none", None, None, None)
    wrong = (Difference("x.grad", "kind", torchs, yours),)
    return Trial(one, () if passed else wrong)


TOY = Exercise("toy", "l05_toy", 4.0, ("a",), basics=("t.b",), advice="Think.")


@pytest.mark.parametrize(
    ("outcomes", "free", "points"),
    [
        ("11111", "", 4.0),
        ("10111", "", 3.2),
        ("11110", "t.0 t.1", 2.67),
        ("01111", "t.0 t.1", 2.67),  # a broken free one costs as much as a scenario earns
        ("00111", "t.0 t.1", 1.33),
        ("11000", "t.0 t.1", 0.0),
        ("00001", "t.0 t.1", 0.0),  # never below zero
        ("11111", "t.0 t.1 t.2 t.3 t.4", 0.0),  # nothing was asked that a null part does not do
    ],
)
def test_points(outcomes: str, free: str, points: float) -> None:
    trials = [made_up(f"t.{i}", outcome == "1") for i, outcome in enumerate(outcomes)]
    verdict = judged(TOY, trials, frozenset(free.split()), [])
    assert type(verdict.points) is float
    assert verdict.points == points
    assert 0 <= verdict.points <= TOY.points


def test_at_most_two_messages_in_ascii() -> None:
    trials = [made_up(f"t.{i}", passed=False) for i in range(5)]
    text = str(judged(TOY, trials, frozenset(), ["It is a na\u00efve id\u00e9e."]))
    assert text.isascii()
    assert text.count("\n- ") == MESSAGES
    assert "(3 more differ; mend these first)" in text
    assert "torch: [1, 2], float64 of shape (2)" in text
    assert "yours: None" in text


def test_a_failing_basic_is_all_that_is_said() -> None:
    trials = [made_up("t.b", passed=False), made_up("t.c", passed=False)]
    verdict = stopped_at_basics(TOY, trials, [])
    assert verdict.points == 0.0
    assert "What about t.b?" in str(verdict)
    assert "t.c" not in str(verdict)
    assert "Think." in str(verdict)


def test_a_hidden_scenario_shows_its_question_only() -> None:
    text = str(judged(TOY, [made_up("t.h", passed=False, hidden=True)], frozenset(), []))
    assert "What about t.h?" in text
    assert "SECRET" not in text
    assert "compare(" not in text
    public = str(judged(TOY, [made_up("t.h", passed=False)], frozenset(), []))
    assert 'compare("t.h")' in public


def test_one_idea_and_two_ideas() -> None:
    trials = [made_up("t.a", passed=False)]
    assert "Likely cause: First." in str(judged(TOY, trials, frozenset(), ["First."]))
    both = str(judged(TOY, trials, frozenset(), ["First.", "Second."]))
    assert "Likely cause, one of:\n      First.\n      Second." in both


def test_the_inputs_with_which_it_went_wrong_are_told(capsys: Any) -> None:
    wrong = next(one for one in faults("l05_retain_graph") if one.id == "none-after-release")
    grade(wrong.exercise, **{wrong.part: wrong.wrong})
    told = [line for line in capsys.readouterr().out.splitlines() if "with the inputs:" in line]
    assert told
    assert told[0].endswith(str(Draw(ONES).normal(3).tolist()))


def test_large_inputs_and_those_of_hidden_scenarios_are_not_told() -> None:
    assert inputs(()) == ""
    assert inputs((np.zeros(2), np.sin(np.arange(100)))) == ""
    assert inputs((np.array([0.5, -1.0]), np.array(2))) == "[0.5, -1.0] and 2"
