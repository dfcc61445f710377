"""Each attempt: it succeeds without walls, each wall that should stop it does so alone, and all together do."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.sandbox.attempts import ATTEMPTS, Attempt, program
from tests.sandbox.walls import behind

WALLS = ("rlimits", "landlock", "seccomp", "bubblewrap")
FREE = [attempt for attempt in ATTEMPTS if attempt.free]


@pytest.mark.parametrize("attempt", FREE, ids=lambda attempt: attempt.name)
def test_succeeds_without_walls(attempt: Attempt, secret: Path, beside: Path, address: object) -> None:
    """Else the tests below would show nothing."""
    outcome = behind("", program(attempt), secret=secret, beside=beside, address=address)
    assert outcome.printed[1:] == ["DONE"], outcome


@pytest.mark.parametrize("wall", WALLS)
def test_one_wall_alone_stops_what_it_should(wall: str, secret: Path, beside: Path, address: object) -> None:
    attempts = [attempt for attempt in ATTEMPTS if wall in attempt.walls.split()]
    outcome = behind(wall, program(*attempts), secret=secret, beside=beside, address=address)
    assert outcome.tried == [attempt.name for attempt in attempts], outcome
    assert outcome.went_through == []
    assert beside.read_text() == "grades"


@pytest.mark.parametrize("around", ["all", "bubblewrap all"])
def test_all_walls_stop_everything(around: str, secret: Path, beside: Path, address: object) -> None:
    outcome = behind(around, program(*ATTEMPTS), secret=secret, beside=beside, address=address)
    assert outcome.tried == [attempt.name for attempt in ATTEMPTS], outcome
    assert outcome.went_through == []
    assert outcome.status == 0
    assert outcome.left == ["large"]  # made, but not filled
    assert beside.read_text() == "grades"
    assert sorted(path.name for path in beside.parent.iterdir()) == ["gradebook.db", "secret.txt"]
