"""How gradients lie in memory: it decides whether ``p.grad.view(-1)`` works.

What a rule returns lies as torch's formula leaves it; the first gradient that a leaf keeps lies as the leaf does.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch

import course.nptorch as nptorch
from course.parts import reference

LEAVES: dict[str, Callable[[Any], Any]] = {
    "rows": lambda T: T.ones(2, 3),
    "columns": lambda T: T.ones(3, 2).t(),
    "repeated": lambda T: T.ones(2, 1).expand(2, 3),
    "with gaps": lambda T: T.ones(2, 6)[:, ::2],
    "one row": lambda T: T.ones(1, 3),
}

LOSSES: dict[str, Callable[[Any, Any], Any]] = {
    "transposed": lambda x, w: (x.t() * w).sum(),
    "transposed and squared": lambda x, w: (x.t() ** 2 * w).sum(),
    "an inner tensor, transposed": lambda x, w: ((x * 2).t() * w).sum(),
    "a product of matrices": lambda x, w: (w @ x).sum(),
    "summed": lambda x, w: x.sum(),
    "element by element": lambda x, w: x.sin().sum(),
    "times columns": lambda x, w: (x * w.t()).sum(),
    "used twice": lambda x, w: (x * w.t()).sum() + x.sum(),
    "repeated": lambda x, w: x[None].expand(2, *x.shape).sum(),
}

PRODUCTS: dict[str, Callable[[Any, Any, Any], Any]] = {
    "mm": lambda T, a, b: a.mm(b),
    "matmul": lambda T, a, b: a @ b,
    "addmm": lambda T, a, b: T.addmm(T.ones(a.shape[0], b.shape[1]), a, b),
    "linear": lambda T, a, b: T.nn.functional.linear(a, b.t()),
    "linear with a bias": lambda T, a, b: T.nn.functional.linear(a, b.t(), T.ones(b.shape[1])),
    "bmm": lambda T, a, b: T.bmm(a[None], b[None]),
    "einsum": lambda T, a, b: T.einsum("ij,jk->ik", a, b),
}


@pytest.fixture(autouse=True, scope="module")
def parts() -> Iterator[None]:
    with nptorch.use(**reference()):
        yield


def steps(x: Any) -> list[int]:
    """Return the steps in memory along the axes where there are any."""
    return [step for n, step in zip(x.shape, x.stride(), strict=True) if n > 1]


def kept(T: Any, leaf: str, loss: str, create_graph: bool) -> list[Any]:
    """Return how ``.grad`` lies after one pass and after two, and what it was made by."""
    x = LEAVES[leaf](T).detach().requires_grad_()
    w = T.arange(3.0 * x.shape[0]).reshape(3, -1)
    seen: list[Any] = []
    for _ in range(2):
        LOSSES[loss](x, w).backward(create_graph=create_graph)
        seen += [steps(x.grad), x.grad.is_contiguous(), x.grad.grad_fn and x.grad.grad_fn.name()]
    return seen


@pytest.mark.filterwarnings("ignore:Using backward")
@pytest.mark.parametrize("create_graph", [False, True])
@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("leaf", LEAVES)
def test_of_a_leaf(leaf: str, loss: str, create_graph: bool) -> None:
    assert kept(nptorch, leaf, loss, create_graph) == kept(torch, leaf, loss, create_graph)


def products(T: Any, name: str, sizes: tuple[int, int, int], turned: tuple[bool, bool]) -> list[Any]:
    """Return how the gradients of both factors lie, in an ordinary pass and in a recorded one."""
    n, m, k = sizes
    a, b = (
        T.ones(*(shape[::-1] if turn else shape), requires_grad=True)
        for shape, turn in zip(((n, m), (m, k)), turned, strict=True)
    )
    factors = [x.t() if turn else x for x, turn in zip((a, b), turned, strict=True)]
    result = PRODUCTS[name](T, *factors)
    seen = []
    for recorded in (False, True):
        grads = T.autograd.grad((result * result).sum(), factors, create_graph=recorded, retain_graph=True)
        seen.append([(steps(grad), grad.is_contiguous()) for grad in grads])
    return seen


@pytest.mark.parametrize("name", PRODUCTS)
def test_of_the_factors_of_a_product(name: str) -> None:
    for sizes in ((2, 2, 2), (2, 3, 4), (1, 3, 4), (2, 3, 1), (3, 1, 2)):
        for turned in itertools.product((False, True), repeat=2):
            assert products(nptorch, name, sizes, turned) == products(torch, name, sizes, turned), (sizes, turned)


def test_gradients_of_a_model_can_be_laid_side_by_side() -> None:
    def norm(T: Any) -> Any:
        w = T.arange(6.0).reshape(2, 3).requires_grad_()
        ((T.ones(4, 3) @ w.t()) ** 2).sum().backward()
        return T.cat([p.grad.view(-1) for p in (w,)]).tolist()

    assert norm(nptorch) == norm(torch)


@pytest.mark.parametrize("shape", [(6,), (3, 2), (4, 2, 3)])
def test_of_a_leaf_that_was_given_another_shape(shape: tuple[int, ...]) -> None:
    """torch broadcasts if it can; a part that sums wrongly must be told of here."""
    x = nptorch.ones(2, 3, requires_grad=True)
    y = (x.t() * x.t()).sum()
    x.data = nptorch.ones(*shape)
    with pytest.raises(RuntimeError, match=r"a gradient of size '\[2, 3\]' to a tensor of size"):
        y.backward()
