"""Differences that stay, because what torch does there is an accident nobody relies on.

Most accidents are left out by the vocabulary (`course.fuzz.words`), which says why at each place. Here are those
that only show once both engines have run.
"""

from __future__ import annotations

import re

from course.fuzz.compare import Difference
from course.fuzz.look import Failed
from course.fuzz.program import Program

_MODIFIED = "modified by an inplace operation"
_LEAF = "a leaf Variable that requires grad is being used in an in-place operation"


def is_accident(program: Program, difference: Difference) -> bool:
    """Return whether a difference is one of the known accidents."""
    return (
        _stale_view(program, difference)
        or _packed_in_vain(program, difference)
        or _own_failure(difference)
        or _two_reasons(difference)
        or _odd_products(program, difference)
        or _refused_later(program, difference)
        or _overwritten_on_the_way(program, difference)
        or _third_of_layer_norm(program, difference)
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
    if {"cannot be saved for backward", "returns multiple views"} & set(expected.keywords):
        return True
    return "more than one element of the written-to tensor" in got.keywords or "single memory" in expected.message


def _odd_products(program: Program, difference: Difference) -> bool:
    """What becomes of inf and nan where a convolution or a mean adds up products: a matter of the algorithm."""
    odd = difference.error is not None and difference.error == float("inf")
    return odd and any(re.search(r"conv|interpolate|avg_pool", line) for line in program.statements)


def _refused_later(program: Program, difference: Difference) -> bool:
    """A walk through a recorded gradient that goes on a little longer before both engines refuse it.

    Such a gradient is one node in torch, and here several, of which not the first may be the one that finds
    that something was overwritten.
    """
    before = program.statements[: difference.at]
    if difference.where != "log" or not any("create_graph=True" in line for line in before):
        return False
    expected, got = difference.expected, difference.got
    return bool(got[: len(expected)] == expected and difference.refused)


def _overwritten_on_the_way(program: Program, difference: Difference) -> bool:
    """A walk through a recorded gradient, where one engine kept something that has been overwritten since.

    What torch keeps for differentiating a gradient follows from how it computes that gradient in one go.
    """
    before = program.statements[: difference.at]
    if difference.where != "raised" or not any("create_graph=True" in line for line in before):
        return False
    if re.search(r"backward\(|autograd\.grad\(", program.statements[difference.at]) is None:
        return False
    refusals = [one for one in (difference.expected, difference.got) if one is not None]
    if len(refusals) == 1:
        return _MODIFIED in refusals[0].keywords
    return all({_MODIFIED, "backward through the graph a second time"} & set(one.keywords) for one in refusals)


def _third_of_layer_norm(program: Program, difference: Difference) -> bool:
    """A third derivative of layer_norm, which torch 2.13 gets wrong where the weight depends on the input.

    Differences of its own second derivatives agree with the engine.
    """
    before = program.statements[: difference.at + 1]
    recorded = sum("create_graph=True" in line for line in before)
    return difference.error is not None and recorded > 1 and any("layer_norm" in line for line in before)
