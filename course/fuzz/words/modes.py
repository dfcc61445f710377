"""Grad modes, and hooks on what is saved."""

from __future__ import annotations

from course.fuzz.scene import Nothing, Scene
from course.fuzz.words import arithmetic, backward, views
from course.fuzz.words.word import word

INSIDE = (arithmetic.binary, arithmetic.unary, arithmetic.with_number, arithmetic.whole, views.position, views.shape)


@word(0.8)
def inside(scene: Scene) -> str:
    """Do something under another grad mode."""
    mode = scene.pick(
        ["T.no_grad()", "T.no_grad()", "T.enable_grad()", "T.set_grad_enabled(False)", "T.inference_mode()"]
    )
    if mode == "T.inference_mode()" and scene.maybe(0.7):
        raise Nothing
    what = scene.pick(INSIDE) if scene.maybe(0.9) or "inference" in mode else backward.backward
    return f"with {mode}:\n    {what(scene)}"


@word(0.08)
def switched(scene: Scene) -> str:
    """Switch the mode from here on."""
    return f"T.set_grad_enabled({scene.maybe(0.6)})"


@word(0.6)
def packed(scene: Scene) -> str:
    """Record an operation while what is saved goes through hooks."""
    if scene.tensors(lambda tensor: tensor._is_view() and tensor.requires_grad and tensor.grad_fn is None):
        raise Nothing  # torch keeps less where the gradient of such a view would be lost
    first, second = scene.label(), scene.label()
    what = scene.pick(INSIDE)(scene)
    copies = f"pack({first}, lambda x: x.detach().clone()), unpack({second})"
    return f"with T.autograd.graph.saved_tensors_hooks({copies}):\n    {what}"


@word(0.3)
def step(scene: Scene) -> str:
    """Step a leaf against its gradient, as optimisers do."""
    a = scene.tensor(lambda t: t.is_leaf and t.grad is not None)
    return "with T.no_grad():\n    " + scene.pick(
        ["{a} -= 0.1 * {a}.grad", "{a}.sub_({a}.grad)", "{a}.add_({a}.grad, alpha=-0.5)"]
    ).format(a=a)
