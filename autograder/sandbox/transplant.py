"""The first wall: of a submission, only the text of its solution cells is used.

The notebook that is graded is the author's own. Into it go the texts that the student wrote, found by
grade id, else by the heading above them and what they define. Nothing else of the file can matter:
not its metadata, tags, other cells or outputs, and not what lies beside it.
"""

from __future__ import annotations

import copy
import json
import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

LARGEST = 32 * 2**20  # bytes of a submitted file
BRACKETS = 2_000_000  # in such a file: each becomes an object in memory, which a file can be filled with
LONGEST = 200_000  # characters of one solution

Cell = dict[str, Any]
Notebook = dict[str, Any]


@dataclass(frozen=True)
class Carried:
    """What was taken from a submission.

    Attributes
    ----------
    texts : dict of str to str
        Text of each solution cell that was found, by grade id.
    flags : tuple of str
        What a person should know about how they were found, one sentence each.
    unreadable : str
        Why the file is no notebook; empty if it is one.
    """

    texts: dict[str, str]
    flags: tuple[str, ...] = ()
    unreadable: str = ""


def carry(file: Path, source: Notebook, released: Notebook | None = None) -> Carried:
    """Read a submitted notebook and take the texts of its solution cells.

    Parameters
    ----------
    file : Path
        The submitted file. Links are not followed.
    source : dict
        The author's notebook: which solution cells there are.
    released : dict, optional
        The notebook as students got it: tells a text they wrote from the one they found.

    Returns
    -------
    Carried
        Whatever the file holds; this function does not raise for any content.
    """
    try:
        cells, flags = _cells(_read(file))
    except Unreadable as error:
        return Carried({}, (), str(error))
    return _match(cells, flags, source, released)


class Unreadable(ValueError):
    """The file is no notebook."""


