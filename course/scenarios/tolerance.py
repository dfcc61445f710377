"""How far two results may be apart and still be called the same: from dtype and operation.

Everything is counted in ulps, units in the last place of the row's dtype at the row's largest number.
Where the numbers of this page come from:

* **float64: what the scenario declares, 64 by default.** An elementary function is off by a few ulps in
  any library; a sum of n numbers taken in another order is off by about sqrt(n) ulps, as the roundings
  go up and down like a random walk (the worst case, n, needs all of them to go one way). sqrt(4096) is
  64, and `tests/compare/test_work.py` sees that no scenario which declares nothing shows a longer sum.
  A scenario that is worse conditioned declares more. `torch.testing.assert_close` would allow 1e-7, and
  with that a step that is secretly done in float32 (6e-8) would pass.
* **float32, bfloat16, float16: what torch's own tests allow.** `CLOSE` are the defaults of
  `torch.testing.assert_close`, which torch holds CPU against GPU with. At magnitude 1 they are 95, 2.05 and
  1.03 ulps, and the next power of two is taken. A scenario that declares k times 64 gets k times that.
  Beyond half of the digits (`HALF`) nothing is allowed: two numbers that share less say nothing.
* **float32 with TF32**: where it is allowed, a GPU rounds what enters a matrix product or a convolution to
  10 bits of mantissa, so each operand is off by up to 2**-11 and the product by 2**-10, which is 2**13 ulps.
  Several one after the other again add up like a random walk, of which two standard deviations are allowed;
  k, and half of the digits (here 5 bits, 2**18 ulps), as before.
* **Python floats** are as good as the dtype of the run that they came from.
* Whole numbers, flags, texts and the kind of an exception are the same or they are not.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

#: The default of `scenario(ulps=...)`, in float64.
DECLARED = 64

#: The distance from 1 to the next number: twice the unit roundoff.
EPS = {"float64": 2.0**-52, "float32": 2.0**-23, "float16": 2.0**-10, "bfloat16": 2.0**-7}

#: Relative and absolute tolerance of `torch.testing.assert_close` by default.
CLOSE = {"float32": (1.3e-6, 1e-5), "float16": (1e-3, 1e-5), "bfloat16": (1.6e-2, 1e-5)}

#: Ulps of float32 by which a product of two numbers of TF32 may be off.
TF32_ULPS = 2.0**-10 / EPS["float32"]

#: Half of TF32's digits, in ulps of float32.
TF32_HALF = 2.0**-5 / EPS["float32"]

#: Half of the digits, in ulps.
HALF = {dtype: EPS[dtype] ** -0.5 for dtype in CLOSE}


@dataclass(frozen=True)
class Allowed:
    """How far the numbers of one row may be apart.

    Attributes
    ----------
    ulps
        The most that is called the same.
    dtype
        The dtype whose ulps these are.
    tf32
        How many products with TF32's 10 bits are allowed for.
    """

    ulps: float
    dtype: str
    tf32: int = 0

    def __str__(self) -> str:
        text = f"{self.ulps:.0f} ulps of {self.dtype}"
        return f"{text} (TF32 in {self.tf32} product{'s' * (self.tf32 != 1)})" if self.tf32 else text


def allowed(dtype: str | None, declared: float = DECLARED, run: str = "float64", tf32: int = 0) -> Allowed | None:
    """Return what a row is allowed; None where there is nothing to round.

    Parameters
    ----------
    dtype
        That of the row: a tensor's, or ``float`` for a Python number.
    declared
        What the scenario declares for float64.
    run
        The dtype of the run, in which the inputs were drawn.
    tf32
        How many matrix products and convolutions were done with TF32 on one side only.
    """
    kind = run if dtype == "float" else dtype
    if kind not in EPS:
        return None
    if kind == "float64":
        return Allowed(declared, kind)
    rtol, atol = CLOSE[kind]
    base = 2.0 ** math.ceil(math.log2((rtol + atol) / EPS[kind]))
    ulps = min(base * declared / DECLARED, max(HALF[kind], base))
    if kind == "float32" and tf32:
        walk = 2 * TF32_ULPS * math.sqrt(tf32) * declared / DECLARED
        return Allowed(ulps + min(walk, TF32_HALF), kind, tf32)
    return Allowed(ulps, kind)
