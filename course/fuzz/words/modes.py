"""Grad modes, and hooks on what is saved."""

from __future__ import annotations

from course.fuzz.scene import Nothing, Scene, floats, normal
from course.fuzz.words import arithmetic, backward, views
from course.fuzz.words.word import word

INSIDE = (arithmetic.binary, arithmetic.unary, arithmetic.with_number, arithmetic.whole, views.position, views.shape)


@word(0.8)
def inside(scene: Scene) -> str:
    """Do something under another grad mode."""
    mode = scene.pick(
        ["T.no_grad()", "T.no_grad()", "T.enable_grad()", "T.set_grad_enabled(False)", "T.inference_mode()"]
    )
    if mode == "T.inference_mode()" and scene.maybe(0.5):
        raise Nothing
    what = scene.pick(INSIDE) if scene.maybe(0.9) or "inference" in mode else backward.backward
    return f"with {mode}:\n    {what(scene)}"


NESTED = (
    "with T.no_grad(), T.enable_grad():\n    {what}",
    "with T.enable_grad(), T.no_grad():\n    {what}",
    "with T.no_grad(), T.set_grad_enabled(True):\n    {what}",
    "with T.inference_mode(False), T.no_grad():\n    {what}",
    "with T.autograd.set_grad_enabled({a}.requires_grad):\n    {what}",
)
DECORATED = (
    "{new} = T.no_grad()(lambda x: x * 2)({a})",
    "{new} = T.enable_grad()(lambda x: x.exp())({a})",
    "{new} = T.set_grad_enabled(False)(lambda x: x + 1)({a})",
    "{new}, = T.no_grad()(lambda x: (yield x * 3))({a})",
    "with T.no_grad():\n    {new} = T.enable_grad()(lambda x: x * x)({a})",
)


@word(0.2)
def nested(scene: Scene) -> str:
    """Do something under one grad mode inside another."""
    return scene.pick(NESTED).format(what=scene.pick(INSIDE)(scene), a=scene.tensor(floats))


@word(0.25)
def decorated(scene: Scene) -> str:
    """Call a function, or a generator, that has a grad mode of its own."""
    return scene.pick(DECORATED).format(new=scene.new(), a=scene.tensor(floats, normal))


@word(0.08)
def switched(scene: Scene) -> str:
    """Switch the mode from here on."""
    return f"T.set_grad_enabled({scene.maybe(0.6)})"


@word(0.6)
def packed(scene: Scene) -> str:
    """Record an operation while what is saved goes through hooks."""
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
