"""Differences that stay: each is excused for its own reason only."""

from __future__ import annotations

from typing import Any

import pytest

from course import nptorch
from course.fuzz.compare import first_difference
from course.fuzz.judge import judge
from course.fuzz.program import Program
from course.fuzz.run import engine, run

SHARED = Program(
    (
        "a = T.tensor(1.0, requires_grad=True)",
        "b = T.tensor(1.0, requires_grad=True)",
        "c = T.stack([b, a])",
        "f = c.mean()",
        "c.sum().backward()",
        "f.backward()",
    )
)
SIGMOID = Program(
    (
        "a = T.tensor([1.0], requires_grad=True)",
        "c = a.sigmoid()",
        "f, = fresh(T.autograd.grad(c, a, create_graph=True))",
        "f[::1] = 0",
        "g, = T.autograd.grad(f, a)",
        "h = g ** -1",
    )
)

HELD = Program(
    (
        "a = T.tensor([[1.0, 1.0, 1.0], [0.0, 1.0, 1.0], [1.0, 1.0, 1.0]], dtype=T.float64)",
        "b = T.tensor(0.0, requires_grad=True)",
        "h = b / a",
        "l = T.nn.functional.relu6(h)",
        "p, = T.autograd.grad(l.mean(), b)",
    )
)
PIECES = Program(
    (
        "a = T.tensor(1.0, requires_grad=True)",
        "d = a.tanh()",
        "e, = fresh(T.autograd.grad(d, a, create_graph=True))",
        "d.copy_(d)",
        "T.autograd.backward(e)",
        "e.backward()",
    )
)
STACKED = Program(
    (
        "a = T.tensor([1.0], requires_grad=True)",
        "with T.inference_mode():\n    c = 0 - a",
        "d = T.stack([c])",
        "d[0] = a",
    )
)

TENSOR: Any = nptorch.Tensor


def differ(program: Program) -> bool:
    theirs, ours = (run(program, engine(name)) for name in ("torch-cpu", "nptorch"))
    return first_difference(program, theirs, ours) is not None


@pytest.mark.parametrize("program", [SHARED, SIGMOID, HELD, PIECES, STACKED])
def test_the_engines_differ_and_the_reason_is_found(program: Program) -> None:
    assert differ(program), "torch has changed: the exclusion can go"
    assert judge(program) is None


def test_gradients_that_share_nothing_are_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    apart = Program(tuple(line.replace("T.stack([b, a])", "b * a") for line in SHARED.statements))
    assert judge(apart) is None
    as_it_is = TENSOR.mean
    monkeypatch.setattr(nptorch.Tensor, "mean", lambda x: as_it_is(x * 1.5))
    difference = judge(apart)
    assert difference is not None


def test_sigmoid_is_no_reason_for_what_comes_of_something_else(monkeypatch: pytest.MonkeyPatch) -> None:
    as_it_is = TENSOR.__pow__
    monkeypatch.setattr(nptorch.Tensor, "__pow__", lambda x, power: -as_it_is(x, power))
    finite = Program((*SIGMOID.statements[:2], "f = c * 0", "h = f ** -1"))
    difference = judge(finite)
    assert difference is not None
    assert difference.where == "h.values"


def test_the_sign_of_a_zero_excuses_only_what_it_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    """A wrong quotient behind a product of matrices, in which no zero has another sign."""
    product = Program(("a = T.tensor([[3.0]])", "b = T.tensor([[0.0]])", "c = a @ b", "d = c + 1", "e = d.log()"))
    assert judge(product) is None
    as_it_is = TENSOR.log
    monkeypatch.setattr(nptorch.Tensor, "log", lambda x: as_it_is(x) + 1)
    assert judge(product) is not None


def test_what_requires_no_cut_is_not_cut() -> None:
    """torch asserts at a write to a tensor that retained its gradient and was cut off, so no program does that."""
    steps = run(
        Program(("a = T.ones(2, requires_grad=True)", "b = a * 2", "b.retain_grad()", "b.detach_()")), engine("nptorch")
    )
    failed = steps[-1].failed
    assert failed is not None
    assert failed.type == "NotImplementedError"
    assert "torch would assert later, because of b" in failed.message


def test_a_product_of_a_number_and_a_bool_is_known_to_be_float32() -> None:
    cancels = (
        "a = T.tensor([1.0], dtype=T.float64)",
        "f = a > 0",
        "j = 1.0 * f",
        "l = T.tensor(0.5, dtype=T.float64, requires_grad=True)",
        "m = T.inner(l, l)",
        "o = j - m",
        "q = T.nn.functional.tanhshrink(o)",
        "q.backward()",
    )
    assert judge(Program(cancels)) is None


def test_zeros_without_memory_are_read() -> None:
    """The gradient of the gradient of abs has no memory in torch: to read it as it is ends the process."""
    lines = (
        "b = T.tensor([-1.0, 2.0], requires_grad=True)",
        "f = b.abs()",
        "i, = fresh(T.autograd.grad(f, [b], create_graph=True, grad_outputs=T.ones_like(f)))",
        "i.exp().backward(T.ones_like(i))",
    )
    seen = run(Program(lines), engine("torch-cpu"))[-1].seen["b"]["grad"]
    assert seen.array.tolist() == [0.0, 0.0]
    assert judge(Program(lines)) is None
