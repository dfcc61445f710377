"""Look a submission's marks up in the fault dictionary."""

from __future__ import annotations

from collections.abc import Iterable

from autograder.exercises import Exercise
from autograder.faults.registry import faults
from autograder.faults.signatures import Signatures, read
from autograder.trial import Mark

MOST = 2
ALIKE = 0.5  # share of marks in common, below which a resemblance is not worth a sentence


def ideas(exercise: Exercise, marks: frozenset[Mark], ran: Iterable[str]) -> list[str]:
    """Say what wrong idea may be behind these marks, the likeliest first, at most two.

    Parameters
    ----------
    exercise : Exercise
        What was graded.
    marks : frozenset of Mark
        What the submission gets wrong.
    ran : iterable of str
        The scenarios that were run; what a fault does elsewhere says nothing here.

    Returns
    -------
    list of str
        Help sentences. Empty if nothing in the dictionary resembles this.
    """
    known = [one for one in faults(exercise.lesson) if one.exercise == exercise.id]
    signatures = _seen(read(exercise.lesson), set(ran))
    ranked = sorted(
        (
            (_likeness(marks, signatures.get(one.id, frozenset())), -position, one.help)
            for position, one in enumerate(known)
        ),
        reverse=True,
    )
    exact = [help for likeness, _, help in ranked if likeness == 1.0]
    if exact:
        return exact[:MOST]
    return [help for likeness, _, help in ranked if likeness >= ALIKE][:MOST]


def _seen(signatures: Signatures, ran: set[str]) -> Signatures:
    return {id: frozenset(mark for mark in marks if mark[0] in ran) for id, marks in signatures.items()}


def _likeness(one: frozenset[Mark], other: frozenset[Mark]) -> float:
    """Marks in common, if the same scenarios fail; otherwise the two are not alike at all."""
    if {mark[0] for mark in one} != {mark[0] for mark in other} or not one:
        return 0.0
    return len(one & other) / len(one | other)
