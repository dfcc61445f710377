"""What lesson 4 says: its opening, its predictions and its costs, held against torch."""

from __future__ import annotations

import json
import linecache
import re
import warnings
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import jupytext
import pytest

import course.nptorch as nptorch
from autograder.exercises import exercises
from autograder.sandbox.judge import Judge
from autograder.sandbox.transplant import grade_id, solutions, text_of
from autograder.sandbox.worker import Worker
from course.nptorch import grad_mode
from course.nptorch.loading import PartFileError
from course.parts import reference

torch = pytest.importorskip("torch")

LESSON = Path(__file__).resolve().parents[2] / "course" / "lessons" / "l04_graph.py"
TEXT = LESSON.read_text(encoding="utf-8")
CELLS = [cell.source for cell in jupytext.reads(TEXT, fmt="py:percent").cells if cell.cell_type == "code"]


def cell(holds: str) -> str:
    """Return the one code cell that holds a text."""
    (found,) = [source for source in CELLS if holds in source]
    return found


class TorchMode:
    """torch's switch under the name of ours."""

    @property
    def enabled(self) -> bool:
        return bool(torch.is_grad_enabled())

    @enabled.setter
    def enabled(self, value: bool) -> None:
        torch.set_grad_enabled(value)


@pytest.fixture(params=["torch", "nptorch"])
def names(request: pytest.FixtureRequest) -> Iterator[dict[str, Any]]:
    """What the lesson's cells find: an engine, and its switch."""
    if request.param == "torch":
        yield {"torch": torch, "grad_mode": SimpleNamespace(mode=TorchMode())}
        torch.set_grad_enabled(True)
        return
    with nptorch.use(**reference(4)):
        yield {"torch": nptorch, "grad_mode": grad_mode}
    grad_mode.mode.enabled = True


# --- the opening ------------------------------------------------------------------------------------


