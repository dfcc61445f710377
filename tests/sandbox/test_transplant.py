"""The first wall: whatever a submitted file holds, only the texts of its solution cells come through."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from autograder.sandbox.transplant import LONGEST, carry, rebuild

TEXT = "def one():\n    return 1"


def cell(text: str, id: str = "", kind: str = "code", **marks: Any) -> dict[str, Any]:
    metadata: dict[str, Any] = {}
    if id:
        metadata["nbgrader"] = {"grade_id": id, "solution": True, "grade": False, "schema_version": 3, **marks}
    made = {"cell_type": kind, "metadata": metadata, "source": text}
    return {**made, "outputs": [], "execution_count": None} if kind == "code" else made


def notebook(*cells: Any) -> dict[str, Any]:
    return {"cells": list(cells), "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


SOURCE = notebook(
    cell("# Lesson\n\n## One", kind="markdown"),
    cell("import numpy"),
    cell("def one():\n    return 1", "first"),
    cell("grade('first', one=one)", "grade-first", grade=True, solution=False),
    cell("## Two", kind="markdown"),
    cell("def two():\n    return 2", "second"),
    cell("grade('second', two=two)", "grade-second", grade=True, solution=False),
)
RELEASED = notebook(
    cell("def one():\n    raise NotImplementedError", "first"),
    cell("def two():\n    raise NotImplementedError", "second"),
)


def carried(tmp_path: Path, data: Any) -> Any:
    file = tmp_path / "submitted.ipynb"
    file.write_bytes(data if isinstance(data, bytes) else json.dumps(data).encode())
    return carry(file, SOURCE, RELEASED)


def test_the_texts_come_through_and_nothing_else(tmp_path: Path) -> None:
    mine = notebook(
        cell("import os; os.system('ls')"),
        cell("def one():\n    return 'mine'", "first", points=1000),
        cell("pass  # no grading today", "grade-first", grade=True, solution=False),
        cell("def two():\n    return 'mine too'", "second"),
    )
    mine["metadata"] = {"kernelspec": {"name": "evil"}}
    found = carried(tmp_path, mine)
    assert found.texts == {"first": "def one():\n    return 'mine'", "second": "def two():\n    return 'mine too'"}
    assert found.flags == ()
    rebuilt = rebuild(SOURCE, RELEASED, found)
    assert [one["source"] for one in rebuilt["cells"]] == [
        "# Lesson\n\n## One",
        "import numpy",
        "def one():\n    return 'mine'",
        "grade('first', one=one)",
        "## Two",
        "def two():\n    return 'mine too'",
        "grade('second', two=two)",
    ]
    assert rebuilt["metadata"] == SOURCE["metadata"]
    assert all(one["metadata"] == same["metadata"] for one, same in zip(rebuilt["cells"], SOURCE["cells"], strict=True))


def test_a_cell_that_is_missing_is_flagged_and_stays_a_stub(tmp_path: Path) -> None:
    found = carried(tmp_path, notebook(cell("def one():\n    return 'mine'", "first")))
    assert set(found.texts) == {"first"}
    assert len(found.flags) == 1
    assert "'second'" in found.flags[0]
    assert rebuild(SOURCE, RELEASED, found)["cells"][5]["source"] == RELEASED["cells"][1]["source"]


@pytest.mark.parametrize("first", [True, False])
def test_of_a_copied_cell_the_one_that_was_written_in_counts(tmp_path: Path, first: bool) -> None:
    stub, mine = RELEASED["cells"][0], cell("def one():\n    return 'mine'", "first")
    pair = (mine, stub) if first else (stub, mine)
    found = carried(tmp_path, notebook(*pair, cell("x", "second")))
    assert found.texts["first"] == "def one():\n    return 'mine'"
    assert found.flags == ()


def test_of_two_written_copies_the_last_counts_and_is_flagged(tmp_path: Path) -> None:
    found = carried(tmp_path, notebook(cell("a = 1", "first"), cell("a = 2", "first"), cell("x", "second")))
    assert found.texts["first"] == "a = 2"
    assert "2 cells 'first'" in found.flags[0]


def test_without_marks_the_definition_under_the_same_heading_is_taken(tmp_path: Path) -> None:
    found = carried(
        tmp_path,
        notebook(
            cell("## One", kind="markdown"),
            cell("def one():\n    return 'under its heading'"),
            cell("## Elsewhere", kind="markdown"),
            cell("def one():\n    return 'elsewhere'"),
            cell("def two():\n    return 'no heading fits'"),
        ),
    )
    assert found.texts == {
        "first": "def one():\n    return 'under its heading'",
        "second": "def two():\n    return 'no heading fits'",
    }
    assert len(found.flags) == 2


@pytest.mark.parametrize("kind", ["markdown", "raw", "nonsense", None])
def test_the_type_of_a_cell_does_not_matter(tmp_path: Path, kind: Any) -> None:
    found = carried(tmp_path, notebook({**cell("mine", "first"), "cell_type": kind}, cell("x", "second")))
    assert found.texts["first"] == "mine"


@pytest.mark.parametrize("source", [["def one():\n", "    return 1"], TEXT, [1, TEXT]])
def test_every_form_of_a_text_is_read(tmp_path: Path, source: Any) -> None:
    found = carried(tmp_path, notebook({**cell("", "first"), "source": source}, cell("x", "second")))
    assert found.texts["first"] == TEXT


@pytest.mark.parametrize(
    "broken",
    [{}, {"source": None}, {"source": {"a": 1}}, {"metadata": None}, {"metadata": {"nbgrader": "x"}}, {"metadata": 3}],
)
def test_a_damaged_cell_does_no_harm(tmp_path: Path, broken: Any) -> None:
    mine = cell("mine", "first")
    found = carried(tmp_path, notebook({"cell_type": "code", **broken}, "no cell", None, mine, cell("x", "second")))
    assert found.texts == {"first": "mine", "second": "x"}


def test_an_old_format_is_read(tmp_path: Path) -> None:
    old = {"worksheets": [{"cells": [{**cell("", "first"), "input": "mine", "source": None}]}, "x"], "nbformat": 3}
    del old["worksheets"][0]["cells"][0]["source"]  # type: ignore[index]
    found = carried(tmp_path, old)
    assert found.texts == {"first": "mine"}
    assert "old format" in found.flags[0]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_usual_encodings_are_read(tmp_path: Path, encoding: str) -> None:
    data = json.dumps(notebook(cell("# \N{GREEK SMALL LETTER PI}", "first")), ensure_ascii=False).encode(encoding)
    assert carried(tmp_path, data).texts == {"first": "# \N{GREEK SMALL LETTER PI}"}


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "empty"),
        (b"  \n", "empty"),
        (b"not json", "line 1"),
        (json.dumps(SOURCE).encode()[:200], "damaged"),
        ("h\N{LATIN SMALL LETTER E WITH ACUTE}".encode("latin-1"), "UTF-8"),
        (b"[]", "no cells"),
        (b"3", "no cells"),
        (b'{"cells": 3}', "no cells"),
        (b"[" * 200_000, "no program"),
        (b"\x00\x01\x02", "not"),
    ],
)
def test_what_is_no_notebook_is_said_in_words(tmp_path: Path, data: bytes, why: str) -> None:
    found = carried(tmp_path, data)
    assert found.texts == {}
    assert why in found.unreadable or (why == "not" and found.unreadable)
    assert "Ask for it" in found.unreadable


def test_links_are_not_followed(tmp_path: Path) -> None:
    secret = tmp_path / "secret.ipynb"
    secret.write_text(json.dumps(SOURCE))
    link = tmp_path / "link.ipynb"
    link.symlink_to(secret)
    assert "link" in carry(link, SOURCE, RELEASED).unreadable
    folder = tmp_path / "folder"
    folder.symlink_to(tmp_path)
    assert "link" in carry(folder / "secret.ipynb", SOURCE, RELEASED).unreadable


def test_what_is_no_file_is_not_opened_for_ever(tmp_path: Path) -> None:
    import os

    pipe = tmp_path / "pipe.ipynb"
    os.mkfifo(pipe)
    assert "regular file" in carry(pipe, SOURCE, RELEASED).unreadable
    assert "cannot be opened" in carry(tmp_path / "nowhere.ipynb", SOURCE, RELEASED).unreadable
    assert carry(tmp_path, SOURCE, RELEASED).unreadable


def test_a_text_without_end_is_not_graded(tmp_path: Path) -> None:
    found = carried(tmp_path, notebook(cell("x" * (LONGEST + 1), "first"), cell("x", "second")))
    assert set(found.texts) == {"second"}
    assert "longer than" in found.flags[0]


def test_a_lone_surrogate_can_be_written_down(tmp_path: Path) -> None:
    found = carried(tmp_path, b'{"cells": [' + json.dumps(cell("a\ud800b", "first")).encode() + b"]}")
    assert found.texts["first"].encode("utf-8")
