"""The ground on which hostile submissions are graded."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hostile.case import LESSON, ROOT

if sys.platform != "linux":
    pytest.skip("the sandbox is Linux's", allow_module_level=True)


def make_course(folder: Path) -> Path:
    """Make a course directory with the lesson as it is in the repository."""
    for step in ("source", "release"):
        shutil.copytree(ROOT / step / LESSON, folder / step / LESSON)
    (folder / "gradebook.db").write_text("grades")
    return folder


@pytest.fixture(scope="session")
def need_walls() -> None:
    """Skip where the sandbox has not all its walls; continuous integration has to have them."""
    from autograder.sandbox.layers import probe

    missing = [str(layer) for layer in probe().walls if not layer.on]
    if missing and os.environ.get("CI"):
        pytest.fail("; ".join(missing))
    if missing:
        pytest.skip("; ".join(missing))


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory, need_walls: None) -> Iterator[object]:
    """A course and a warm marker, with time limits that are short enough for a test."""
    from autograder.sandbox import judge as judging
    from tests.hostile.harness import Ground

    with pytest.MonkeyPatch.context() as patch:
        temporary = tmp_path_factory.mktemp("temporary")
        os.chmod(temporary, 0o755)
        patch.setattr(tempfile, "tempdir", str(temporary))
        patch.setattr(judging, "SECONDS", 0.8)
        patch.setattr(judging, "LATE", 0.4)
        patch.setattr(judging, "CELLS", 0.8)
        patch.setattr(judging, "ALL", 4.0)
        made = Ground(make_course(tmp_path_factory.mktemp("course")), temporary)
        yield made
        made.close()
