"""Statements from forms: ``"T.hypot({a}, {b})"`` and the like, with the gaps filled by what is at hand.

What the gaps mean: ``a`` a tensor of floats; ``b`` and ``c`` tensors that broadcast with it; ``r`` one of floats
only; ``s`` one of its shape and dtype; ``d`` and ``e`` different axes of it; ``n`` a number; ``i`` an index
tensor of its shape along ``d``; ``p`` and ``q`` positions along ``d``; ``f`` stands for ``T.nn.functional``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from course.fuzz.scene import Nothing, Scene, Test, floats, small
from course.fuzz.words.arithmetic import broadcasts, number, partner

_GAP = re.compile(r"\{(\w)\}")


def filled_in(scene: Scene, forms: Sequence[str], *tests: Test) -> str:
    """Pick a form, and tensors for it; ``{a}`` passes all tests."""
    form = scene.pick(forms)
    return fill(scene, form, scene.tensor(floats, small, *tests))


def fill(scene: Scene, form: str, a: str) -> str:
    """Return a form with its gaps filled; `a` is known already."""
    found = {"a": a, "f": "T.nn.functional"}
    gaps = set(_GAP.findall(form))
    if gaps & set("eipq"):
        gaps.add("d")  # they are about axis d, which comes first in the alphabet
    for gap in sorted(gaps - set(found)):
        found[gap] = _FILLERS[gap](scene, found)
    return form.format(**found)


def _partner(scene: Scene, found: dict[str, str]) -> str:
    return partner(scene, found["a"])


def _real(scene: Scene, found: dict[str, str]) -> str:
    return scene.tensor(broadcasts(tuple(scene.of(found["a"]).shape)), small, floats)


def _same(scene: Scene, found: dict[str, str]) -> str:
    a = scene.of(found["a"])
    return scene.tensor(lambda b: b.shape == a.shape and b.dtype == a.dtype)


def _axis(scene: Scene, found: dict[str, str]) -> str:
    ndim = scene.of(found["a"]).ndim
    return str(scene.below(max(ndim, 1)))


def _other_axis(scene: Scene, found: dict[str, str]) -> str:
    ndim = scene.of(found["a"]).ndim
    if ndim < 2:
        raise Nothing
    taken = int(found["d"])
    return str((taken + 1 + scene.below(ndim - 1)) % ndim - (ndim if scene.maybe(0.3) else 0))


def _extent(scene: Scene, found: dict[str, str]) -> int:
    a = scene.of(found["a"])
    return int(a.shape[int(found["d"])]) if a.ndim else 1


def _position(scene: Scene, found: dict[str, str]) -> str:
    extent = _extent(scene, found)
    if not extent:
        raise Nothing
    return str(scene.below(extent))


def _index(scene: Scene, found: dict[str, str]) -> str:
    extent, shape = _extent(scene, found), tuple(scene.of(found["a"]).shape)
    if not extent:
        raise Nothing

    def positions(shape: tuple[int, ...]) -> object:
        return [positions(shape[1:]) for _ in range(shape[0])] if shape else scene.below(extent)

    return f"T.tensor({positions(shape)})"


_FILLERS: dict[str, Callable[[Scene, dict[str, str]], str]] = {
    "b": _partner,
    "c": _partner,
    "d": _axis,
    "e": _other_axis,
    "i": _index,
    "n": lambda scene, _: number(scene),
    "p": _position,
    "q": _position,
    "r": _real,
    "s": _same,
}
