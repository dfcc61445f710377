"""Run everything that is known to be right or wrong through the grader, and count."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from autograder.alternatives import alternatives
from autograder.clock import TimeUp, limit
from autograder.exercises import Exercise, exercises
from autograder.faults import Fault, faults
from autograder.grading import verdict_on
from autograder.oracles import oracle
from autograder.plugging import reference_parts, stage
from autograder.prove.equivalent import EQUIVALENT
from autograder.prove.mutants import Mutant, mutants
from autograder.quiet import quiet
from autograder.trial import load_hidden
from autograder.verdict import Verdict
from course.compare.backends import backend
from course.scenarios.differences import differences
from course.scenarios.observation import observe
from course.scenarios.registry import get

PATIENCE = 1.0  # seconds for one scenario of a mutant; the slowest takes a few milliseconds
ALTERNATIVES = 2  # of each part, at least
NAMED = 0.9  # share of faults that are named first, or tie for first
KILLED = 0.95  # share of mutants that lose points


@dataclass
class Line:
    """What was found for one exercise.

    Attributes
    ----------
    reference, nothing : float
        Points of the reference, and of the null parts.
    others : dict of str to float
        Points of each alternative.
    few : list of str
        Parts with too few alternatives.
    faults, losing, first : int
        How many faults there are, lose points, and are named first or tie for it.
    unnamed, free : list of str
        Faults that are not named, and that lose nothing.
    mutants, killed : int
        How many mutants there are, and lose points; those that are equivalent are not counted.
    survivors : list of str
        Mutants that lose nothing.
    """

    exercise: Exercise
    reference: float = 0.0
    nothing: float = 0.0
    others: dict[str, float] = field(default_factory=dict)
    few: list[str] = field(default_factory=list)
    faults: int = 0
    losing: int = 0
    first: int = 0
    unnamed: list[str] = field(default_factory=list)
    free: list[str] = field(default_factory=list)
    mutants: int = 0
    killed: int = 0
    survivors: list[str] = field(default_factory=list)


@dataclass
class Proof:
    """What was found for all exercises."""

    lines: list[Line]

    @property
    def complaints(self) -> list[str]:
        """What is not as it must be, one sentence each; empty when the proof holds."""
        said = []
        for line in self.lines:
            id, most = line.exercise.id, line.exercise.points
            if line.reference != most:
                said.append(f"{id}: the reference earns {line.reference:g} of {most:g} points.")
            if line.nothing:
                said.append(f"{id}: nothing written earns {line.nothing:g} points.")
            said += [f"{id}: the alternative {how} earns {got:g}." for how, got in line.others.items() if got != most]
            said += [f"{id}: fewer than {ALTERNATIVES} alternatives of {name}." for name in line.few]
            said += [f"{id}: the fault {name} loses no points." for name in line.free]
        told, known = sum(line.first for line in self.lines), sum(line.faults for line in self.lines)
        if known and told < NAMED * known:
            missed = ", ".join(name for line in self.lines for name in line.unnamed)
            said.append(f"Only {told} of {known} faults are named first or tie for it; not these: {missed}.")
        killed, made = sum(line.killed for line in self.lines), sum(line.mutants for line in self.lines)
        if made and killed < KILLED * made:
            said.append(f"Only {killed} of {made} mutants lose points.")
        return said


def prove(
    lessons: Sequence[str] | None = None, *, with_mutants: bool = False, say: Callable[[str], None] | None = None
) -> Proof:
    """Prove the grader on its own parts, faults and alternatives.

    Parameters
    ----------
    lessons : sequence of str, optional
        Lesson ids; all if not given.
    with_mutants : bool
        Whether to try every mutant of the reference parts too, which takes minutes.
    say : callable, optional
        Told of each exercise as its turn comes.
    """
    load_hidden()
    lines = []
    for exercise in exercises():
        if lessons is None or exercise.lesson in lessons:
            if say is not None:
                say(exercise.id)
            lines.append(line_of(exercise, with_mutants))
    return Proof(lines)


def line_of(exercise: Exercise, with_mutants: bool) -> Line:
    """Prove one exercise; see `prove`."""
    load_hidden()
    gc.freeze()  # each verdict ends with a collection of garbage, which then leaves alone what is there now
    try:
        return _line_of(exercise, with_mutants)
    finally:
        gc.unfreeze()


def _line_of(exercise: Exercise, with_mutants: bool) -> Line:
    reference = {name: reference_parts(exercise.number)[name] for name in exercise.parts}
    line = Line(exercise)
    line.reference = _verdict(exercise, reference).points
    line.nothing = _nothing(exercise)
    known = alternatives(exercise.lesson)
    for name in exercise.parts:
        mine = [one for one in known if one.part == name]
        if len(mine) < ALTERNATIVES:
            line.few.append(name)
        for one in mine:
            line.others[f"{name} ({one.how})"] = _verdict(exercise, {**reference, name: one.right}).points
    for fault in [one for one in faults(exercise.lesson) if one.exercise == exercise.id]:
        _count_fault(line, fault, _verdict(exercise, {**reference, fault.part: fault.wrong}))
    if with_mutants:
        for name in exercise.parts:
            for mutant in mutants(name, reference[name]):
                _count_mutant(line, mutant, survives(exercise, {**reference, name: mutant.wrong}))
    return line


def _verdict(exercise: Exercise, parts: dict[str, Any]) -> Verdict:
    with quiet():
        return verdict_on(exercise.id, parts)


def _nothing(exercise: Exercise) -> float:
    """Points of stubs as a release has them: they are there, and raise when they are used."""

    def stub(*args: Any, **kwargs: Any) -> Any:
        raise NotImplementedError("not written yet")

    made: dict[str, Any] = {}
    for name, part in reference_parts(exercise.number).items():
        if name in exercise.parts:
            made[name] = type(name, (), {"__init__": stub}) if isinstance(part, type) else stub
    return _verdict(exercise, made).points


def _count_fault(line: Line, fault: Fault, verdict: Verdict) -> None:
    line.faults += 1
    if verdict.points < line.exercise.points:
        line.losing += 1
    else:
        line.free.append(fault.id)
    if fault.help in str(verdict):
        line.first += 1
    else:
        line.unnamed.append(fault.id)


def _count_mutant(line: Line, mutant: Mutant, survived: bool) -> None:
    if str(mutant) in EQUIVALENT:
        return
    line.mutants += 1
    if survived:
        line.survivors.append(str(mutant))
    else:
        line.killed += 1


def survives(exercise: Exercise, parts: dict[str, Any]) -> bool:
    """Say whether no scenario of the exercise tells these parts from the reference."""
    try:
        plug = stage(exercise, parts).set()
    except Exception:  # the engine refuses the part
        return False
    with quiet(), plug:
        return all(_agrees(id) for id in _ids(exercise))


def _ids(exercise: Exercise) -> Iterable[str]:
    return [*exercise.basics, *exercise.scenarios, *exercise.hidden]


def _agrees(id: str) -> bool:
    from course.nptorch.grad_mode import mode

    scenario = get(id)
    for seed in oracle.seeds(id):
        mode.enabled, mode.inference = True, False
        got = None
        try:
            with limit(PATIENCE) as bell:
                got = observe(scenario, backend("nptorch"), seed)
        except (TimeUp, Exception, SystemExit, KeyboardInterrupt):
            return False
        if bell.rang or got is None or differences(oracle.expected(id, seed), got, scenario.ulps):
            return False
    return True
