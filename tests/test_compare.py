"""Comparing backends, and showing the result."""

from __future__ import annotations

import dataclasses
import importlib.util
import subprocess
import sys
from html.parser import HTMLParser

import numpy as np
import pytest

from course.compare import Comparison, available, backend, compare
from course.compare import backends as backends_module
from course.compare.show import reason
from course.scenarios import Scenario, attempt, get
from course.scenarios.differences import differences
from course.scenarios.observation import observe

CPU = backend("torch-cpu")


def made(program, name="other"):
    """Compare two programs as if they were one scenario on two backends."""
    right = Scenario("test.right", 1, "Is <this> & that right?", program(right=True))
    wrong = dataclasses.replace(right, program=program(right=False))
    one, other = observe(right, CPU), observe(wrong, CPU)
    return Comparison(right, {"torch-cpu": one, name: other}, {name: differences(one, other)})


def program(right):
    def body(T, draw):
        yield "x.grad", T.tensor([1.0, 2.0 if right else 2.5])
        yield "fine", True
        yield "error <b>", attempt(lambda: T.ones(2).backward()) if right else None
        if right:
            yield "only torch", 1
        else:
            yield "only other", 1

    return body


class Table(HTMLParser):
    """Collects tags, attributes and the words of an HTML text; void and open tags are counted."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.open, self.words = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag != "br":
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)

    def all(self, tag):
        return [attrs for name, attrs in self.tags if name == tag]


def test_the_html_table_is_accessible():
    text = made(program)._repr_html_()
    table = Table(text)
    assert table.open == []
    assert len(table.all("table")) == len(table.all("caption")) == 1
    scopes = [attrs["scope"] for attrs in table.all("th")]
    assert scopes.count("col") == 4  # the label, two engines, and by how much they may differ
    assert scopes.count("row") == 5
    assert text.isascii()
    # Four cells differ, and each says so by word, not by colour alone.
    assert table.words.count("differs") == 4
    assert "Is <this> & that right?" in table.words
    assert "error <b>" in table.words
    assert not table.all("script")
    assert not any(colour in text for colour in ("background:#", "color:#", "color:black", "color:white"))


def test_the_full_message_can_be_read():
    table = Table(made(program)._repr_html_())
    titles = [attrs["title"] for attrs in table.all("td") if "title" in attrs]
    assert titles == ["element 0 of tensors does not require grad and does not have a grad_fn"]


def test_the_text_is_ascii_and_names_differences():
    text = str(made(program))
    assert text.isascii()
    assert text.count("DIFFERS") == 4
    assert "value differs by 25%" in " ".join(text.replace("|", " ").split())
    assert "ulp" not in text.replace("128 ulps of float32", "")
    assert text.splitlines()[-1] == "other differs from torch-cpu in 4 of 5 rows."
    assert max(len(line) for line in text.splitlines()) < 140


def test_torch_agrees_with_itself():
    comparison = compare("engine.diamond", [CPU])
    assert comparison.agrees
    assert "nothing to compare" in str(comparison)
    twice = compare("engine.diamond", [CPU], recorded={"recorded on torch": observe(get("engine.diamond"), CPU)})
    assert twice.agrees
    assert list(twice.columns) == ["recorded on torch", "torch-cpu"]
    assert "torch-cpu agrees with recorded on torch." in str(twice)


def test_a_difference_is_a_difference():
    seeds = {"recorded with another seed": observe(get("engine.diamond"), CPU, seed=1)}
    assert not compare("engine.diamond", [CPU], recorded=seeds).agrees
    assert not made(program).agrees


def test_both_engines_are_compared_by_default():
    comparison = compare("engine.diamond")
    assert next(iter(comparison.columns)) == "torch-cpu"
    assert "nptorch" in comparison.columns


def test_nothing_to_compare_and_unknown_names():
    with pytest.raises(ValueError, match="nothing to compare"):
        compare("engine.diamond", [])
    with pytest.raises(KeyError, match="no scenario"):
        compare("engine.dimond")
    with pytest.raises(ValueError, match="no backend 'jax'"):
        backend("jax")


def test_without_torch_only_nptorch_is_at_hand(monkeypatch):
    monkeypatch.setattr(backends_module.importlib.util, "find_spec", lambda name: None)
    assert [one.name for one in available()] == ["nptorch"]
    with pytest.raises(RuntimeError, match="not installed"):
        backend("torch-cpu")


@pytest.mark.skipif(CPU.T.cuda.is_available(), reason="there is a GPU")
def test_without_a_gpu_nothing_pretends():
    with pytest.raises(RuntimeError, match="CUDA"):
        backend("torch-cuda")
    assert "torch-cuda" not in [one.name for one in available()]


def test_torch_is_imported_only_on_request():
    code = (
        "import sys, course.compare, course.scenarios as s; s.load();"
        "from course.compare import backend; backend('nptorch');"
        "sys.exit('torch' in sys.modules)"
    )
    assert importlib.util.find_spec("torch") is not None
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_run_leaves_torch_as_it_was():
    torch = CPU.T
    torch.manual_seed(5)
    before = torch.get_rng_state()
    torch.set_grad_enabled(False)
    try:
        observe(get("modes.set-grad-enabled"), CPU, seed=9)
        assert not torch.is_grad_enabled()
    finally:
        torch.set_grad_enabled(True)
    assert torch.equal(torch.get_rng_state(), before)
    assert not torch.is_warn_always_enabled()


def test_the_error_of_an_agreeing_cell_is_shown_in_ulps() -> None:
    def one_up(T, draw):
        yield "y", T.tensor(np.nextafter(1.0, 2.0) if T.__name__ == "torch" else 1.0, dtype=T.float64)

    shown = compare(Scenario("test.ulps", 1, "one ulp apart?", one_up))
    assert shown.agrees
    assert "(1 ulp)" in str(shown)
    assert "(1 ulp)" in shown._repr_html_()


def test_while_nbgrader_grades_torch_is_not_run_and_the_table_says_so(monkeypatch) -> None:
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    shown = compare("saved.second-backward")
    assert list(shown.columns) == ["nptorch"]
    assert "torch is not run while nbgrader grades" in str(shown)


def test_without_torch_the_table_says_so(monkeypatch) -> None:
    found = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "torch" else found(name))
    shown = compare("saved.second-backward")
    assert "torch is not installed here" in shown._repr_html_()


def test_the_table_shows_the_program_folded_away() -> None:
    shown = compare("saved.second-backward", [CPU])._repr_html_()
    assert "<details><summary>The program" in shown
    assert "yield &quot;second&quot;" in shown
    hidden = dataclasses.replace(get("saved.second-backward"), hidden=True)
    assert "<details>" not in compare(hidden, [CPU])._repr_html_()


def test_a_prompt_without_html_shows_the_table() -> None:
    comparison = made(program)
    assert repr(comparison) == str(comparison)
    assert "DIFFERS" in repr(comparison)


def test_a_call_without_a_result_runs() -> None:
    def calls(T, draw):
        x = T.tensor([1.0], requires_grad=True)
        yield "a call", attempt(x.sum().backward)
        yield "an attribute", attempt(getattr, x, "grad_fn")
        yield "a value", x.grad_fn

    shown = compare(Scenario("test.runs", 1, "what runs?", calls), [CPU])
    assert [line.split("|")[1].strip() for line in str(shown).splitlines()[3:6]] == ["runs", "None", "None"]
    html = shown._repr_html_()
    assert "<code>runs</code>" in html
    assert "title=" not in html


@pytest.mark.parametrize(
    ("expected", "got", "said"),
    [
        ([1.0, 2.0], [1.0, 2.0 + 2e-12], "value differs: 4.5e+03 ulps"),
        ([1.0, 2.0], [1.0, 4.0], "value differs by 100%"),
        ([1.0, -4.0], [1.0, -4.5], "value differs by 12%"),
        ([1.0, 2.0], [1.0, 1e9], "value differs: not close"),
        ([0.0, 0.0], [0.0, 1.0], "value differs: not close"),
        ([1.0, 2.0], [1.0, float("nan")], "value differs: not close"),
        ([1, 2], [1, 3], "value differs by 50%"),
    ],
)
def test_large_errors_are_said_in_plain_words(expected, got, said) -> None:
    def body(values):
        def run(T, draw):
            yield "y", T.tensor(values, dtype=T.float64 if isinstance(values[0], float) else None)

        return run

    one = Scenario("test.large", 1, "how far?", body(expected))
    judge, other = observe(one, CPU), observe(dataclasses.replace(one, program=body(got)), CPU)
    found = differences(judge, other)
    assert [reason(difference) for difference in found] == [said]
