"""The table of makers of statements."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from course.fuzz.scene import Scene

Maker = Callable[[Scene], str]


@dataclass(frozen=True)
class Word:
    """One maker, and how often it is asked compared with the others."""

    weight: float
    make: Maker


WORDS: list[Word] = []


def word(weight: float) -> Callable[[Maker], Maker]:
    """Add a maker of statements to the vocabulary."""

    def add(make: Maker) -> Maker:
        WORDS.append(Word(weight, make))
        return make

    return add
