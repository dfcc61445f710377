"""What one hostile submission is: what it tries, how it is made, and what has to come of it."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from autograder.sandbox.transplant import grade_id, solutions, text_of

LESSON = "l05_retain_graph"
ROOT = Path(__file__).resolve().parents[2]
SOURCE: dict[str, Any] = json.loads((ROOT / "source" / LESSON / f"{LESSON}.ipynb").read_text(encoding="utf-8"))
RELEASED: dict[str, Any] = json.loads((ROOT / "release" / LESSON / f"{LESSON}.ipynb").read_text(encoding="utf-8"))
RIGHT = {grade_id(cell): text_of(cell) for cell in solutions(SOURCE)}
LAZY = {grade_id(cell): text_of(cell) for cell in solutions(RELEASED)}

NOTHING = dict.fromkeys(RIGHT, 0.0)
ALL = {"saved-tensor": 5.0, "release-rule": 3.0, "saved-bytes": 3.0}
LAST = {"saved-bytes": 3.0}  # the cells run in the same way for each exercise, so mostly one is enough

#: What a text may use: `tried` says of an attempt whether it was stopped.
PRELUDE = """
def tried(attempt):
    try:
        got = attempt()
    except BaseException as error:
        print("stopped:", type(error).__name__)
    else:
        print("WENT THROUGH", repr(got)[:200])
"""

#: Gets hold of this side of the connection, and answers requests in its own way.
WIRE = """
import struct, sys, time
frame = sys._getframe()
while not hasattr(frame.f_locals.get("self"), "wire"):
    frame = frame.f_back
ME = frame.f_locals["self"]
LINE = ME.wire.connection
def raw(body):
    LINE.sendall(struct.pack("!I", len(body)) + body)
def send(message):
    ME.wire.send(message)
def value(message):
    send(["v", message, [], []])
HONEST = type(ME)._answer
def answer(self, request):
    if not evil(request[0], request[2:]):
        HONEST(self, request)
type(ME)._answer = answer
"""


@dataclass(frozen=True)
class Case:
    """One submission.

    Attributes
    ----------
    id : str
        Its name.
    tries : str
        What it tries, in a few words; a row of docs/security.md.
    texts : mapping of str to str
        What is in its solution cells, where that is not what ``base`` has.
    base : mapping of str to str
        ``LAZY``: the cells as they were released. ``RIGHT``: the author's own.
    points : mapping of str to float
        What each exercise has to earn; others are not judged, to save time.
    student : str
        What has to stand in the feedback.
    instructor : str
        What has to stand in a flag, or in the reason why the file is unreadable.
    damage : callable, optional
        Changes the submitted notebook; may return the bytes of the file instead.
    place : callable, optional
        Puts something else into the submission's folder, given that and the notebook's bytes.
    seconds : float
        How long it may take.
    """

    id: str
    tries: str
    texts: Mapping[str, str] = field(default_factory=dict)
    base: Mapping[str, str] = field(default_factory=lambda: LAZY)
    points: Mapping[str, float] = field(default_factory=lambda: NOTHING)
    student: str = ""
    instructor: str = ""
    damage: Callable[[dict[str, Any]], bytes | None] | None = None
    place: Callable[[Path, bytes], None] | None = None
    seconds: float = 12.0

    def put(self, folder: Path, course: Path) -> Path:
        """Write the submission into a folder; return the notebook's path."""
        notebook = json.loads(json.dumps(RELEASED))
        texts = {**self.base, **{id: text.replace("COURSE", str(course)) for id, text in self.texts.items()}}
        for cell in solutions(notebook):
            cell["source"] = texts[grade_id(cell)]
        made = self.damage(notebook) if self.damage else None
        data = json.dumps(notebook).encode() if made is None else made
        folder.mkdir(parents=True)
        file = folder / f"{LESSON}.ipynb"
        if self.place is not None:
            self.place(folder, data)
        else:
            file.write_bytes(data)
        return file


def clean(code: str) -> str:
    """Take away what a text is indented by."""
    return textwrap.dedent(code).strip("\n")


def wants(id: str, tries: str, code: str, **more: Any) -> Case:
    """Return the case of a student who wrote nothing but this, in front of the first stub."""
    return Case(id, tries, {"saved-tensor": PRELUDE + clean(code) + "\n" + LAZY["saved-tensor"]}, **more)


def harms(id: str, tries: str, code: str, points: Mapping[str, float] = LAST, **more: Any) -> Case:
    """Return the case of a student whose work is right, and who does this beside it."""
    return Case(
        id, tries, {"saved-tensor": PRELUDE + clean(code) + "\n" + RIGHT["saved-tensor"]}, RIGHT, points, **more
    )


def lies(id: str, tries: str, code: str, **more: Any) -> Case:
    """Return the case of a student whose last part is this; the others are right."""
    points = {"saved-bytes": more.pop("points", 0.0)}
    return Case(id, tries, {"saved-bytes": clean(code)}, RIGHT, points, **more)


def talks(id: str, tries: str, code: str, **more: Any) -> Case:
    """Return the case of a student who speaks for the sandbox; ``code`` defines ``evil(what, content)``."""
    points = {"saved-tensor": more.pop("points", 0.0)}
    return Case(
        id, tries, {"saved-tensor": clean(code) + "\n" + WIRE + "\n" + LAZY["saved-tensor"]}, points=points, **more
    )
