"""Reading the records. Nothing here needs torch; recording and checking do, when called."""

from __future__ import annotations

from pathlib import Path

from autograder.oracles import files
from autograder.oracles.recorder import check, record
from autograder.oracles.seen import SEEDS
from course.compare.provenance import GPUS
from course.scenarios.observation import Observations

__all__ = ["SEEDS", "check", "expected", "provenance", "record", "records", "seeds"]


def expected(id: str, seed: int = 0, where: str = files.CPU) -> Observations:
    """Return what torch did in a scenario, as recorded.

    Parameters
    ----------
    where
        ``torch-cpu`` or one of the other names that `records` lists.

    Raises
    ------
    KeyError
        If the scenario, or this seed of it, was not recorded.
    """
    by_seed = _entry(id, where)
    rows = by_seed.get(files.ANY_SEED, by_seed.get(str(seed)))
    if rows is None:
        known = ", ".join(sorted(by_seed))
        raise KeyError(f"scenario {id} was recorded for the seeds {known}, not for {seed}")
    return Observations.from_json(rows, dtype="float64" if where == files.CPU else where.rpartition("/")[2])


def seeds(id: str, where: str = files.CPU) -> tuple[int, ...]:
    """Return the seeds worth running: just one where a scenario draws nothing.

    Raises
    ------
    KeyError
        If the scenario was not recorded.
    """
    by_seed = _entry(id, where)
    if files.ANY_SEED in by_seed:
        return SEEDS[:1]
    return tuple(sorted(int(seed) for seed in by_seed))


def records() -> list[str]:
    """Return the names of all records: ``torch-cpu``, and ``cuda/<gpu>/<dtype>`` and the like for each GPU."""
    gpus = [folder.relative_to(files.HERE).as_posix() for kind in GPUS for folder in _folders(kind)]
    return [name for name in (files.CPU, *gpus) if files.topics(name, hidden=False)]


def provenance(id: str, where: str = files.CPU) -> dict[str, str]:
    """Return where a scenario's record comes from: versions, device, dtype and date."""
    _entry(id, where)
    for hidden in (False, True):
        content = files.read(files.path(_topic(id), where, hidden))
        if id in content["observations"]:
            return dict(content["provenance"])
    raise KeyError(id)


def _folders(kind: str) -> list[Path]:
    return sorted(folder for folder in (files.HERE / kind).glob("*/*") if folder.is_dir())


def _topic(id: str) -> str:
    return id.partition(".")[0]


def _entry(id: str, where: str) -> dict[str, list[dict[str, object]]]:
    for hidden in (False, True):
        found = files.read(files.path(_topic(id), where, hidden))["observations"].get(id)
        if found is not None:
            return dict(found)
    raise KeyError(f"scenario {id} is not in the record {where}; to record: gradschool oracle record")
