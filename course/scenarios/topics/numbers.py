"""What a program can ask of a GPU's numbers, also where there is none."""

from __future__ import annotations

from typing import Any

from course.scenarios import Draw, Yields, scenario


@scenario(
    "numbers.tf32-switches", lesson=1, asks="May products and convolutions use TF32, unless something else is said?"
)
def tf32_switches(T: Any, draw: Draw) -> Yields:
    matmul = T.backends.cuda.matmul

    def now() -> list[Any]:
        return [matmul.allow_tf32, T.backends.cudnn.allow_tf32, T.get_float32_matmul_precision()]

    yield "at first: products, convolutions, precision", now()
    try:
        for precision in ("high", "medium", "highest"):
            T.set_float32_matmul_precision(precision)
            yield f"set to {precision}", now()
        for allowed in (True, False):
            matmul.allow_tf32 = allowed
            yield f"allow_tf32 = {allowed}", now()
    finally:
        T.set_float32_matmul_precision("highest")


@scenario(
    "numbers.half-of-1024", lesson=3, asks="1024.5 and 3.14 as float16, which has 10 bits of mantissa: what is left?"
)
def half_of_1024(T: Any, draw: Draw) -> Yields:
    x = T.tensor([1024.5, 1025.5, 3.14], dtype=T.float32)
    yield "as float16", x.to(T.float16).to(T.float32)
    yield "3.14 rounded, times 3.14", x.to(T.float16).to(T.float32)[2] * x[2]
