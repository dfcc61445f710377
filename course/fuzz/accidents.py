"""Differences that stay, because what torch does there is an accident nobody relies on.

Most accidents are left out by the vocabulary (`course.fuzz.words`), which says why at each place. Here are those
that only show once both engines have run.
"""

from __future__ import annotations

from course.fuzz.compare import Difference
from course.fuzz.look import Failed
from course.fuzz.program import Program

_LEAF = "a leaf Variable that requires grad is being used in an in-place operation"


def is_accident(program: Program, difference: Difference) -> bool:
    """Return whether a difference is one of the known accidents."""
    return _stale_view(program, difference)


def _stale_view(program: Program, difference: Difference) -> bool:
    """A view of a plain base that has since become part of a graph.

    Until somebody looks at ``view.grad_fn``, torch takes the view for a leaf, and refuses to write to it.
    """
    expected = difference.expected
    refused = isinstance(expected, Failed) and expected.keywords == (_LEAF,)
    return program.patient and refused and difference.got is None
