"""Differences that stay, because what torch does there is an accident nobody relies on.

Most accidents are left out by the vocabulary (`course.fuzz.words`), which says why at each place. Here are those
that only show once both engines have run.
"""

from __future__ import annotations

import re

import numpy as np

from course.fuzz.compare import Difference
from course.fuzz.look import Failed, Numbers
from course.fuzz.program import Program


def is_accident(program: Program, difference: Difference) -> bool:
    """Return whether a difference is one of the known accidents."""
    return (
        _own_failure(difference)
        or _odd_products(program, difference)
        or _odd_norms(program, difference)
        or _third_of_layer_norm(program, difference)
        or _new_axes(program, difference)
        or _sign_of_zero(program, difference)
        or _absent_zero(program, difference)
        or _stacked_views(program, difference)
    )


def _own_failure(difference: Difference) -> bool:
    """Break of an assertion inside torch, or a kind of tensor that only its insides know."""
    expected = difference.expected
    own = ("INTERNAL ASSERT FAILED", "ZeroTensors are immutable")
    return isinstance(expected, Failed) and any(words in expected.message for words in own)


def _odd_products(program: Program, difference: Difference) -> bool:
    """What becomes of inf and nan where a convolution adds up products: torch has several algorithms for that."""
    odd = difference.error is not None and difference.error == float("inf")
    return odd and any("conv" in line for line in program.statements[: difference.at + 1])


def _odd_norms(program: Program, difference: Difference) -> bool:
    """The gradient of a normalisation where what arrives is infinite: torch multiplies out, and inf - inf is nan.

    Gradients of a softmax add up to 0, or to a rounding error, and that divided by 0 is nan, or infinite. Either
    way nothing finite comes of it.
    """
    expected, got = difference.expected, difference.got
    if difference.error != float("inf") or not (isinstance(expected, Numbers) and isinstance(got, Numbers)):
        return False
    finite = np.isfinite(expected.array)
    same = bool((finite == np.isfinite(got.array)).all())
    return same and any(
        re.search(r"(layer|batch|group|instance)_norm|softm|cross_entropy", one) for one in program.statements
    )


def _third_of_layer_norm(program: Program, difference: Difference) -> bool:
    """A third derivative of layer_norm, which torch 2.13 gets wrong where the weight depends on the input.

    Differences of its own second derivatives agree with the engine.
    """
    before = program.statements[: difference.at + 1]
    recorded = sum("create_graph=True" in line for line in before)
    return difference.error is not None and recorded > 1 and any("layer_norm" in line for line in before)


def _new_axes(program: Program, difference: Difference) -> bool:
    """The layout of a broadcast result, where an operand has a new axis of extent 1.

    The step along such an axis means nothing, and NumPy sets it to 0. torch has another number there, which it
    compares with other steps when no operand tells two axes of the result apart.
    """
    before = program.statements[: difference.at + 1]
    return difference.where.endswith(".stride") and any(re.search(r"None|unsqueeze", line) for line in before)


def _sign_of_zero(program: Program, difference: Difference) -> bool:
    """What is divided by a 0 that came out of a product of matrices, whose sign depends on how sums begin.

    Or out of a maximum of eight elements or more: torch takes the second of two zeros where it works in vectors of
    the processor, and the first one in what is left over.
    """
    expected, got = difference.expected, difference.got
    if difference.error != float("inf") or not (isinstance(expected, Numbers) and isinstance(got, Numbers)):
        return False
    a, b = expected.array, got.array
    flipped = np.isinf(a) & (a == -b)
    large = r"|maximum|minimum" if a.size >= 8 else ""
    products = re.compile(r" @ |mm\(|mv\(|dot\(|linear\(|einsum|inner|conv" + large)
    multiplied = any(products.search(line) for line in program.statements[: difference.at + 1])
    return multiplied and bool((flipped | np.isclose(a, b, rtol=1e-4, equal_nan=True)).all())


def _absent_zero(program: Program, difference: Difference) -> bool:
    """What becomes of the gradient of sgn where it meets nan or an infinity.

    torch hands back a zero without memory (a ZeroTensor), and multiplies nothing with it: 0 times nan is 0 there. The
    gradient of sign, which is the same function of real numbers, is an ordinary zero, in torch and here.
    """
    expected, got = difference.expected, difference.got
    if difference.error != float("inf") or not (isinstance(expected, Numbers) and isinstance(got, Numbers)):
        return False
    a, b = expected.array, got.array
    added = difference.where.endswith(".grad")  # to what was there
    passed_over = (np.isfinite(a) if added else a == 0) & np.isnan(b)
    asked = any(re.search(r"\bsgn\b", line) for line in program.statements[: difference.at + 1])
    return asked and bool((passed_over | np.isclose(a, b, rtol=1e-4, equal_nan=True)).all())


def _stacked_views(program: Program, difference: Difference) -> bool:
    """The history of what is stacked of inference tensors outside of that mode.

    torch puts it together with `cat` and `view`, and here that shows: the result is a view of what nobody has.
    """
    stacked = re.compile(rf"\b{difference.where.partition('.')[0]} = T\.(stack|[hvd]stack)\(")
    before = "\n".join(program.statements[: difference.at + 1])
    names = difference.expected == "AsStridedBackward0" and difference.got == "torch::autograd::CopySlices"
    return names and "inference_mode" in before and stacked.search(before) is not None
