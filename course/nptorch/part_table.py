"""``torch.parts()``: which part is plugged in, and whose it is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from typing import Any

from course.nptorch.parts import DECLARED, TITLES, is_null, plugged

GIVEN_MODULES = ("course.parts", "given")


def owner(name: str) -> str:
    """Return ``"null"``, ``"given"`` (a reference part) or ``"mine"`` for the part at `name`."""
    if is_null(name):
        return "null"
    module = str(getattr(vars(plugged)[name], "__module__", None))
    return "given" if module.startswith(GIVEN_MODULES) else "mine"


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    name: str
    lesson: int
    whose: str
    module: str
    contract: str


class PartTable:
    """The parts of the engine in lesson order, as they are plugged in now."""

    def __init__(self) -> None:
        self.rows = [
            Row(
                part.name,
                part.lesson,
                owner(part.name),
                str(getattr(vars(plugged)[part.name], "__module__", "")),
                part.contract,
            )
            for part in sorted(DECLARED.values(), key=lambda part: part.lesson)
        ]

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)

    def __getitem__(self, name: str) -> Row:
        for row in self.rows:
            if row.name == name:
                return row
        raise KeyError(name)

    def __len__(self) -> int:
        return len(self.rows)

    def __repr__(self) -> str:
        width = max(len(row.name) for row in self.rows)
        lines = [f"{'part':<{width}}  lesson  whose  contract"]
        lines += [f"{row.name:<{width}}  {row.lesson:>6}  {row.whose:<5}  {row.contract}" for row in self.rows]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        cells = "".join(
            f"<tr><th scope='row'><code>{row.name}</code></th>"
            f"<td>{row.lesson} {escape(TITLES[row.lesson])}</td><td>{row.whose}</td>"
            f"<td>{escape(row.contract)}</td></tr>"
            for row in self.rows
        )
        return (
            "<table><caption>Parts of the engine</caption><thead><tr>"
            "<th scope='col'>part</th><th scope='col'>lesson</th><th scope='col'>whose</th>"
            f"<th scope='col'>contract</th></tr></thead><tbody>{cells}</tbody></table>"
        )


def parts() -> Any:
    """Return a table of all parts: name, lesson, whose it is (null, given or mine)."""
    return PartTable()
