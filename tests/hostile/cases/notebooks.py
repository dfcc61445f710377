"""Files that are no notebooks, or broken ones; and what lies in their place."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from autograder.sandbox.transplant import grade_id, text_of
from tests.hostile.case import ALL, LAST, LESSON, NOTHING, RIGHT, Case

FAMILY = "broken files and notebooks"

Damage = Callable[[dict[str, Any]], bytes | None]


def damaged(id: str, tries: str, damage: Damage, points: Any = LAST, **more: Any) -> Case:
    """Right solutions in a notebook that something happened to."""
    return Case(id, tries, base=RIGHT, points=points, damage=damage, **more)


def lost(id: str, tries: str, made: Callable[[str], bytes], instructor: str) -> Case:
    """A file that nothing can be read from."""
    return damaged(id, tries, lambda nb: made(json.dumps(nb)), NOTHING, instructor=instructor, student=instructor)


def placed(
    id: str, tries: str, place: Callable[[Path, bytes], None], points: Any = NOTHING, instructor: str = ""
) -> Case:
    """Something else in the notebook's place."""
    return Case(id, tries, base=RIGHT, points=points, place=place, student=instructor, instructor=instructor)


def _cells(change: Callable[[dict[str, Any]], None], which: str = "") -> Damage:
    def damage(notebook: dict[str, Any]) -> None:
        for cell in notebook["cells"]:
            if not which or grade_id(cell) == which:
                change(cell)

    return damage


def _texts(change: Callable[[str], Any]) -> Damage:
    return _cells(lambda cell: cell.update(source=change(text_of(cell))))


def _without(*ids: str) -> Damage:
    def damage(notebook: dict[str, Any]) -> None:
        notebook["cells"] = [cell for cell in notebook["cells"] if grade_id(cell) not in ids]

    return damage


def _copied(*texts: str) -> Damage:
    def damage(notebook: dict[str, Any]) -> None:
        at = next(n for n, cell in enumerate(notebook["cells"]) if grade_id(cell) == "saved-bytes")
        notebook["cells"][at:at] = [{**notebook["cells"][at], "source": text} for text in texts]

    return damage


def _version_3(notebook: dict[str, Any]) -> bytes:
    cells = [{**cell, "input": cell.pop("source"), "language": "python"} for cell in notebook["cells"]]
    return json.dumps({"nbformat": 3, "worksheets": [{"cells": cells}], "metadata": {}}).encode()


def _heading(notebook: dict[str, Any]) -> None:
    _without("saved-bytes")(notebook)
    notebook["cells"].insert(
        0, {"cell_type": "markdown", "metadata": {}, "source": "# a" + " " * 300_000 + "x\n" * 100}
    )


def _marks(**marks: Any) -> Damage:
    return _cells(lambda cell: cell["metadata"].setdefault("nbgrader", {}).update(marks))


def _pipe(folder: Path, data: bytes) -> None:
    os.mkfifo(folder / f"{LESSON}.ipynb")


def _into(target: str) -> Callable[[Path, bytes], None]:
    return lambda folder, data: os.symlink(target, folder / f"{LESSON}.ipynb")


def _real(folder: Path, data: bytes) -> None:
    (folder / "mine.ipynb").write_bytes(data)
    os.symlink("mine.ipynb", folder / f"{LESSON}.ipynb")


def _beside(folder: Path, data: bytes) -> None:
    (folder / f"{LESSON}.ipynb").write_bytes(data)
    os.symlink("/etc/passwd", folder / "notes.txt")
    os.mkfifo(folder / "timestamp.txt")
    os.symlink("/", folder / "root")


