"""How two observations of one scenario differ, with errors counted in ulps."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from course.scenarios.observation import Observation, Observations

#: Values this close are called equal: an elementary function may be off by a few
#: ulps in either library, and a chain of them adds up.
TOLERANCE_ULPS = 64

#: Below this size an error is measured as if the numbers were this large, so that
#: what is left of a sum that cancels to nothing does not count as a difference.
_SMALLEST_SCALE = 2.0**-10


@dataclass(frozen=True)
class Difference:
    """One disagreement.

    Attributes
    ----------
    label
        Label of the observation, as the scenario yields it.
    what
        ``value shape dtype kind raised missing extra``.
    expected, got
        The two observations; None where one is absent.
    ulps
        The largest error, if the values could be subtracted.
    where
        The place inside a list or dict, such as ``[2]``.
    """

    label: str
    what: str
    expected: Observation | None
    got: Observation | None
    ulps: float | None = None
    where: str = ""


def differences(expected: Observations, got: Observations, ulps: float = TOLERANCE_ULPS) -> list[Difference]:
    """Hold ``got`` against ``expected``; an empty list means that they agree.

    Parameters
    ----------
    ulps
        Tolerance, in units of the last place of the dtype at the largest
        magnitude of the expected tensor (at least 2**-10).
    """
    wanted, given = expected.by_label(), got.by_label()
    found: list[Difference] = []
    for label, observation in wanted.items():
        if label in given:
            found += _compare(label, "", observation, given[label], ulps)
        else:
            found.append(Difference(label, "missing", observation, None))
    found += [Difference(label, "extra", None, given[label]) for label in given if label not in wanted]
    return found


def _compare(label: str, where: str, expected: Observation, got: Observation, ulps: float) -> list[Difference]:
    def differ(what: str, error: float | None = None) -> list[Difference]:
        return [Difference(label, what, expected, got, error, where)]

    if "raised" in (expected.kind, got.kind):
        return [] if _same_exception(expected, got) else differ("raised")
    if expected.kind != got.kind:
        return differ("kind")
    if expected.kind in ("list", "dict"):
        return _compare_items(label, where, expected, got, ulps)
    if expected.shape != got.shape:
        return differ("shape")
    if expected.dtype != got.dtype:
        return differ("dtype")
    if expected.kind == "tensor" or expected.dtype == "float":
        error = ulps_apart(expected.value, got.value, expected.dtype or "float64")
        return differ("value", error) if error > ulps else []
    return differ("value") if expected.value != got.value else []


def _same_exception(expected: Observation, got: Observation) -> bool:
    """Same type, and every stable phrase of the expected message occurs."""
    if expected.kind != got.kind:
        return False
    phrases = set(expected.value["keywords"])
    return expected.value["type"] == got.value["type"] and phrases <= set(got.value["keywords"])


def _compare_items(label: str, where: str, expected: Observation, got: Observation, ulps: float) -> list[Difference]:
    # A log that is longer or in another order is one difference, not many.
    if [item.label for item in expected.value] != [item.label for item in got.value]:
        return [Difference(label, "shape", expected, got, None, where)]
    found: list[Difference] = []
    for one, other in zip(expected.value, got.value, strict=True):
        found += _compare(label, f"{where}{one.label}", one, other, ulps)
    return found


def ulps_apart(expected: Any, got: Any, dtype: str) -> float:
    """Return the largest error between two equally long lists of numbers, in ulps.

    One ulp is the spacing of ``dtype`` at the largest finite magnitude of
    ``expected`` (at least 2**-10). Two nans, or two equal infinities, are 0
    apart; a nan or an infinity and anything else are infinitely far apart, and
    so are two different whole numbers or bools.
    """
    kind = "float64" if dtype == "float" else dtype
    # longdouble keeps int64 exact, where float64 would round beyond 2**53.
    one = np.atleast_1d(np.asarray(expected, dtype=np.longdouble))
    other = np.atleast_1d(np.asarray(got, dtype=np.longdouble))
    same = (one == other) | (np.isnan(one) & np.isnan(other))
    if same.all():
        return 0.0
    if not np.issubdtype(np.dtype(kind), np.floating):
        return math.inf
    usable = np.isfinite(one) & np.isfinite(other)
    if not (same | usable).all():
        return math.inf
    scale = max(float(np.abs(one[np.isfinite(one)]).max(initial=0.0)), _SMALLEST_SCALE)
    spacing = float(np.spacing(np.asarray(scale, dtype=kind)))
    differ = usable & ~same
    return float(np.abs(one[differ] - other[differ]).max()) / spacing
