"""The benchmark of watching runs, and tells off from on. How much it is, is for the benchmark to say."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_the_benchmark_of_watching_runs() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.watching", "--rounds", "1"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    head, *rows = done.stdout.splitlines()
    assert "off/never" in head
    assert [row[:11].strip() for row in rows] == ["31 nodes", "1,000 nodes"]
    assert all(float(row.split()[-1]) > 2 for row in rows)  # being watched is what costs
