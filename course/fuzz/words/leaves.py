"""Where programs begin: tensors written out in full, of shapes that broadcast against each other."""

from __future__ import annotations

from typing import Any

from course.fuzz.scene import Scene
from course.fuzz.words.word import word

SHAPES: tuple[tuple[int, ...], ...] = (
    (), (), (1,), (2,), (2,), (3,), (3,), (2, 3), (2, 3), (3, 2), (1, 3), (2, 1), (3, 3), (2, 2), (2, 1, 3), (4,),
)  # fmt: skip


def values(scene: Scene, shape: tuple[int, ...], positive: bool = False) -> Any:
    """Return nested lists of numbers that float32 holds exactly; equal ones are frequent."""
    if shape:
        return [values(scene, shape[1:], positive) for _ in range(shape[0])]
    if positive:
        return (1 + scene.below(12)) / 4
    return (scene.below(17) - 8) / 4


@word(1.0)
def leaf(scene: Scene) -> str:
    """Make a leaf, which most often requires grad."""
    return leaf_of(scene, scene.pick(SHAPES))


def leaf_of(scene: Scene, shape: tuple[int, ...]) -> str:
    """Make a leaf of this shape."""
    numbers = values(scene, shape, positive=scene.maybe(0.4))
    dtype = "float32" if scene.maybe(0.15) else "float64"
    flag = ", requires_grad=True" if scene.maybe(0.75) else ""
    return f"{scene.new()} = T.tensor({numbers}, dtype=T.{dtype}{flag})"


@word(0.1)
def constant(scene: Scene) -> str:
    """Make a tensor by its shape."""
    shape = list(scene.pick(SHAPES))
    make = scene.pick(["T.ones({}", "T.zeros({}", "T.full({}, 1.5"]).format(shape)
    flag = ", requires_grad=True" if scene.maybe(0.3) else ""
    return f"{scene.new()} = {make}, dtype=T.float64{flag})"


@word(0.05)
def integers(scene: Scene) -> str:
    """Make whole numbers, which cannot require grad."""
    numbers = [scene.below(3) for _ in range(2)]
    return f"{scene.new()} = T.tensor({numbers}, dtype=T.int64)"
