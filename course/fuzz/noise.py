"""Telling rounding errors from wrong numbers.

Where a program cancels or divides by next to nothing, the last bit of an input decides about leading digits of
the result, and two correct engines differ. So a small difference in numbers is held against what torch itself
does when the inputs change in their last bits.
"""

from __future__ import annotations

import ast
import re

import numpy as np

from course.fuzz.compare import TOLERANCE_ULPS, Difference, first_difference
from course.fuzz.look import Numbers
from course.fuzz.program import Program, made_by, names
from course.fuzz.reasons import zeros_with_another_sign
from course.fuzz.run import Engine, Run, Step, engine, quiet, run

#: Errors larger than this, relative to the number itself, are never called noise. float64 numbers may come of float32.
LARGEST = {"float64": 1e-6, "float32": 1e-2, "float16": 0.3}
_JUMP = re.compile(
    r"floor|ceil|round|trunc|frac|fmod|remainder| %=? | //=? |sign|sgn|[<>]|Split|norm\(0\)|nonzero"
    r"|sort|topk|arg(max|min)|median|(max|min)\("
)
#: Normalising what hardly varies divides rounding errors by the root of the usual eps.
_OF_NORMS = 1e5**0.5
_PRODUCT = re.compile(r" @ |mm\(|mv\(|dot\(|linear\(|einsum|inner|conv")
_UNTYPED_TENSOR = re.compile(r"(T\.tensor\([-\d.\[\], e]*?)(, requires_grad=True\)|\))$")
_UNTYPED = re.compile(r"T\.(tensor|ones|zeros|full)\((?!.*dtype)")
#: How much more than torch's own movement is still called noise.
MARGIN = 100.0


def is_noise(program: Program, difference: Difference, torch: Engine) -> bool:
    """Return whether torch's own numbers move as much when the inputs move by a few ulps."""
    expected = difference.expected
    if not isinstance(expected, Numbers):
        return False
    if _sign_of_a_zero(program, difference, torch):
        return True
    if difference.error is None or expected.array.dtype.kind != "f":
        made_whole = _whole_of_rounded(program, difference, expected, torch)
        decided = made_whole or _decided_by_rounding(program, difference, expected, torch)
        asks = _JUMP.search(program.statements[made_at(program, difference)]) is not None
        return decided or (asks and _same_from_there(program, difference, torch))
    if _next_to_nothing(expected, difference.got):
        return True
    if not np.isfinite(difference.error):  # rounding decides, where something is divided by next to nothing
        moved = _variants(program, difference, expected, torch)
        if any(other is not None and _other_kind(expected, other) for other in moved):
            return True
        return _same_from_there(program, difference, torch)
    size = float(np.nanmax(np.abs(expected.array[np.isfinite(expected.array)]), initial=0.0))
    if difference.error <= 10 * _rounded(program, difference, expected, torch):
        return True
    made_of = "float32" if _as_float32(program, 1.0) else str(expected.array.dtype)
    if difference.error > max(LARGEST[made_of], LARGEST[str(expected.array.dtype)]) * max(size, 1.0):
        jumps = any(_JUMP.search(line) for line in program.statements)  # there, rounding decides on which side one is
        half = difference.error / 2
        if jumps and any(_moved(program, difference, expected, torch, by) > half for by in (2.0, -3.0, 5.0, -8.0)):
            return True
        return _same_from_there(program, difference, torch)
    slack = _OF_NORMS if any("_norm(" in line for line in program.statements) else 1.0
    rounding = slack * TOLERANCE_ULPS * float(np.finfo(expected.array.dtype).eps) * max(size, 1.0)
    if difference.error <= max(rounding, _as_float32(program, max(size, 1.0))):
        return True
    if difference.error <= MARGIN * _rounded(program, difference, expected, torch):
        return True
    widths = (1.0, 2.0**29) if _as_float32(program, 1.0) else (1.0,)  # ulps of float64, and of float32
    return any(
        difference.error <= MARGIN * _moved(program, difference, expected, torch, steps * width)
        for width in widths
        for steps in (2.0, -3.0, 5.0, -8.0)
    )


def made_at(program: Program, difference: Difference) -> int:
    """Return which statement made what differs: in a program looked at late not the one after which it was seen."""
    name = difference.where.partition(".")[0]
    made = [at for at in range(difference.at + 1) if name in made_by(program.statements[at])]
    return made[-1] if program.patient and made else difference.at


