"""Many submissions on several worker processes: one at a time to each, results kept as they come.

A worker that dies is replaced, and its submission tried once more; if that ends a second worker too, its
result says that a person must look. Each worker keeps its results itself, so that nothing is lost when
this process is killed.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from autograder.batch.result import ExerciseResult, Result
from autograder.exercises import exercises
from autograder.sandbox import judge as limits
from autograder.sandbox.transplant import Carried

ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")
TRIES = 2
START = 120.0  # seconds that a worker may take to start on a busy machine
ROOT = Path(__file__).resolve().parents[2]


class PoolError(RuntimeError):
    """No worker can work; the text says why."""


class Died(RuntimeError):
    """A worker ended in the middle of a submission, or could not judge it."""


class Hand:
    """One worker process.

    Parameters
    ----------
    course : Path
        The course directory.
    lesson : str
        Lesson id.
    core : int, optional
        The processor that it and its sandbox stay on. The two wait for each other thousands of times in
        a submission, and waking a neighbour on another processor takes longer than what it then does.

    Raises
    ------
    PoolError
        If it does not start.
    """

    def __init__(self, course: Path, lesson: str, core: int | None = None) -> None:
        path = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
        self.process = subprocess.Popen(
            [sys.executable, "-m", "autograder.batch.hand", str(course), lesson],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            env={**os.environ, **dict.fromkeys(ONE_THREAD, "1"), "PYTHONPATH": path},
            start_new_session=True,
        )
        if core is not None:
            os.sched_setaffinity(self.process.pid, {core})
        try:
            ready = self._answer(START)
        except Died:
            ready = {"error": "a worker process did not start"}
        if "ready" not in ready:
            self.kill()
            raise PoolError(str(ready.get("error")))

    def judge(self, key: str, carried: Carried, seconds: float) -> dict[str, Any]:
        """Have one submission judged; return its result as plain data.

        Raises
        ------
        Died
            If no result comes.
        """
        assert self.process.stdin is not None
        try:
            self.process.stdin.write(json.dumps({"key": key, "carried": asdict(carried)}) + "\n")
            self.process.stdin.flush()
        except OSError as error:
            raise Died("the worker process ended") from error
        answer = self._answer(seconds)
        if "result" not in answer:
            raise Died(str(answer.get("error")))
        found: dict[str, Any] = answer["result"]
        return found

    def _answer(self, seconds: float) -> dict[str, Any]:
        assert self.process.stdout is not None
        bell = threading.Timer(seconds, self.kill)
        bell.daemon = True
        bell.start()
        try:
            line = self.process.stdout.readline()
        except (OSError, ValueError) as error:  # closed by kill()
            raise Died("the worker process was ended") from error
        finally:
            bell.cancel()
        if not line.endswith("\n"):
            raise Died("the worker process ended")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def kill(self) -> None:
        """End the process at once; its sandbox sees that and ends too."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def close(self) -> None:
        """Let the process end by itself."""
        if self.process.stdin is not None:
            with contextlib.suppress(OSError):
                self.process.stdin.close()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.kill()
        if self.process.stdout is not None:
            self.process.stdout.close()


class Pool:
    """Worker processes for the submissions of one lesson.

    Parameters
    ----------
    course : Path
        The course directory.
    lesson : str
        Lesson id.
    size : int
        How many.
    """

    def __init__(self, course: Path, lesson: str, size: int) -> None:
        self.course, self.lesson, self.size = course, lesson, max(size, 1)
        self._hands: list[Hand | None] = [None] * self.size
        self._ending = False
        # More than the judge's own limits can add up to: only a judge that hangs itself meets it.
        each = 2 * (limits.ALL + limits.CELLS)
        self.patience = 60 + each * len(exercises(lesson))

    def run(self, tasks: Mapping[str, Carried], done: Callable[[Result], None]) -> None:
        """Judge submissions.

        Parameters
        ----------
        tasks : mapping of str to Carried
            By the names that their results have.
        done : callable
            Called in this thread with each result, as it comes.

        Raises
        ------
        PoolError
            If no worker starts. What was judged before is kept.
        """
        waiting: queue.SimpleQueue[tuple[str, Carried]] = queue.SimpleQueue()
        for task in tasks.items():
            waiting.put(task)
        results: queue.SimpleQueue[Result | PoolError] = queue.SimpleQueue()
        count = min(self.size, len(tasks))
        threads = [threading.Thread(target=self._serve, args=(n, waiting, results), daemon=True) for n in range(count)]
        for thread in threads:
            thread.start()
        for _ in tasks:
            found = results.get()
            if isinstance(found, PoolError):
                raise found
            done(found)
        for thread in threads:
            thread.join()

    def _serve(self, n: int, waiting: Any, results: Any) -> None:
        """Keep one worker busy; this is a thread."""
        while not self._ending:
            try:
                key, carried = waiting.get_nowait()
            except queue.Empty:
                return
            try:
                results.put(self._judge(n, key, carried))
            except PoolError as error:
                results.put(error)
                return

    def _judge(self, n: int, key: str, carried: Carried) -> Result:
        why = ""
        for _ in range(TRIES):
            hand = self._hands[n]
            if hand is None:
                hand = self._hands[n] = Hand(self.course, self.lesson, self._core(n))
            try:
                return Result.from_plain(hand.judge(key, carried, self.patience))
            except Died as error:
                why = str(error)
                hand.kill()
                self._hands[n] = None
                if self._ending:
                    break
        return for_a_person(key, self.lesson, carried, why)

    def _core(self, n: int) -> int | None:
        """Choose a processor for a worker, where there is one for each."""
        if not hasattr(os, "sched_getaffinity"):
            return None
        cores = sorted(os.sched_getaffinity(0))
        return cores[n] if self.size <= len(cores) else None

    def close(self, now: bool = False) -> None:
        """End the workers: with ``now`` in the middle of their work."""
        self._ending = True
        for n, hand in enumerate(self._hands):
            if hand is not None:
                if now:
                    hand.kill()
                hand.close()
            self._hands[n] = None

    def __enter__(self) -> Pool:
        return self

    def __exit__(self, kind: type[BaseException] | None, *rest: object) -> None:
        self.close(now=kind is not None)


def for_a_person(key: str, lesson: str, carried: Carried, why: str) -> Result:
    """Return the result of a submission that could not be judged: nothing is earned until a person has looked."""
    told = "- This could not be graded automatically. A person will look at it."
    return Result(
        key,
        lesson,
        {
            one.id: ExerciseResult(0.0, one.points, [f"{one.id}: 0 of {one.points:g} points.", told])
            for one in exercises(lesson)
        },
        {},
        list(carried.flags),
        f"It ended the grader {TRIES} times ({why}). A person must look.",
    )
