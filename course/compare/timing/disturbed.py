"""Which points were disturbed: a timer cannot stop other programs, but it can say that there were some."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

#: The fastest batch took less than this part of the median.
UNEVEN = 1 / 3
#: The time grew so many times more than the bytes and the arithmetic did. Leaving a cache costs less than that.
JUMP = 8


def disturbed(points: Sequence[Mapping[str, Any]]) -> list[int]:
    """Return the sizes at which the time says more about other programs than about this one.

    Either the batches differ too much, or all of them took far longer than the size before lets expect: so it is
    where threads wait for each other on cores that others use.
    """
    found = {one["n"] for one in points if one["best"] < UNEVEN * one["median"]}
    calm = points[:1]
    for last, point in itertools.pairwise(points):
        before = last if last["n"] not in found else calm[-1]
        growth = max(point["moved"] / before["moved"], point["flops"] / before["flops"])
        if point["median"] > JUMP * growth * before["median"]:
            found.add(point["n"])
        else:
            calm = [point]
    return sorted(found)
