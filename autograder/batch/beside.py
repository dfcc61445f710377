"""What lies beside a graded notebook: what the lesson brings, and what nbgrader's exchange noted."""

from __future__ import annotations

import re
import shutil
from datetime import datetime
from pathlib import Path

NOTED = ("timestamp.txt", "submission_secret.txt")  # feedback is released by the secret
LONGEST = 1000  # bytes of such a note
# What nbgrader's exchange writes. The name of a time zone is looked up as a file, so a path is none.
_MOMENT = re.compile(r"[0-9][-0-9:.T ]*(?:[A-Z]{1,5}|[+-][0-9:]+)?")


def timestamp_of(folder: Path) -> str:
    """Return when a submission was handed in, as it is written beside it; "" if that is not known."""
    stamp = folder / "timestamp.txt"
    if not stamp.is_file() or stamp.is_symlink() or stamp.stat().st_size > LONGEST:
        return ""
    return stamp.read_text(encoding="utf-8", errors="replace").strip()


def moment_of(folder: Path) -> datetime | None:
    """Return when a submission was handed in, as nbgrader reads it; None if that is not known.

    Raises
    ------
    ValueError
        If what is noted is no time.
    """
    from nbgrader.utils import parse_utc

    told = timestamp_of(folder)
    if not told:
        return None
    if not _MOMENT.fullmatch(told):
        raise ValueError(f"no time: {told[:40]!r}")
    try:
        found: datetime = parse_utc(told)
    except OverflowError as error:
        raise ValueError(f"no time: {told[:40]!r}") from error
    return found


def beside(source: Path, submitted: Path, place: Path) -> None:
    """Put beside a graded notebook what the lesson brings, and what nbgrader's exchange noted.

    Parameters
    ----------
    source : Path
        The lesson's folder in ``source/``.
    submitted : Path
        What the student handed in. Of its other files none is copied, and no link is followed.
    place : Path
        Where to put it.
    """
    if (source / "given").is_dir():
        left_out = shutil.ignore_patterns("__pycache__")
        shutil.copytree(source / "given", place / "given", dirs_exist_ok=True, ignore=left_out)
    for name in NOTED:
        file = submitted / name
        if file.is_file() and not file.is_symlink() and file.stat().st_size <= LONGEST:
            shutil.copyfile(file, place / name)
