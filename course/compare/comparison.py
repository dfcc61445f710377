"""One scenario on several backends, side by side."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from course.scenarios import Scenario
from course.scenarios.differences import Difference, error_of
from course.scenarios.observation import Observation, Observations
from course.scenarios.tolerance import allowed


@dataclass(frozen=True, repr=False)
class Comparison:
    """What each backend observed, and how each differs from the first one.

    Attributes
    ----------
    scenario
        The program that was run.
    columns
        Observations by column title. The first column is the judge.
    found
        The differences from the judge, by column title.
    note
        Why a column that one would expect is not there; empty if none is missing.
    recorded
        The titles of the columns that were not run now.
    tf32
        By column title, how many products may have been done with TF32.
    """

    scenario: Scenario
    columns: Mapping[str, Observations]
    found: Mapping[str, Sequence[Difference]]
    note: str = ""
    recorded: frozenset[str] = frozenset()
    tf32: Mapping[str, int] = field(default_factory=dict)

    @property
    def agrees(self) -> bool:
        """True if no column differs from the first one."""
        return not any(self.found.values())

    def labels(self) -> list[str]:
        """Every label that any column has, the judge's order first."""
        names: dict[str, None] = {}
        for column in self.columns.values():
            names.update(dict.fromkeys(item.label for item in column))
        return list(names)

    def differences_at(self, column: str, label: str) -> list[Difference]:
        """The differences of one cell of the table."""
        return [one for one in self.found.get(column, ()) if one.label == label]

    def error_at(self, column: str, label: str) -> float | None:
        """The largest error of one cell in ulps; None where there is nothing to subtract."""
        judge = next(iter(self.columns))
        one = self.columns[judge].by_label().get(label)
        other = self.columns[column].by_label().get(label)
        if column == judge or one is None or other is None or one.dtype != other.dtype:
            return None
        if one.kind != "tensor" or other.kind != "tensor" or one.shape != other.shape:
            return None
        return error_of(one, other)

    def allowed_at(self, label: str) -> str:
        """How far the numbers of one row may be apart: ``64 ulps of float64``; ``nothing`` where there are none.

        Columns that are allowed another error than the rest are named.
        """
        judge, *others = self.columns
        one = self.columns[judge].by_label().get(label)
        if one is None:
            return "nothing"
        run = self.columns[judge].dtype
        said: dict[str, list[str]] = {}
        for name in others:
            tf32 = max(self.tf32.get(judge, 0), self.tf32.get(name, 0))
            found = [allowed(dtype, self.scenario.ulps, run, tf32) for dtype in _dtypes(one)]
            words = ", ".join(sorted({str(each) for each in found if each})) or "nothing"
            said.setdefault(words, []).append(name)
        if len(said) == 1:
            return next(iter(said))
        return "; ".join(f"{', '.join(names)}: {words}" for words, names in said.items())

    def __str__(self) -> str:
        from course.compare.text import as_text

        return as_text(self)

    __repr__ = __str__  # what a prompt without HTML shows

    def _repr_html_(self) -> str:
        from course.compare.html import as_html

        return as_html(self)


def _dtypes(observation: Observation) -> Iterator[str | None]:
    if observation.kind in ("list", "dict"):
        for item in observation.value:
            yield from _dtypes(item)
    else:
        yield observation.dtype
