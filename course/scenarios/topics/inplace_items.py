"""Writing into a part of a tensor: every kind of key, every kind of value."""

from __future__ import annotations

from typing import Any

from course.scenarios import Cases, Draw, Yields, attempt, scenario


def _written(T: Any, draw: Draw, shape: tuple[int, ...], key: Any, value_shape: tuple[int, ...]) -> Yields:
    """Write a tracked value under one key; yield the result and both gradients."""
    x = T.tensor(draw.normal(*shape), requires_grad=True)
    v = T.tensor(draw.normal(*value_shape), requires_grad=True)
    y = x * 2
    y[key] = v
    y.backward(T.tensor(draw.normal(*shape)))
    yield "y", y
    yield "x.grad", x.grad
    yield "v.grad", v.grad


@scenario("setitem.slice-with-step", lesson=6, asks="y[::2] = v: where does each element's gradient go?")
def slice_with_step(T: Any, draw: Draw) -> Yields:
    yield from _written(T, draw, (5,), slice(None, None, 2), (3,))


@scenario("setitem.value-is-stretched", lesson=6, asks="One row is written into every row: does its gradient add up?")
def value_is_stretched(T: Any, draw: Draw) -> Yields:
    yield from _written(T, draw, (3, 2), slice(0, 2), (2,))


@scenario("setitem.value-with-extra-axes", lesson=6, asks="The value has leading axes of length 1: is that accepted?")
def value_with_extra_axes(T: Any, draw: Draw) -> Yields:
    yield from _written(T, draw, (3, 2), 1, (1, 1, 2))


@scenario("setitem.column", lesson=6, asks="y[:, 1] = v and y[..., None, 0] = v: are such keys written through?")
def column(T: Any, draw: Draw) -> Yields:
    yield from _written(T, draw, (3, 2), (slice(None), 1), (3,))


@scenario(
    "setitem.none-and-ellipsis", lesson=6, asks="Keys with ... and None: which elements are meant when written to?"
)
def none_and_ellipsis(T: Any, draw: Draw) -> Yields:
    yield from _written(T, draw, (2, 2, 2), (..., None, 0), (2, 1))


@scenario(
    "setitem.indices-repeated",
    lesson=6,
    asks="The same index is written twice: which value wins, and who gets a gradient?",
)
def indices_repeated(T: Any, draw: Draw) -> Yields:
    # The value that wins is not defined; equal values leave nothing to chance.
    x = T.tensor(draw.normal(3), requires_grad=True)
    v = T.tensor(draw.normal(1), requires_grad=True)
    y = x * 2
    y[T.tensor([1, 1])] = v
    y.backward(T.tensor(draw.normal(3)))
    yield "y", y
    yield "x.grad", x.grad
    yield "v.grad", v.grad


@scenario("setitem.two-index-tensors", lesson=6, asks="y[rows, columns] = v: pairs, or every combination?")
def two_index_tensors(T: Any, draw: Draw) -> Yields:
    yield from _written(T, draw, (3, 3), (T.tensor([0, 2]), T.tensor([1, 1])), (2,))


@scenario("setitem.mask-of-rows", lesson=6, asks="y[mask] = v where the mask picks rows: who is overwritten?")
def mask_of_rows(T: Any, draw: Draw) -> Yields:
    yield from _written(T, draw, (3, 2), T.tensor([True, False, True]), (2, 2))


@scenario(
    "setitem.everything-and-nothing",
    lesson=6,
    asks="y[:] = v, y[...] = v and y[[]] = v: what is left of y's own gradient?",
)
def everything_and_nothing(T: Any, draw: Draw) -> Yields:
    for name, key, shape in (("all", slice(None), (2,)), ("ellipsis", ..., (2,)), ("nothing", [], (0,))):
        for label, value in _written(T, draw, (2,), key, shape):
            yield f"{name}: {label}", value


