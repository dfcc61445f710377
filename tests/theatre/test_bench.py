"""The lab bench: every program under every switch does on the engine what it does on torch."""

from __future__ import annotations

import itertools
import json
from typing import Any

import pytest

import course.nptorch as torch
from course.parts import reference
from course.widgets.bench import bench, page
from course.widgets.bench.programs import PROGRAMS, SWITCHES, Switches
from course.widgets.bench.running import BadInput, available, numbers, run
from course.widgets.bench.widget import run_settings, settings

EVERY = [dict(zip(SWITCHES, bits, strict=True)) for bits in itertools.product([False, True], repeat=len(SWITCHES))]


@pytest.fixture(autouse=True)
def plugged() -> Any:
    with torch.use(**reference()):
        yield


@pytest.mark.parametrize("program", PROGRAMS)
def test_engine_and_torch_show_the_same_under_every_switch(program: str) -> None:
    errors = 0
    for on in EVERY:
        ours, theirs = (run(program, {}, Switches(**on), engine) for engine in ("mine", "torch"))
        assert ours.code == theirs.code
        assert (ours.values, ours.line) == (theirs.values, theirs.line), ours.code
        assert ours.error.partition(":")[0] == theirs.error.partition(":")[0], ours.code
        errors += bool(ours.error)
        assert bool(ours.error) == (ours.line > 0)
    assert 0 < errors < len(EVERY), "switches that always or never break it teach nothing"


@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.parametrize("switch", SWITCHES)
def test_every_switch_changes_the_text(program: str, switch: str) -> None:
    one = PROGRAMS[program]
    assert one.code(one.inputs, Switches()) != one.code(one.inputs, Switches(**{switch: True}))


def test_the_reference_does_not_stay_plugged_in() -> None:
    with torch.use(release_saved=None):
        assert run("twice", {}, Switches(), "mine").error == ""
        assert run("twice", {}, Switches(), "reference").error.startswith("RuntimeError: Trying to backward")
        assert run("twice", {}, Switches(), "mine").error == ""


def test_inputs_can_be_changed() -> None:
    ran = run("diamond", {"x": (0.0,)}, Switches())
    assert ran.values == [("x.grad", "[2]")]
    assert "T.tensor([0.0]" in ran.code


@pytest.mark.parametrize(("text", "found"), [("1, 2.5", (1.0, 2.5)), ("[3]", (3.0,)), ("1 -2e-1", (1.0, -0.2))])
def test_numbers_are_read(text: str, found: tuple[float, ...]) -> None:
    assert numbers(text) == found


@pytest.mark.parametrize(
    ("text", "says"),
    [("", "1 to 6"), ("a", "not numbers"), ("1 2 3 4 5 6 7", "1 to 6"), ("inf", "finite"), ("exit()", "not numbers")],
)
def test_other_input_is_refused_in_words(text: str, says: str) -> None:
    with pytest.raises(BadInput, match=says):
        numbers(text)


def test_lengths_must_agree() -> None:
    with pytest.raises(BadInput, match="equally many"):
        run("twice", {"x": (1.0,)}, Switches())


@pytest.mark.parametrize(
    ("call", "says"),
    [
        ({"program": "none"}, "no program 'none'; there are: twice"),
        ({"engine": "jax"}, "'jax' is not here; there are: mine"),
        ({"detached": True}, "no switch 'detached'; there are: retain_graph"),
    ],
)
def test_what_is_not_there_is_named(call: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        bench(**call)


def test_the_widget_runs_what_its_controls_say() -> None:
    made = bench("twice")
    assert "Trying to backward" in made.told
    assert made.stage == page.stage(made.ran)
    now = dict(made.settings)
    made.settings = now | {"switches": now["switches"] | {"retain_graph": True}}
    assert "It runs to its end" in made.told
    made.settings = made.settings | {"inputs": {"x": "1, what", "w": "1, 2"}}
    assert "not numbers" in made.complaint
    assert "It runs to its end" in made.told, "what was shown stays"
    made.settings = made.settings | {"inputs": {"x": "1, 2", "w": "1, 2"}}
    assert made.complaint == ""


def test_settings_are_plain_data_and_run() -> None:
    chosen = json.loads(json.dumps(settings("slope", "mine", Switches(create_graph=True))))
    assert run_settings(chosen).error == ""


def test_without_python_there_is_still_a_page() -> None:
    data, _ = bench("twice")._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in data
    assert "Trying to backward" in data["text/html"]
    assert "<img" in data["text/html"]
    assert "pass 1 breaks off" in data["text/plain"]


def test_code_is_escaped() -> None:
    ran = run("diamond", {}, Switches())
    ran.code, ran.error = "<script>", "<b>"
    assert "<script>" not in page.told(ran)
    assert "&lt;b&gt;" in page.told(ran)


def test_nothing_happens_while_nbgrader_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    assert "nbgrader" in repr(bench())


def test_torch_and_the_reference_are_offered_only_where_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    assert list(available()) == ["mine", "reference", "torch"]
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert list(available()) == ["mine"]
