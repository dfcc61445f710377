"""The benchmarks run: every peer is checked against the hand-written NumPy, and tables come out."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


def bench(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "benchmarks", "--quick", "--rounds", "1", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)


def test_scalar_graph_is_checked_and_shown(tmp_path: Path) -> None:
    """No time is asserted: only that gradients agreed, and that the numbers are shown."""
    file = tmp_path / "bench.json"
    done = bench("--only", "scalar", "--json", str(file))
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.isascii()
    (result,) = json.loads(file.read_text())
    assert {"hand", "nptorch", "torch"} <= set(result["errors"])
    assert all(error < 1e-10 for error in result["errors"].values())
    assert "time / hand <= 3.5" in done.stdout
    assert any(line.startswith("nptorch ") for line in done.stdout.splitlines())


def test_a_wrong_gradient_is_told() -> None:
    peers = pytest.importorskip("benchmarks.peers")
    with pytest.raises(AssertionError, match="gradient 0 differs"):
        peers.error((1.0, [[1.0, 2.0]]), (1.0, [[1.0, 2.1]]))


def test_unknown_workload_names_the_known_ones() -> None:
    done = bench("--only", "nothing")
    assert done.returncode == 2
    assert "scalar" in done.stderr
