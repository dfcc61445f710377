"""The fuzzer itself: plain data, the same programs for the same seed, faults that it finds and cuts down."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import course.nptorch as nptorch
from autograder.cli import app
from course.fuzz import corpus
from course.fuzz.campaign import campaign, program_of
from course.fuzz.compare import first_difference
from course.fuzz.judge import judge
from course.fuzz.program import Program
from course.fuzz.run import engine, run
from course.fuzz.shrink import shrink
from course.fuzz.simpler import simpler
from course.fuzz.words import WORDS


def test_a_program_is_plain_data() -> None:
    program, _ = program_of(seed=5, number=3)
    again = Program.from_json(json.loads(json.dumps(program.to_json())))
    assert again == program


def test_a_seed_gives_the_same_programs() -> None:
    assert [program_of(7, n)[0] for n in range(20)] == [program_of(7, n)[0] for n in range(20)]
    assert program_of(7, 0)[0] != program_of(8, 0)[0]


def test_running_it_again_shows_what_the_writer_saw() -> None:
    for number in range(20):
        program, steps = program_of(11, number)
        assert judge(program, steps) == judge(program)


def test_every_word_is_used() -> None:
    text = "\n".join("\n".join(program_of(3, n)[0].statements) for n in range(300))
    wanted = [
        ".backward(", "T.autograd.grad(", "create_graph=True", "inputs=[", "no_grad", "inference_mode",
        "saved_tensors_hooks", ".register_hook(", ".register_prehook(", ".remove()", ".retain_grad()",
        "post_accumulate", ".apply(", ".detach_()", ".data", ".clone()", ".requires_grad_", ".view(", ".expand(",
        ".chunk(", ".narrow(", "[0] =", "+=", "del ", " @ ",
    ]  # fmt: skip
    assert [word for word in wanted if word not in text] == []
    assert len(WORDS) > 30


def test_a_snippet_runs_as_it_is_printed(tmp_path: Path) -> None:
    program = Program(
        ("a = T.tensor(2.0, requires_grad=True)", 'a.register_hook(seen("h1"))', "(a * a).backward()", "print(a.grad)")
    )
    path = tmp_path / "snippet.py"
    path.write_text(program.snippet())
    done = subprocess.run([sys.executable, str(path)], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[0].startswith("h1")
    assert "4." in done.stdout.splitlines()[-1]


def test_simpler_forms_say_less() -> None:
    forms = list(simpler("with T.no_grad():\n    c = (a * b).sum(0, keepdim=True)"))
    assert "c = (a * b).sum(0, keepdim=True)" in forms
    assert "with T.no_grad():\n    c = (a * b).sum(0)" in forms
    assert "with T.no_grad():\n    c = a.sum(0, keepdim=True)" in forms


def wrong_mul_self(g: Any, other: Any) -> Any:
    """Forget the other factor."""
    return g


def _no_bump(self: Any) -> None:
    """Count nothing."""


def test_a_wrong_rule_is_found_and_cut_down() -> None:
    with nptorch.use(mul_self=wrong_mul_self):
        went = campaign(seed=0, count=60, most=1)
        assert went.differing > 5
        small = went.findings[0].program
        assert len(small.statements) <= 5, small.snippet()
        text = "\n".join(small.statements)
        assert any(word in text for word in ("*", "mul", "Product")), text
    assert judge(small) is None


def test_a_part_that_counts_no_writes_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    from course.parts.l06_versions import VersionCounter

    program = Program(("a = T.ones(2)", "b = a * 2", "c = b.exp()", "b.add_(1)"))
    monkeypatch.setattr(VersionCounter, "bump", _no_bump)
    difference = judge(program)
    assert difference is not None
    assert difference.where == "b._version"
    small = shrink(program, difference)
    assert len(small.statements) == 2
    assert "add_(" in small.statements[-1]


def test_rounding_is_no_difference() -> None:
    program = Program(
        ("a = T.tensor([0.25, 1.25])", "b = a.exp().log() - a", "c = b * 1000000", "d = c / (b - b.flip(0))")
    )
    assert judge(program) is None


def test_a_wrong_whole_number_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    rounded = Program(("a = T.tensor(1.75)", "b = (a + a).exp().exp()", "c = b.long()"))
    assert judge(rounded) is None
    as_it_is = nptorch.Tensor.long
    monkeypatch.setattr(nptorch.Tensor, "long", lambda x: as_it_is(x * 1.01))
    difference = judge(rounded)
    assert difference is not None
    assert difference.where == "c.values"


def test_a_wrong_comparison_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    cancels = ("a = T.tensor(2.75)", "b = T.tensor([[1.0, 1.0], [-1.0, 1.0]]) / a", "c = b @ b", "d = c > 0")
    assert judge(Program(cancels)) is None
    monkeypatch.setattr(nptorch.Tensor, "__gt__", lambda x, other: x >= other + 1)
    difference = judge(Program(cancels))
    assert difference is not None
    assert difference.where == "d.values"


def test_a_wrong_order_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    tied = ("a = T.tensor([[1.0, 0.5, 2.75], [2.5, 0.25, 2.0]], dtype=T.float64)", "c = a.var(1)", "g = c.argsort()")
    apart = (tied[0].replace("2.75", "2.5"), *tied[1:])
    assert judge(Program(tied)) is None
    assert judge(Program(apart)) is None
    as_it_is = nptorch.Tensor.argsort
    monkeypatch.setattr(nptorch.Tensor, "argsort", lambda x: as_it_is(-x))
    difference = judge(Program(apart))
    assert difference is not None
    assert difference.where == "g.values"


def test_a_wrong_sine_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    large = Program(("a = T.tensor(25.0, dtype=T.float64)", "b = a.exp()", "c = b.sin()"))
    theirs, ours = (run(large, engine(name)) for name in ("torch-cpu", "nptorch"))
    found = first_difference(large, theirs, ours)
    assert found is None or found.where == "c.values"  # exp may round either way, and the sine shows it
    assert judge(large) is None
    as_it_is = nptorch.Tensor.sin
    monkeypatch.setattr(nptorch.Tensor, "sin", lambda x: as_it_is(x) * 1.00001)
    difference = judge(large)
    assert difference is not None
    assert difference.where == "c.values"


def test_only_the_zero_of_sgn_passes_over_nan(monkeypatch: pytest.MonkeyPatch) -> None:
    """torch multiplies nothing with the gradient of sgn; with that of sign it does, and so must the engine."""
    start = ("x = T.tensor([-1.0, 4.0], requires_grad=True)", "y = x.sqrt()")
    passed_over = Program((*start, "y.sgn().sum().backward()", "g = x.grad"))
    multiplied = Program((*start, "y.sign().sum().backward()", "g = x.grad"))
    theirs, ours = (run(passed_over, engine(name)) for name in ("torch-cpu", "nptorch"))
    assert first_difference(passed_over, theirs, ours) is not None, "torch has changed: the exclusion can go"
    assert judge(passed_over) is None
    assert judge(multiplied) is None
    there_already = Program(
        ("x = T.tensor([-1.0, 4.0], requires_grad=True)", "x.sum().backward()", *passed_over.statements[1:])
    )
    assert judge(there_already) is None
    monkeypatch.setattr(nptorch.Tensor, "sign", nptorch.Tensor.sgn)
    monkeypatch.setattr(nptorch.Tensor, "sqrt", lambda self: self * 1.0)
    assert judge(multiplied) is not None


def test_what_is_kept_is_run_again(tmp_path: Path) -> None:
    program = Program(("a = T.tensor(1.0)",), patient=True)
    corpus.keep(tmp_path, program, "nothing")
    assert [(entry.program, entry.note) for entry in corpus.load(tmp_path)] == [(program, "nothing")]


def test_the_mode_is_put_back() -> None:
    for name in ("torch-cpu", "nptorch"):
        on = engine(name)
        run(Program(("T.set_grad_enabled(False)",)), on)
        assert on.T.is_grad_enabled()


def test_the_command() -> None:
    done = CliRunner().invoke(app, ["fuzz", "--seed", "2", "--count", "20"])
    assert done.exit_code == 0, done.output
    assert "20 programs" in done.output
    assert "no difference" in done.output


def test_the_command_keeps_what_differs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from course.parts.l06_versions import VersionCounter

    monkeypatch.setattr(VersionCounter, "bump", _no_bump)
    done = CliRunner().invoke(app, ["fuzz", "--seed", "2", "--count", "5", "--save", str(tmp_path)])
    assert done.exit_code == 1
    assert "import torch as T" in done.output
    assert corpus.load(tmp_path)
