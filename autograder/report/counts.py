"""What a class has in common: wrong ideas, and scenarios that many fail."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from autograder.report.message import Message
from autograder.report.results import Row
from course.scenarios import load
from course.scenarios.registry import get


@dataclass
class Idea:
    """A wrong idea, and who may have had it."""

    exercise: str
    text: str
    students: list[str] = field(default_factory=list)


@dataclass
class Hurdle:
    """A scenario and how many fail it.

    Attributes
    ----------
    exercise, id, question : str
        Which one. Without a result file only its question may be known.
    failed, tried : int
        How many fail it, of how many who wrote something for the exercise.
    """

    exercise: str
    id: str
    question: str
    failed: int
    tried: int

    @property
    def share(self) -> float:
        """Part of those who wrote something."""
        return self.failed / self.tried if self.tried else 0.0


def ideas(rows: Sequence[Row]) -> list[Idea]:
    """List likely wrong ideas, the most common first."""
    found: dict[tuple[str, str], Idea] = {}
    for row in rows:
        for exercise, said in row.said.items():
            for text in dict.fromkeys(said.ideas):
                found.setdefault((exercise, text), Idea(exercise, text)).students.append(row.student)
    return sorted(found.values(), key=lambda one: (-len(one.students), one.exercise, one.text))


def hurdles(rows: Sequence[Row]) -> list[Hurdle]:
    """List scenarios that somebody fails, the hardest first.

    Only those count who wrote something that ran: of a stub, everything fails, and that says nothing
    about a scenario.
    """
    load()
    tried: dict[str, int] = defaultdict(int)
    failed: dict[tuple[str, str, str], int] = defaultdict(int)
    for row in rows:
        for exercise, said in row.said.items():
            if not tells(said.messages):
                continue
            tried[exercise] += 1
            for id, question in failures(row, exercise):
                failed[exercise, id, question] += 1
    listed = [Hurdle(exercise, id, question, n, tried[exercise]) for (exercise, id, question), n in failed.items()]
    return sorted(listed, key=lambda one: (-one.share, one.exercise, one.id, one.question))


def tells(messages: Sequence[Message]) -> bool:
    """Whether an exercise was written and ran, so that what fails in it says something."""
    return all(message.ran and not message.unwritten for message in messages)


def failures(row: Row, exercise: str) -> list[tuple[str, str]]:
    """List ``(id, question)`` of what fails: all of it from a result file, else what the feedback names."""
    if row.failed is not None:
        return row.failed.get(exercise, [])
    said = row.said.get(exercise)
    return [(_named(message.command), message.question) for message in said.messages if message.ran] if said else []


def _named(command: str) -> str:
    """Scenario id in ``compare("saved.two-losses", seed=-1)``, if there is one of that name."""
    id = command.removeprefix('compare("').partition('"')[0]
    try:
        return get(id).id
    except KeyError:
        return ""
