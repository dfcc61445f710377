"""Numbers and counters that are not on the GPU what they are on the CPU, or are believed not to be."""

from __future__ import annotations

import math
from typing import Any

from course.scenarios import Draw, Yields, attempt, scenario

#: The three ways in which torch takes a step; on a GPU the default is foreach.
WAYS = {"by default": {}, "one by one": {"foreach": False}, "foreach": {"foreach": True}, "fused": {"fused": True}}


@scenario("cuda.versions-after-a-step", needs="cuda", lesson=6, asks="Which optimizer steps count as writes?")
def versions_after_a_step(T: Any, draw: Draw) -> Yields:
    start, slope = draw.normal(3), draw.normal(3)
    for optimizer in (T.optim.SGD, T.optim.Adam, T.optim.AdamW):
        for name, way in WAYS.items():
            weight = T.tensor(start, requires_grad=True)
            loss = (weight * weight).sum()
            weight.grad = T.tensor(slope)
            before = weight._version
            optimizer([weight], lr=0.1, **way).step()
            yield f"{optimizer.__name__} {name}: writes counted", weight._version - before
            yield f"{optimizer.__name__} {name}: backward after it", attempt(loss.backward)


@scenario("cuda.tf32", needs="cuda", lesson=12, asks="How many bits of a float32 matrix product are right, with TF32?")
def tf32(T: Any, draw: Draw) -> Yields:
    a, b = (T.tensor(draw.normal(256, 256)).float() for _ in range(2))
    exact = a.double() @ b.double()
    size = a.double().abs() @ b.double().abs()
    before = T.backends.cuda.matmul.allow_tf32
    yield "allowed before anyone asked", before
    try:
        for allowed in (False, True):
            T.backends.cuda.matmul.allow_tf32 = allowed
            error = ((a @ b).double() - exact).abs() / size
            yield f"bits right in the worst place, TF32 {'on' if allowed else 'off'}", _bits(error.max().item())
            error = ((a * b).double() - a.double() * b.double()).abs() / (a.double() * b.double()).abs()
            yield f"the same of a * b, TF32 {'on' if allowed else 'off'}", _bits(error.nan_to_num().max().item())
    finally:
        T.backends.cuda.matmul.allow_tf32 = before


def _bits(error: float) -> int:
    return 53 if error == 0 else math.floor(-math.log2(error))


@scenario("cuda.sums-in-any-order", needs="cuda", lesson=12, asks="Why do the last digits change from run to run?")
def sums_in_any_order(T: Any, draw: Draw) -> Yields:
    values = T.tensor(draw.normal(4096)).float().repeat(64)
    bins = (T.arange(values.numel()) * 7) % 4
    # Many threads add to four numbers as they come, and float32 sums depend on their order.
    yield "index_add_", T.zeros(4).index_add_(0, bins, values)
    embedding = T.zeros(4, 1, requires_grad=True)
    (T.nn.functional.embedding(bins, embedding)[:, 0] * values).sum().backward()
    yield "gradient of an embedding", embedding.grad
    before = T.are_deterministic_algorithms_enabled()
    T.use_deterministic_algorithms(True)
    try:
        yield "index_add_, deterministic", T.zeros(4).index_add_(0, bins, values)
    finally:
        T.use_deterministic_algorithms(before)


@scenario("cuda.autocast", needs="cuda", lesson=12, asks="Under autocast, which tensors and gradients are bfloat16?")
def autocast(T: Any, draw: Draw) -> Yields:
    x, w = T.tensor(draw.normal(8, 4)).float(), T.tensor(draw.normal(4, 3)).float().requires_grad_()
    with T.autocast(x.device.type, dtype=T.bfloat16):
        product = x @ w
        yield "x @ w", product.dtype
        yield "x + 1", (x + 1).dtype
        yield "softmax", product.softmax(1).dtype
        loss = (product**2).mean()
        yield "loss", loss.dtype
    product.register_hook(lambda grad: seen.append(grad.dtype))
    seen: list[Any] = []
    loss.backward()
    yield "gradient at x @ w", seen[0]
    yield "w.grad", w.grad.dtype
