"""The step-for-step table: what is run here, beside what was recorded elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from course.compare import recorded
from course.compare.backends import at_hand
from course.compare.training import html, plot, words
from course.compare.training.columns import COLUMNS
from course.compare.training.lines import HERE, Line, judge_of, lines
from course.compare.training.programs import PROGRAMS, STEPS, Program
from course.compare.training.running import frame, run

#: How often a program is run on a GPU that is here, where nobody wants to wait for 20 times.
RUNS_ON_GPU_HERE = 3


@dataclass(frozen=True, repr=False)
class Training:
    """Losses of the same programs, run in several ways.

    Attributes
    ----------
    here
        What was measured now: data in the form of `measure`.
    record
        What was measured on somebody's GPU, if there is none here and somebody has.
    notes
        What is to be said about columns that are missing.
    """

    here: Mapping[str, Any]
    record: recorded.Record | None = None
    notes: Sequence[str] = field(default=())

    @property
    def programs(self) -> list[str]:
        """Short names of the programs, in the order in which they were asked for."""
        return list(self.here["programs"])

    @property
    def sources(self) -> dict[str, Mapping[str, Any]]:
        """What is shown, by where it was measured: ``here`` first, then what a record says of itself."""
        found = {HERE: self.here}
        if self.record is not None:
            found[self.record.title] = _cut(self.record.data, self.here["steps"])
        return found

    def lines(self, program: str) -> list[Line]:
        """Return what table and plot show of a program: a `Line` for each column, those of a record last."""
        return [line for where, data in self.sources.items() for line in lines(data, program, where)]

    def losses(self, program: str) -> str:
        """Return all losses of a program, step for step, as plain ASCII text."""
        return words.steps(self.sources, program)

    def plot(self) -> plot.Picture:
        """Draw how far each column is from the judge at each step, for a notebook."""
        return plot.Picture(plot.draw(self._shown(), self.here["steps"]))

    def _shown(self) -> dict[str, list[Line]]:
        return {name: self.lines(name) for name in self.programs}

    def __str__(self) -> str:
        return words.text(self._shown(), self.here, self.notes)

    __repr__ = __str__  # what a prompt without HTML shows

    def _repr_html_(self) -> str:
        return html.page(self._shown(), self.sources, self.notes)


def table(
    *programs: str,
    steps: int = STEPS,
    lr: float | None = None,
    say: Callable[[str], None] | None = None,
) -> Training:
    """Train in every way that there is here, and put beside it what was recorded on a GPU if there is none.

    Parameters
    ----------
    *programs : str
        ``mlp``, ``conv`` or ``srgan``; by default all three.
    steps : int
        How many batches.
    lr : float, optional
        Another learning rate than the program's own. What is recorded had the program's own, and is left out then.
    say : callable, optional
        Is told of each column as it begins, for example ``print``.

    Returns
    -------
    Training
        A table in a notebook, text when printed; ``.plot()`` draws it, ``.losses("mlp")`` lists every step.

    Raises
    ------
    ValueError
        If there is no such program, or no step.

    Notes
    -----
    The nptorch columns run on the parts that are plugged now. An engine that raises is left out, with what it said.
    """
    chosen = _chosen(programs, lr)
    if steps < 1:
        raise ValueError(f"steps must be at least 1, not {steps}")
    backends, why_not = at_hand("float32")
    names = {one.name for one in backends}
    data, notes = frame(steps, chosen), [why_not] if why_not else []
    for column in COLUMNS.values():
        if (column.engine if column.engine == "nptorch" else f"torch-{column.device}") not in names:
            continue
        if say is not None:
            say(f"training: {column.name}")
        try:
            data["columns"][column.name] = run(
                column, steps, chosen, None if column.device == "cpu" else RUNS_ON_GPU_HERE
            )
        except Exception as error:  # of an engine that is being built, anything can come
            if column.engine != "nptorch":
                raise
            notes.append(f"{column.name} raised {words.ascii_only(f'{type(error).__name__}: {error}')}")
    if (judge := judge_of(data)) and why_not:
        notes.append(f"{judge} stands in for the judge.")
    record = None
    if not any(COLUMNS[name].device != "cpu" for name in data["columns"]):
        record, said = _recorded(data)
        notes += said
    return Training(data, record, notes)


def _chosen(programs: Sequence[str], lr: float | None) -> list[Program]:
    for name in programs:
        if name not in PROGRAMS:
            raise ValueError(f"no program {name!r}; there are {', '.join(PROGRAMS)}")
    found = [PROGRAMS[name] for name in dict.fromkeys(programs or PROGRAMS)]
    return found if lr is None else [one.at(lr) for one in found]


def _recorded(data: Mapping[str, Any]) -> tuple[recorded.Record | None, list[str]]:
    """Return the newest record, less the programs that were run with other settings, and what is to be said."""
    found = recorded.read("training")
    if not found:
        return None, [recorded.NONE]
    newest = found[0]
    theirs = newest.data["programs"]
    same = {name: ours for name, ours in data["programs"].items() if theirs.get(name) == ours}
    said = [
        f"{PROGRAMS[name].title}: what is {newest.title} had other settings, and is left out."
        for name in data["programs"]
        if name not in same
    ]
    kept = {**newest.data, "programs": same}
    return recorded.Record(newest.kind, newest.name, newest.provenance, kept), said


def _cut(data: Mapping[str, Any], steps: int) -> dict[str, Any]:
    """Return the first steps of a measurement."""

    def short(kept: Mapping[str, Any]) -> dict[str, Any]:
        return {name: {goal: one[:steps] for goal, one in goals.items()} for name, goals in kept.items()}

    columns = {
        name: {**one, **{key: short(one[key]) for key in ("losses", "spread") if key in one}}
        for name, one in data["columns"].items()
    }
    return {**data, "steps": min(steps, data["steps"]), "columns": columns}
