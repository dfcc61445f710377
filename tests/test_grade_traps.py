"""What the traps of a lesson cost, what is checked of each promise, and how feedback words it."""

from __future__ import annotations

import time
import weakref
from importlib import import_module
from typing import Any

import pytest

import course.nptorch as torch
from autograder import faults, grade, plugging, trial
from autograder.exercises import exercises, get
from autograder.trial import Trial
from autograder.verdict import judged, stopped_at_basics
from course.nptorch.parts import plugged
from course.parts import reference
from course.scenarios.differences import Difference
from course.scenarios.observation import Observation
from tests.test_grade import TOY, Keeps, made_up

WRONG = {one.id: one for one in faults.faults()}
RIGHT = reference(5)


def wrong(id: str) -> tuple[str, dict[str, Any]]:
    one = WRONG[id]
    parts = {name: RIGHT[name] for name in get(one.exercise).parts}
    return one.exercise, parts | {one.part: one.wrong}


@pytest.fixture(params=[True, False], ids=["with hidden checks", "without"])
def hidden(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        import_module("autograder.grading"), "load_hidden", lambda: request.param and trial.load_hidden()
    )


@pytest.fixture
def student_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """No reference parts, no hidden scenarios, no fault dictionary."""
    found = plugging.importlib.util.find_spec
    absent = {"course.parts", "autograder.hidden", "autograder.faults"}
    monkeypatch.setattr("importlib.util.find_spec", lambda name, *a: None if name in absent else found(name, *a))
    earlier = reference(4)
    monkeypatch.setattr(plugging, "_given", lambda lesson: earlier)


TRAPS = {
    "keeps-its-own-output": 2.0,
    "keeps-a-weak-reference": 2.0,
    "detaches-inputs": 1.5,
    "ignores-retain-graph": 2.0,
    "counts-shared-memory-twice": 1.0,
    "tells-tensors-apart-by-identity": 1.0,
    "walks-by-recursion": 1.0,
    "walks-every-path": 1.0,
    "counts-every-path": 1.0,
}


@pytest.mark.usefixtures("hidden")
@pytest.mark.parametrize("id", TRAPS)
def test_falling_into_a_trap_costs_what_it_says(id: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trial, "SECONDS", 0.5)
    exercise, parts = wrong(id)
    assert 0 < grade(exercise, **parts) <= get(exercise).points - TRAPS[id]


@pytest.mark.usefixtures("hidden")
@pytest.mark.parametrize("exercise", exercises(), ids=lambda one: one.id)
def test_costs_and_hints_belong_to_checks_and_leave_full_marks_alone(exercise: Any) -> None:
    listed = {*exercise.basics, *exercise.scenarios, *exercise.hidden}
    assert set(exercise.costs) <= set(exercise.scenarios), "a cost must not depend on hidden checks"
    assert set(exercise.hints) <= listed
    assert all(0 < cost < exercise.points for cost in exercise.costs.values())
    assert all(hint.isascii() and "\n" not in hint for hint in exercise.hints.values())
    assert grade(exercise.id, **{name: reference(exercise.number)[name] for name in exercise.parts}) == exercise.points


def test_the_dearest_of_the_failing_checks_counts() -> None:
    trials = [made_up(f"t.{i}", passed=i < 8) for i in range(10)]
    costs = {"t.0": 3.0, "t.8": 1.0, "t.9": 2.5}
    toy = type(TOY)("toy", "l05_toy", 4.0, ("a",), costs=costs)
    verdict = judged(toy, trials, frozenset(), [])
    assert verdict.points == 1.5
    assert verdict.lines[1] == "- What about t.9?", "the dearest first"
    assert "    As long as this fails, it costs at least 1 point." in verdict.lines
    share = judged(toy, trials[:2] + trials[8:], frozenset(), [])
    assert share.points == 1.5
    assert judged(toy, trials[:1] * 0 + trials[8:], frozenset(), []).points == 0.0


# --- promises that nothing else would notice ---------------------------------------------------


class Weak(Keeps):
    def __init__(self, value: Any, is_output: bool = False) -> None:
        super().__init__(value)
        self.value = weakref.ref(value) if is_output else (lambda: value)

    def unpack(self) -> Any:
        return super().unpack()()


class Once(Keeps):
    def release(self) -> None:
        self.unpack()
        super().release()


class Later(Keeps):
    @property
    def version(self) -> int:
        return getattr(self.value, "_version", 0)

    @version.setter
    def version(self, noted: int) -> None:
        pass


