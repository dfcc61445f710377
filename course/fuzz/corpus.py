"""Programs on which the engines once differed, kept as files and run again by every test run."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from course.fuzz.program import Program


@dataclass(frozen=True)
class Entry:
    """One kept program.

    Attributes
    ----------
    program : Program
        What to run.
    note : str
        What differed.
    name : str
        The file's name without its ending.
    """

    program: Program
    note: str
    name: str = ""


def load(folder: Path) -> list[Entry]:
    """Return the programs kept in a folder, in order of their names."""
    entries = []
    for path in sorted(folder.glob("*.json")):
        data = json.loads(path.read_text(encoding="ascii"))
        entries.append(Entry(Program.from_json(data), data.get("note", ""), path.stem))
    return entries


def keep(folder: Path, program: Program, note: str, name: str = "") -> Path:
    """Write a program into a folder and return the file; the name comes from its content if none is given."""
    folder.mkdir(parents=True, exist_ok=True)
    text = "\n".join(program.statements)
    path = folder / f"{name or 'found-' + hashlib.sha256(text.encode()).hexdigest()[:10]}.json"
    path.write_text(json.dumps({"note": note, **program.to_json()}, indent=1) + "\n", encoding="ascii")
    return path
