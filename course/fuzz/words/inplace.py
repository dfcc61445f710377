"""Writing into memory: on intermediates, views, leaves, with and without recording."""

from __future__ import annotations

from typing import Any

import numpy as np

from course.fuzz.scene import Scene, dims, floats, normal, small, solid
from course.fuzz.words.arithmetic import number
from course.fuzz.words.leaves import values
from course.fuzz.words.views import indexed, reshaped
from course.fuzz.words.word import word

QUIET = "with T.no_grad():\n    "
UNARY = ("exp_", "sin_", "cos_", "tanh_", "sigmoid_", "relu_", "neg_", "abs_", "zero_")


def target(scene: Scene) -> str:
    """Pick what is written to: a tensor, seldom a leaf, sometimes a view made on the spot."""
    writable = [
        name for name in scene.tensors(floats, small, normal) if scene.maybe(0.06) or not scene.of(name).is_leaf
    ]
    name = scene.pick(writable)
    if scene.maybe(0.15) and scene.of(name).ndim:
        return indexed(scene, name)
    if scene.maybe(0.08):
        return reshaped(scene, name)
    return name


def written_at(scene: Scene, name: str) -> Any:
    """Return the tensor that an expression picks."""
    with scene.going.engine.T.no_grad():
        return eval(name, dict(scene.going.names))


def source(scene: Scene, name: str) -> str:
    """Pick what is written: a tensor that broadcasts to `name`, or a number."""
    if scene.maybe(0.25):
        return number(scene)
    written = written_at(scene, name)
    shape = tuple(written.shape)

    def fits(tensor: Any) -> bool:
        try:
            return np.broadcast_shapes(shape, tuple(tensor.shape)) == shape
        except ValueError:
            return False

    def apart(tensor: Any) -> bool:
        # torch either refuses memory that is the same in part, or makes of it what it happens to
        if tensor.untyped_storage().data_ptr() != written.untyped_storage().data_ptr():
            return True
        return 1 not in (*tensor.shape, *written.shape) and bool(
            tensor.is_contiguous() and written.is_contiguous() and tensor.ndim == written.ndim
        )

    return scene.tensor(apart) if scene.maybe(0.02) else scene.tensor(fits, floats, apart)


def maybe_quiet(scene: Scene, statement: str) -> str:
    """Put some statements under no_grad."""
    return QUIET + statement if scene.maybe(0.2) else statement


@word(1.2)
def element_by_element(scene: Scene) -> str:
    """Apply a function in place."""
    name = target(scene)
    method = scene.pick(UNARY)
    if method == "zero_" and not solid(written_at(scene, name)):
        method = "exp_"
    return maybe_quiet(scene, f"{name}.{method}()")


@word(2.5)
def combined(scene: Scene) -> str:
    """Combine in place with another tensor or a number."""
    name = target(scene)
    other = source(scene, name)
    method = scene.pick(["add_", "mul_", "mul_", "sub_", "div_", "copy_", "copy_", "fill_"])
    if method in ("copy_", "fill_") and not solid(written_at(scene, name)):
        method = "add_"  # torch lets one value be written to a repeated element, and regrets it in backward
    if method in ("copy_", "fill_"):
        is_number = other.replace(".", "").replace("-", "").isdigit()
        method = "fill_" if is_number else "copy_"
    return maybe_quiet(scene, f"{name}.{method}({other})")


@word(0.5)
def augmented(scene: Scene) -> str:
    """Use an augmented assignment."""
    a = scene.tensor(floats, small, normal)
    return maybe_quiet(scene, f"{a} {scene.pick(['+=', '*=', '-=', '/='])} {source(scene, a)}")


@word(1.0)
def assigned(scene: Scene) -> str:
    """Assign to a part."""
    part = indexed(scene, scene.tensor(floats, dims(1, 2, 3), normal, solid))
    sign = scene.pick(["=", "=", "=", "+=", "*="])
    return maybe_quiet(scene, f"{part} {sign} {source(scene, part)}")


@word(0.3)
def masked(scene: Scene) -> str:
    """Write where a mask says so."""
    a = scene.tensor(floats, dims(1, 2), normal, solid)
    form = scene.pick(
        ["{a}[{a} > 0] = 0.5", "{a}.masked_fill_({a} > 0, 2.0)", "{a}.clamp_(-1.0, 1.0)", "{a}.clamp_(min=0)"]
    )
    return maybe_quiet(scene, form.format(a=a))


@word(0.2)
def reset(scene: Scene) -> str:
    """Write numbers into a tensor through a fresh tensor."""
    a = scene.tensor(floats, normal)
    numbers = values(scene, tuple(scene.of(a).shape))
    return maybe_quiet(scene, f"{a}.copy_(T.tensor({numbers}, dtype=T.float64))")
