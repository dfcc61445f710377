"""One scenario on several backends, side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from course.compare.backends import Backend, at_hand
from course.scenarios import Scenario, get
from course.scenarios.differences import Difference, differences, ulps_apart
from course.scenarios.observation import Observations, observe


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
    """

    scenario: Scenario
    columns: Mapping[str, Observations]
    found: Mapping[str, Sequence[Difference]]
    note: str = ""

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
        return ulps_apart(one.value, other.value, one.dtype or "float64")

    def __str__(self) -> str:
        from course.compare.text import as_text

        return as_text(self)

    __repr__ = __str__  # what a prompt without HTML shows

    def _repr_html_(self) -> str:
        from course.compare.html import as_html

        return as_html(self)


def compare(
    scenario: Scenario | str,
    backends: Sequence[Backend] | None = None,
    seed: int = 0,
    recorded: Mapping[str, Observations] | None = None,
    dtype: str = "float64",
) -> Comparison:
    """Run one scenario on several backends and hold the results side by side.

    Parameters
    ----------
    scenario
        A scenario or its id.
    backends
        Those to run on; by default all at hand. The first column is the judge.
    recorded
        Observations made elsewhere, by title (``"recorded on ..."``). They come
        first, so where torch is not installed the record is the judge.

    Raises
    ------
    KeyError
        If there is no scenario with this id.
    ValueError
        If there is nothing to compare.
    """
    subject = get(scenario) if isinstance(scenario, str) else scenario
    columns = dict(recorded or {})
    note = ""
    if backends is None:
        backends, note = at_hand()
    for engine in backends:
        columns[engine.name] = observe(subject, engine, seed, dtype)
    if not columns:
        raise ValueError("nothing to compare: no backend and no record")
    judge, *others = columns
    found = {name: differences(columns[judge], columns[name], subject.ulps) for name in others}
    return Comparison(subject, columns, found, note)
