"""A student's own engine, as far as it is built, held against torch's record in every scenario."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import course.nptorch as torch
from autograder.quiet import quiet
from autograder.trial import run_one
from course.nptorch.parts import TITLES
from course.scenarios import scenarios

WIDTH = 30  # characters of a bar


@dataclass(frozen=True)
class Survey:
    """What a survey found.

    Attributes
    ----------
    parts : dict of str to str
        For each part ``"mine"``, ``"given"`` or ``"null"``, in lesson order.
    lesson_of : dict of str to int
        The lesson that builds each part.
    agree : dict of int to list of str
        For each lesson the scenarios in which the engine does what torch does.
    differ : dict of int to list of str
        Those in which it does not.
    """

    parts: dict[str, str]
    lesson_of: dict[str, int]
    agree: dict[int, list[str]]
    differ: dict[int, list[str]]

    def __str__(self) -> str:
        """Return parts and bars, in plain ASCII."""
        return "\n".join([*self._told_parts(), "", *self._bars()])

    def _told_parts(self) -> Iterator[str]:
        words = {"mine": "your own", "given": "given", "null": "missing"}
        for lesson in sorted(set(self.lesson_of.values())):
            names = [name for name, number in self.lesson_of.items() if number == lesson]
            kinds = {kind: [name for name in names if self.parts[name] == kind] for kind in words}
            told = "; ".join(f"{words[kind]}: {', '.join(found)}" for kind, found in kinds.items() if found)
            yield f"lesson {lesson:>2}  {told}"

    def _bars(self) -> Iterator[str]:
        for lesson in sorted({*self.agree, *self.differ}):
            good, bad = len(self.agree.get(lesson, ())), len(self.differ.get(lesson, ()))
            full = WIDTH * good // (good + bad)
            bar = "#" * full + "." * (WIDTH - full)
            yield f"lesson {lesson:>2}  [{bar}] {good:>4} of {good + bad:<4} {TITLES.get(lesson, '')}"
            if bad:
                yield f"           first that differs: gradschool compare {self.differ[lesson][0]} --parts mine"
        good = sum(len(found) for found in self.agree.values())
        whole = good + sum(len(found) for found in self.differ.values())
        own = sum(kind == "mine" for kind in self.parts.values())
        yield f"{good} of {whole} programs agree with torch, on {own} parts of your own out of {len(self.parts)}."


def survey(prefix: str = "", say: Callable[[str], None] | None = None) -> Survey:
    """Run every public scenario on the parts that are plugged in.

    Parameters
    ----------
    prefix : str
        Only scenarios whose ids start like this.
    say : callable, optional
        Told of each lesson as its turn comes.

    Returns
    -------
    Survey
        Which parts are whose, and which scenarios agree with torch's record.
    """
    rows = list(torch.parts())
    agree: dict[int, list[str]] = defaultdict(list)
    differ: dict[int, list[str]] = defaultdict(list)
    for lesson in sorted({one.lesson for one in scenarios(prefix=prefix)}):
        if say is not None:
            say(f"lesson {lesson} ...")
        with quiet():
            for one in scenarios(lesson=lesson, prefix=prefix):
                (agree if run_one(one).passed else differ)[lesson].append(one.id)
    whose, lesson_of = {row.name: row.whose for row in rows}, {row.name: row.lesson for row in rows}
    return Survey(whose, lesson_of, dict(agree), dict(differ))
