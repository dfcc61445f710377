"""Recording a GPU: every scenario, in a process of its own that can be lost.

A kernel that fails on a GPU ends the use of that GPU for the whole process. So the scenarios run in a child
(`autograder.oracles.child`), which says which one it is at and writes each topic when it is done. If it dies, that
scenario is left out, and another child goes on from there.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from autograder.oracles import files
from autograder.oracles.seen import Disagreement, knows
from course.compare.backends import DTYPES
from course.compare.provenance import provenance, slug
from course.scenarios.registry import Scenario, scenarios


@dataclass
class Job:
    """What a child is to do; as JSON it goes through its standard input.

    Attributes
    ----------
    device, dtype
        What to run on and in.
    write
        True to record, False to compare with the record.
    topics
        Pairs of a topic and whether it is of hidden scenarios, still to be done.
    left_out
        Ids of the scenarios that killed a child.
    where
        The record's name, under `files.HERE`.
    here
        The folder of all records.
    imports
        Modules with more scenarios.
    """

    device: str
    dtype: str
    write: bool
    topics: list[tuple[str, bool]]
    where: str
    here: str = ""
    left_out: list[str] = field(default_factory=list)
    imports: list[str] = field(default_factory=list)


def record(device: str, dtype: str | None, say: Callable[[str], None]) -> list[Path]:
    """Record all scenarios on a GPU; see `autograder.oracles.record`."""
    changed = []
    for job in jobs(device, dtype, write=True):
        wanted = list(job.topics)
        for event in drive(job):
            if "changed" in event:
                changed.append(Path(event["changed"]))
            if "missed" in event:
                say(f"Not recorded ({job.dtype}): {event['missed']}: {event['why']}")
        for hidden in {hidden for _, hidden in wanted}:
            for topic in files.topics(job.where, hidden):
                if (topic, hidden) not in wanted:
                    file = files.path(topic, job.where, hidden)
                    file.unlink()
                    changed.append(file)
    files.read.cache_clear()
    return sorted(changed)


def check(device: str, dtype: str | None) -> list[Disagreement]:
    """Run all scenarios on a GPU again; see `autograder.oracles.check`."""
    found = []
    for job in jobs(device, dtype, write=False):
        if not files.topics(job.where, hidden=False):
            found.append(Disagreement(job.where, "", "", "this GPU is not recorded"))
            continue
        for event in drive(job):
            if "missed" in event:
                found.append(Disagreement(event["missed"], "", "", event["why"]))
            if "differs" in event:
                found.append(Disagreement(*event["differs"]))
    return found


def jobs(device: str, dtype: str | None, write: bool) -> Iterator[Job]:
    """Return what is to be done, for each dtype that the device has.

    Raises
    ------
    RuntimeError
        If there is no such device here.
    ValueError
        If it does not have this dtype.
    """
    facts = provenance(device)
    if dtype is not None and dtype not in DTYPES[device]:
        raise ValueError(f"on {device} there is no {dtype}, only {', '.join(DTYPES[device])}")
    for one in (dtype,) if dtype else DTYPES[device]:
        topics = [(topic, hidden) for hidden in (False, True) for topic in sorted(by_topic(device, hidden))]
        yield Job(device, one, write, topics, f"{device}/{slug(facts)}/{one}", str(files.HERE))


def by_topic(device: str, hidden: bool) -> dict[str, list[Scenario]]:
    """Return the scenarios that run on a device: those for all, and those for it alone."""
    if not knows(hidden):
        return {}
    if hidden:
        import autograder.hidden

        autograder.hidden.load()
    found: dict[str, list[Scenario]] = {}
    for one in [*scenarios(hidden=hidden), *(scenarios(hidden=hidden, needs=device) if device == "cuda" else [])]:
        found.setdefault(one.topic, []).append(one)
    return found


def drive(job: Job) -> Iterator[dict[str, Any]]:
    """Run children until all topics are done; give what they say.

    Raises
    ------
    RuntimeError
        If a child dies before it came to any scenario.
    """
    while job.topics:
        at = None
        child = subprocess.Popen(
            [sys.executable, "-m", "autograder.oracles.child"],
            cwd=Path(__file__).resolve().parents[2],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert child.stdin is not None
        assert child.stdout is not None
        with child.stdin as told:
            told.write(json.dumps(job.__dict__))
        for line in child.stdout:
            event = json.loads(line)
            if "at" in event:
                at = event["at"]
            elif "done" in event:
                job.topics.remove(tuple(event["done"]))
                at = None
            yield event
        code = child.wait()
        if not job.topics:
            return
        if at is None:
            raise RuntimeError(f"the process that runs the programs ended with code {code} before it came to any")
        job.left_out.append(at)
        yield {"missed": at, "why": f"the GPU could not be used after it, or the process ended (code {code})"}
