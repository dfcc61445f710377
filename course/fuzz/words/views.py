"""Views: other shapes and parts of the same memory."""

from __future__ import annotations

import math

from course.fuzz.scene import Nothing, Scene, dims
from course.fuzz.words.word import word


def indexed(scene: Scene, name: str) -> str:
    """Return an expression that selects from a tensor by position."""
    shape = tuple(scene.of(name).shape)
    if not shape or 0 in shape:
        raise Nothing
    forms = [
        f"{name}[{scene.below(shape[0])}]",
        f"{name}[-1]",
        f"{name}[:1]",
        f"{name}[1:]",
        f"{name}[None]",
    ]
    forms += [f"{name}[...]", f"{name}[..., {scene.below(shape[-1])}]"]
    if shape[0] > 1:
        forms += [f"{name}[::2]"]
    if len(shape) > 1:
        forms += [f"{name}[:, {scene.below(shape[1])}]", f"{name}[{scene.below(shape[0])}, {scene.below(shape[1])}]"]
        forms += [f"{name}[:, 1:]", f"{name}[{scene.below(shape[0])}, :1]"]
    return scene.pick(forms)


def reshaped(scene: Scene, name: str) -> str:
    """Return an expression for the same elements in another shape."""
    tensor = scene.of(name)
    shape, ndim = tuple(tensor.shape), tensor.ndim
    count = math.prod(shape)
    forms = [f"{name}.unsqueeze(0)", f"{name}.unsqueeze(-1)"]
    laid_out = (tensor._base if tensor._is_view() else tensor).is_contiguous()
    if laid_out:  # in which order an operation lays out its result is its own business
        forms += [f"{name}.view(-1)", f"{name}.reshape(-1)", f"{name}.flatten()"]
    forms += [f"{name}.squeeze()", f"{name}.view_as({name})", f"{name}.expand(2, {', '.join(['-1'] * ndim) or 1})"]
    if ndim == 0:
        forms[-1] = f"{name}.expand(2)"
    if count % 2 == 0 and count and laid_out:
        forms += [f"{name}.view(2, -1)", f"{name}.view(-1, 2)"]
    if ndim >= 2:
        a, b = scene.below(ndim), scene.below(ndim)
        forms += [f"{name}.transpose({a}, {b})", f"{name}.permute({', '.join(str(d) for d in reversed(range(ndim)))})"]
    if ndim == 2:
        forms += [f"{name}.t()", f"{name}.T", f"{name}.diagonal()"]
    for axis, n in enumerate(shape):
        if not n:
            continue
        forms += [f"{name}.narrow({axis}, 0, 1)"]
        forms += [f"{name}.squeeze({axis})"] if n == 1 else [f"{name}.select({axis}, 1)"]
    return scene.pick(forms)


@word(2.0)
def position(scene: Scene) -> str:
    """Select by position."""
    return f"{scene.new()} = {indexed(scene, scene.tensor(dims(1, 2, 3)))}"


@word(2.0)
def shape(scene: Scene) -> str:
    """Look at a tensor in another shape."""
    return f"{scene.new()} = {reshaped(scene, scene.tensor(lambda t: t.ndim < 4))}"


@word(0.4)
def several(scene: Scene) -> str:
    """Make several views at once."""
    a = scene.tensor(dims(1, 2, 3), lambda t: t.shape[0] == 2)
    form = scene.pick(["{a}.chunk(2)", "{a}.split(1)", "{a}.unbind()", "{a}.unbind(0)"])
    return f"{scene.new()}, {scene.new()} = " + form.format(a=a)
