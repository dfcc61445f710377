"""Where the engine takes a faster way, nothing else changes: in place without recording, choosing."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import pytest
import torch

import course.nptorch as nptorch
from course.nptorch.choosing import LARGE, choose
from course.nptorch.grad_mode import HOOKED
from course.nptorch.ops.direct import BLOCK
from tests.nn.agree import both, same_error

SPECIAL = [0.0, -0.0, np.inf, -np.inf, np.nan, 1.0]


@pytest.fixture(autouse=True)
def reference_parts(plugged_parts_come_back: None) -> None:
    """Plug everything in."""
    import course.parts

    nptorch.use(**course.parts.reference())


STEPS = {
    "add_": lambda x, y: x.add_(y),
    "add_ alpha": lambda x, y: x.add_(y, alpha=-0.3),
    "sub_ alpha": lambda x, y: x.sub_(y, alpha=0.7),
    "sub_": lambda x, y: x.sub_(y),
    "mul_": lambda x, y: x.mul_(y),
    "div_": lambda x, y: x.div_(y),
    "numbers": lambda x, y: x.mul_(0.9).add_(2).sub_(1).div_(3).add_(4, alpha=0.5),
    "operators": lambda x, y: x.__iadd__(y).__isub__(1.5).__imul__(y).__itruediv__(2),
    "itself": lambda x, y: x.add_(x, alpha=0.5).mul_(x).sub_(x, alpha=2),
    "same memory": lambda x, y: x.add_(x.detach(), alpha=0.5).mul_(x.view_as(x)),
    "transposed": lambda x, y: x.t().add_(y.t(), alpha=0.1),
    "other transposed": lambda x, y: x.add_(y.t().contiguous().t(), alpha=0.1),
    "part of it": lambda x, y: x[1:].sub_(y[1:], alpha=0.1),
    "one row for all": lambda x, y: x.add_(y[0], alpha=0.1),
    "other dtype": lambda x, y: x.add_(y.float(), alpha=0.5).mul_(y > 0),
    "zero_dim": lambda x, y: x[0, 0].mul_(y[0, 1]).add_(y[1, 1], alpha=3),
}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("size", [(3, 4), (BLOCK // 300, 400)])
@pytest.mark.parametrize("name", STEPS)
def test_in_place_without_recording(name: str, size: tuple[int, int], dtype: str) -> None:
    rng = np.random.default_rng(3)
    x, y = (rng.standard_normal(size).astype(dtype) for _ in range(2))
    x[0, :3], y[0, :3] = (np.inf, 0, np.nan), (1, -np.inf, 2)

    def program(T: Any) -> list[Any]:
        a, b = T.tensor(x, requires_grad=True), T.tensor(y)
        same = a.detach()
        with T.no_grad():
            STEPS[name](a, b)
        return [a, same, b, a._version, same._version, a.requires_grad, a.is_leaf]

    both(program, tolerance=1e-6 if dtype == "float32" else 1e-13)


def test_what_is_recorded_is_still_recorded() -> None:
    def program(T: Any) -> list[Any]:
        x, y = T.tensor([1.0, 2.0], requires_grad=True), T.tensor([3.0, 4.0], requires_grad=True)
        a = x * 1
        a.add_(y, alpha=2).mul_(y).sub_(1.5)
        b = T.tensor([5.0, 6.0])
        b.mul_(y)  # it requires no grad before
        names = [type(t.grad_fn).__name__ if T is torch else t.grad_fn.name() for t in (a, b)]
        return [a, b, names, a._version, b._version, *T.autograd.grad((a * b).sum(), (x, y))]

    both(program)


REFUSED = {
    "leaf": lambda T: T.ones(3, requires_grad=True).add_(1),
    "leaf, alpha": lambda T: T.ones(3, requires_grad=True).sub_(T.ones(3), alpha=2),
    "expanded": lambda T: T.ones(1).expand(3).mul_(T.ones(3)),
    "overlapping": lambda T: (lambda x: x[1:].add_(x[:-1]))(T.arange(5.0)),
    "a bool": lambda T: T.ones(3).sub_(True),
    "shape": lambda T: T.ones(3).add_(T.ones(2, 3)),
    "view of a leaf": lambda T: T.ones(3, requires_grad=True)[1:].mul_(2),
    "inference": lambda T: _inference(T).add_(1),
}


def _inference(T: Any) -> Any:
    with T.inference_mode():
        return T.ones(3)


@pytest.mark.parametrize("name", REFUSED)
def test_refusals(name: str) -> None:
    same_error(REFUSED[name])


def test_inference_tensors_change_in_inference_mode() -> None:
    def program(T: Any) -> Any:
        with T.inference_mode():
            return T.ones(3).add_(2, alpha=3).clone()

    both(program)


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_choose_is_where(dtype: str) -> None:
    rng = np.random.default_rng(0)
    for size in (5, LARGE):
        a, b = (rng.choice(SPECIAL, (size, 2)).astype(dtype) for _ in range(2))
        mask = rng.random((size, 2)) < 0.5
        before = a.copy(), b.copy(), mask.copy()
        for x, y in (
            (a, b),
            (a, 0),
            (0, b),
            (a.T.copy().T, b),
            (a, b[:, ::-1]),
            (a[0], b),
            (a, b[0, 0]),
            (a, b.astype(np.float64)),
        ):
            got, expected = choose(mask, x, y), np.where(mask, x, y)
            assert got.dtype == expected.dtype
            assert got.tobytes() == expected.tobytes()  # the sign of 0 counts as well
        for old, new in zip(before, (a, b, mask), strict=True):
            assert old.tobytes() == new.tobytes()


@pytest.mark.parametrize("slope", [0.01, 1.0, 0.0, -0.5, 2.0])
def test_leaky_relu_of_special_values(slope: float) -> None:
    x = np.array(SPECIAL * 400)

    def program(T: Any) -> list[Any]:
        a = T.tensor(x, requires_grad=True)
        y = T.nn.functional.leaky_relu(a, slope)
        g = T.autograd.grad(y, a, T.tensor(x[::-1].copy()))
        return [y, *g, T.signbit(y)]

    both(program)


def test_relu_of_special_values() -> None:
    x = np.array(SPECIAL * 400)

    def program(T: Any) -> list[Any]:
        a = T.tensor(x, requires_grad=True)
        y = a.relu()
        return [y, *T.autograd.grad(y, a, T.tensor(x[::-1].copy()))]

    both(program)


def test_gradients_that_nobody_asked_for_are_not_computed() -> None:
    computed: list[str] = []

    def mul_other(g: Any, self: Any) -> Any:
        computed.append("other")
        return g * self

    x, y = (nptorch.tensor([1.0, 2.0], requires_grad=True) for _ in range(2))
    with nptorch.use(mul_other=mul_other):
        z = (x * y).sum()
        nptorch.autograd.grad(z, x, retain_graph=True)
        nptorch.autograd.grad(z, x, create_graph=True)
        z.backward(inputs=[x], retain_graph=True)
        assert computed == []
        nptorch.autograd.grad(z, y, retain_graph=True)
        z.backward()
        assert computed == ["other"] * 2


@pytest.mark.parametrize("create_graph", [False, True])
def test_what_was_kept_for_them_is_read_all_the_same(create_graph: bool) -> None:
    def program(T: Any) -> list[Any]:
        read: list[Any] = []

        def unpack(kept: Any) -> Any:
            read.append(kept.tolist())
            return kept

        x, y = T.tensor([1.0, 2.0], requires_grad=True), T.tensor([3.0, 4.0], requires_grad=True)
        with T.autograd.graph.saved_tensors_hooks(lambda kept: kept, unpack):
            z = (x * y).sum()
        (gx,) = T.autograd.grad(z, x, create_graph=create_graph)
        return [gx, gx.requires_grad, str(read)]

    both(program)


def test_hooks_of_saved_tensors_are_those_of_their_thread() -> None:
    def program(T: Any) -> list[Any]:
        packed: list[Any] = []
        inside, done = threading.Event(), threading.Event()

        def pack(kept: Any) -> Any:
            packed.append(kept.tolist())
            return kept

        def elsewhere() -> None:
            with T.autograd.graph.saved_tensors_hooks(pack, lambda kept: kept):
                T.tensor([5.0], requires_grad=True).exp()
                inside.set()
                done.wait()

        thread = threading.Thread(target=elsewhere)
        thread.start()
        inside.wait()
        x = T.tensor([1.0, 2.0], dtype=T.float64, requires_grad=True)
        (x.exp() * x.sin() / 3).sum().backward()
        done.set()
        thread.join()
        return [len(packed), x.grad]

    both(program)
    assert HOOKED == []
