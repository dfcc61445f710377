"""Convolution and pooling with every mixture of their options, against torch."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

from course.nptorch.nn.windows import sliding

from .agree import Array, agree, both, same_error

SHAPES = [(1, 1), (2, 1), (3, 2)]  # of windows
CONVOLUTIONS = [
    (kernel, stride, padding, dilation)
    for kernel, stride, dilation in itertools.product(SHAPES, [(1, 1), (2, 1), (1, 3)], [(1, 1), (2, 3)])
    for padding in [(0, 0), (1, 2), (4, 3)]
]


def inputs(rng: np.random.Generator, *shapes: tuple[int, ...]) -> list[Array]:
    """Return normal random arrays."""
    return [rng.standard_normal(shape) for shape in shapes]


# what windows see is copied at once where images have no more than so many elements, else row by row
@pytest.mark.parametrize(("groups", "few"), [(1, -1), (2, -1), (2, 1 << 15)])
@pytest.mark.parametrize(("kernel", "stride", "padding", "dilation"), CONVOLUTIONS)
def test_convolution(
    kernel: Any,
    stride: Any,
    padding: Any,
    dilation: Any,
    groups: int,
    few: int,
    rng: np.random.Generator,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("course.nptorch.nn.conv_kernels.FEW", few)

    def program(T: Any, x: Any, w: Any, b: Any) -> Any:
        return T.nn.functional.conv2d(x, w, b, stride, padding, dilation, groups)

    agree(program, *inputs(rng, (2, 2 * groups, 7, 8), (3 * groups, 2, *kernel), (3 * groups,)))


@pytest.mark.parametrize("groups", [1, 2])
@pytest.mark.parametrize(("kernel", "stride", "padding", "dilation"), [c for c in CONVOLUTIONS if c[2] != (4, 3)])
def test_transposed_convolution(
    kernel: Any, stride: Any, padding: Any, dilation: Any, groups: int, rng: np.random.Generator
) -> None:
    extra = tuple(max(s, d) - 1 for s, d in zip(stride, dilation, strict=True))

    def program(T: Any, x: Any, w: Any, b: Any) -> Any:
        return T.nn.functional.conv_transpose2d(x, w, b, stride, padding, extra, groups, dilation)

    agree(program, *inputs(rng, (2, 2 * groups, 7, 9), (2 * groups, 3, *kernel), (3 * groups,)))


def test_result_of_transposed_convolution_lies_in_memory_as_in_torch(rng: np.random.Generator) -> None:
    x, w = inputs(rng, (2, 2, 4, 5), (2, 3, 3, 3))
    for stride in (1, 2):
        both(
            lambda T, stride=stride: T.nn.functional.conv_transpose2d(
                T.tensor(x), T.tensor(w), None, stride, 1
            ).stride()
        )


def test_transposed_convolution_needs_room(rng: np.random.Generator) -> None:
    x, w = inputs(rng, (2, 2, 3, 3), (2, 1, 1, 2))
    same_error(lambda T: T.nn.functional.conv_transpose2d(T.tensor(x), T.tensor(w), None, 1, (2, 0)))


@pytest.mark.parametrize("few", [-1, 1 << 15])
def test_no_images(few: int, rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("course.nptorch.nn.conv_kernels.FEW", few)
    arrays = inputs(rng, (0, 2, 5, 5), (2, 2, 3, 3), (2,))

    def program(T: Any, stride: int) -> list[Any]:
        F, found = T.nn.functional, []
        for f in (F.conv2d, F.conv_transpose2d):
            leaves = [T.tensor(a, requires_grad=True) for a in arrays]
            y = f(*leaves, stride=stride, padding=1)
            found += [y, *T.autograd.grad(y.sum(), leaves)]
        return found

    for stride in (1, 2):
        both(program, stride)


def test_no_images_and_no_room() -> None:
    both(lambda T: T.nn.functional.conv_transpose2d(T.ones(0, 2, 1, 6), T.ones(2, 1, 2, 4), None, 1, (1, 4)))


def test_few_images_at_a_time(rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch) -> None:
    x, w, b = inputs(rng, (3, 2, 5, 6), (3, 2, 2, 3), (3,))
    monkeypatch.setattr("course.nptorch.nn.conv_kernels.FEW", -1)
    monkeypatch.setattr("course.nptorch.nn.conv_kernels.HANDFUL", 2 * 2 * 3 * 5 * 4)
    agree(lambda T, x, w, b: T.nn.functional.conv2d(x, w, b), x, w, b)


def test_float16_is_added_up_in_float32(rng: np.random.Generator) -> None:
    # of sixty-fourths float32 adds up all products exactly, in whatever order
    x, w = (np.asarray((64 * a).round() / 64, np.float16) for a in inputs(rng, (8, 8, 14, 14), (3, 8, 3, 3)))
    both(lambda T: T.nn.functional.conv2d(T.tensor(x), T.tensor(w)), tolerance=0)


def test_infinite_elements_stay_where_they_are_seen(rng: np.random.Generator) -> None:
    x, w = inputs(rng, (1, 1, 5, 5), (1, 1, 3, 3))
    x[0, 0, 0, 4] = np.inf
    w[0, 0, 2, 0] = -np.inf

    def program(T: Any) -> list[Any]:
        a, b = T.tensor(x, requires_grad=True), T.tensor(w, requires_grad=True)
        y = T.nn.functional.conv2d(a, b, padding=1)
        return [y, *T.autograd.grad(y.nan_to_num(0, 1, 1).sum(), (a, b))]

    both(program)


POOLS = [
    (kernel, stride, padding, dilation, ceil)
    for kernel, stride in itertools.product([(2, 2), (3, 2), (1, 4)], [None, (1, 1), (2, 3)])
    for padding, dilation, ceil in [((0, 0), 1, False), ((0, 1), 1, True), ((0, 0), 2, False), ((0, 1), 2, True)]
    if 2 * padding[1] <= kernel[1]
]


@pytest.mark.parametrize(("kernel", "stride", "padding", "dilation", "ceil"), POOLS)
def test_max_pool(kernel: Any, stride: Any, padding: Any, dilation: int, ceil: bool, rng: np.random.Generator) -> None:
    x = rng.integers(-2, 3, (2, 2, 9, 10)).astype(float)  # many ties
    for share, value in ((0.1, -np.inf), (0.1, np.nan)):
        x[1][rng.random((2, 9, 10)) < share] = value

    def program(T: Any) -> list[Any]:
        a = T.tensor(x, requires_grad=True)
        y, where = T.nn.functional.max_pool2d(a, kernel, stride, padding, dilation, ceil, True)
        plain = T.nn.functional.max_pool2d(a.detach(), kernel, stride, padding, dilation, ceil)
        (first,) = T.autograd.grad((y.nan_to_num() ** 2).sum(), a, create_graph=True)
        return [y, where, plain, first, *T.autograd.grad((first * first).sum(), a)]

    both(program)


def test_max_pool_of_nothing_but_minus_infinity() -> None:
    x = np.full((1, 1, 3, 4), -np.inf)
    both(lambda T: list(T.nn.functional.max_pool2d(T.tensor(x), 3, 1, 1, return_indices=True)))
    x = np.full((1, 1, 6, 5), -np.inf)  # the window's first place is outside, its second the one in row 1
    both(lambda T: list(T.nn.functional.max_pool2d(T.tensor(x), 3, 1, 1, 2, return_indices=True)))


def test_max_pool_of_a_large_image(rng: np.random.Generator) -> None:
    x = rng.integers(0, 2, (1, 1, 40, 300)).astype(float)  # positions that need more than a byte
    both(lambda T: list(T.nn.functional.max_pool2d(T.tensor(x), (3, 2), return_indices=True)))


@pytest.mark.parametrize(
    ("kernel", "padding", "dilation"), [((2, 4), (0, 3), (1, 3)), (2, (0, 2), 1), ((4, 2), (3, 0), 2)]
)
def test_pooling_refuses_much_padding(kernel: Any, padding: Any, dilation: Any) -> None:
    same_error(lambda T: T.nn.functional.max_pool2d(T.ones(1, 1, 9, 9), kernel, None, padding, dilation))


def test_pooling_needs_room() -> None:
    same_error(lambda T: T.nn.functional.max_pool2d(T.ones(1, 1, 1, 2), (1, 4), 2, 0, (1, 3)))


def test_equal_windows_are_made_once() -> None:
    assert sliding((5, 5), (3, 3), (1, 1), (1, 1), (1, 1), 1) is sliding((5, 5), (3, 3), (1, 1), (1, 1), (1, 1), 1)