class NoVersion(Keeps):
    def __init__(self, value: Any, is_output: bool = False) -> None:
        super().__init__(value, is_output)
        self.version = getattr(value, "_version", None)  # type: ignore[assignment]


class Tensors(Keeps):
    def __init__(self, value: Any, is_output: bool = False) -> None:
        super().__init__(value if isinstance(value, torch.Tensor) else torch.tensor(float(value)), is_output)


PROMISES = {
    "saved.only-the-node-holds-it": Weak,
    "saved.let-go-twice": Once,
    "saved.version-when-kept": Later,
    "saved.numbers-stay-numbers": Tensors,
}


@pytest.mark.parametrize("scenario", PROMISES)
def test_each_promise_is_checked(scenario: str, capsys: Any) -> None:
    assert grade("saved-tensor", SavedTensor=PROMISES[scenario]) < 5
    assert f'compare("{scenario}"' in capsys.readouterr().out


def test_a_number_has_version_0(capsys: Any) -> None:
    assert grade("saved-tensor", SavedTensor=NoVersion) < 5
    said = capsys.readouterr().out
    assert "Look at 'the number 3: version':\n      expected: 0\n      yours: None" in said


def test_a_walk_along_every_path_is_stopped_and_a_right_one_takes_no_time(
    monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    from course.scenarios import get as find

    began = time.perf_counter()
    with torch.use(**RIGHT):
        assert trial.run_one(find("saved.bytes-of-a-ladder")).passed
    assert time.perf_counter() - began < 0.5
    monkeypatch.setattr(trial, "SECONDS", 0.5)
    exercise, parts = wrong("walks-every-path")
    assert grade(exercise, **parts) <= 2
    assert "A ladder of 40 diamonds" in capsys.readouterr().out


# --- words ------------------------------------------------------------------------------------


FIRST = {
    "detaches-inputs": (
        "does it come back with its grad_fn?",
        "unpack() of an input gave a tensor without its grad_fn; keep inputs as they are",
    ),
    "frees-the-next-nodes": ("First make this work", "A node was released before its own backward ran"),
    "tells-tensors-apart-by-identity": ("Several nodes keep the same memory", "Objects that share memory"),
}


@pytest.mark.parametrize("id", FIRST)
def test_the_first_message_is_about_the_mistake(id: str, capsys: Any) -> None:
    exercise, parts = wrong(id)
    grade(exercise, **parts)
    first = capsys.readouterr().out.split("compare(")[0]
    assert all(words in first for words in FIRST[id]), first
    assert "detached in-place" not in first


def test_what_torch_does_not_have_is_expected_and_not_torchs(capsys: Any) -> None:
    exercise, parts = wrong("counts-shared-memory-twice")
    grade(exercise, **parts)
    said = capsys.readouterr().out
    assert "      expected: 48\n" in said
    assert "torch:" not in said
    assert "beside torch" not in said


def test_points_and_checks_fit_together(capsys: Any) -> None:
    """Checks that pass with nothing written are not counted, unless they fail."""
    assert grade("saved-tensor", **{"SavedTensor": None, **wrong("never-released")[1]}) < 1
    capsys.readouterr()
    trials = [made_up(f"t.{i}", outcome == "1") for i, outcome in enumerate("11100")]
    text = str(judged(TOY, trials, frozenset({"t.0", "t.1", "t.2"}), []))
    assert text.startswith("toy: 0 of 4 points. 0 of 2 checks pass.\n- ")
    trials = [made_up(f"t.{i}", outcome == "1") for i, outcome in enumerate("01110")]
    text = str(judged(TOY, trials, frozenset({"t.0", "t.1"}), []))
    assert text.startswith(
        "toy: 1.33 of 4 points. 2 of 4 checks pass.\n(Failing though they pass with nothing written: 1;"
    )


def test_advice_is_for_those_whom_nothing_better_is_said() -> None:
    failing = [made_up("t.a", passed=False)]
    hinted = type(TOY)("toy", "l05_toy", 4.0, ("a",), advice="Think.", hints={"t.a": "Look there."})
    for tell in (lambda *a: judged(a[0], a[1], frozenset(), a[2]), stopped_at_basics):
        assert "Advice: Think." in str(tell(TOY, failing, []))
        assert "Think." not in str(tell(TOY, failing, ["It is this."]))
        said = str(tell(hinted, failing, []))
        assert "    Hint: Look there." in said
        assert "Think." not in said
        assert "Hint" not in str(tell(hinted, failing, ["It is this."]))


def test_a_call_that_only_ran_is_said_to_run() -> None:
    """The record does not tell a call without a result from None; beside an error it was a call."""
    one = made_up("t.a", passed=False)
    expected = Observation("backward", "none", None, None, None)
    got = Observation("backward", "raised", None, None, {"type": "TypeError", "keywords": []}, "oh")
    raised = Trial(one.scenario, (Difference("backward", "raised", expected, got),))
    said = str(judged(TOY, [raised], frozenset(), []))
    assert "torch: runs\n      yours: raises TypeError: oh" in said
    ran = Observation("backward", "none", None, None, None, "runs")
    returned = Trial(one.scenario, (Difference("backward", "raised", got, ran),))
    assert "yours: runs" in str(judged(TOY, [returned], frozenset(), []))
    nothing = Trial(one.scenario, (Difference("backward", "raised", got, expected),))
    assert "yours: None" in str(judged(TOY, [nothing], frozenset(), []))


def test_who_asks_for_a_part_of_a_later_lesson_has_not_left_it_unwritten(capsys: Any) -> None:
    """g *= result, on a tensor with a history, needs what lesson 6 builds."""
    exercise, parts = wrong("exp-writes-into-the-gradient")
    grade(exercise, **parts)
    said = capsys.readouterr().out
    assert WRONG["exp-writes-into-the-gradient"].help in said
    assert "This is not written yet" not in said


# --- the part plugged in, and the parts beside it ----------------------------------------------


CAREFUL = "Careful: the part plugged in is not the one you handed in: run torch.use(SavedTensor=SavedTensor) again"


def test_a_part_that_is_not_the_plugged_one(capsys: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NBGRADER_EXECUTION", raising=False)
    for before in (RIGHT["SavedTensor"], None):
        torch.use(SavedTensor=before)
        assert grade("saved-tensor", SavedTensor=Keeps) == 5
        assert capsys.readouterr().out.endswith(CAREFUL + "\n")
    torch.use(SavedTensor=Keeps)
    grade("saved-tensor", SavedTensor=Keeps)
    assert "Careful" not in capsys.readouterr().out
    for when in ("autograde", "validate"):
        torch.use(SavedTensor=None)
        monkeypatch.setenv("NBGRADER_EXECUTION", when)
        grade("saved-tensor", SavedTensor=Keeps)
        assert "Careful" not in capsys.readouterr().out


def test_who_has_written_nothing_is_told_that_alone(capsys: Any) -> None:
    def stub(*args: object, **kwargs: object) -> Any:
        raise NotImplementedError("write it")

    grade("saved-tensor", SavedTensor=stub)
    assert "Careful" not in capsys.readouterr().out


@pytest.mark.usefixtures("student_machine")
def test_who_waits_for_a_companion_is_told_how_to_plug_it_in(capsys: Any) -> None:
    torch.use(SavedTensor=None)
    grade("release-rule", release_saved=RIGHT["release_saved"])
    said = capsys.readouterr().out
    assert " 0 of 0 " not in said
    assert "more checks wait for SavedTensor; grading runs them all)" in said
    assert "plug yours in: torch.use(SavedTensor=SavedTensor)\n" in said


@pytest.mark.usefixtures("student_machine")
def test_a_broken_companion_is_named(capsys: Any) -> None:
    class SavedTensor(Keeps):
        def unpack(self) -> Any:
            return self.valeu  # type: ignore[attr-defined]

    torch.use(SavedTensor=SavedTensor)
    assert grade("release-rule", release_saved=RIGHT["release_saved"]) == 0
    said = capsys.readouterr().out
    assert "      raised in: SavedTensor.unpack\n" in said
    assert said.splitlines()[1] == (
        "(Your SavedTensor does not pass saved-tensor itself. Mend it first: this may be all its doing.)"
    )
    assert plugged.SavedTensor is SavedTensor
    torch.use(SavedTensor=Keeps)
    assert grade("release-rule", release_saved=WRONG["ignores-retain-graph"].wrong) < 3
    assert "Mend it first" not in capsys.readouterr().out


def test_the_graders_own_companion_is_not_named(capsys: Any) -> None:
    grade("release-rule", release_saved=WRONG["frees-the-next-nodes"].wrong)
    assert "raised in: SavedTensor" not in capsys.readouterr().out