@scenario("setitem.from-itself", lesson=6, asks="y[0] = y[1]: is the old y[1] meant, and does the gradient find both?")
def from_itself(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    y = x * 2
    y[0] = y[1] * 10
    y[1:] = y[:2].clone()
    y.backward(T.tensor(draw.normal(3)))
    yield "y", y
    yield "x.grad", x.grad


@scenario(
    "setitem.number-and-plain-tensor",
    lesson=6,
    asks="A number, a whole number, a plain tensor is written: with or without a graph?",
)
def number_and_plain_tensor(T: Any, draw: Draw) -> Yields:
    for name, value in {"number": 1.5, "whole number": 7, "tensor": T.tensor(draw.normal(2))}.items():
        x = T.tensor(draw.normal(3), requires_grad=True)
        y = x * 2
        y[:2] = value
        y.sum().backward()
        yield f"{name}: y", y
        yield f"{name}: x.grad", x.grad
    plain = T.zeros(3)
    plain[0] = 1.0
    yield "into a plain tensor", [plain.requires_grad, plain._version]


@scenario("setitem.another-dtype", lesson=6, asks="A float is written into whole numbers: is it cut off, or refused?")
def another_dtype(T: Any, draw: Draw) -> Yields:
    whole = T.tensor([1, 2, 3])
    whole[0] = 2.75
    yield "a number", whole
    whole[1] = T.tensor(-1.5)
    yield "a tensor", whole
    x = T.tensor([1.0, 2.0], dtype=T.float32, requires_grad=True)
    v = T.tensor(3.0, dtype=T.float64, requires_grad=True)
    y = x * 1
    y[0] = v
    y.sum().backward()
    yield "float64 into float32", y
    yield "v.grad", v.grad


@scenario(
    "setitem.does-not-fit", lesson=6, asks="The value has the wrong shape, or the key is out of range: what is said?"
)
def does_not_fit(T: Any, draw: Draw) -> Yields:
    y = T.tensor(draw.normal(3))

    def put(key: Any, value: Any) -> None:
        y[key] = value

    yield "shape", attempt(put, slice(0, 2), T.tensor(draw.normal(3)))
    yield "index", attempt(put, 5, 1.0)
    yield "too many axes", attempt(put, (0, 0), 1.0)
    yield "a mask of another length", attempt(put, T.tensor([True, False]), 1.0)
    yield "y, and its version", [bool((y == y.clone()).all()), y._version]


@scenario(
    "setitem.filled-row-by-row",
    lesson=6,
    asks="Results are collected in a zeros() tensor row by row: does each row's graph stay alive?",
)
def filled_row_by_row(T: Any, draw: Draw) -> Yields:
    w = T.tensor(draw.normal(2), requires_grad=True)
    out = T.zeros(3, 2, dtype=w.dtype)
    state = T.tensor(draw.normal(2))
    for row in range(3):
        state = (state * w).tanh()
        out[row] = state
    yield "out", out
    yield "version", out._version
    out.backward(T.tensor(draw.normal(3, 2)))
    yield "w.grad", w.grad


@scenario(
    "setitem.into-what-was-saved", lesson=6, asks="I write into a tensor that exp or a product has kept: is it noticed?"
)
def into_what_was_saved(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    cases: Cases = {"exp": lambda h: (h.exp(), None), "product": lambda h: (h, h * h)}
    for name, f in cases.items():
        kept, result = f(x * 1)
        loss = (kept if result is None else result).sum()
        kept[0] = 0.0
        yield name, attempt(loss.backward)


@scenario(
    "setitem.index-changed-later", lesson=6, asks="The index tensor of y[i] = v changes before backward: is it noticed?"
)
def index_changed_later(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    i = T.tensor([0, 1])
    y = x * 2
    y[i] = T.tensor(draw.normal(2), requires_grad=True)
    i.add_(1)
    yield "backward", attempt(y.sum().backward)
