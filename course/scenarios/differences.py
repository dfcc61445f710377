"""How two observations of one scenario differ, with errors counted in ulps."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from course.scenarios.observation import Observation, Observations
from course.scenarios.spread import nearest
from course.scenarios.tolerance import DECLARED, allowed

#: Values this close are called equal in float64; `course.scenarios.tolerance` says why, and what holds elsewhere.
TOLERANCE_ULPS = DECLARED

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
        ``value shape dtype device kind raised missing extra``.
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


@dataclass(frozen=True)
class Rule:
    """What two runs of a scenario are allowed; see `course.scenarios.tolerance`.

    Attributes
    ----------
    ulps
        What the scenario declares for float64.
    run
        The dtype of the runs.
    tf32
        How many products one side did with TF32.
    """

    ulps: float = TOLERANCE_ULPS
    run: str = "float64"
    tf32: int = 0

    def of(self, dtype: str | None) -> float:
        """Return the most that two numbers of this dtype may be apart, in its ulps."""
        found = allowed(dtype, self.ulps, self.run, self.tf32)
        return found.ulps if found else 0.0


def differences(
    expected: Observations, got: Observations, ulps: float = TOLERANCE_ULPS, tf32: int = 0
) -> list[Difference]:
    """Hold ``got`` against ``expected``; an empty list means that they agree.

    Parameters
    ----------
    ulps
        What the scenario declares: a tolerance in units of the last place of float64
        at the largest magnitude of the expected tensor (at least 2**-10). For other
        dtypes `course.scenarios.tolerance` makes theirs of it.
    tf32
        How many products one side did with TF32.
    """
    rule = Rule(ulps, expected.dtype, tf32)
    wanted, given = expected.by_label(), got.by_label()
    found: list[Difference] = []
    for label, observation in wanted.items():
        if label in given:
            found += _compare(label, "", observation, given[label], rule)
        else:
            found.append(Difference(label, "missing", observation, None))
    found += [Difference(label, "extra", None, given[label]) for label in given if label not in wanted]
    return found


def _compare(label: str, where: str, expected: Observation, got: Observation, rule: Rule) -> list[Difference]:
    def differ(what: str, error: float | None = None) -> list[Difference]:
        return [Difference(label, what, expected, got, error, where)]

    if "raised" in (expected.kind, got.kind):
        return [] if _same_exception(expected, got) else differ("raised")
    if expected.kind != got.kind:
        return differ("kind")
    if expected.kind in ("list", "dict"):
        return _compare_items(label, where, expected, got, rule)
    if expected.shape != got.shape:
        return differ("shape")
    if expected.dtype != got.dtype:
        return differ("dtype")
    # Only a run with a default device says where its tensors are; an ordinary one has them on the CPU.
    if expected.device and got.device and expected.device != got.device:
        return differ("device")
    if "meta" in (expected.device, got.device):  # shape and dtype are all there is
        return []
    varies = expected.spread or got.spread
    if expected.kind == "tensor" or expected.dtype == "float" or varies:
        error = error_of(expected, got, rule.run)
        return differ("value", error) if error > rule.of(expected.dtype) else []
    return differ("value") if expected.value != got.value else []


def error_of(expected: Observation, got: Observation, run: str = "float64") -> float:
    """Return how far two tensors or numbers are apart, in ulps of their dtype.

    A Python number has the precision of the run that it comes from. What differs from run to run is
    as far away as the nearest number that was seen.
    """
    dtype = run if expected.dtype == "float" else expected.dtype or run
    if expected.spread or got.spread:
        one, other = nearest(expected.value, expected.spread, got.value, got.spread)
        return ulps_apart(one, other, dtype)
    return ulps_apart(expected.value, got.value, dtype)


def _same_exception(expected: Observation, got: Observation) -> bool:
    """Same type, and every stable phrase of the expected message occurs."""
    if expected.kind != got.kind:
        return False
    phrases = set(expected.value["keywords"])
    return expected.value["type"] == got.value["type"] and phrases <= set(got.value["keywords"])


def _compare_items(label: str, where: str, expected: Observation, got: Observation, rule: Rule) -> list[Difference]:
    # A log that is longer or in another order is one difference, not many.
    if [item.label for item in expected.value] != [item.label for item in got.value]:
        return [Difference(label, "shape", expected, got, None, where)]
    found: list[Difference] = []
    for one, other in zip(expected.value, got.value, strict=True):
        found += _compare(label, f"{where}{one.label}", one, other, rule)
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
