"""Indexing, writing by index, gathering and scattering agree with torch."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engine.cases import ALONG, EMPTY, INDEX, MASK, B, S, X
from tests.engine.helper import agree

LONG = np.array([0, 2])
MANY = np.array([[0, 2], [1, 1]])
READS = {
    "int": lambda T, x: x[1],
    "negative": lambda T, x: x[-1],
    "two ints": lambda T, x: x[1, 2],
    "slice": lambda T, x: x[0:2],
    "open slice": lambda T, x: x[1:],
    "everything": lambda T, x: x[:],
    "step": lambda T, x: x[::2, 1:],
    "beyond": lambda T, x: x[1:99],
    "empty slice": lambda T, x: x[2:1],
    "ellipsis": lambda T, x: x[...],
    "ellipsis int": lambda T, x: x[..., 0],
    "none": lambda T, x: x[None],
    "none inside": lambda T, x: x[:, None, 1],
    "column": lambda T, x: x[:, 0],
    "tuple": lambda T, x: x[(1, slice(0, 2))],
    "list": lambda T, x: x[[0, 2, 0]],
    "tensor": lambda T, x: x[T.tensor(LONG)],
    "repeated": lambda T, x: x[T.tensor(INDEX)],
    "matrix": lambda T, x: x[T.tensor(MANY)],
    "negative tensor": lambda T, x: x[T.tensor([-1, 0])],
    "mask": lambda T, x: x[T.tensor(MASK)],
    "own mask": lambda T, x: x[x > 0],
    "row mask": lambda T, x: x[T.tensor([True, False, True])],
    "column mask": lambda T, x: x[:, T.tensor([True, False, True, True])],
    "pairs": lambda T, x: x[T.tensor(LONG), T.tensor([1, 3])],
    "pairs of lists": lambda T, x: x[[0, 2], [1, 3]],
    "broadcast pairs": lambda T, x: x[T.tensor([[0], [2]]), T.tensor([1, 3])],
    "int and list": lambda T, x: x[0, [1, 3]],
    "list and int": lambda T, x: x[[0, 1], 2],
    "slice and list": lambda T, x: x[1:, [1, 3]],
    "list and slice": lambda T, x: x[[0, 2], 1:3],
    "none and list": lambda T, x: x[None, [0, 2]],
    "0-d tensor": lambda T, x: x[T.tensor(1)],
    "numpy int": lambda T, x: x[np.int64(1)],
    "numpy array": lambda T, x: x[np.array([0, 1])],
    "true": lambda T, x: x[True],
    "false": lambda T, x: x[False],
    "empty list": lambda T, x: x[[]],
    "uint8": lambda T, x: x[T.tensor([1, 0, 1], dtype=T.uint8)],
    "index of index": lambda T, x: x[1:][0][2:],
    "range": lambda T, x: x[range(2)],
    "gather": lambda T, x: x.gather(0, T.tensor(ALONG)),
    "gather 1": lambda T, x: T.gather(x, 1, T.tensor([[0, 3], [1, 1], [2, 0]])),
    "index_select": lambda T, x: x.index_select(1, T.tensor(INDEX)),
    "take": lambda T, x: x.take(T.tensor([[0, 11], [3, 3]])),
    "masked_select": lambda T, x: x.masked_select(T.tensor(MASK)),
    "masked_select row": lambda T, x: T.masked_select(x, x[:1] > 0),
    "take_along_dim": lambda T, x: T.take_along_dim(x, T.tensor(ALONG), 0).detach(),
    "out of range": lambda T, x: x[3],
    "too many": lambda T, x: x[0, 0, 0],
    "backwards": lambda T, x: x[0:2:-1],
    "string": lambda T, x: x["a"],
    "float": lambda T, x: x[1.5],
    "float tensor": lambda T, x: x[T.tensor([1.5])],
    "tensor out of range": lambda T, x: x[T.tensor([5])],
    "column out of range": lambda T, x: x[:, T.tensor([1, -7])],
    "mask shape": lambda T, x: x[T.tensor([True, False])],
    "no common shape": lambda T, x: x[T.tensor([0, 1]), T.tensor([0, 1, 2])],
    "index_select range": lambda T, x: x.index_select(0, T.tensor([7])),
    "gather range": lambda T, x: x.gather(0, T.tensor([[7]])),
    "gather dims": lambda T, x: x.gather(0, T.tensor([1])),
    "int of 0-d": lambda T, x: x.sum()[0],
    "slice of 0-d": lambda T, x: x.sum()[:],
}


@pytest.mark.parametrize("name", READS)
def test_reading(name):
    agree(READS[name], X)
    agree(READS[name], X.astype(np.float32))
    agree(lambda T, x: READS[name](T, x * 2) ** 2, X, names=False)


READS3 = {
    "list, slice, list": lambda T, x: x[[0, 1], :, [0, 3]],
    "slice, list, list": lambda T, x: x[:, [0, 2], [0, 3]],
    "list, int": lambda T, x: x[[0, 1], :, 0],
    "int, list": lambda T, x: x[0, :, [1, 2]],
    "ellipsis, list": lambda T, x: x[..., [0, 0]],
    "mask of two": lambda T, x: x[T.tensor(np.array([[True, False, True], [False, True, True]]))],
    "mask then slice": lambda T, x: x[T.tensor(np.array([[True, False, True], [False, True, True]])), 1:],
    "slice then mask": lambda T, x: x[:, T.tensor(MASK)],
    "list, none, list": lambda T, x: x[[0, 1], None, [0, 1]],
}


@pytest.mark.parametrize("name", READS3)
def test_reading_three_axes(name):
    agree(READS3[name], B)


def test_no_dimensions():
    agree(lambda T, x: [x[...], x[None], x[()], x[True]], S)
    agree(lambda T, x: [x[...], x[:, 1], x[0:0]], EMPTY)


WRITES = {
    "int": (lambda T, x, v: x.__setitem__(1, v), (4,)),
    "ints": (lambda T, x, v: x.__setitem__((1, 2), v), ()),
    "slice": (lambda T, x, v: x.__setitem__(slice(0, 2), v), (2, 4)),
    "broadcast": (lambda T, x, v: x.__setitem__(slice(0, 2), v), (4,)),
    "leading ones": (lambda T, x, v: x.__setitem__(0, v), (1, 1, 4)),
    "scalar": (lambda T, x, v: x.__setitem__((slice(None), 1), v), ()),
    "all": (lambda T, x, v: x.__setitem__(Ellipsis, v), (3, 4)),
    "list": (lambda T, x, v: x.__setitem__([0, 2], v), (2, 4)),
    "list broadcast": (lambda T, x, v: x.__setitem__([0, 2], v), (4,)),
    "tensor": (lambda T, x, v: x.__setitem__(T.tensor(LONG), v), (2, 4)),
    "mask": (lambda T, x, v: x.__setitem__(T.tensor(MASK), v), ()),
    "mask vector": (lambda T, x, v: x.__setitem__(T.tensor(MASK), v), (int(MASK.sum()),)),
    "int and list": (lambda T, x, v: x.__setitem__((0, [1, 3]), v), (2,)),
    "slice and list": (lambda T, x, v: x.__setitem__((slice(1, None), [1, 3]), v), (2, 2)),
    "pairs": (lambda T, x, v: x.__setitem__(([0, 1], [2, 3]), v), (2,)),
    "index_put_": (lambda T, x, v: x.index_put_((T.tensor(LONG),), v), (2, 4)),
    "accumulate": (lambda T, x, v: x.index_put_((T.tensor(INDEX),), v, accumulate=True), (3, 4)),
    "shape": (lambda T, x, v: x.__setitem__(0, v), (7,)),
    "list shape": (lambda T, x, v: x.__setitem__([0, 1], v), (7,)),
    "out of range": (lambda T, x, v: x.__setitem__(9, v), ()),
    "scatter_": (lambda T, x, v: x.scatter_(0, T.tensor(ALONG), v), (2, 4)),
    "scatter_add_": (lambda T, x, v: x.scatter_add_(0, T.tensor(ALONG), v), (2, 4)),
    "index_add_": (lambda T, x, v: x.index_add_(0, T.tensor(INDEX), v), (3, 4)),
    "index_add_ alpha": (lambda T, x, v: x.index_add_(1, T.tensor(LONG), v, alpha=2), (3, 2)),
    "index_copy_": (lambda T, x, v: x.index_copy_(0, T.tensor(LONG), v), (2, 4)),
    "masked_fill_": (lambda T, x, v: x.masked_fill_(T.tensor(MASK), v), ()),
    "row copy_": (lambda T, x, v: x[0].copy_(v), (4,)),
    "row add_": (lambda T, x, v: x[0].add_(v), (4,)),
    "view mul_": (lambda T, x, v: x.view(-1)[2:6].mul_(v), (4,)),
    "transposed": (lambda T, x, v: x.t()[1].mul_(v), (3,)),
    "diagonal": (lambda T, x, v: x.diagonal().mul_(v), (3,)),
}


@pytest.mark.parametrize("name", WRITES)
def test_writing(name):
    f, shape = WRITES[name]
    v = np.random.default_rng(5).standard_normal(shape)

    def program(T, x, v):
        y = x * 2
        f(T, y, v)
        return y

    agree(program, X, v)
    agree(lambda T, v: program(T, T.tensor(X), v), v)
    agree(lambda T, x: program(T, x, 0.5), X) if shape == () else None


OUT_OF_PLACE = {
    "scatter": lambda T, x, v: x.scatter(0, T.tensor(ALONG), v),
    "scatter number": lambda T, x, v: T.scatter(x, 0, T.tensor(ALONG), 1.5),
    "scatter_add": lambda T, x, v: x.scatter_add(0, T.tensor(ALONG), v),
    "index_add": lambda T, x, v: x.index_add(0, T.tensor(LONG), v),
    "index_copy": lambda T, x, v: x.index_copy(0, T.tensor(LONG), v),
    "index_fill": lambda T, x, v: x.index_fill(1, T.tensor(LONG), 3),
    "index_put": lambda T, x, v: x.index_put((T.tensor(LONG),), v),
}


@pytest.mark.parametrize("name", OUT_OF_PLACE)
def test_placing(name):
    agree(OUT_OF_PLACE[name], X, X[:2] * 3)


def test_leaves_are_not_written():
    agree(lambda T, x: x.__setitem__(0, 1), X)
    agree(lambda T, x: x.__setitem__([0], 1), X)
    agree(lambda T, x: x[0].zero_(), X)


def _index(extent):
    return st.one_of(
        st.integers(-extent, extent - 1),
        st.builds(slice, st.none() | st.integers(-4, 4), st.none() | st.integers(-4, 4), st.sampled_from([None, 1, 2])),
        st.lists(st.integers(-extent, extent - 1), min_size=1, max_size=3),
        st.lists(st.booleans(), min_size=extent, max_size=extent).map(np.array),
        st.none(),
    )


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_any_index(data):
    index = tuple(data.draw(_index(n)) for n in data.draw(st.sampled_from([(2,), (2, 3), (2, 3, 4)])))
    if data.draw(st.booleans()):
        index = (..., *index[-1:])
    agree(lambda T, x: x[index], np.arange(24.0).reshape(2, 3, 4), second=False, text=False)
