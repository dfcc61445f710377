"""``python -m benchmarks``: run the workloads and show ratios beside the targets."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from benchmarks import harness, report, workloads


def say(line: str) -> None:
    """Show a line of progress, over the last one, where someone is watching."""
    if sys.stderr.isatty():
        print(f"\r\033[K{line}", end="", file=sys.stderr, flush=True)


def main(arguments: list[str] | None = None) -> int:
    """Run what was asked for; return 1 if a peer's loss or gradients were wrong."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "--only", action="append", choices=workloads.NAMES, metavar="WORKLOAD",
        help=f"one of {', '.join(workloads.NAMES)}; may be repeated",
    )  # fmt: skip
    parser.add_argument("--rounds", type=int, default=0, metavar="N", help="samples per peer")
    parser.add_argument("--quick", action="store_true", help="small inputs, three rounds")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write everything measured")
    options = parser.parse_args(arguments)
    rounds = options.rounds or (3 if options.quick else 11)
    results = []
    for name in options.only or workloads.NAMES:
        result = harness.run(name, rounds, options.quick, say)
        say("")
        print(report.of_workload(result), flush=True)
        results.append(result)
    print(report.of_targets(results))
    print(
        "\nOne thread on one core, CPU time, collector on. 'of hand' is the median over rounds of "
        "the ratio\nto hand-written NumPy in the same round; 'equal to' is the largest relative "
        "difference of the\nloss and gradients from it."
    )
    if options.quick:
        print("These inputs are small: leave out --quick to hold the targets against anything.")
    if options.json:
        options.json.write_text(json.dumps(report.as_json(results), indent=1) + "\n")
    wrong = [
        f"{result.name}: {peer}: {why}"
        for result in results
        for peer, why in result.absent.items()
        if why.startswith("AssertionError")
    ]
    print("\n".join(wrong), end="\n" if wrong else "")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
