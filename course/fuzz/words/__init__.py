"""The vocabulary of programs: makers of one statement each, by what the statement is about.

A maker takes a `Scene` and returns one statement, or raises `Nothing` if the program has nothing yet that it
could be about. Statements that fail are welcome: exceptions are compared like everything else.
"""

from __future__ import annotations

from course.fuzz.words import (
    arithmetic,
    axes,
    backward,
    functions,
    history,
    hooks,
    inplace,
    leaves,
    modes,
    training,
    views,
    writing,
)
from course.fuzz.words.word import WORDS, Word

__all__ = ["WORDS", "Word"]
