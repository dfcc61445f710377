"""``print(tensor)``, digit for digit as torch prints it.

How many digits, how wide a column and whether to use scientific notation is settled once for the
whole tensor, from the numbers that will be shown.

References
----------
.. [1] https://docs.pytorch.org/docs/stable/generated/torch.set_printoptions.html
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from course.nptorch._tensor import Tensor
from course.nptorch.dtypes import get_default_dtype


@dataclass(frozen=True)
class Options:
    """How tensors are shown; see `set_printoptions`."""

    precision: int = 4
    threshold: float = 1000
    edgeitems: int = 3
    linewidth: int = 80
    sci_mode: bool | None = None


PROFILES = {
    "default": Options(),
    "short": Options(precision=2, edgeitems=2),
    "full": Options(threshold=math.inf),
}
_options = Options()


def set_printoptions(
    precision: int | None = None,
    threshold: float | None = None,
    edgeitems: int | None = None,
    linewidth: int | None = None,
    profile: str | None = None,
    sci_mode: bool | None = None,
) -> None:
    """Set how tensors are printed.

    Parameters
    ----------
    precision : int
        Digits after the point (4).
    threshold : int
        Above this many elements only the first and last of each axis are shown (1000).
    edgeitems : int
        How many of them (3).
    linewidth : int
        Characters in a line (80).
    profile : str
        ``"default"``, ``"short"`` or ``"full"``: a set of the above.
    sci_mode : bool or None
        Scientific notation always, never, or where it is needed.
    """
    global _options
    if profile is not None:
        _options = PROFILES[profile]
    given = {
        "precision": precision, "threshold": threshold, "edgeitems": edgeitems, "linewidth": linewidth,
    }  # fmt: skip
    changes: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    _options = replace(_options, **changes, sci_mode=sci_mode)


class Column:
    """The one format in which all numbers of a tensor are shown.

    Parameters
    ----------
    data : numpy.ndarray
        The numbers that will be shown.
    """

    def __init__(self, data: Any) -> None:
        self.kind = data.dtype.kind
        self.scientific = False
        self.whole = True
        self.width = 1
        flat = data.reshape(-1)
        if self.kind != "f":
            self.width = max([1, *(len(str(value)) for value in flat.tolist())])
            return
        self._fit(flat.astype(np.float64))
        if _options.sci_mode is not None:
            self.scientific = _options.sci_mode

    def _fit(self, flat: Any) -> None:
        seen = np.abs(flat[np.isfinite(flat) & (flat != 0)])
        if not seen.size:
            return
        least, most = float(seen.min()), float(seen.max())
        digits = _options.precision
        self.whole = bool(np.all(seen == np.ceil(seen)))
        wide = most / least > 1000 or most > 1e8
        if self.whole:
            self.scientific = wide
            self._widen(seen, flat, f".{digits}e" if wide else ".0f")
            self.width += 0 if wide else 1  # the point that stands behind a whole number
            return
        self.scientific = wide or least < 1e-4
        self._widen(seen, flat, f".{digits}e" if self.scientific else f".{digits}f")

    def _widen(self, seen: Any, flat: Any, form: str) -> None:
        shown = flat[np.isfinite(flat) & (flat != 0)]
        self.width = max([self.width, *(len(format(value, form)) for value in shown.tolist())])

    def show(self, value: Any) -> str:
        """Return one number, right-justified."""
        return self.form(value).rjust(self.width)

    def form(self, value: Any) -> str:
        """Return one number."""
        if self.kind != "f":
            return str(value)
        if self.scientific:
            return format(value, f".{_options.precision}e")
        if self.whole:
            return format(value, ".0f") + ("." if math.isfinite(value) else "")
        return format(value, f".{_options.precision}f")


def _vector(data: Any, indent: int, column: Column, summarise: bool) -> str:
    edge = _options.edgeitems
    width = column.width + 2
    per_line = max(1, math.floor((_options.linewidth - indent) / width))
    values = data.tolist()
    if summarise and not edge:
        cells = ["..."]
    elif summarise and len(values) > 2 * edge:
        cells = [
            *(column.show(v) for v in values[:edge]), " ...", *(column.show(v) for v in values[-edge:]),
        ]  # fmt: skip
    else:
        cells = [column.show(v) for v in values]
    lines = [", ".join(cells[i : i + per_line]) for i in range(0, len(cells), per_line)]
    return "[" + ("," + "\n" + " " * (indent + 1)).join(lines) + "]"


def _nested(data: Any, indent: int, column: Column, summarise: bool) -> str:
    if data.ndim == 0:
        return column.show(data.item())
    if data.ndim == 1:
        return _vector(data, indent, column, summarise)
    edge = _options.edgeitems
    if summarise and len(data) > 2 * edge:
        rows = [
            *(_nested(row, indent + 1, column, summarise) for row in data[:edge]),
            "...",
            *(_nested(row, indent + 1, column, summarise) for row in data[len(data) - edge :]),
        ]
    else:
        rows = [_nested(row, indent + 1, column, summarise) for row in data]
    between = "," + "\n" * (data.ndim - 1) + " " * (indent + 1)
    return "[" + between.join(rows) + "]"  # type: ignore[no-any-return]


def _shown(data: Any) -> Any:
    """Return the elements that will be printed of a large array."""
    edge = _options.edgeitems
    for axis, extent in enumerate(data.shape):
        if extent > 2 * edge:
            ends = [*range(edge), *range(extent - edge, extent)]
            data = np.take(data, ends, axis)
    return data


def text(self: Tensor) -> str:
    """Return what ``print(tensor)`` shows."""
    data = self._array
    prefix = "Parameter containing:\ntensor(" if type(self).__name__ == "Parameter" else "tensor("
    head = "tensor("
    suffixes = []
    default = (get_default_dtype().numpy, np.dtype(np.int64), np.dtype(np.bool_))
    if not data.size:
        if self.ndim != 1:
            suffixes.append(f"size={tuple(self.shape)}")
        if data.dtype != default[0]:
            suffixes.append(f"dtype={self.dtype}")
        body = "[]"
    else:
        if data.dtype not in default:
            suffixes.append(f"dtype={self.dtype}")
        summarise = data.size > _options.threshold
        column = Column(_shown(data) if summarise else data)
        body = _nested(data, len(head), column, summarise)
    try:
        node = self.grad_fn
    except RuntimeError:
        suffixes.append("grad_fn=<Invalid>")
    else:
        if node is not None:
            suffixes.append(f"grad_fn=<{node.name().rpartition('::')[2]}>")
        elif self.requires_grad:
            suffixes.append("requires_grad=True")
    return prefix + _with_suffixes(body, suffixes, len(head))


def _with_suffixes(body: str, suffixes: list[str], indent: int) -> str:
    """Add ``dtype=...`` and so on, on a line of their own where the last line is full."""
    out = [body]
    length = len(body) - body.rfind("\n") + (indent if "\n" not in body else 0)
    if "\n" in body:
        length = len(body) - body.rfind("\n")
    for suffix in suffixes:
        if length + len(suffix) + 2 > _options.linewidth:
            out.append(",\n" + " " * indent + suffix)
            length = indent + len(suffix)
        else:
            out.append(", " + suffix)
            length += len(suffix) + 2
    return "".join(out) + ")"


Tensor.__repr__ = text  # type: ignore[method-assign,assignment]
