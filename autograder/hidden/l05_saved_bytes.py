"""Hidden scenarios of lesson 5: the bytes of graphs that nobody could have written down before."""

from __future__ import annotations

from typing import Any

from course.scenarios import Draw, Yields, scenario
from course.scenarios.topics.saved_bytes import held


@scenario(
    "saved.bytes-of-a-random-graph",
    lesson=5,
    hidden=True,
    contract=True,
    asks="Operations are strung together at random, partly run, partly not: how many bytes are kept?",
)
def bytes_of_a_random_graph(T: Any, draw: Draw) -> Yields:
    results = [T.tensor(draw.normal(7), requires_grad=True)]
    operations = (
        lambda a, b: a + b,
        lambda a, b: a * b,
        lambda a, b: a.sin(),
        lambda a, b: a.tanh(),
        lambda a, b: a - b,
        lambda a, b: a.sigmoid(),
    )
    for kind, left, right in draw.integers(0, 1000, 24, 3).tolist():
        a, b = results[left % len(results)], results[right % len(results)]
        results.append(operations[kind % len(operations)](a, b))
    losses = [results[-1].sum(), results[len(results) // 2].sum()]
    yield "before", [held(T, loss) for loss in losses]
    losses[1].backward()
    yield "one has run", [held(T, loss) for loss in losses]


@scenario(
    "saved.bytes-of-unequal-layers",
    lesson=5,
    hidden=True,
    contract=True,
    asks="Layers of different widths keep different amounts: does each count with its own size?",
)
def bytes_of_unequal_layers(T: Any, draw: Draw) -> Yields:
    h = T.tensor(draw.normal(3, 4), requires_grad=True)
    for layer, width in enumerate(draw.integers(2, 9, 3).tolist()):
        w = T.tensor(draw.normal(h.shape[1], width), requires_grad=True)
        h = (h @ w).tanh()
        yield f"up to layer {layer}", held(T, h)
