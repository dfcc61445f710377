"""Dtypes: which meets which, what a gradient's dtype is, and what whole numbers cannot do."""

from __future__ import annotations

from typing import Any

from course.scenarios import Draw, Yields, attempt, scenario


@scenario(
    "dtypes.gradient-keeps-the-leafs", lesson=3, asks="A float16 leaf in a float64 loss: which dtype has its gradient?"
)
def gradient_keeps_the_leafs(T: Any, draw: Draw) -> Yields:
    for kind in (T.float16, T.float32, T.float64):
        x = T.tensor([1.0, 2.0], dtype=kind, requires_grad=True)
        (x.to(T.float64) * 3 + x.to(T.float32).to(T.float64)).sum().backward()
        yield f"{x.dtype}".rpartition(".")[2], x.grad


@scenario(
    "dtypes.promotion", lesson=3, asks="Which dtype have int + float32, float32 + 1.5, bool * float16, int / int?"
)
def promotion(T: Any, draw: Draw) -> Yields:
    whole, mask = T.tensor([1, 2]), T.tensor([True, False])
    half, single, double = (T.tensor([1.0, 2.0], dtype=d) for d in (T.float16, T.float32, T.float64))
    zero_d = T.tensor(2.0, dtype=T.float64)
    for name, y in {
        "int + float32": whole + single, "float32 + 1.5": single + 1.5, "bool * float16": mask * half,
        "int / int": whole / whole, "int // int": whole // 2, "int * 1.5": whole * 1.5, "bool + bool": mask + mask,
        "float16 + float64": half + double, "float32 + 0-d float64": single + zero_d,
        "int + 0-d float64": whole + zero_d,
        "int ** 2": whole**2, "float32 > 1": single > 1, "sum of bool": mask.sum(), "exp of int": whole.exp(),
        "mean of float16": half.mean(), "sum to float64": half.sum(dtype=T.float64),
    }.items():  # fmt: skip
        yield name, y.dtype


@scenario(
    "dtypes.whole-numbers-cannot",
    lesson=4,
    asks="mean of whole numbers, requires_grad on them, a matrix product with floats: what is said?",
)
def whole_numbers_cannot(T: Any, draw: Draw) -> Yields:
    whole = T.tensor([[1, 2], [3, 4]])
    floats = T.tensor(draw.normal(2, 2))
    yield "mean", attempt(whole.mean)
    yield "var", attempt(whole.var)
    yield "requires_grad_", attempt(whole.requires_grad_)
    yield "matmul with floats", attempt(lambda: whole @ floats)
    yield "softmax", attempt(lambda: whole.softmax(0))
    yield "mean as float64", whole.mean(dtype=T.float64)
    yield "negative power", attempt(lambda: whole**-1)
    yield "minus of a mask", attempt(lambda: -T.tensor([True]))


@scenario(
    "dtypes.float16", lesson=3, asks="float16 overflows at 65504 and loses small numbers: in values, and in gradients?"
)
def float16(T: Any, draw: Draw) -> Yields:
    x = T.tensor([300.0, 1e-4, 2.0], dtype=T.float16, requires_grad=True)
    y = x * x
    y.sum().backward()
    yield "x * x", y
    yield "x.grad", x.grad
    x.grad = None
    (x * 1e-4 * 1e-4).sum().backward()
    yield "a gradient that vanishes", x.grad
    x.grad = None
    ((x * 1e-4 * 1e-4).sum() * 1024).backward()
    yield "scaled up", x.grad


@scenario(
    "dtypes.mixed-in-a-product", lesson=3, asks="Matrix products of different float dtypes: promoted, or refused?"
)
def mixed_in_a_product(T: Any, draw: Draw) -> Yields:
    single = T.tensor([[1.0, 2.0]], dtype=T.float32)
    double = T.tensor([[1.0], [2.0]], dtype=T.float64)
    yield "matmul", attempt(lambda: single @ double)
    yield "vectors", attempt(lambda: single[0] @ double[:, 0])
    yield "elementwise", attempt(lambda: single.t() * double)
    yield "cat", T.cat([single, single.to(T.float64)]).dtype
    yield "where", T.where(single > 1, single, single.to(T.float64)).dtype


@scenario(
    "dtypes.cast-is-an-operation", lesson=4, asks="x.to(float16), x.to(same dtype), x.long(): which are recorded?"
)
def cast_is_an_operation(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(2), requires_grad=True)
    other = T.float32 if x.dtype == T.float64 else T.float64
    yield "another float", [x.to(other).requires_grad, x.to(other).is_leaf]
    yield "the same: same object", x.to(x.dtype) is x
    yield "whole numbers", x.to(T.int64).requires_grad
    yield "bool", (x > 0).requires_grad
    (x.to(other) * 2).sum().backward()
    yield "x.grad", x.grad


@scenario("dtypes.default", lesson=2, asks="Which dtype has a tensor of Python numbers, of NumPy numbers, of bools?")
def default(T: Any, draw: Draw) -> Yields:
    yield "floats", T.tensor([1.0, 2.0]).dtype
    yield "whole numbers", T.tensor([1, 2]).dtype
    yield "both", T.tensor([1, 2.5]).dtype
    yield "bools", T.tensor([True, False]).dtype
    yield "NumPy", T.tensor(draw.array([1.0]).astype("float64")).dtype
    yield "zeros, arange, arange of floats", [T.zeros(1).dtype, T.arange(2).dtype, T.arange(2.0).dtype]
    yield "nothing", T.tensor([]).dtype


@scenario(
    "dtypes.gradient-assigned",
    lesson=4,
    asks="x.grad = a tensor of another dtype, device, or one that is no tensor: what is said?",
)
def gradient_assigned(T: Any, draw: Draw) -> Yields:
    x = T.tensor([1.0, 2.0], dtype=T.float32, requires_grad=True)

    def assign(value: Any) -> None:
        x.grad = value

    yield "float64", attempt(assign, T.tensor([1.0, 2.0], dtype=T.float64))
    yield "itself", attempt(assign, x)
    yield "a list", attempt(assign, [1.0, 2.0])
    yield "one that requires grad", attempt(assign, T.ones(2, requires_grad=True) * 2)
    yield "x.grad.requires_grad", x.grad.requires_grad


@scenario("dtypes.finite-differences", lesson=4, asks="Why do finite differences with a step of 1e-6 fail in float32?")
def finite_differences(T: Any, draw: Draw) -> Yields:
    for kind in (T.float32, T.float64):
        x = T.tensor(1.5, dtype=kind, requires_grad=True)
        (x * x * x).backward()
        step = T.tensor(1e-6, dtype=kind)
        up, down = x.detach() + step, x.detach() - step
        estimate = (up * up * up - down * down * down) / (2 * step)
        name = f"{x.dtype}".rpartition(".")[2]
        yield f"{name}: slope", x.grad
        yield f"{name}: error below 1e-6", bool((estimate - x.grad).abs() < 1e-6)
        yield f"{name}: error above 1e-2", bool((estimate - x.grad).abs() > 1e-2)
