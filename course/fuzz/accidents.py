"""Differences that stay, because what torch does there is an accident nobody relies on.

Most accidents are left out by the vocabulary (`course.fuzz.words`), which says why at each place. Here are those
that only show once both engines have run.
"""

from __future__ import annotations

import re

from course.fuzz.compare import Difference
from course.fuzz.look import Failed
from course.fuzz.program import Program

_LEAF = "a leaf Variable that requires grad is being used in an in-place operation"


def is_accident(program: Program, difference: Difference) -> bool:
    """Return whether a difference is one of the known accidents."""
    return (
        _stale_view(program, difference)
        or _packed_in_vain(program, difference)
        or _own_failure(difference)
        or _two_reasons(difference)
    )


def _stale_view(program: Program, difference: Difference) -> bool:
    """A view of a plain base that has since become part of a graph.

    Until somebody looks at ``view.grad_fn``, torch takes the view for a leaf, and refuses to write to it.
    """
    expected = difference.expected
    refused = isinstance(expected, Failed) and expected.keywords == (_LEAF,)
    temporary = re.search(r"\] [-+*/]= ", program.statements[difference.at]) is not None
    return (program.patient or temporary) and refused and difference.got is None


def _packed_in_vain(program: Program, difference: Difference) -> bool:
    """Packing for an operation that then fails: torch packs its inputs first, the engine computes first."""
    saving = "saved_tensors_hooks" in program.statements[difference.at]
    return saving and difference.where == "log" and difference.got == []


def _own_failure(difference: Difference) -> bool:
    """Break of an assertion inside torch, or a kind of tensor that only its insides know."""
    expected = difference.expected
    own = ("INTERNAL ASSERT FAILED", "ZeroTensors are immutable")
    return isinstance(expected, Failed) and any(words in expected.message for words in own)


def _two_reasons(difference: Difference) -> bool:
    """A write that has two reasons to be refused, of which each engine gives another one."""
    expected, got = difference.expected, difference.got
    if not isinstance(expected, Failed) or not isinstance(got, Failed) or expected.type != got.type:
        return False
    return "more than one element of the written-to tensor" in got.keywords
