"""A student's page, made of a graded notebook through the same exporter that nbgrader is told to use."""

from __future__ import annotations

import html
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import nbformat.v4 as v4
import pytest
from nbgrader.converters import GenerateFeedback
from nbgrader.coursedir import CourseDirectory
from traitlets.config import Config

from autograder.plugins import configure
from autograder.plugins.feedback import LayOut, links_of, without_hidden

SAID = """saved-tensor: 3 of 5 points. 9 of 11 checks pass.
- exp keeps its own result: does the result then keep itself alive?
    Look at 'exp: gone':
      torch: True
      yours: <b>False</b>
    Likely cause: Keep <i>output.detach()</i>.
    As long as this fails, it costs at least 2 points.
    See it beside torch: compare("saved.no-cycle")
(6 more differ; mend these first)
"""
NASTY = "<script>document.title = 'ran'</script><img src=x onerror=\"document.title = 'ran'\">"


def marks(id: str, **options: Any) -> dict[str, Any]:
    kinds = {"grade": False, "solution": False, "locked": False, "task": False, "schema_version": 3}
    return {"nbgrader": {"grade_id": id, **kinds, **options}}


def graded(said: str = SAID, score: float = 3, **metadata: Any) -> Any:
    """A notebook as it lies in ``autograded/``, with the points that nbgrader's own step brings."""
    cell = v4.new_code_cell(
        'grade("saved-tensor")', metadata=marks("grade-saved-tensor", grade=True, points=5, score=score)
    )
    cell.outputs = [v4.new_output("stream", name="stdout", text=said)]
    answer = v4.new_code_cell("x = 1", metadata=marks("saved-tensor", solution=True, comment="<u>Well</u> done"))
    ours = {"gradschool": {"texts": {}, "flags": [], "unreadable": "", **metadata}}
    return v4.new_notebook(cells=[v4.new_markdown_cell("# Lesson & more"), answer, cell], metadata=ours)


def write(notebook: Any, tmp_path: Path, **nbgrader: Any) -> str:
    """Make the page with the settings that ``nbgrader_config.py`` makes."""
    c = Config()
    configure(c)
    converter = GenerateFeedback(coursedir=CourseDirectory(root=str(tmp_path), config=c), config=c)
    exporter = converter.exporter_class(parent=converter, config=converter.config)
    exporter.register_preprocessor(LayOut, enabled=True)
    told = {"student": "ann", "assignment": "l05", "notebook": "l05", "score": 3.0, "max_score": 5.0, "late_penalty": 0}
    page, _ = exporter.from_notebook_node(notebook, {"nbgrader": {**told, **nbgrader}})
    return str(page)


def test_the_message_stands_in_a_box_at_the_grade_cell(tmp_path: Path) -> None:
    text = write(graded(), tmp_path)
    box = text[text.index("<section ") : text.index("</section>")]
    for words in (
        "saved-tensor: 3 of 5 points",
        "(some of the points)",
        "9 of 11 checks pass.",
        "does the result then keep itself alive?",
        "<code>exp: gone</code>",
        "torch gives</dt><dd><code>True</code>",
        "yours gives</dt><dd><code>&lt;b&gt;False&lt;/b&gt;</code>",
        "Likely cause:",
        "Keep &lt;i&gt;output.detach()&lt;/i&gt;.",
        "it costs at least 2 points",
        "6 more differ; mend these first",
    ):
        assert words in box
    assert 'compare("saved.no-cycle")' in html.unescape(box)
    assert "grade(" not in text, "the check's own code is nobody's concern"


def test_points_stand_at_the_top(tmp_path: Path) -> None:
    text = write(graded(), tmp_path, late_penalty=0.5)
    top = text[: text.index('<div class="notebook">')]
    assert "Feedback: Lesson &amp; more" in top
    assert "3 of 5 points" in top
    assert "0.5 points were taken off" in " ".join(top.split())
    assert 'href="#saved-tensor"' in top
    assert "Keep &lt;i&gt;output.detach()&lt;/i&gt;." in top


@pytest.mark.parametrize(
    ("score", "shape", "word"), [(5, "●", "full points"), (3, "◐", "some of the points"), (0, "○", "no points yet")]
)
def test_points_are_told_by_shape_and_word(tmp_path: Path, score: float, shape: str, word: str) -> None:
    text = write(graded(score=score), tmp_path)
    assert text.count(shape) == 2
    assert word in text


