"""The second wall: scenarios run here, and only their single calls run where the student's code is.

This process knows what is expected and decides. The other one is sent inputs and calls, and sends back
observations. If it crashes, hangs or is ended, that scenario fails, what was earned stays, and the next
scenario gets a fresh process.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from autograder.clock import TimeUp, limit
from autograder.exercises import Exercise
from autograder.grading import free_of, ideas_for
from autograder.oracles import oracle
from autograder.plugging import stage
from autograder.printable import one_line, printable
from autograder.sandbox.inside.wire import Broken, TimeIsUp
from autograder.sandbox.program import beside, code, codes, made_by_statements, program
from autograder.sandbox.rebuilt import Ended
from autograder.sandbox.remote import RemoteBackend
from autograder.sandbox.session import Early, Session, deadline
from autograder.sandbox.transplant import Notebook
from autograder.sandbox.worker import Student, Worker
from autograder.smallest import smallest
from autograder.trial import ENDLESS, SECONDS, SLOW, Trial, inputs_at, load_hidden, not_tried
from autograder.verdict import Verdict, judged, refused, stopped_at_basics
from course.compare.backends import backend
from course.nptorch import use
from course.parts import reference
from course.scenarios.differences import differences
from course.scenarios.observation import Observations, observe
from course.scenarios.registry import Scenario, get

CELLS = 20.0  # seconds that a notebook's definitions may take
ALL = 60.0  # seconds that one exercise may take in all
LATE = 2.0  # seconds after which a scenario is ended that keeps this process busy, and not the student's
BYTES = 16 * 2**20  # that one exercise may send in all; the largest honest one sends a sixtieth of it
PRINTED = 20_000  # characters that are kept of what a cell prints


@dataclass(frozen=True)
class CellReport:
    """How a solution cell ran: what it printed, and the error it ended with, if it did."""

    printed: str
    error: str = ""


@dataclass
class Judgement:
    """What came of one exercise.

    Attributes
    ----------
    verdict : Verdict
        Points and words.
    trials : list of Trial
        How each scenario went.
    cells : dict of str to CellReport
        How the student's cells ran.
    ideas : list of str
        What wrong idea may be behind it, the likeliest first.
    """

    verdict: Verdict
    trials: list[Trial] = field(default_factory=list)
    cells: dict[str, CellReport] = field(default_factory=dict)
    ideas: list[str] = field(default_factory=list)


class Stopped(Exception):
    """The student's process could not be made ready; the text says why."""


class Judge:
    """Judges the exercises of one lesson's notebook.

    Parameters
    ----------
    worker : Worker
        Where students' code runs.
    source : dict
        The author's notebook.
    """

    def __init__(self, worker: Worker, source: Notebook) -> None:
        self.worker, self.source = worker, source
        self._expected: dict[tuple[str, int], Observations] = {}
        self._scenarios: dict[str, Scenario] = {}
        self._recorded: dict[str, tuple[int, ...]] = {}
        self._free: dict[str, frozenset[str]] = {}
        self.hidden = load_hidden()

    def judge(self, exercise: Exercise, texts: dict[str, str], seed: int) -> Judgement:
        """Judge one exercise of one submission.

        Parameters
        ----------
        exercise : Exercise
            What is judged.
        texts : dict of str to str
            The student's solutions, by grade id.
        seed : int
            Chooses the inputs of all scenarios that draw some.
        """
        end = deadline(ALL)
        found = self._judge(_Run(self, exercise, texts, seed, end))
        missing = _missing_names(found)
        if missing and missing & made_by_statements(self.source) and deadline(0) < end:
            found = self._judge(_Run(self, exercise, texts, seed, end, whole=True))
        return found

    def _judge(self, run: _Run) -> Judgement:
        exercise = run.exercise
        try:
            basics = run.trials(exercise.basics)
            later = run.trials([*exercise.scenarios, *(exercise.hidden if self.hidden else ())])
            trials = [*basics, *later]
            ideas = ideas_for(exercise, trials)
            if all(trial.passed for trial in basics):
                free = self.free(exercise)
                verdict = judged(exercise, trials, free, ideas, students=exercise.parts, simpler=run.simpler)
            else:
                verdict = stopped_at_basics(exercise, basics, ideas, exercise.parts, run.simpler)
        except Stopped as stopped:
            return Judgement(refused(exercise, str(stopped), exercise.advice), [], run.cells)
        finally:
            run.close()
        return Judgement(verdict, trials, run.cells, ideas)

    def scenario(self, id: str) -> Scenario:
        """Return a scenario; looking one up imports whatever is new, so it is done once."""
        if id not in self._scenarios:
            self._scenarios[id] = get(id)
        return self._scenarios[id]

    def prepare(self, scenarios: Sequence[Scenario], seed: int) -> None:
        """Find out what torch gives: from the record, or for a drawn seed from the reference.

        The reference stands for torch here because the two were held against each other, on every
        recorded seed, when the record was made and in every test run since.
        """
        keys = {self._key(one, seed): one for one in scenarios}
        new = {key: one for key, one in keys.items() if key not in self._expected}
        drawn = {key: one for key, one in new.items() if self._is_drawn(one)}
        self._expected |= {key: oracle.expected(*key) for key in new.keys() - drawn.keys()}
        if drawn:
            with use(**reference()):  # once for all of them: to plug the parts in takes as long as a scenario
                self._expected |= {key: observe(one, backend("nptorch"), seed) for key, one in drawn.items()}

    def expected(self, scenario: Scenario, seed: int) -> tuple[int, Observations]:
        """Return the seed to use and what torch gives with it."""
        key = self._key(scenario, seed)
        if key not in self._expected:
            self.prepare([scenario], seed)
        return key[1], self._expected[key]

    def _key(self, scenario: Scenario, seed: int) -> tuple[str, int]:
        return scenario.id, seed if self._is_drawn(scenario) else self._recorded[scenario.id][0]

    def _is_drawn(self, scenario: Scenario) -> bool:
        """Say whether a scenario draws its inputs; then it is on record with several."""
        if scenario.id not in self._recorded:
            self._recorded[scenario.id] = oracle.seeds(scenario.id)
        return len(self._recorded[scenario.id]) > 1

    def free(self, exercise: Exercise) -> frozenset[str]:
        """Return the scenarios that agree with torch though nothing was written."""
        if exercise.id not in self._free:
            self._free[exercise.id] = free_of(exercise, stage(exercise, {}), self.hidden)
        return self._free[exercise.id]