def test_a_validation_that_fails_breaks_the_training_after_it(
    names: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    exec(cell("carelessly"), names)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "train works"
    assert lines[1].startswith("validate fails: The size of tensor a (2) must match")
    message = re.search(r"^# > RuntimeError: (.*)$", TEXT, re.M)
    assert message
    assert lines[2] == f"train fails: {message[1]}"
    exec(cell('print("recording:"'), names)
    assert capsys.readouterr().out == "recording: False\n"
    assert names["torch"].is_grad_enabled()


def test_with_a_block_the_training_goes_on(names: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    exec(cell("carelessly"), names)
    exec(cell('print("recording:"'), names)
    capsys.readouterr()
    exec(cell('"""Score one batch without recording."""'), names)
    said = [line.split(":")[0] for line in capsys.readouterr().out.splitlines()]
    assert said == ["train works", "validate fails", "train works"]


def test_inside_inference_mode_torchs_switch_may_be_on_and_records_nothing() -> None:
    x = torch.ones(2, requires_grad=True)
    with torch.inference_mode(), torch.enable_grad():
        assert torch.is_grad_enabled()
        assert not (x * 2).requires_grad
    assert "`is_grad_enabled()` may say True there" in TEXT.replace("\n# ", " ")


# --- predictions ------------------------------------------------------------------------------------


def test_the_table_of_flags_is_the_same_on_torch(names: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    exec(cell('"small": ("..."'), names)
    exec(cell('"small": small'), names)
    flags = re.findall(r"requires_grad (True|False) +is_leaf (True|False)", capsys.readouterr().out)
    assert flags == [
        ("False", "True"),
        ("True", "True"),
        ("True", "False"),
        ("False", "True"),
        ("False", "True"),
        ("True", "False"),
    ]


def test_the_scaled_weight_has_no_gradient_and_says_why(
    names: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    exec(cell('"small": ("..."'), names)
    exec(cell('"small": small'), names)
    capsys.readouterr()
    exec(cell("def ask("), names)
    value, warned = capsys.readouterr().out.splitlines()
    assert value == "small.grad: None"
    assert warned.startswith("The .grad attribute of a Tensor that is not a leaf Tensor is being accessed.")
    better = (names["torch"].ones(2) * 0.1).requires_grad_()
    assert better.is_leaf, "the cure that the text names"


def test_of_the_five_sentences_only_the_third_is_true(names: dict[str, Any]) -> None:
    exec(cell("def ask(").split("(small")[0], names)
    names["my_verdicts"] = [None] * 5
    exec(cell("def leaf("), names)
    assert names["answers"] == [False, False, True, False, False]
    assert "Why only the third is true" in TEXT


def test_the_four_modes_are_as_the_answers_say(names: dict[str, Any]) -> None:
    T = names["torch"]
    here = []
    T.no_grad()
    here.append(T.is_grad_enabled())
    with T.no_grad():
        with T.no_grad():
            pass
        here.append(T.is_grad_enabled())
    T.set_grad_enabled(False)
    here.append(T.is_grad_enabled())
    T.set_grad_enabled(True)

    @T.no_grad()  # type: ignore[untyped-decorator]
    def scores() -> Any:
        yield 1

    for _ in scores():
        here.append(T.is_grad_enabled())
    said = re.search(r"^# 1: (on|off)\. 2: (on|off),[\s\S]*? 3: (on|off),[\s\S]*? 4: (on|off)\.", TEXT, re.M)
    assert said
    assert ["on" if one else "off" for one in here] == list(said.groups())


def test_what_inference_tensors_may_do(names: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    exec(cell("def leaf(").split("\n\n\n")[0], names)
    names["my_guesses"] = ["..."] * 4
    exec(cell('"c.requires_grad_()"'), names)
    said = [line.split("it is: ")[1] for line in capsys.readouterr().out.splitlines()]
    assert said == [
        "fine",
        "Inference tensors cannot be saved for backward",
        "Setting requires_grad=True on inference tensor outside InferenceMode is not allowed",
        "fine",
    ]


def test_the_worked_case_of_detach(names: dict[str, Any]) -> None:
    """The block of code in the text, line by line."""
    block = TEXT.split("# ```python\n# x = torch.tensor([1.0, 2.0], requires_grad=True)")[1].split("# ```")[0]
    T = names["torch"]
    names |= {"detach": lambda t: t.detach(), "detach_": lambda t: t.detach_()}
    names["x"] = T.tensor([1.0, 2.0], requires_grad=True)
    checked = 0
    for line in block.splitlines()[1:]:
        statement, _, said = line.removeprefix("#").strip().partition("  #")
        try:
            got = eval(statement, names)
        except SyntaxError:
            exec(statement, names)
            continue
        if re.match(r"^ (True|False|None)", said):
            assert str(got).strip("()") == said.strip().split(":")[0], line
            checked += 1
    assert checked == 5
    assert names["x"].grad is not None, "loss.backward() reached x"


def test_ways_to_lose_a_graph_that_the_table_names(names: dict[str, Any]) -> None:
    T = names["torch"]
    h = T.tensor([1.0], requires_grad=True) * 2
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert not T.tensor(h).requires_grad
    assert isinstance(h.item(), float)
    model = T.nn.Linear(2, 1)
    model.eval()
    assert model(T.ones(1, 2)).requires_grad, "eval() still records"


def test_links_to_claims_lead_to_claims_that_are_as_the_text_says() -> None:
    claims = (LESSON.parents[2] / "docs" / "claims.md").read_text(encoding="utf-8")
    linked = set(re.findall(r"\(\.\./\.\./docs/claims\.md#(\w+)\)", TEXT))
    refuted = {"b5", "b6", "b11", "b17", "b21"}
    assert refuted <= linked
    verdicts = dict(re.findall(r"^\| \[\w+\]\(#(\w+)\) \|.*\| ([\w ]+) \| agrees \|$", claims, re.M))
    assert {verdicts[one] for one in refuted} <= {"wrong", "half true"}


# --- costs, and keeping the parts -------------------------------------------------------------------


def test_recording_holds_what_the_others_let_go(capsys: pytest.CaptureFixture[str]) -> None:
    names: dict[str, Any] = {"torch": nptorch}
    with nptorch.use(**reference(4)):
        exec(cell("def leaf(").split("\n\n\n")[0], names)
        exec(cell("def chain("), names)
    held = {line.split()[0]: float(line.split()[2]) for line in capsys.readouterr().out.splitlines()}
    assert held["recording"] == pytest.approx(50, abs=1), "50 operations on one megabyte"
    assert held["no_grad"] == pytest.approx(1, abs=0.2)
    assert held["inference_mode"] == pytest.approx(1, abs=0.2)


BASE = """
from course.nptorch.grad_mode import mode as flags

class Switch:
    def __enter__(self):
        {enter}

    def __exit__(self, *error):
        flags.enabled, flags.inference = self.found

def no_grad():
    raise KeyError("another part of that cell")
"""
DERIVED = """
from course.nptorch.grad_mode import mode as flags

class inference_mode(Switch):
    def __init__(self, mode=True):
        self.wanted = mode

    def switch(self):
        flags.enabled, flags.inference = not self.wanted, self.wanted
"""
WRITTEN = "self.found = flags.enabled, flags.inference; self.switch()"


@pytest.fixture
def notebook(request: pytest.FixtureRequest) -> dict[str, Any]:
    """Names of two cells: a base class in the first, the part in the second."""
    names: dict[str, Any] = {"__name__": "__main__"}
    for number, text in enumerate((BASE.format(enter=request.param), DERIVED)):
        filename = f"<cell {number} of {request.node.name}>"
        linecache.cache[filename] = (len(text), None, text.splitlines(keepends=True), filename)
        exec(compile(text, filename, "exec"), names)
    return names


@pytest.mark.parametrize("notebook", [WRITTEN], indirect=True)
def test_a_part_is_saved_with_its_base_from_another_cell(notebook: dict[str, Any], tmp_path: Path) -> None:
    path = nptorch.save_part(notebook["inference_mode"], tmp_path)
    assert "class Switch" in path.read_text()
    assert "another part" not in path.read_text(), "which would stand in the way of a newer one"
    nptorch.load_parts(tmp_path)
    with nptorch.inference_mode():
        assert nptorch.is_inference_mode_enabled()
    assert not nptorch.is_inference_mode_enabled()


@pytest.mark.parametrize("notebook", ['raise NotImplementedError("write Switch.__enter__")'], indirect=True)
def test_a_part_whose_base_is_not_written_is_not_saved(notebook: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(PartFileError, match=r"Switch\.__enter__ is not written yet"):
        nptorch.save_part(notebook["inference_mode"], tmp_path)
    assert not list(tmp_path.iterdir())


# --- grading ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def judged() -> Iterator[Any]:
    """Judge texts as a submission is judged: in a process that has the lesson's other cells, and no reference."""
    folder = LESSON.parents[2] / "source" / LESSON.stem
    source = json.loads((folder / f"{LESSON.stem}.ipynb").read_text(encoding="utf-8"))
    right = {grade_id(one): text_of(one) for one in solutions(source)}

    def points(**texts: Any) -> dict[str, float]:
        changed = {name: change(right[name]) for name, change in texts.items()}
        return {one.id: judge.judge(one, right | changed, 20_260_101).verdict.points for one in exercises(LESSON.stem)}

    with Worker(folder / "given") as worker:
        judge = Judge(worker, source)
        yield points


def test_the_reference_earns_everything_in_the_sandbox(judged: Any) -> None:
    assert judged() == {one.id: one.points for one in exercises(LESSON.stem)}


def test_whoever_has_another_base_class_loses_nothing(judged: Any) -> None:
    """The author's inference_mode, which stands beside a student's no_grad, derives from the base class as well."""

    def rename(text: str) -> str:
        return text.replace("GradModeSwitch", "Block")

    renamed = {"grad-modes": rename, "inference-mode": rename}
    assert judged(**renamed) == {one.id: one.points for one in exercises(LESSON.stem)}
