"""A class graded into PostgreSQL: nbgrader's ``db_url`` is all that changes."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from nbgrader.api import Gradebook
from typer.testing import CliRunner

from autograder.cli import app
from course.building.release import generate, nbgrader_in
from tests.batch.conftest import LESSON, settle
from tests.batch.rows import rows

DEBIAN = Path("/usr/lib/postgresql")


def programs() -> Path | None:
    """Return the folder with PostgreSQL's programs; Debian has one for each version, off the path."""
    if found := shutil.which("initdb"):
        return Path(found).resolve().parent
    there = sorted(DEBIAN.glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    return there[-1].parent if there else None


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """A PostgreSQL server of our own; returns the address of an empty database."""
    bin = programs()
    if bin is None:
        assert not os.environ.get("CI"), "apt install postgresql"
        pytest.skip("PostgreSQL is not installed: apt install postgresql")
    user = {"user": "nobody", "group": "nogroup", "extra_groups": []} if os.geteuid() == 0 else {}
    name = pwd.getpwnam("nobody").pw_name if user else pwd.getpwuid(os.geteuid()).pw_name
    with tempfile.TemporaryDirectory(prefix="pg-", dir="/tmp") as folder:  # a socket's path must be short
        place = Path(folder)
        if user:
            shutil.chown(place, "nobody")
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]

        def run(program: str, *arguments: str) -> None:
            command = [str(bin / program), *arguments]
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=place, timeout=60, **user)

        run("initdb", "-D", f"{place}/data", "-A", "trust", "-U", name, "--no-sync", "-E", "UTF8", "--locale=C")
        options = f"-k {place} -p {port} -c listen_addresses='' -c fsync=off"
        run("pg_ctl", "-D", f"{place}/data", "-o", options, "-w", "-l", f"{place}/log", "start")
        try:
            run("createdb", "-h", folder, "-p", str(port), "-U", name, "grades")
            yield f"postgresql+psycopg2://{name}@/grades?host={folder}&port={port}"
        finally:
            run("pg_ctl", "-D", f"{place}/data", "-m", "immediate", "stop")


def test_a_class_in_postgresql(server: str, make_course: Callable[..., Path], root: Path) -> None:
    students = ["ben", "goran", "kofi"]
    there, here = make_course(students, "there"), make_course(students, "here")
    settle(there, root, f"c.CourseDirectory.db_url = {server!r}")
    api = nbgrader_in(there, there, gradebook=True)
    generate(api, there, [LESSON])
    (there / "gradebook.db").unlink()
    for course in (there, here):
        (course / ".gradschool").mkdir()
        (course / ".gradschool" / "secret").write_text("the same")
        done = CliRunner().invoke(app, ["grade", LESSON, "--course", str(course)])
        assert done.exit_code == 0, done.output
        assert "Feedback pages written: 3" in done.output
    assert not (there / "gradebook.db").exists()
    assert rows(server) == rows(here)
    again = CliRunner().invoke(app, ["grade", LESSON, "--course", str(there)])
    assert "Written: 0; unchanged: 3" in again.output
    with Gradebook(server, "gradschool") as book:
        assert {one.student_id: one.score for one in book.assignment_submissions(LESSON)}["goran"] == 1.11