def _sign_of_a_zero(program: Program, difference: Difference, torch: Engine) -> bool:
    """Return whether the engines agree that far once zeros that come out of products of matrices have no sign.

    It depends on how sums begin, and what is divided by such a zero, or asked for its angle, shows it.
    """
    if difference.error is None or not any(_PRODUCT.search(line) for line in program.statements):
        return False
    watched = Program(program.statements)
    if not zeros_with_another_sign(run(watched, torch), run(watched, engine("nptorch")), difference.at):
        return False
    made = re.compile(r"(\w+) = (.*)")
    lines = [
        made.sub(r"\1 = (\2) + 0.0", line) if _PRODUCT.search(line) and made.fullmatch(line) else line
        for line in program.statements
    ]
    if lines == list(program.statements):
        return False
    unsigned = Program(tuple(lines), program.patient)
    other = first_difference(unsigned, run(unsigned, torch), run(unsigned, engine("nptorch")))
    return other is None or other.at > difference.at


def _decided_by_rounding(program: Program, difference: Difference, expected: Numbers, torch: Engine) -> bool:
    """Return whether torch itself chooses or counts other elements when its inputs move: next to a jump."""
    if not any(_JUMP.search(line) for line in program.statements[: difference.at + 1]):
        return False
    moved = _variants(program, difference, expected, torch)
    whole = expected.array.dtype.kind != "f"
    return any(
        one is not None
        and (one.array.shape != expected.array.shape or (whole and not np.array_equal(one.array, expected.array)))
        for one in moved
    )


def _whole_of_rounded(program: Program, difference: Difference, expected: Numbers, torch: Engine) -> bool:
    """Return whether a number that is off by rounding was made whole: torch's own moves by as much with its inputs.

    A large float has no digits behind the point, so what is left of rounding shows in the whole number as well.
    """
    cast = re.compile(rf"\b{difference.where.partition('.')[0]} = .*\.long\(\)")
    if difference.error is None or not any(cast.search(line) for line in program.statements):
        return False
    ulps = 2.0**29 if _as_float32(program, 1.0) else 1.0
    return any(difference.error <= _moved(program, difference, expected, torch, steps * ulps) for steps in (2.0, -3.0))


def _same_from_there(program: Program, difference: Difference, torch: Engine) -> bool:
    """Return whether torch makes the same of the engine's numbers.

    It matters where a statement asks on which side of a number they are, divides by them, or makes much of their last
    bit, as the sine of a large number does. Two products of matrices that cancel leave 0, or a rounding error that no
    input decides about: an engine may add up without rounding in between. That far the numbers agree, or the
    difference would have been found there.
    """
    at, got = made_at(program, difference), difference.got
    if not isinstance(got, Numbers) or not at:
        return False
    line, before = program.statements[at], Program(program.statements[:at])
    ours = run(before, engine("nptorch"))[-1].seen
    with quiet(torch):
        going = Run(torch)
        for statement in before.statements:
            going.do(statement, look=False)
        for name in names(line):
            values = ours[name].get("values") if isinstance(ours.get(name), dict) else None
            if isinstance(values, Numbers) and values.array.dtype.kind == "f":
                going.names[name] = torch.T.tensor(values.array)
        again = _find(going.do(line), difference.where)
    if not isinstance(again, Numbers) or again.array.shape != got.array.shape:
        return False
    return bool(np.isclose(again.array, got.array, rtol=1e-6, atol=0, equal_nan=True).all())


def _next_to_nothing(expected: Numbers, got: Numbers) -> bool:
    """Return whether, wherever they differ, both divided by a rounding error, or one of them by 0."""
    a, b = expected.array, got.array
    rounding = TOLERANCE_ULPS * float(np.finfo(a.dtype).eps)
    large = np.minimum(np.abs(a), np.abs(b)) > 1 / rounding
    both = np.isinf(a) & np.isinf(b)
    return bool((np.isclose(a, b, rtol=rounding, equal_nan=True) | (large & ~both)).all())


def _as_float32(program: Program, size: float) -> float:
    """Return how far float64 numbers may be off because they came from float32 ones."""
    text = "\n".join(program.statements)
    has_float32 = "float32" in text or ".float()" in text or _UNTYPED.search(text) is not None
    return TOLERANCE_ULPS * 2.0**-23 * size if has_float32 or _shows_float32(program) else 0.0


def _shows_float32(program: Program) -> bool:
    """Return whether a tensor of the program is float32, which a product of a number and a bool is, too."""
    steps = run(Program(program.statements), engine("torch-cpu"))
    return any(
        isinstance(seen, dict) and isinstance(seen["values"], Numbers) and seen["values"].array.dtype == np.float32
        for step in steps
        for seen in step.seen.values()
    )


