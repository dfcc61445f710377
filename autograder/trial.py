"""Run one scenario on the engine as it is plugged now, and hold it against torch's record."""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from autograder.clock import TimeUp, limit
from autograder.oracles import oracle
from course.compare.backends import backend
from course.scenarios.differences import Difference, differences
from course.scenarios.observation import Observations, observe
from course.scenarios.registry import Scenario, get

SECONDS = 5.0  # for one scenario; the slowest takes a few milliseconds
ENDLESS = f"did not end within {SECONDS:g} seconds"
SLOW = 2  # after so many endless scenarios the rest are not tried

Mark = tuple[str, str, str]  # scenario id, label, what


@dataclass(frozen=True)
class Trial:
    """How one scenario went.

    Attributes
    ----------
    scenario : Scenario
        What was run.
    differences : tuple of Difference
        Where it departs from torch, for the first seed that does.
    trouble : str
        Why it could not be observed to its end; empty when it was.
    inputs : tuple of numpy.ndarray
        What the scenario had drawn last where it departs.
    seed : int
        With what seed `compare` gives these inputs, if they are no secret.
    """

    scenario: Scenario
    differences: tuple[Difference, ...] = ()
    trouble: str = ""
    inputs: tuple[Any, ...] = field(default=(), compare=False)
    seed: int = field(default=0, compare=False)

    @property
    def passed(self) -> bool:
        """Whether all that torch does was seen, and nothing else."""
        return not self.differences and not self.trouble

    @property
    def marks(self) -> frozenset[Mark]:
        """What went wrong, in the form in which faults are looked up."""
        found = {(self.scenario.id, d.label, _what(d)) for d in self.differences}
        if self.trouble:
            found.add((self.scenario.id, "", "stopped"))
        return frozenset(found)


def _what(difference: Difference) -> str:
    """Say how it differs; for exceptions also which came, for "none" and "another" are two ideas."""
    if difference.what != "raised":
        return difference.what
    got = difference.got
    came = got.value["type"] if got is not None and got.kind == "raised" else "nothing"
    return f"raised {came}"


def load_hidden() -> bool:
    """Import the hidden scenarios where they are installed, and say whether they are."""
    if importlib.util.find_spec("autograder.hidden") is None:
        return False
    importlib.import_module("autograder.hidden").load()
    return True


def run(ids: Sequence[str]) -> list[Trial]:
    """Run scenarios one after the other; each has a time limit, and they share patience."""
    trials: list[Trial] = []
    slow = 0
    for id in ids:
        if slow == SLOW:
            trials.append(not_tried(get(id)))
            continue
        trial = run_one(get(id))
        slow += trial.trouble == ENDLESS
        trials.append(trial)
    return trials


def not_tried(scenario: Scenario) -> Trial:
    """Say of a scenario that patience ran out before it."""
    return Trial(scenario, trouble="was not tried: earlier checks did not come to an end")


def run_one(scenario: Scenario) -> Trial:
    """Run one scenario on every recorded seed, up to the first that differs."""
    for seed in oracle.seeds(scenario.id):
        found = run_with(scenario, seed, oracle.expected(scenario.id, seed))
        if not found.passed:
            return found
    return Trial(scenario)


def run_with(scenario: Scenario, seed: int, expected: Observations) -> Trial:
    """Run one scenario with one seed, and hold it against what torch does then."""
    got = None
    trouble = ""
    try:
        with _tidy(), limit(SECONDS) as bell:
            got = observe(scenario, backend("nptorch"), seed)
        trouble = ENDLESS if bell.rang else ""
    except TimeUp:
        trouble = ENDLESS
    except BaseException as error:  # student code may raise SystemExit or KeyboardInterrupt
        trouble = f"was ended by {_name(error)}"
    found = tuple(differences(expected, got, scenario.ulps)) if got is not None else ()
    return Trial(scenario, found, trouble, inputs_at(found, got), seed)


def inputs_at(found: Sequence[Difference], got: Observations | None) -> tuple[Any, ...]:
    """Return the inputs with which the difference that is shown came up."""
    return () if got is None or not found else tuple(got.inputs.get(telling(found).label, ()))


def telling(found: Sequence[Difference]) -> Difference:
    """The difference to show: what ended the run early, if something did, else the first."""
    ended = [one for one in found if one.what == "extra" and one.label == "raised"]
    return (ended or list(found))[0]


def _name(error: BaseException) -> str:
    """An exception's type and text; a student's exception may fail even at giving its text."""
    with contextlib.suppress(Exception):
        return f"{type(error).__name__}: {str(error)[:120]}".rstrip(": ")
    return type(error).__name__


@contextlib.contextmanager
def _tidy() -> Iterator[None]:
    """Record gradients whatever mode the notebook was left in, and leave that mode as it was.

    The flags are set by hand: the context managers that do so are parts of lesson 4, which may be
    the very ones that are graded, or not built yet.
    """
    mode: Any = importlib.import_module("course.nptorch.grad_mode").mode
    before = mode.enabled, mode.inference
    mode.enabled, mode.inference = True, False
    try:
        yield
    finally:
        mode.enabled, mode.inference = before