CASES = (
    lost("file-empty", "an empty file", lambda text: b"", "is empty"),
    lost("file-of-spaces", "spaces", lambda text: b" \n" * 1000, "is empty"),
    lost("file-cut", "a file that was cut off", lambda text: text.encode()[: len(text) // 2], "is damaged"),
    lost("file-with-a-tail", "something after the end", lambda text: text.encode() + b"}", "is damaged"),
    lost("file-of-nulls", "zeros, as after a crash", lambda text: bytes(100_000), "is damaged"),
    lost("file-latin-1", "another encoding", lambda text: text.encode() + "é".encode("latin-1"), "not UTF-8"),
    lost(
        "file-of-html",
        "the page of a web server that said no",
        lambda text: b"<!DOCTYPE html><html>login",
        "is damaged",
    ),
    lost("file-zipped", "an archive", lambda text: b"PK\x03\x04" + bytes(1000), "is damaged"),
    lost("file-merged", "marks of a merge", lambda text: b"<<<<<<< HEAD\n" + text.encode(), "is damaged"),
    lost("file-of-python", "a script", lambda text: b"print(5)", "is damaged"),
    lost("file-of-a-list", "a list", lambda text: b"[1, 2]", "no cells"),
    lost("file-of-a-number", "a number of ten thousand digits", lambda text: b"1" * 10_000, "not a notebook"),
    lost("file-without-cells", "no cells", lambda text: b'{"cells": null}', "no cells"),
    lost("file-nested", "lists in lists without end", lambda text: b"[" * 900_000, "not a notebook"),
    lost(
        "file-of-brackets",
        "twenty million empty objects",
        lambda text: b'{"cells":[' + b"{}," * 7_000_000 + b"{}]}",
        "too many parts",
    ),
    lost("file-too-large", "40 MB", lambda text: b" " * (40 * 2**20), "larger than"),
    damaged("byte-order-mark", "a mark in front", lambda nb: b"\xef\xbb\xbf" + json.dumps(nb).encode()),
    damaged("utf-16", "UTF-16", lambda nb: json.dumps(nb).encode("utf-16")),
    damaged("not-a-number-in-json", "NaN in the metadata", lambda nb: json.dumps(nb | {"x": float("nan")}).encode()),
    damaged(
        "keys-twice",
        "the same key twice",
        lambda nb: json.dumps(nb).encode()[:-1] + b', "nbformat": 99, "metadata": null}',
    ),
    damaged("version-3", "the format of 2014", _version_3, instructor="old format"),
    damaged("version-99", "a format to come", lambda nb: nb.update(nbformat=99, nbformat_minor=-1)),
    damaged("schema-1", "an old schema of nbgrader's", _marks(schema_version=1)),
    damaged("schema-4", "a schema to come", _marks(schema_version=4)),
    damaged("schema-text", "a schema that is a text", _marks(schema_version="x", points="x", locked=[])),
    damaged(
        "metadata-gone", "no metadata at all", _cells(lambda cell: cell.update(metadata={})), instructor="lost its mark"
    ),
    damaged(
        "metadata-nonsense",
        "metadata that is a list",
        _cells(lambda cell: cell.update(metadata=[1])),
        instructor="lost its mark",
    ),
    damaged(
        "ids-renamed",
        "other grade ids",
        _cells(lambda cell: cell["metadata"].get("nbgrader", {}).update(grade_id="x")),
        instructor="taken from another cell",
    ),
    damaged(
        "ids-swapped",
        "each exercise under another's id",
        _cells(lambda cell: cell["metadata"]["nbgrader"].update(grade_id="release-rule"), "saved-bytes"),
        instructor="missing",
    ),
    damaged(
        "ids-nonsense",
        "grade ids that are lists",
        _cells(lambda cell: cell["metadata"].setdefault("nbgrader", {}).update(grade_id=[[]])),
        instructor="lost its mark",
    ),
    damaged("cell-types-changed", "every cell is Markdown", _cells(lambda cell: cell.update(cell_type="markdown"))),
    damaged(
        "cell-types-unknown", "every cell is something unknown", _cells(lambda cell: cell.update(cell_type={"a": 1}))
    ),
    damaged(
        "solution-deleted",
        "a solution's cell is gone",
        _without("saved-bytes"),
        {"saved-tensor": 5.0, "saved-bytes": 0.0},
        instructor="is gone",
    ),
    damaged(
        "grade-cells-deleted",
        "every grade cell is gone",
        _without("grade-saved-tensor", "grade-release-rule", "grade-saved-bytes"),
        ALL,
    ),
    damaged("cell-copied", "a cell copied, and one of them empty", _copied("")),
    damaged(
        "cell-copied-and-changed",
        "a cell copied, with another text",
        _copied("def saved_bytes(tensor):\n    return 0"),
        instructor="the last one",
    ),
    damaged("cell-copied-often", "a cell copied ten thousand times", _copied(*["pass"] * 10_000)),
    damaged("cells-reversed", "the cells in reverse order", lambda nb: nb["cells"].reverse()),
    damaged(
        "cells-of-rubbish",
        "cells that are none",
        lambda nb: nb["cells"].extend([None, 5, "x", [], {}, {"source": {"a": 1}}]),
    ),
    damaged(
        "cells-without-end",
        "a hundred thousand cells",
        lambda nb: nb["cells"].extend([{"cell_type": "code"}] * 100_000),
    ),
    damaged(
        "text-as-lines",
        "the text as a list, with rubbish in it",
        _texts(lambda text: [None, *text.splitlines(True), 5]),
    ),
    damaged("text-of-halves", "halves of characters in a text", _texts(lambda text: text + "\n# \ud800")),
    damaged("text-of-windows", "line ends of Windows", _texts(lambda text: text.replace("\n", "\r\n"))),
    damaged(
        "text-missing",
        "a cell without a text",
        _cells(lambda cell: cell.pop("source"), "saved-bytes"),
        {"saved-bytes": 0.0},
        student="not defined",
    ),
    damaged(
        "heading-without-end",
        "a heading that a regular expression never gets through",
        _heading,
        {"saved-bytes": 0.0},
        instructor="is gone",
    ),
    placed(
        "link-to-the-solution",
        "a link to the author's notebook",
        _into(f"../../../source/{LESSON}/{LESSON}.ipynb"),
        instructor="is a link",
    ),
    placed("link-to-nothing", "a link to nothing", _into("nowhere"), instructor="is a link"),
    placed("link-to-a-device", "a link to a file without end", _into("/dev/zero"), instructor="is a link"),
    placed("link-to-ones-own", "a link to another file of one's own", _real, instructor="is a link"),
    placed("pipe", "a pipe that whoever opens it waits for", _pipe, instructor="not a regular file"),
    placed("folder", "a folder", lambda folder, data: (folder / f"{LESSON}.ipynb").mkdir(), instructor="The file"),
    placed("no-file", "no file", lambda folder, data: None, instructor="cannot be opened"),
    placed("rubbish-beside", "links, pipes and secrets beside the notebook", _beside, LAST),
)