def _other_kind(expected: Numbers, moved: Numbers) -> bool:
    """Return whether other numbers are finite, or infinite."""
    a, b = moved.array, expected.array
    if a.shape != b.shape:
        return False
    return bool((np.isnan(a) != np.isnan(b)).any() or (np.isinf(a) != np.isinf(b)).any())


def _variants(program: Program, difference: Difference, expected: Numbers, torch: Engine) -> list[Numbers | None]:
    """Return what torch shows for inputs that have moved by a few ulps, and in another precision."""
    widths = (1.0, 2.0**29) if _single(program, expected) else (1.0,)  # ulps of float64, and of float32
    moved = [_shaken(program, difference, torch, steps * width) for width in widths for steps in (2.0, -3.0, 5.0, -8.0)]
    return [*moved, _in_other_precision(program, difference, expected, torch)]


def _moved(program: Program, difference: Difference, expected: Numbers, torch: Engine, steps: float) -> float:
    moved = _shaken(program, difference, torch, steps)
    if moved is None or moved.array.shape != expected.array.shape:
        return 0.0
    return _furthest(moved, expected)


def _rounded(program: Program, difference: Difference, expected: Numbers, torch: Engine) -> float:
    """Return how far torch's numbers are off by rounding on the way, judged by the program in another precision."""
    other = _in_other_precision(program, difference, expected, torch)
    if other is None or other.array.shape != expected.array.shape:
        return 0.0
    scale = 1.0 if _single(program, expected) else 2.0**-29
    return _furthest(other, expected) * scale


def _furthest(one: Numbers, other: Numbers) -> float:
    """Return the largest finite distance of two numbers of one place."""
    with np.errstate(invalid="ignore"):  # two infinities
        apart = np.abs(one.array.astype("f8") - other.array.astype("f8"))
    return float(np.max(apart[np.isfinite(apart)], initial=0.0))


def _single(program: Program, expected: Numbers) -> bool:
    text = "\n".join(program.statements)
    return expected.array.dtype == np.float32 or "float32" in text or ".float()" in text


def _in_other_precision(program: Program, difference: Difference, expected: Numbers, torch: Engine) -> Numbers | None:
    """Return what torch shows where everything is float64 instead of float32, or the other way round."""
    single = _single(program, expected)
    words = [("float32", "float64"), (".float()", ".double()")]
    swaps = words if single else [(new, old) for old, new in words]
    lines = []
    for line in program.statements:
        for old, new in swaps:
            line = line.replace(old, new)
        lines.append(_UNTYPED_TENSOR.sub(r"\1, dtype=T.float64\2", line) if single else line)
    return _numbers(Program(tuple(lines), program.patient), difference, torch)


def _shaken(program: Program, difference: Difference, torch: Engine, steps: float) -> Numbers | None:
    """Return the numbers that differ as torch has them once the inputs have moved by a few ulps."""
    shaken = Program(tuple(shake(line, steps) for line in program.statements), program.patient)
    return _numbers(shaken, difference, torch)


def _numbers(program: Program, difference: Difference, torch: Engine) -> Numbers | None:
    """Return the numbers that differ as torch has them in a program like this one."""
    try:
        step = run(program, torch)[difference.at]
    except Exception:  # the other program takes another turn, so it says nothing about rounding
        return None
    moved = _find(step, difference.where)
    return moved if isinstance(moved, Numbers) else None


def _find(step: Step, where: str) -> object:
    if where.startswith("log of "):
        label, _, rest = where.removeprefix("log of ").partition(", ")
        number = int(rest.partition(".")[0])
        return next((line[2][number].get("values") for line in step.log if line[0] == label), None)
    name, _, field = where.partition(".")
    seen = step.seen.get(name)
    return seen.get(field) if isinstance(seen, dict) else None


def shake(statement: str, steps: float) -> str:
    """Return a statement in which every number that is not whole is off by a few ulps.

    Whole numbers inside ``T.tensor`` are moved as well, each by another number of ulps.
    """
    tree = ast.parse(statement)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "T.tensor" and "int64" not in statement:
            ulp = 2.0**-23 if "float32" in statement else 2.0**-52
            for at, part in enumerate(ast.walk(node.args[0])):
                if isinstance(part, ast.Constant) and isinstance(part.value, float):
                    part.value *= 1 + steps * ulp * (1 + at % 3)
    return ast.unparse(tree)
