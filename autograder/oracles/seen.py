"""What torch did in one scenario just now, and how it is held against what was recorded."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from course.scenarios.differences import differences
from course.scenarios.observation import Observation, Observations
from course.scenarios.registry import Scenario

#: The seeds that are recorded, and therefore those that a submission is graded on.
SEEDS = (0, 1, 2)


class Unrecordable(RuntimeError):
    """A scenario that may not enter the record, and why."""


@dataclass(frozen=True)
class Disagreement:
    """One place where torch, run now, and the record say different things."""

    scenario: str
    seed: str
    label: str
    why: str

    def __str__(self) -> str:
        place = f"{self.scenario} (seed {self.seed})" if self.seed else self.scenario
        return f"{place}: {self.label}: {self.why}" if self.label else f"{place}: {self.why}"


@dataclass(frozen=True)
class Fresh:
    """What torch did just now in one scenario, by seed, and in a run of which dtype."""

    scenario: Scenario
    by_seed: dict[str, Observations]
    dtype: str = "float64"

    def entry(self, old: dict[str, Any] | None) -> dict[str, Any]:
        """Return what the record should hold: what it held where that agrees, so that nothing changes idly."""
        if old is not None and not self.against(old):
            return old
        return {seed: seen.to_json() for seed, seen in self.by_seed.items()}

    def against(self, old: dict[str, Any]) -> list[Disagreement]:
        """Return where this and an entry of the record disagree."""
        id, ulps = self.scenario.id, self.scenario.ulps
        if set(old) != set(self.by_seed):
            return [Disagreement(id, "", "", "recorded for other seeds")]
        found = []
        for seed, seen in self.by_seed.items():
            recorded = Observations.from_json(old[seed], self.dtype)
            if same(recorded, seen, ulps):
                found += [
                    Disagreement(id, seed, one, "recorded without a spread") for one in newly_spread(recorded, seen)
                ]
                continue
            ones = differences(recorded, seen, ulps)
            found += [Disagreement(id, seed, one.label, f"{one.what} differs") for one in ones]
            if not ones:
                found.append(Disagreement(id, seed, "", "order or messages differ"))
        return found


def knows(hidden: bool) -> bool:
    """Students have no hidden scenarios: their absence must not look like a change."""
    return not hidden or importlib.util.find_spec("autograder.hidden") is not None


def same(one: Observations, other: Observations, ulps: float) -> bool:
    """Return whether two runs agree."""
    if [item.label for item in one] != [item.label for item in other]:
        return False
    # Both ways: of two exceptions, the one with more phrases contains the other.
    return not differences(one, other, ulps) and not differences(other, one, ulps)


def newly_spread(recorded: Observations, seen: Observations) -> list[str]:
    """Return the labels of what differs from run to run, of which the record does not say so."""
    return [one.label for one, other in zip(seen, recorded, strict=True) if spreads(one) and not spreads(other)]


def spreads(observation: Observation) -> bool:
    """Return whether any number of an observation differs from run to run."""
    if observation.kind in ("list", "dict"):
        return any(spreads(item) for item in observation.value)
    return observation.spread is not None


def refuse_unknown(scenario: Scenario, observations: Observations) -> None:
    """See that every exception is one whose message we know.

    Raises
    ------
    Unrecordable
        If no known phrase occurs in a message, or an exception escaped.
    """
    for top in observations:
        if top.label == "raised":
            said = f"{top.value['type']}: {top.message}"
            raise Unrecordable(f"an exception escapes from {scenario.id}, use attempt(): {said}")
        for one in _exceptions(top):
            if not one.value["keywords"]:
                raise Unrecordable(
                    f"{scenario.id}, {top.label}: no phrase of course/scenarios/keywords.py "
                    f"occurs in {one.value['type']}: {one.message}"
                )


def _exceptions(observation: Observation) -> Iterator[Observation]:
    if observation.kind == "raised":
        yield observation
    elif observation.kind in ("list", "dict"):
        for item in observation.value:
            yield from _exceptions(item)
