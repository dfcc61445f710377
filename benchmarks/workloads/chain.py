"""A chain of 1,000,000 nodes: time and memory per node, and what stays when it is dropped.

``h = h * a + b`` and ``tanh`` in turn, on numbers, as in `scalar`; nothing in an engine may recurse
here, neither going back nor freeing.
"""

from __future__ import annotations

import gc
import time
from typing import Any

import numpy as np

from benchmarks import memory, peers
from benchmarks.targets import Target

TITLE = "one chain of 1,000,000 nodes of mul, add and tanh"
TARGETS = (
    Target("bytes/node", 400, over=""),
    Target("left by refcount, %", 5, over=""),
    Target("us/node long : short", 1.2, over=""),
)
MEASURED = ("nptorch", "torch")
SHORT = 1_000


def grow(x: Any, a: Any, b: Any, nodes: int) -> Any:
    """Return the end of a chain of about `nodes` nodes that starts at `x`."""
    h = x
    for _ in range(nodes // 3):
        h = (h * a + b).tanh()
    return h


def by_hand(x: float, a: float, b: float, nodes: int) -> float:
    """Return the gradient of the end of the chain with respect to `x`."""
    h, slope = x, 1.0
    for _ in range(nodes // 3):
        h = np.tanh(h * a + b)
        slope *= a * (1 - h * h)
    return slope


def measure(peer: str, quick: bool) -> dict[str, float]:
    """Return bytes and microseconds per node, and the share of memory left after dropping."""
    long = 100_000 if quick else 1_000_000
    torch = peers.load(peer)
    x = torch.tensor(0.3, dtype=torch.float64, requires_grad=True)
    a, b = (torch.tensor(v, dtype=torch.float64) for v in (1.01, 0.001))

    def step(nodes: int) -> None:
        x.grad = None
        grow(x, a, b, nodes).backward()

    step(SHORT)
    expected = by_hand(0.3, 1.01, 0.001, SHORT)
    peers.error((0.0, [x.grad]), (np.zeros(()), [np.array(expected)]))

    gc.disable()  # reference counts alone have to free the chain
    before = memory.resident()
    h = grow(x, a, b, long)
    held = memory.resident() - before
    del h
    left = memory.resident() - before
    gc.enable()
    gc.collect()

    short = _per_node(step, SHORT, 100)
    return {
        "bytes/node": held / long,
        "left by refcount, %": 100 * max(left, 0) / held,
        "us/node short": short,
        "us/node long": (alone := _per_node(step, long, 1)),
        "us/node long : short": alone / short,
    }


def _per_node(step: Any, nodes: int, times: int) -> float:
    start = time.process_time()
    for _ in range(times):
        step(nodes)
    return (time.process_time() - start) / times / nodes * 1e6