def _shaped_by_chance(got: Observations) -> bool:
    """Say whether a scenario drew whole numbers, by which it decides what to do."""
    return any(array.dtype.kind == "i" for drawn in got.inputs.values() for array in drawn)


class _Run:
    """One exercise of one submission, on as many processes as it takes."""

    def __init__(
        self, judge: Judge, exercise: Exercise, texts: dict[str, str], seed: int, end: float, whole: bool = False
    ) -> None:
        self.judge, self.exercise, self.seed, self.end = judge, exercise, seed, end
        self.steps = program(judge.source, texts, whole)
        own = {id: text for id, text in texts.items() if id == exercise.id}
        self.only_own = program(judge.source, own, whole)
        self.beside = [one for text in beside(judge.source, exercise.id) for one in codes(text)]
        self.cells: dict[str, CellReport] = {}
        self.slow = 0
        self.tried = False
        self.bytes = BYTES
        self.ahead = True
        self.solutions = {id for id, _ in self.steps} - {""}
        self._process: Any = None
        self._wire: Any = None
        self._session: Session | None = None
        self._backend: RemoteBackend | None = None

    def trials(self, ids: Sequence[str]) -> list[Trial]:
        """Run scenarios one after the other."""
        scenarios = [self.judge.scenario(id) for id in ids]
        self.judge.prepare(scenarios, self.seed)
        return [self.trial(scenario) for scenario in scenarios]

    def trial(self, scenario: Scenario) -> Trial:
        """Run one scenario; a process that does not survive it is replaced.

        If it was not that process but the server that ended, which no student's code can reach but an
        overloaded machine may well end, the scenario gets a second chance.
        """
        starts = self.judge.worker.starts
        try:
            found = self._trial(scenario)
        except Stopped:
            if self.judge.worker.starts == starts:
                raise
            return self._trial(scenario)
        return found if found.passed or self.judge.worker.starts == starts else self._trial(scenario)

    def _trial(self, scenario: Scenario) -> Trial:
        if self.slow >= SLOW or deadline(0) > self.end:
            return not_tried(scenario)
        seed, expected = self.judge.expected(scenario, self.seed)
        found, by_chance = self._held(scenario, seed, expected)
        if not found.passed or not by_chance:
            return found
        # What is asked differs from seed to seed: nobody's grade may hang on which one was drawn.
        for kept in oracle.seeds(scenario.id):
            found, _ = self._held(scenario, kept, oracle.expected(scenario.id, kept))
            if not found.passed:
                break
        return found

    def simpler(self, trial: Trial) -> Trial:
        """Return the same failure with simpler inputs, if there are some; see `autograder.smallest`."""
        try:
            return smallest(trial, self._again)
        except Stopped:  # the process ended, and there is no other: what is known is told
            return trial

    def _again(self, scenario: Scenario, seed: int, expected: Observations) -> Trial:
        if deadline(0) > self.end:
            return not_tried(scenario)
        return replace(self._held(scenario, seed, expected)[0], seed=seed)

    def _held(self, scenario: Scenario, seed: int, expected: Observations) -> tuple[Trial, bool]:
        """Run a scenario and hold it against what torch does; say also whether chance decides what it asks.

        Raises
        ------
        Stopped
            If there is no process to run it in, and there never was.
        """
        try:
            session, engine = self.ready()
        except Stopped:
            if not self.tried:
                raise
            self.slow = SLOW  # what was earned stays, and there is no sense in another attempt
            trouble = "was not tried: when the cells were run again, they did not get that far"
            return Trial(scenario, trouble=trouble), False
        self.tried = True
        session.until = min(deadline(SECONDS), self.end)
        try:
            # The session keeps the time; the bell is for what a strange answer may have this process do.
            with limit(SECONDS + LATE), warnings.catch_warnings():
                warnings.simplefilter("ignore")  # a student's words are not for the teacher's terminal
                got = observe(scenario, engine, seed)
                found = tuple(differences(expected, got, scenario.ulps))
                return Trial(scenario, found, inputs=inputs_at(found, got)), _shaped_by_chance(got)
        except Early:  # from here on each answer is waited for
            self.ahead = False
            self.close()
            return self._held(scenario, seed, expected)
        except (TimeIsUp, TimeUp):
            trouble = ENDLESS
            self.slow += 1
        except Broken as error:
            trouble = f"ended the process that it ran in ({error})"
        except Ended as ended:
            trouble = f"was ended by {one_line(str(ended))}"
        except Exception as error:  # what it gives may be of any kind, and fail in any way when it is looked at
            trouble = f"gave what cannot be observed: {one_line(f'{type(error).__name__}: {error}')}"
        self.close()
        return Trial(scenario, trouble=trouble), False

    def ready(self) -> tuple[Session, RemoteBackend]:
        """Return a conversation with a process in which the parts are plugged in.

        Raises
        ------
        Stopped
            If the student's cells do not get that far.
        """
        if self._session is not None and self._backend is not None:
            return self._session, self._backend
        self._process = self.judge.worker.process()
        student: Student = self._process.__enter__()
        self._wire = student.wire
        self._wire.budget = self.bytes
        session = Session(self._wire, self.ahead)
        session.until = min(deadline(CELLS), self.end)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                if self.exercise.withheld:  # before anyone else can take hold of them
                    session.ask("withhold", self.exercise.withheld)
                self._note(session.ask("cells", [[id, text if id else code(text)] for id, text in self.steps]))
                if session.ask("plug", list(self.exercise.parts), self.beside) != []:
                    raise Stopped(self._missing())
                self._session, self._backend = session, RemoteBackend(session)
        except (TimeIsUp, Broken) as error:
            why = f"The cells did not end within {CELLS:g} seconds."
            if isinstance(error, Broken):
                why = f"The cells ended the process that they ran in ({error})."
            if self.steps != self.only_own:  # it may be the fault of another exercise's cell, which is not needed
                self.steps = self.only_own
                self.close()
                return self.ready()
        except Stopped as stopped:
            why = str(stopped)
        except (Ended, Exception) as error:
            why = f"The engine does not take this part: {one_line(str(error))}"
        else:
            return self._session, self._backend
        self.close()
        raise Stopped(why)

    def _note(self, cells: Any) -> None:
        """Keep how the student's cells ran.

        Raises
        ------
        Broken
            If that is not what was sent.
        """
        try:
            told = {str(id): (printed, failed) for id, printed, failed in cells}
            for id in self.solutions & set(told):
                printed, failed = told[id]
                error = f"{failed[0]}: {failed[1]} (line {int(failed[4])} of the cell)" if failed else ""
                self.cells[id] = CellReport(printable(printed, PRINTED), one_line(error))
        except (TypeError, ValueError, IndexError, KeyError, AttributeError) as error:
            raise Broken("the other side tells nothing of its cells") from error

    def _missing(self) -> str:
        cell = self.cells.get(self.exercise.id)
        if cell is not None and cell.error:
            return f"Its cell does not run: {cell.error}"
        names = " or ".join(self.exercise.parts)
        return f"{names} is not defined: its cell is missing or defines something else."

    def close(self) -> None:
        """End the process, if there is one."""
        process, self._process, self._session, self._backend = self._process, None, None, None
        if process is not None:
            self.bytes = self._wire.budget
            process.__exit__(None, None, None)


def _missing_names(found: Judgement) -> set[str]:
    """List the names for want of which something failed."""
    said = [cell.error for cell in found.cells.values()]
    said += [str(one.got.message) for trial in found.trials for one in trial.differences if one.got is not None]
    return {name for text in said for name in re.findall(r"name '(\w+)' is not defined", text)}