def test_what_a_teacher_should_know_the_student_reads_too(tmp_path: Path) -> None:
    assert "<strong>Note:</strong> The cell &#39;x&#39; was &lt;copied&gt;." in write(
        graded(flags=["The cell 'x' was <copied>."]), tmp_path
    ).replace("'x'", "&#39;x&#39;")
    text = write(graded(unreadable="The file is empty. Ask for it again.", flags=["never mind"]), tmp_path)
    assert "Your file could not be read.</strong> The file is empty. Hand it in again" in text
    assert "never mind" not in text


def test_a_comment_of_the_teachers_is_shown_as_text(tmp_path: Path) -> None:
    assert "&lt;u&gt;Well&lt;/u&gt; done" in write(graded(), tmp_path)


def other() -> Any:
    """A notebook of another assignment, run in a kernel: anything may be in it."""
    test = "assert f(1) == 1\n### BEGIN HIDDEN TESTS\nassert f(2) == 42\n### END HIDDEN TESTS\nassert True"
    cell = v4.new_code_cell(test, metadata=marks("test-f", grade=True, points=2, score=0))
    trace = ["Traceback", "----> 1 assert f(2) == 42"]
    cell.outputs = [
        v4.new_output("error", ename="AssertionError", evalue="wrong", traceback=trace),
        v4.new_output("display_data", data={"text/html": NASTY, "application/javascript": "document.title = 'ran'"}),
        v4.new_output("display_data", data={"image/svg+xml": f"<svg>{NASTY}</svg>", "text/plain": NASTY}),
        v4.new_output("display_data", data={"image/png": f'"{NASTY}'}),
        v4.new_output("display_data", data={"text/markdown": NASTY, "text/latex": NASTY}),
    ]
    answer = v4.new_markdown_cell(NASTY, metadata=marks("essay", solution=True, grade=True, points=1, score=1))
    return v4.new_notebook(cells=[v4.new_markdown_cell(f"Hello\n\n{NASTY}"), answer, cell])


def test_hidden_tests_stay_hidden(tmp_path: Path) -> None:
    text = html.unescape(write(other(), tmp_path))
    assert "42" not in text.replace("#", "").partition("<main>")[2]
    assert "AssertionError: wrong" in text
    assert "test-f: 0 of 2 points" in text


def test_rich_output_is_not_shown(tmp_path: Path) -> None:
    """What stands in a text cell goes through; the page's policy stops it, which the next test sees."""
    text = write(other(), tmp_path)
    shown = text[text.index('<div class="cell graded">') :]
    assert "<script" not in shown
    assert "<img src" not in shown
    assert "<svg" not in shown
    assert "&lt;script&gt;" in shown, "plain text is shown as text"


def test_a_cell_that_shows_only_a_value_has_no_empty_box(tmp_path: Path) -> None:
    notebook = graded()
    value = v4.new_code_cell("x", outputs=[v4.new_output("execute_result", {"text/plain": "7"}, execution_count=1)])
    boxes = write(notebook, tmp_path).count('<div class="output">')
    notebook.cells.append(value)
    assert write(notebook, tmp_path).count('<div class="output">') == boxes
    value.outputs.append(v4.new_output("stream", text="said"))
    assert write(notebook, tmp_path).count('<div class="output">') == boxes + 1


def test_a_browser_runs_nothing(tmp_path: Path) -> None:
    browser = next(
        (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), ""
    )
    if not browser:
        if os.environ.get("CI"):
            pytest.fail("no Chromium here; .ci/run installs it")
        pytest.skip("needs Chromium: apt-get install chromium")
    text = write(other(), tmp_path)
    policy = next(tag for tag in re.findall("<meta[^>]*>", text) if "default-src" in tag)
    for name, page, title in (("safe", text, "Feedback: l05"), ("open", text.replace(policy, ""), "ran")):
        file = tmp_path / f"{name}.html"
        file.write_text(page, encoding="utf-8")
        options = ["--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / name}", "--dump-dom"]
        done = subprocess.run(
            [browser, *options, file.as_uri()], capture_output=True, text=True, check=True, timeout=120
        )
        assert f"<title>{title}</title>" in done.stdout, name


def test_hidden_tests_that_never_end_are_hidden_to_the_end() -> None:
    assert without_hidden("a\n# BEGIN\nb\nc", "BEGIN", "END") == "a"
    assert without_hidden("a\n# BEGIN\nb\n# END\nc", "BEGIN", "END") == "a\nc"
    assert without_hidden("a\n# END\nc", "BEGIN", "END") == "a\nc"


def test_links_are_those_of_the_dictionary() -> None:
    from autograder.faults.registry import faults

    linked = next(one for one in faults("l05_retain_graph") if one.links)
    assert links_of(linked.help) == list(linked.links)
    assert links_of("nobody's idea") == []
