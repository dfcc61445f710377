"""One observation in a few words, for a cell of a table or a line of text."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from course.compare.provenance import GPUS
from course.scenarios.differences import Difference
from course.scenarios.observation import Observation

_MOST_NUMBERS = 12
_MOST_LETTERS = 160

#: Beyond this an error is no matter of rounding, and a count of ulps says nothing.
MANY_ULPS = 1e6


def brief(observation: Observation | None) -> str:
    """Return an observation in a few words, plain ASCII."""
    if observation is None:
        return "-"
    text = _words(observation)
    if len(text) > _MOST_LETTERS:
        text = text[: _MOST_LETTERS - 3] + "..."
    return text.encode("ascii", "backslashreplace").decode("ascii")


def _words(observation: Observation) -> str:
    value = observation.value
    match observation.kind:
        case "tensor":
            return _tensor(observation) + _elsewhere(observation) + _spread(observation)
        case "number":
            return number(value) + _spread(observation)
        case "none":
            return observation.message or "None"
        case "list":
            return "[" + ", ".join(_words(item) for item in value) + "]"
        case "dict":
            return "{" + ", ".join(f"{item.label}: {_words(item)}" for item in value) + "}"
        case "raised":
            said = "; ".join(value["keywords"]) or observation.message or "(no known phrase)"
            return f"{value['type']}: {said}"
        case _:
            return str(value)


def _elsewhere(observation: Observation) -> str:
    """Say where a tensor is, if it is not on the GPU on which its program ran."""
    return "" if observation.device in (None, *GPUS) else f" on {observation.device}"


def _spread(observation: Observation) -> str:
    """Say how far apart runs were, if they differed."""
    spread = observation.spread
    return f" (up to {spread.width:.2g} apart in {spread.runs} runs)" if spread else ""


def _tensor(observation: Observation) -> str:
    if observation.device == "meta":
        return f"{'x'.join(map(str, observation.shape or ()))} {observation.dtype}"
    shape, flat = observation.shape or (), observation.value
    if len(flat) > _MOST_NUMBERS:
        size = "x".join(str(n) for n in shape)
        head = ", ".join(number(item) for item in flat[:4])
        return f"{size} {observation.dtype}: {head}, ..."
    return _nested(flat, shape)


def _nested(flat: Sequence[object], shape: Sequence[int]) -> str:
    if not shape:
        return number(flat[0])
    step = len(flat) // shape[0] if shape[0] else 0
    rows = (_nested(flat[i * step : (i + 1) * step], shape[1:]) for i in range(shape[0]))
    return "[" + ", ".join(rows) + "]"


def number(value: object) -> str:
    """Return a number with at most six digits; whole floats keep their point."""
    if isinstance(value, float):
        text = f"{value:.6g}"
        return f"{text}." if text.lstrip("-").isdigit() else text
    return str(value)


def reason(difference: Difference) -> str:
    """Return in words how one cell differs, plain ASCII."""
    where = f" at {difference.where}" if difference.where else ""
    got, expected = difference.got, difference.expected
    match difference.what:
        case "missing":
            return "missing"
        case "extra":
            return "not expected"
        case "shape":
            return f"shape differs{where}"
        case "dtype" if got and expected:
            return f"dtype differs{where}: {got.dtype}, not {expected.dtype}"
        case "device" if got and expected:
            return f"device differs{where}: {got.device}, not {expected.device}"
        case "value" if difference.ulps is not None and difference.ulps > MANY_ULPS:
            return f"value differs{where}{_by(difference)}"
        case "value" if difference.ulps is not None:
            return f"value differs{where}: {ulps(difference.ulps)}"
        case what:
            return f"{what} differs{where}"


def _by(difference: Difference) -> str:
    """Say an error too large for ulps in percent of the largest expected number."""
    expected, got = difference.expected, difference.got
    if expected is None or got is None or expected.dtype == "bool":
        return ""
    one, other = (np.atleast_1d(np.asarray(side.value, dtype=float)) for side in (expected, got))
    with np.errstate(invalid="ignore"):  # two infinities
        size, error = float(np.abs(one).max()), float(np.abs(one - other).max())
    if not (np.isfinite(error) and 0 < error <= 10 * size):  # no number to measure with
        return ": not close"
    percent = 100 * error / size
    return f" by {percent:.0f}%" if percent >= 10 else f" by {percent:.2g}%"


def ulps(count: float) -> str:
    """Return an error in ulps, rounded: nobody needs its digits."""
    return f"{count:.3g} ulp" + ("" if count == 1 else "s")
