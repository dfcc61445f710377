"""Cells of a lesson, run on an engine of choice: for the tests of what a lesson says."""

from __future__ import annotations

import contextlib
import importlib
import io
import linecache
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jupytext
import pytest

import course.nptorch as nptorch
from autograder import plugging
from course.nptorch.parts import DECLARED, use
from course.parts import reference

ROOT = Path(__file__).resolve().parents[2]


def torch() -> Any:
    """Return the real one; the name is taken by the engine in the lessons."""
    return importlib.import_module("torch")


def cell(lesson: str, part: str, kind: str = "code") -> str:
    """Return the one cell of a lesson that holds this text."""
    text = (ROOT / "course" / "lessons" / f"{lesson}.py").read_text(encoding="utf-8")
    found = [one.source for one in jupytext.reads(text, fmt="py:percent").cells if one.cell_type == kind]
    found = [source for source in found if part in source]
    assert len(found) == 1, (part, len(found))
    return str(found[0])


def said(lesson: str, part: str) -> str:
    """Return the one text cell that holds this text, each run of white space as one blank."""
    return re.sub(r"\s+", " ", cell(lesson, part, "markdown"))


def run(source: str, T: Any, **names: Any) -> tuple[str, dict[str, Any]]:
    """Run the text of a cell with `T` as its torch; return what it printed, and its names."""
    names = {"torch": T, **names}
    linecache.cache["<cell>"] = (len(source), None, source.splitlines(True), "<cell>")
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(compile(source, "<cell>", "exec"), names)
    return out.getvalue(), names


def parts(lesson: int, **others: Any) -> use:
    """Plug in the reference up to a lesson, and nothing beyond it."""
    return nptorch.use(**{**dict.fromkeys(DECLARED), **reference(lesson), **others})


def claims_linked(lesson: str) -> set[str]:
    """Return the anchors of docs/claims.md to which a lesson links."""
    text = (ROOT / "course" / "lessons" / f"{lesson}.py").read_text(encoding="utf-8")
    assert "claims.md" not in text.replace("(../../docs/claims.md#", "")
    return set(re.findall(r"\.\./\.\./docs/claims\.md#(\w+)", text))


def claims_there() -> set[str]:
    """Return the anchors that the page has."""
    page = (ROOT / "docs" / "claims.md").read_text(encoding="utf-8")
    return {title.lower() for title in re.findall(r"(?m)^### (\w+)$", page)}


@contextlib.contextmanager
def student_machine(lesson: int) -> Iterator[None]:
    """Grade as where no reference, hidden scenario or fault is installed, and nothing is plugged in yet."""
    found, earlier = plugging.importlib.util.find_spec, reference(lesson - 1)
    absent = {"course.parts", "autograder.hidden", "autograder.faults"}
    with pytest.MonkeyPatch.context() as patch, parts(lesson - 1):
        patch.setattr("importlib.util.find_spec", lambda name, *a: None if name in absent else found(name, *a))
        patch.setattr(plugging, "_given", lambda number: earlier)
        yield
