"""Operations that make new tensors: element by element, sums, matrices."""

from __future__ import annotations

from typing import Any

import numpy as np

from course.fuzz.scene import Nothing, Scene, dims, filled, floats, one_zero, small
from course.fuzz.words.word import word

UNARY = (
    "exp", "sin", "cos", "tanh", "sigmoid", "relu", "abs", "neg", "square", "log", "sqrt", "sign", "reciprocal",
)  # fmt: skip
FOLDS = ("sum", "sum", "mean", "prod", "amax", "amin", "logsumexp", "var")
WHOLE = ("sum", "sum", "mean", "prod", "max", "min", "var", "std")


def broadcasts(shape: tuple[int, ...]) -> Any:
    """Test for a tensor that can stand beside one of this shape."""

    def test(tensor: Any) -> bool:
        try:
            np.broadcast_shapes(shape, tuple(tensor.shape))
        except ValueError:
            return False
        return True

    return test


def alone(tensor: Any) -> bool:
    """Test for a tensor that is no reason for an error itself, so that it is clear which one comes."""
    return not tensor._is_view() and not tensor.is_inference()


def partner(scene: Scene, name: str) -> str:
    """Pick a tensor to stand beside another; sometimes one that does not fit."""
    if scene.maybe(0.02) and alone(scene.of(name)):
        return scene.tensor(alone)
    return scene.tensor(broadcasts(tuple(scene.of(name).shape)), small)


def number(scene: Scene) -> str:
    """Return a Python number."""
    return scene.pick(["2", "3", "0.5", "-1.5", "1", "0", "1.25"])


@word(2.0)
def unary(scene: Scene) -> str:
    """Apply a function to every element."""
    a, name = scene.tensor(floats), scene.pick(UNARY)
    if name in ("log", "sqrt", "reciprocal") and scene.maybe(0.8):
        return f"{scene.new()} = ({a} * {a} + 1).{name}()"
    return f"{scene.new()} = {a}.{name}()"


@word(4.0)
def binary(scene: Scene) -> str:
    """Combine two tensors."""
    a = scene.tensor(floats, small)
    sign = scene.pick(["*", "*", "*", "+", "+", "-", "/"])
    return f"{scene.new()} = {a} {sign} {partner(scene, a)}"


@word(1.2)
def with_number(scene: Scene) -> str:
    """Combine a tensor and a number."""
    a, n = scene.tensor(), number(scene)
    form = scene.pick(
        ["{a} * {n}", "{n} * {a}", "{a} + {n}", "{n} - {a}", "{a} / 2", "{n} / {a}", "{a} ** 2", "{a} ** 3"]
    )
    return f"{scene.new()} = " + form.format(a=a, n=n)


@word(0.5)
def named(scene: Scene) -> str:
    """Call a function of two tensors, or of one with a limit, by name."""
    a = scene.tensor(floats, small)
    b = partner(scene, a)
    form = scene.pick(
        [
            "T.maximum({a}, {b})",
            "T.minimum({a}, {b})",
            "T.where({a} > 0, {a}, {b})",
            "{a}.masked_fill({a} > 0, 1.5)",
            "{a}.clamp(-0.5, 1.0)",
            "{a}.clamp(min=0.25)",
            "T.add({a}, {b}, alpha=2)",
            "T.sub({a}, {b}, alpha=0.5)",
            "T.lerp({a}, {a}.exp(), 0.25)",
        ]
    )
    return f"{scene.new()} = " + form.format(a=a, b=b)


@word(1.0)
def whole(scene: Scene) -> str:
    """Fold all elements into one number."""
    a, name = scene.tensor(floats, filled, one_zero), scene.pick(WHOLE)
    if name in ("var", "std", "prod") and scene.of(a).numel() < 2:
        name = "sum"
    return f"{scene.new()} = {a}.{name}()"


@word(1.0)
def folded(scene: Scene) -> str:
    """Fold one axis."""
    a = scene.tensor(floats, dims(1, 2, 3), filled, one_zero)
    dim = scene.below(scene.of(a).ndim) - (scene.of(a).ndim if scene.maybe(0.3) else 0)
    keep = ", keepdim=True" if scene.maybe(0.4) else ""
    return f"{scene.new()} = {a}.{scene.pick(FOLDS)}({dim}{keep})"


@word(0.5)
def along(scene: Scene) -> str:
    """Work along one axis."""
    a = scene.tensor(floats, dims(1, 2, 3), filled, one_zero)
    dim = scene.below(scene.of(a).ndim)
    form = scene.pick(
        [
            "{a}.softmax({d})",
            "{a}.log_softmax({d})",
            "{a}.cumsum({d})",
            "{a}.flip({d})",
            "{a}.max({d}).values",
            "{a}.min({d})[0]",
        ]
    )
    return f"{scene.new()} = " + form.format(a=a, d=dim)


@word(0.8)
def matrices(scene: Scene) -> str:
    """Multiply matrices, or a matrix and a vector."""
    a = scene.tensor(floats, dims(1, 2), small)
    last = scene.of(a).shape[-1]
    dtype = scene.of(a).dtype

    def fits(b: Any) -> bool:
        return b.ndim in (1, 2) and b.shape[-2 if b.ndim == 2 else 0] == last and (b.dtype == dtype)

    b = scene.tensor(alone) if scene.maybe(0.03) and alone(scene.of(a)) else scene.tensor(fits, small)
    return f"{scene.new()} = {a} @ {b}"


@word(0.5)
def joined(scene: Scene) -> str:
    """Put tensors side by side."""
    a = scene.tensor(floats, small)
    same = scene.tensors(lambda b: b.shape == scene.of(a).shape)
    others = [a, *scene.some(same, 2)]
    if scene.of(a).ndim == 0:
        return f"{scene.new()} = T.stack([{', '.join(others)}])"
    return f"{scene.new()} = T.{scene.pick(['cat', 'stack'])}([{', '.join(others)}], {scene.below(scene.of(a).ndim)})"


@word(0.3)
def picked(scene: Scene) -> str:
    """Pick elements by list or by mask."""
    a = scene.tensor(floats, dims(1, 2))
    n = scene.of(a).shape[0]
    if not n:
        raise Nothing
    rows = [scene.below(n) for _ in range(3)]
    form = scene.pick(["{a}[{rows}]", "{a}[{a} > 0]", "{a}[T.tensor({rows})]"])
    return f"{scene.new()} = " + form.format(a=a, rows=rows)


@word(0.25)
def cast(scene: Scene) -> str:
    """Change the dtype."""
    form = scene.pick(["{}.double()", "{}.float()", "{}.to(T.float32)", "{}.to(T.float64)"])
    return f"{scene.new()} = " + form.format(scene.tensor(floats))


@word(0.4)
def rebound(scene: Scene) -> str:
    """Give an old name to a new tensor, as loops do."""
    a = scene.tensor(floats, small)
    return scene.pick(["{a} = {a} * 2", "{a} = {a} + {b}", "{a} = {a}.tanh()"]).format(a=a, b=partner(scene, a))
