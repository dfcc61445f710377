"""Nothing that students get holds a solution of that lesson or a later one, a hidden scenario or a fault.

`tests/leaks.py` compares functions by what they do, so that a copy is found under other names of
its comments and docstrings; texts are searched for what only graders know.
"""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from autograder import faults
from autograder.exercises import exercises
from autograder.trial import load_hidden
from course.scenarios import scenarios
from tests.leaks import SHORTEST, leaks, secrets


def lessons(root: Path) -> list[str]:
    return sorted(path.name for path in (root / "release").iterdir() if path.is_dir())


def secret_bodies(root: Path, lesson: str) -> dict[str, str]:
    """Solutions of this lesson and later ones, hidden scenarios, faults; less what is public anyway."""
    found = secrets(root / "autograder" / "hidden", root / "autograder" / "faults")
    earlier: dict[str, str] = {}
    for path in sorted((root / "course" / "parts").glob("l[0-9][0-9]_*.py")):
        (found if path.stem >= lesson else earlier).update(secrets_of(path))
    return {body: where for body, where in found.items() if body not in earlier}


def secrets_of(path: Path) -> dict[str, str]:
    from tests.leaks import bodies

    text = path.read_text(encoding="utf-8")
    return {body: f"{name} of parts/{path.name}" for body, name in bodies(text).items()}


def secret_words() -> list[str]:
    """Ids and sentences that only graders have."""
    load_hidden()
    hidden = scenarios(hidden=True)
    known = faults.faults()
    ids = [one.id for one in [*hidden, *known] if not one.id.isalpha()]  # a plain word may stand anywhere
    return [*ids, *(one.help for one in known)]


def words_in(folder: Path, words: list[str]) -> list[str]:
    found = []
    for path in sorted(folder.rglob("*")):
        if not path.is_file():
            continue
        text = path.read_text(encoding="utf-8")
        if path.suffix == ".ipynb":
            text = "\n".join("".join(cell["source"]) for cell in json.loads(text)["cells"])
        found += [
            f"{word!r} is in {path.name}"
            for word in words
            if word in text and re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", text)
        ]
    return found


def test_there_is_something_to_look_for(root: Path) -> None:
    assert len(secret_bodies(root, "l05_retain_graph")) > 20
    assert len(secret_words()) > 30
    assert lessons(root)


def test_no_solution_is_released(root: Path) -> None:
    for lesson in lessons(root):
        assert leaks(secret_bodies(root, lesson), root / "release" / lesson) == []


def test_no_marked_solution_is_released(root: Path) -> None:
    for path in (root / "release").rglob("*"):
        if path.is_file():
            assert "SOLUTION" not in path.read_text(encoding="utf-8"), path


def test_nothing_that_only_graders_know_is_released(root: Path) -> None:
    assert words_in(root / "release", secret_words()) == []


def test_no_part_of_this_lesson_or_a_later_one_is_given(root: Path) -> None:
    for lesson in lessons(root):
        for path in (root / "release" / lesson).rglob("*.py"):
            assert path.stem < lesson


def test_the_source_does_leak(root: Path) -> None:
    """The search finds what it is for: the author's notebook holds every solution."""
    for lesson in lessons(root):
        parts = {name for one in exercises(lesson) for name in one.parts}
        found = " ".join(leaks(secret_bodies(root, lesson), root / "source" / lesson))
        assert not parts or any(f"{name} of" in found for name in parts), lesson


@pytest.mark.parametrize(
    "where", ["autograder/faults/l05_retain_graph/saved_tensor.py", "course/parts/l05_retain_graph.py"]
)
def test_a_planted_leak_is_found(root: Path, tmp_path: Path, where: str) -> None:
    release = tmp_path / "l05_retain_graph"
    shutil.copytree(root / "release" / "l05_retain_graph", release)
    (release / "given").mkdir(exist_ok=True)
    shutil.copy(root / where, release / "given" / "notes.py")
    assert leaks(secret_bodies(root, "l05_retain_graph"), release)


def test_a_planted_word_is_found(tmp_path: Path) -> None:
    (tmp_path / "notes.md").write_text("Beware of freed-when-read here.")
    assert words_in(tmp_path, secret_words()) == ["'freed-when-read' is in notes.md"]
    assert SHORTEST > 1
