"""`compare`: run a scenario on the engines at hand, and put beside them what was recorded on GPUs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from course.compare import recorded as records
from course.compare.backends import DTYPES, NAMES, Backend, at_hand, backend, grading
from course.compare.comparison import Comparison
from course.compare.provenance import GPUS
from course.compare.recorded import programs
from course.compare.work import work
from course.scenarios import Scenario, get
from course.scenarios.differences import differences
from course.scenarios.observation import Observations, observe


def compare(
    scenario: Scenario | str,
    backends: Sequence[Backend] | None = None,
    seed: int = 0,
    recorded: Mapping[str, Observations] | None = None,
    dtype: str | None = None,
    device: str | None = None,
) -> Comparison:
    """Run one scenario on several backends and hold the results side by side.

    Parameters
    ----------
    scenario
        A scenario or its id.
    backends
        Those to run on; by default all at hand. The first column is the judge. Where no GPU
        is among those at hand, the latest record of one is shown, if there is one.
    recorded
        Observations made elsewhere, by title, which begins with ``recorded``. They come
        first, so where torch is not installed the record is the judge.
    dtype
        ``float64`` (the default) or ``float32``; on ``mps`` there is only ``float32``.
    device
        ``cuda`` or ``mps`` to ask for a GPU: the one here and all that were recorded are
        shown, and if there is none of either, the table says so.

    Raises
    ------
    KeyError
        If there is no scenario with this id.
    ValueError
        If there is nothing to compare, no such device, no such dtype on it, or if what was
        recorded would be shown under a title that does not say so.
    """
    subject = get(scenario) if isinstance(scenario, str) else scenario
    device = device or subject.needs or None
    dtype = _dtype(dtype, device)
    columns, tf32 = dict(recorded or {}), dict[str, int]()
    note, chosen = "", backends
    if chosen is None:
        chosen, note = at_hand(dtype)
    if subject.needs:  # the others cannot run it
        chosen = [one for one in chosen if one.device == subject.needs]
    kept = _kept(subject, seed, dtype, device) if not grading() and (device or _wanted(backends, chosen)) else []
    titles = frozenset({*columns, *(one.title for one in kept)})
    _keep_apart(titles)
    for engine in [one for one in chosen if one.name != "nptorch"]:
        columns[engine.name] = observe(subject, engine, seed, dtype)
        tf32[engine.name] = _tf32(subject, engine, seed, dtype)
    for one in kept:
        columns[one.title], tf32[one.title] = one.observations, one.tf32
    for engine in [one for one in chosen if one.name == "nptorch"]:
        columns[engine.name] = observe(subject, engine, seed, dtype)
    if device and not kept and not grading() and all(one.device != device for one in chosen):
        note = _nothing(device, seed, dtype)
    elif kept:  # also without torch there is something to hold this against
        note = ""
    if not columns and not note:
        raise ValueError("nothing to compare: no backend and no record")
    found = {}
    for name in list(columns)[1:]:
        judge = next(iter(columns))
        products = max(tf32.get(judge, 0), tf32.get(name, 0))
        found[name] = differences(columns[judge], columns[name], subject.ulps, products)
    return Comparison(subject, columns, found, note, titles, tf32)


def _dtype(dtype: str | None, device: str | None) -> str:
    if device is None:
        return dtype or "float64"
    if device not in GPUS:
        raise ValueError(f"no device {device!r} to ask for; there are {', '.join(GPUS)}")
    if dtype is not None and dtype not in DTYPES[device]:
        raise ValueError(f"on {device} there is no {dtype}, only {', '.join(DTYPES[device])}")
    return dtype or DTYPES[device][0]


def _wanted(asked: Sequence[Backend] | None, chosen: Sequence[Backend]) -> bool:
    """A record stands in for the GPU that is missing, not beside one, nor where backends were chosen."""
    return asked is None and all(one.device == "cpu" for one in chosen)


def _kept(subject: Scenario, seed: int, dtype: str, device: str | None) -> list[programs.Seen]:
    """All records where a GPU was asked for, else the latest."""
    found = programs.seen(subject, seed, dtype, device)
    return found if device else found[:1]


def _tf32(subject: Scenario, engine: Backend, seed: int, dtype: str) -> int:
    """Return how many products may be done with TF32: float32 on CUDA, where torch's settings allow it."""
    if engine.device != "cuda" or dtype != "float32":
        return 0
    return work(subject, backend("torch-cpu"), seed, dtype).tf32(engine.T)


def _nothing(device: str, seed: int, dtype: str) -> str:
    if not programs.any_recorded(device):
        return records.NONE
    return f"There is no GPU here, and no record of one has this program with seed {seed} in {dtype}."


def _keep_apart(titles: frozenset[str]) -> None:
    """See that nobody can take what was recorded for what was run now."""
    for title in titles:
        if not title.startswith("recorded ") or title in NAMES:
            raise ValueError(f"what was recorded is shown under a title that begins with 'recorded', not {title!r}")
