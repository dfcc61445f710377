"""The process in which a GPU is recorded; see `autograder.oracles.gpu`. It says what it does as lines of JSON."""

from __future__ import annotations

import importlib
import json
import os
import sys
from pathlib import Path
from typing import Any

from autograder.oracles import files
from autograder.oracles.gpu import Job, by_topic
from autograder.oracles.repeat import run
from autograder.oracles.seen import Fresh, Unrecordable
from course.compare.backends import Backend, backend, on_device
from course.compare.provenance import processor, provenance
from course.compare.work import work
from course.scenarios.registry import Scenario


def main() -> None:
    """Do the job on standard input."""
    job = Job(**json.load(sys.stdin))
    # What programs print, in Python or below it, must not come between the lines of JSON.
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)

    def tell(**event: Any) -> None:
        print(json.dumps(event), file=out, flush=True)

    files.HERE = Path(job.here)
    for name in job.imports:
        importlib.import_module(name)
    engine = _engine(job.device)
    for topic, hidden in job.topics:
        fresh: dict[str, Fresh] = {}
        products: dict[str, Any] = {}
        for scenario in by_topic(job.device, hidden)[topic]:
            if scenario.id in job.left_out:
                continue
            tell(at=scenario.id)
            try:
                fresh[scenario.id] = Fresh(scenario, run(scenario, engine, job.dtype), job.dtype)
            except Unrecordable as error:
                tell(missed=scenario.id, why=str(error))
            except Exception as error:  # the record must not be lost for one program, whatever it is
                tell(missed=scenario.id, why=f"{type(error).__name__}: {error}")
            if not _usable(engine):
                os._exit(3)  # the parent knows at which scenario; leaving in order could wait for the GPU
            if scenario.id in fresh and (counted := _products(scenario, engine, job.dtype)):
                products[scenario.id] = counted
        _finish(job, topic, hidden, fresh, products, engine, tell)


def _finish(
    job: Job, topic: str, hidden: bool, fresh: dict[str, Fresh], products: dict[str, Any], engine: Backend, tell: Any
) -> None:
    """Write or compare one topic."""
    file = files.path(topic, job.where, hidden)
    if not job.write:
        ran = {one.id for one in by_topic(job.device, hidden)[topic]}
        for one in files.disagreements(fresh, files.read(file)["observations"]):
            if one.scenario in fresh or one.scenario not in ran:  # what could not be run was told already
                tell(differs=[one.scenario, one.seed, one.label, one.why])
    elif fresh and files.update(file, fresh, _facts(engine, job.dtype), products):
        tell(changed=str(file))
    elif not fresh and file.is_file():  # nothing of it can be recorded any more
        file.unlink()
        tell(changed=str(file))
    tell(done=[topic, hidden])


def _engine(device: str) -> Backend:
    if device == "cpu":  # where the tests go the way that a GPU goes
        return on_device(importlib.import_module("torch"), "cpu", processor())
    return backend(f"torch-{device}")


def _usable(engine: Backend) -> bool:
    """Return whether the device still computes: an error in a kernel shows at a later call, and at every one."""
    try:
        return bool(engine.T.ones(2, device=engine.device).sum().item() == 2)
    except RuntimeError:
        return False


def _products(scenario: Scenario, engine: Backend, dtype: str) -> list[int] | None:
    """Count matrix products and convolutions where TF32 may be used: its tolerance follows from them."""
    if engine.device != "cuda" or dtype != "float32" or scenario.needs:
        return None
    counted = work(scenario, backend("torch-cpu"), dtype=dtype)
    return [counted.matmuls, counted.convs] if counted.matmuls or counted.convs else None


def _facts(engine: Backend, dtype: str) -> dict[str, str]:
    facts = provenance(engine.device, dtype)
    if engine.device == "cuda":
        settings = engine.T.backends
        on = [("matmul", settings.cuda.matmul.allow_tf32), ("conv", settings.cudnn.allow_tf32)]
        facts["tf32"] = " and ".join(name for name, allowed in on if allowed) or "off"
    return facts


if __name__ == "__main__":
    main()
