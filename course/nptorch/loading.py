"""Parts on disk: ``load_parts`` plugs a folder of them in, ``save_part`` adds one to your engine.

Three places are known by name: ``"given"`` is the folder ``given/`` beside a lesson, with the
reference parts of the lessons before it; ``"mine"`` is ``my_engine/``, where `save_part` writes, here
and beside every other lesson of yours; any other text is the path of a folder.
"""

from __future__ import annotations

import importlib.machinery
import importlib.util
import sys
from pathlib import Path
from typing import Any

from course.nptorch.parts import DECLARED, use
from course.nptorch.source import part_source

MINE = "my_engine"
GIVEN = "given"


class PartFileError(ImportError):
    """A file with parts cannot be used as it is."""


def load_parts(source: str | Path = GIVEN, *, lesson: int | None = None) -> use:
    """Plug in every part found in a folder.

    Parameters
    ----------
    source : str or Path
        ``"given"``, ``"mine"``, or the path of a folder of Python files.
    lesson : int, optional
        Only parts of lessons before this one.

    Returns
    -------
    use
        What was plugged in; as a context manager it restores what was there before.

    Raises
    ------
    FileNotFoundError
        If there is no such folder, or no part in it.
    PartFileError
        If a file in it does not run.
    """
    folders = my_folders() if str(source) == "mine" else []
    folders = folders or [_folder(source)]
    label = {GIVEN: "given", MINE: "mine"}.get(str(source), "mine")
    found: dict[str, Any] = {}
    for path in [path for folder in folders for path in sorted(folder.glob("*.py"))]:
        if path.stem == "__init__":
            continue
        with use(**found):  # a part may derive from one of these: SlidingConv2d from Function
            module = _run(path, f"{label}.{path.stem}")
        found |= {
            name: vars(module)[name]
            for name, part in DECLARED.items()
            if name in vars(module)
            and getattr(vars(module)[name], "__module__", None) == module.__name__
            and (lesson is None or part.lesson < lesson)
        }
    if not found:
        before = "" if lesson is None else f" of a lesson before {lesson}"
        names = ", ".join(str(folder) for folder in folders)
        raise FileNotFoundError(f"{names} holds no part{before} that the engine knows")
    return use(**found)


def save_part(part: Any, folder: str | Path = MINE) -> Path:
    """Write the source of a part you built to your own engine.

    Parameters
    ----------
    part : function or class
        A part of the engine, defined in a notebook cell or a file.
    folder : str or Path
        Where to; made if it is missing.

    Returns
    -------
    Path
        The file, ``<folder>/<name>.py``. It has been run once, so it will load.

    Raises
    ------
    TypeError
        If the object's name is not that of a part.
    PartFileError
        If its source cannot be found, is not written yet, or needs something that is defined
        elsewhere.
    """
    name = getattr(part, "__name__", type(part).__name__)
    if name not in DECLARED:
        raise TypeError(
            f"{name} is not a part of the engine; torch.parts() lists them. "
            "Give your function or class the name of the part."
        )
    try:
        text = part_source(part)
    except (OSError, ValueError) as error:
        raise PartFileError(f"cannot save {name}: {error}") from error
    path = Path(folder) / f"{name}.py"
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".draft")
    draft.write_text(text, encoding="utf-8", newline="\n")
    try:
        _run(draft, f"draft.{name}")
    except PartFileError:
        draft.unlink()
        raise
    draft.replace(path)
    return path


def my_folders() -> list[Path]:
    """Return the folders that hold parts of yours, in lesson order; the one beside this notebook comes last.

    Each lesson is run in a folder of its own, and `save_part` writes beside it. They are found from a lesson's
    folder, from the one with all lessons, and from the one above that. A part that was built twice is taken
    from the later lesson.
    """
    lessons = "l[0-9][0-9]_*"
    elsewhere = [found for place in ("my_course", ".", "..") for found in Path(place).glob(f"{lessons}/{MINE}")]
    here = Path(MINE)
    others = sorted((one for one in elsewhere if one.resolve() != here.resolve()), key=lambda one: one.parent.name)
    return [one for one in [*others, here] if one.is_dir()]


def _folder(source: str | Path) -> Path:
    path = Path(MINE if source == "mine" else source)
    if source == GIVEN and not path.is_dir():
        # an author who runs a lesson from the repository has the reference parts themselves
        path = Path(__file__).parents[1] / "parts"
    if not path.is_dir():
        hint = {
            GIVEN: "It comes with the lesson: start the notebook from its own folder.",
            "mine": "It is made by torch.save_part(...), which lessons call at their end.",
        }.get(str(source), "Give the path of a folder with Python files.")
        raise FileNotFoundError(f"there is no folder {Path(source)}. {hint}")
    return path


def _run(path: Path, name: str) -> Any:
    loader = importlib.machinery.SourceFileLoader(name, str(path))
    spec = importlib.util.spec_from_loader(name, loader, origin=str(path))
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # so that classes in it can be pickled and inspected
    try:
        loader.exec_module(module)
    except Exception as error:
        del sys.modules[name]
        raise PartFileError(f"{path} does not run: {type(error).__name__}: {error}") from error
    return module
