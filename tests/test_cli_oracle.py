"""``gradschool oracle record --device cuda``: one command for who has a GPU. Here it is one that does not exist."""

from __future__ import annotations

import pytest
import torch
from typer.testing import CliRunner

from autograder import oracle_cli
from autograder.cli import app
from course.compare import recorded
from tests.compare.test_recorded import GPU


def gradschool(*arguments):
    return CliRunner().invoke(app, list(arguments))


@pytest.mark.skipif(torch.accelerator.is_available(), reason="there is a GPU")
@pytest.mark.parametrize("device", ["cuda", "mps"])
@pytest.mark.parametrize("command", ["record", "check"])
def test_without_a_gpu_one_plain_sentence_and_nothing_written(command, device):
    result = gradschool("oracle", command, "--device", device)
    assert result.exit_code == 1
    said = f"gradschool: there is no {device.upper()} device here: torch {torch.__version__} finds none\n"
    assert result.stderr == said
    assert result.stdout == ""


@pytest.fixture
def pretended(monkeypatch, tmp_path):
    """A GPU that answers at once; returns what was done, in order."""
    done = []

    class Module:
        def __init__(self, kind):
            self.kind = kind

        def measure(self, device, *, say):
            from course.nptorch.parts import plugged

            done.append((self.kind, device, type(plugged.run_backward).__name__))
            say(f"half of the {self.kind}")
            if self.kind == "training" and "training fails" in done:
                raise RuntimeError("out of memory")
            return {"kind": self.kind}

    real = oracle_cli.importlib.import_module
    modules = {module: Module(kind) for kind, module in recorded.KINDS.items()}
    monkeypatch.setattr(oracle_cli.importlib, "import_module", lambda name: modules.get(name) or real(name))
    monkeypatch.setattr("course.compare.provenance.provenance", lambda device: {**GPU, "device": device})
    monkeypatch.setattr(
        "course.compare.recorded.write",
        lambda kind, data, facts: done.append((kind, data, facts["hardware"])) or tmp_path / f"{kind}.json",
    )

    def record(device, say):
        done.append(("scenarios", device))
        say("Not recorded (float64): a.b: it was shy")
        return [tmp_path / "swish.json"]

    monkeypatch.setattr("autograder.oracles.record", record)
    return done


def test_one_command_measures_and_records_everything(pretended):
    result = gradschool("oracle", "record", "--device", "cuda")
    assert result.exit_code == 0, result.output
    assert pretended == [
        ("timing", "cuda", "function"),
        ("timing", {"kind": "timing"}, GPU["hardware"]),
        ("training", "cuda", "function"),
        ("training", {"kind": "training"}, GPU["hardware"]),
        ("scenarios", "cuda"),
    ]
    lines = result.stdout.splitlines()
    assert lines[0].startswith("Recording NVIDIA Imaginary 9000 (80GB) (cuda), torch 9.9.9+cu999.")
    assert "float64 and float32" in result.stdout
    assert "half of the timing" in lines
    assert "Not recorded (float64): a.b: it was shy" in lines
    assert [line for line in lines if line.startswith("Recorded: ")] == [
        "Recorded: timing.json",
        "Recorded: training.json",
        "Recorded: swish.json",
    ]
    assert "  git add autograder/oracles/cuda course/compare/recorded" in lines
    assert result.stdout.isascii()


def test_what_fails_is_said_and_the_rest_is_recorded(pretended):
    pretended.append("training fails")
    result = gradschool("oracle", "record", "--device", "cuda")
    assert result.exit_code == 0
    assert "Not recorded: training: out of memory" in result.stdout.splitlines()
    assert "Recorded: swish.json" in result.stdout
    assert "Recorded: training.json" not in result.stdout


@pytest.mark.parametrize(
    ("only", "kinds"), [("scenarios", ["scenarios"]), ("timing", ["timing"]), ("training", ["training"])]
)
def test_a_part_of_it_can_be_recorded_alone(pretended, only, kinds):
    result = gradschool("oracle", "record", "--device", "cuda", "--only", only)
    assert result.exit_code == 0
    assert list(dict.fromkeys(one[0] for one in pretended)) == kinds


def test_an_unknown_part_is_refused(pretended):
    result = gradschool("oracle", "record", "--device", "cuda", "--only", "songs")
    assert result.exit_code == 1
    assert "there is no 'songs' to record, only timing, training, scenarios" in result.stderr
    assert pretended == []


def test_a_file_out_of_form_fails_both_checks(monkeypatch):
    from course.build import Check

    monkeypatch.setattr("course.compare.recorded.problems", lambda: ["timing/x.json: lacks driver"])
    monkeypatch.setattr("autograder.oracles.form.problems", lambda: ["autograder/oracles/cuda/x: wrong"])
    result = gradschool("oracle", "check")
    assert result.exit_code == 1
    for line in ("course/compare/recorded/timing/x.json: lacks driver", "autograder/oracles/cuda/x: wrong"):
        assert line in result.stderr
    for name, answer in {
        "autograder.oracles.check": list,
        "course.build.check": lambda: Check([]),
        "autograder.faults.check": list,
        "course.claims.is_stale": lambda path: False,
        "course.apidocs.stale": lambda folder: [],
    }.items():
        monkeypatch.setattr(name, answer)
    result = gradschool("check")
    assert result.exit_code == 1
    assert "recorded files: out of date" in result.stdout
    assert "course/compare/recorded/timing/x.json: lacks driver" in result.stderr


@pytest.mark.skipif(torch.accelerator.is_available(), reason="there is a GPU")
def test_compare_asks_for_a_gpu():
    result = gradschool("compare", "engine.diamond", "--device", "cuda")
    if not recorded.programs.any_recorded("cuda"):
        assert result.stdout.count(recorded.NONE) == 1
    assert result.exit_code == 0
    assert gradschool("compare", "engine.diamond", "--device", "tpu").exit_code == 1