def _read(file: Path) -> Any:
    """Parse a file as JSON, whatever it is.

    Raises
    ------
    Unreadable
        With a sentence for the student and the teacher.
    """
    if file.parent.is_symlink() or file.parent.parent.is_symlink():
        raise Unreadable("The folder is a link. Ask for it again.")
    try:
        found = os.open(file, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
    except OSError as error:
        reason = "is a link" if file.is_symlink() else f"cannot be opened ({error.strerror})"
        raise Unreadable(f"The file {reason}. Ask for it again.") from error
    if not stat.S_ISREG(os.fstat(found).st_mode):
        os.close(found)
        raise Unreadable("The file is not a regular file. Ask for it again.")
    with os.fdopen(found, "rb") as stream:
        raw = stream.read(LARGEST + 1)
    if len(raw) > LARGEST:
        raise Unreadable(f"The file is larger than {LARGEST // 2**20} MB. Ask for it with its outputs cleared.")
    if not raw.strip():
        raise Unreadable("The file is empty. Ask for it again.")
    if raw.count(b"[") + raw.count(b"{") > BRACKETS:
        raise Unreadable("The file is not a notebook: it has too many parts. Ask for it with its outputs cleared.")
    try:
        return json.loads(raw.decode(_encoding(raw)))
    except UnicodeDecodeError as error:
        raise Unreadable("The file is not a notebook: it is not UTF-8 text. Ask for it again.") from error
    except json.JSONDecodeError as error:
        raise Unreadable(
            f"The file is damaged: it cannot be read beyond line {error.lineno}. Ask for it again."
        ) from error
    except (RecursionError, ValueError) as error:  # nested without end, or a number of thousands of digits
        raise Unreadable("The file is not a notebook: no program writes it so. Ask for it again.") from error


def _encoding(raw: bytes) -> str:
    """Editors on Windows write a mark in front, or UTF-16."""
    return "utf-16" if raw[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"


def _cells(data: Any) -> tuple[list[Cell], list[str]]:
    """List the cells of a notebook of any format."""
    if not isinstance(data, dict):
        raise Unreadable("The file is not a notebook: it has no cells. Ask for it again.")
    cells, flags = data.get("cells"), []
    sheets = data.get("worksheets")
    if cells is None and isinstance(sheets, list):  # format 3, of 2014
        cells = [cell for sheet in sheets if isinstance(sheet, dict) for cell in _list(sheet.get("cells"))]
        flags.append("The notebook is in an old format; its cells were read nevertheless.")
    if not isinstance(cells, list):
        raise Unreadable("The file is not a notebook: it has no cells. Ask for it again.")
    return [cell for cell in cells if isinstance(cell, dict)], flags


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def text_of(cell: Cell) -> str:
    """Return the text of a cell, in whatever form it is stored."""
    text = cell.get("source", cell.get("input", ""))
    if isinstance(text, list):
        text = "".join(line for line in text if isinstance(line, str))
    return text if isinstance(text, str) else ""


def grade_id(cell: Cell) -> str:
    """Return the id that nbgrader gave a cell, or nothing."""
    metadata = cell.get("metadata")
    marks = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    found = marks.get("grade_id") if isinstance(marks, dict) else None
    return found if isinstance(found, str) else ""


def solutions(notebook: Notebook) -> list[Cell]:
    """List the author's solution cells, in order."""
    return [cell for cell in notebook["cells"] if is_solution(cell)]


def is_solution(cell: Cell) -> bool:
    """Say whether this cell of the author's is for the student to write."""
    marks = cell["metadata"].get("nbgrader", {})
    return bool(marks.get("solution")) and not marks.get("grade")


def _match(cells: list[Cell], flags: list[str], source: Notebook, released: Notebook | None) -> Carried:
    stubs = {grade_id(cell): text_of(cell) for cell in solutions(released)} if released else {}
    known = {grade_id(cell) for cell in source["cells"]} - {""}
    texts: dict[str, str] = {}
    for wanted, heading in _headed(source["cells"]):
        if not is_solution(wanted):
            continue
        id = grade_id(wanted)
        found = [text_of(cell) for cell in cells if grade_id(cell) == id]
        if len(found) > 1:
            written = [text for text in found if text.strip() != stubs.get(id, "").strip()]
            if len(set(written)) > 1:
                flags.append(f"There are {len(found)} cells {id!r}; the last one that was written in was graded.")
            found = written[-1:] or found[-1:]
        if not found:
            strays = [(cell, above) for cell, above in _headed(cells) if grade_id(cell) not in known]
            found = _stray(strays, heading, _defined(text_of(wanted)))
            where = "taken from another cell that defines the same" if found else "missing"
            flags.append(f"The cell {id!r} has lost its mark or is gone; it was {where}.")
        if found and len(found[0]) > LONGEST:
            flags.append(f"The cell {id!r} is longer than {LONGEST} characters and was not graded.")
        elif found:
            texts[id] = found[0].encode("utf-8", "replace").decode("utf-8")
    return Carried(texts, tuple(flags))


def _stray(strays: list[tuple[Cell, str]], heading: str, names: set[str]) -> list[str]:
    """Find a cell without a known mark that defines these names, best under the same heading."""
    fitting = [(text_of(cell), above) for cell, above in strays if names and names <= _defined(text_of(cell))]
    near = [text for text, above in fitting if above == heading]
    return (near or [text for text, _ in fitting])[-1:]


def _headed(cells: list[Cell]) -> Iterator[tuple[Cell, str]]:
    """Go through cells, each with the last heading above it."""
    heading = ""
    for cell in cells:
        if cell.get("cell_type") == "markdown":
            # Without a regular expression: one that backtracks takes for ever on a line made for it.
            lines = [line.lstrip("#").strip() for line in text_of(cell).splitlines() if line.startswith("#")]
            heading = lines[-1] if lines else heading
        yield cell, heading


def _defined(text: str) -> set[str]:
    """Names of the classes and functions that a cell defines; it need not compile."""
    return set(re.findall(r"(?m)^(?:class|def) +(\w+)", text))


def rebuild(source: Notebook, released: Notebook, carried: Carried) -> Notebook:
    """Return the author's notebook with the student's texts in it, and stubs where there are none."""
    # What is changed here and by those who call this is copied, and not the author's texts, which are most of it.
    notebook = {**source, "metadata": copy.deepcopy(source["metadata"])}
    notebook["cells"] = [{**cell, "metadata": copy.deepcopy(cell["metadata"])} for cell in source["cells"]]
    stubs = {grade_id(cell): text_of(cell) for cell in solutions(released)}
    checksums = {grade_id(cell): cell["metadata"]["nbgrader"].get("checksum") for cell in solutions(released)}
    for cell in notebook["cells"]:
        if cell.get("cell_type") == "code":
            cell["outputs"], cell["execution_count"] = [], None
        if is_solution(cell):
            id = grade_id(cell)
            cell["source"] = carried.texts.get(id, stubs.get(id, ""))
            if id in carried.texts and checksums.get(id):  # by it nbgrader knows a stub that was left as it was
                cell["metadata"]["nbgrader"]["checksum"] = checksums[id]
    return notebook
