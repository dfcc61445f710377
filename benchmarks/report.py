"""Tables of what was measured, as plain text and as JSON."""

from __future__ import annotations

from typing import Any

from benchmarks.harness import Result


def table(rows: list[list[str]]) -> str:
    """Return rows as text, the first one as the head; columns after the first flush right."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = [
        "  ".join(
            cell.ljust(width) if i == 0 else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
    lines.insert(1, "  ".join("-" * width for width in widths))
    return "\n".join(lines)


def seconds(value: float) -> str:
    """Return a time with a unit that suits it."""
    for unit, scale in (("s", 1.0), ("ms", 1e-3), ("us", 1e-6)):
        if value >= scale:
            return f"{value / scale:.3g} {unit}"
    return f"{value * 1e9:.3g} ns"


def of_workload(result: Result) -> str:
    """Return the table of one workload: peers down, numbers across."""
    lines = [f"\n== {result.name}: {result.title}"]
    if result.seconds:
        rows = [["peer", f"per {result.unit}", "of hand", "quartiles", "equal to"]]
        for peer, samples in result.seconds.items():
            ratio = result.ratio(peer)
            rows.append(
                [
                    peer,
                    seconds(min(samples) / result.count),
                    "" if ratio is None else f"{ratio[0]:.2f}",
                    "" if ratio is None else f"{ratio[1]:.2f} - {ratio[2]:.2f}",
                    f"{result.errors[peer]:.0e}",
                ]
            )
        lines.append(table(rows))
    if result.measures:
        names = list(next(iter(result.measures.values())))
        rows = [["peer", *names]]
        for peer, values in result.measures.items():
            rows.append([peer, *(f"{values[name]:.4g}" for name in names)])
        lines.append(table(rows))
    lines += [f"{peer}: left out ({why})" for peer, why in result.absent.items()]
    return "\n".join(lines)


def verdict(measured: float | None, limit: float) -> str:
    """Return ``met``, ``missed`` or ``not measured``."""
    if measured is None:
        return "not measured"
    return "met" if measured <= limit else "missed"


def of_targets(results: list[Result]) -> str:
    """Return the table of all targets: what was asked, what was measured."""
    rows = [["workload", "target", "measured", "verdict"]]
    for result in results:
        for target in result.targets:
            got = result.measured(target)
            rows.append(
                [
                    result.name,
                    str(target),
                    "" if got is None else f"{got:.3g}",
                    verdict(got, target.limit),
                ]
            )
    return "\n== targets for nptorch\n" + table(rows)


def as_json(results: list[Result]) -> list[dict[str, Any]]:
    """Return everything measured in a form that `json` writes."""
    return [
        {
            "workload": result.name,
            "title": result.title,
            "unit": result.unit,
            "count": result.count,
            "seconds": result.seconds,
            "ratios": {peer: result.ratio(peer) for peer in result.seconds},
            "errors": result.errors,
            "measures": result.measures,
            "absent": result.absent,
            "targets": [
                {
                    "measure": target.measure,
                    "over": target.over,
                    "limit": target.limit,
                    "measured": (got := result.measured(target)),
                    "verdict": verdict(got, target.limit),
                }
                for target in result.targets
            ],
        }
        for result in results
    ]
