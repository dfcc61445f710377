"""What is wrong with data of a sweep: nothing that is shown may be half there or impossible."""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Iterator, Mapping
from typing import Any, TypeGuard

from course.compare.provenance import DEVICES

FORMAT = 1
_KEYS = ("format", "device", "settings", "operations", "columns", "absent", "wrong")
_COLUMN = ("device", "describe", "watch", "limits", "points", "stopped")
_COUNTS = ("n", "moved", "held", "flops", "repeats", "batch")
_SECONDS = ("best", "low", "median", "high", "first")
_WAYS = ("honest", "no waiting", "no warm-up")


def problems(data: Any) -> list[str]:
    """Return everything that is wrong with what `measure` returned or a record holds; an empty list if nothing is."""
    if not isinstance(data, dict):
        return ["the data are no dictionary"]
    if missing := [key for key in _KEYS if key not in data]:
        return [f"there is no {key!r}" for key in missing]
    if data["format"] != FORMAT:
        return [f"format {data['format']!r} is not {FORMAT}, the one that is read here"]
    if wrong := [key for key in ("settings", "operations", "columns", "absent", "wrong") if not _table(data[key])]:
        return [f"{key} is no dictionary" for key in wrong]
    return list(_all(data))


def _all(data: Mapping[str, Any]) -> Iterator[str]:
    try:
        if not json.dumps(data, allow_nan=False, ensure_ascii=False).isascii():
            yield "there are letters that are not ASCII"
    except (TypeError, ValueError) as error:
        yield f"this is no JSON: {error}"
        return
    device = data["device"]
    if device not in DEVICES:
        yield f"no device {device!r}"
    if not data["columns"]:
        yield "there are no columns"
    if device != "cpu" and f"torch-{device}" not in data["columns"]:
        yield f"there is no column torch-{device}, for which it was measured"
    if not data["settings"].get("host"):
        yield "the host is not named"
    for name, column in data["columns"].items():
        for one in _of_column(column, data["operations"], device):
            yield f"{name}: {one}"
    yield from _of_wrong(data["wrong"], device)


def _of_column(column: Any, operations: Mapping[str, Any], device: str) -> Iterator[str]:
    if not _table(column) or any(key not in column for key in _COLUMN):
        yield f"a column has {', '.join(_COLUMN)}"
        return
    if column["device"] not in ("cpu", device):
        yield f"it is of device {column['device']!r}, in data of {device!r}"
    if not _table(column["points"]) or not _table(column["stopped"]):
        yield "points or stopped is no dictionary"
        return
    yield from _of_limits(column["limits"])
    if column["device"] != "cpu" and _table(column["limits"]) and not _positive(column["limits"].get("bus")):
        yield "limits: bus must be a positive number"
    for operation in operations:
        points = column["points"].get(operation)
        if not isinstance(points, list) or not isinstance(column["stopped"].get(operation), str):
            yield f"{operation}: points or why they stopped are missing"
            continue
        if not points and not column["stopped"][operation]:
            yield f"{operation}: no points, and no reason"
        broken = [one for nth, point in enumerate(points) for one in _of_point(point, f"{operation}, point {nth}")]
        yield from broken
        if not broken and any(one["n"] >= other["n"] for one, other in itertools.pairwise(points)):
            yield f"{operation}: the sizes do not rise"


def _of_limits(limits: Any) -> Iterator[str]:
    if not _table(limits) or not all(_positive(limits.get(key)) for key in ("call", "flops")):
        yield "limits: call and flops must be positive numbers"
        return
    copies = limits.get("copies")
    if not isinstance(copies, list) or not copies or not all(_pair(one) for one in copies):
        yield "limits: copies must be pairs of positive numbers"


def _of_point(point: Any, place: str) -> Iterator[str]:
    if not _table(point):
        yield f"{place}: it is no dictionary"
        return
    if bad := [key for key in (*_COUNTS, *_SECONDS) if not _positive(point.get(key))]:
        yield f"{place}: {', '.join(bad)} must be positive"
    elif not point["best"] <= point["low"] <= point["median"] <= point["high"]:
        yield f"{place}: best, low, median and high do not rise"


def _of_wrong(wrong: Mapping[str, Any], device: str) -> Iterator[str]:
    found = wrong.get("ways")
    if not _table(found) or not all(_positive(found.get(way)) for way in _WAYS):
        yield f"wrong: the ways must be {', '.join(_WAYS)}, in positive seconds"
    if wrong.get("pretend") is not (device == "cpu"):
        yield "wrong: only where there is no device may it be pretended"


def _pair(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 2 and all(map(_positive, value))


def _table(value: Any) -> TypeGuard[dict[str, Any]]:
    return isinstance(value, dict)


def _positive(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value) and value > 0
