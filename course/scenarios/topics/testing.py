"""`torch.testing.assert_close` beyond numbers: structures, options, messages."""

from __future__ import annotations

from typing import Any

from course.scenarios import Draw, Raised, Yields, attempt, scenario


def said(T: Any, actual: Any, expected: Any, **how: Any) -> str:
    """Return the whole message, or "close"."""
    found = attempt(T.testing.assert_close, actual, expected, **how)
    return f"{found.type}: {found.message}" if isinstance(found, Raised) else "close"


@scenario("testing.structures", lesson=12, asks="Lists, dicts, None and bools: what does assert_close say of them?")
def structures(T: Any, draw: Draw) -> Yields:
    one, two = T.tensor([1.0, 2.0]), T.tensor([1.0, 3.0])
    yield "lists", said(T, [one, one], (one, one))
    yield "second item", said(T, [one, one], [one, two])
    yield "lengths", said(T, [one], [one, one])
    yield "dicts", said(T, {"w": one, "b": [one]}, {"b": [two], "w": one})
    yield "keys", said(T, {"w": one}, {"b": one})
    yield "None", [said(T, None, None), said(T, None, 1.0)]
    yield "bools", [said(T, True, True), said(T, True, False)]
    yield "a list and a number", said(T, [1.0, 2.0], [1.0, 2]).partition("\n")[0]


@scenario("testing.messages", lesson=12, asks="How many, how far, where, and what was allowed: how is it said?")
def messages(T: Any, draw: Draw) -> Yields:
    kinds = {"float16": T.float16, "float32": T.float32, "float64": T.float64, "int64": T.int64, "bool": T.bool}
    for name, kind in kinds.items():
        yield name, said(T, T.tensor([[1, 1], [0, 1]], dtype=kind), T.tensor([[1, 0], [1, 1]], dtype=kind))
    yield "no dimensions", said(T, T.tensor(1.0), T.tensor(0.0))
    yield "plain numbers", [said(T, 1.0, 2.0), said(T, 1, 2), said(T, 1, 1.0), said(T, 1, 1.0, check_dtype=False)]
    yield "shape", said(T, T.ones(2), T.ones(1, 2))
    yield "dtype", said(T, T.ones(2), T.ones(2, dtype=T.float64))
    yield "stride", [said(T, T.ones(2, 3).t(), T.ones(3, 2), check_stride=way) for way in (False, True)]
    yield "nothing to compare", said(T, T.ones(0), T.ones(0))


@scenario("testing.own-message", lesson=12, asks="msg is a text, or a function of the usual one: what is said?")
def own_message(T: Any, draw: Draw) -> Yields:
    one, two = T.tensor([1.0]), T.tensor([2.0])
    yield "text", said(T, one, two, msg="not what I wanted")
    yield "function", said(T, [one], [two], msg=lambda usual: f"look:\n{usual}")
    yield "close", said(T, one, one, msg="never said")


@scenario("testing.with-a-graph", lesson=12, asks="Tensors that require grad, a Parameter: compared, and recorded?")
def with_a_graph(T: Any, draw: Draw) -> Yields:
    w = T.tensor(draw.normal(3), requires_grad=True)
    y = w * 2
    yield "leaf and result", said(T, w * 1, w)
    yield "a Parameter", said(T, T.nn.Parameter(w.detach()), w)
    yield "a Parameter, strictly", said(T, T.nn.Parameter(w.detach()), w, allow_subclasses=False).partition(":")[0]
    y.sum().backward()
    yield "w.grad", w.grad


@scenario("testing.arrays-of-numpy", lesson=12, asks="Arrays beside arrays, and beside tensors: compared?")
def arrays_of_numpy(T: Any, draw: Draw) -> Yields:
    x = draw.normal(3)
    yield "both arrays", said(T, x, x + 1e-9)
    yield "both arrays, not close", said(T, x, x + 1).partition("\n")[0]
    yield "beside a tensor", said(T, x, T.tensor(x)).partition(":")[0]
