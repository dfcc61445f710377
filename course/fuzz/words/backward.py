"""Walking back: backward and grad, once and again, and through gradients."""

from __future__ import annotations

from course.fuzz.scene import Scene, floats, leaf, requires_grad, shaped
from course.fuzz.words.word import word


def scalar(scene: Scene) -> str:
    """Return an expression for a number to start from; sometimes one that is no number."""
    a = scene.tensor(requires_grad, floats) if scene.maybe(0.97) else scene.tensor()
    recorded = [name for name in scene.differentiable if name in scene.tensors(requires_grad)]
    if recorded and scene.maybe(0.5):
        a = scene.pick(recorded)
    if scene.of(a).numel() == 1 and scene.maybe(0.5):
        return a
    return a if scene.maybe(0.03) else scene.pick([f"{a}.sum()", f"{a}.sum()", f"({a} * {a}).sum()", f"{a}.mean()"])


def start(scene: Scene) -> tuple[str, str]:
    """Return where to start, and the gradient there ("" for none)."""
    if scene.maybe(0.6):
        return scalar(scene), ""
    a = scene.tensor(requires_grad, floats)
    shape = tuple(scene.of(a).shape)
    gradient = scene.pick([f"T.ones_like({a})", f"T.full_like({a}, 0.5)", f"{a}.detach().clone()"])
    if scene.maybe(0.25):
        gradient = (scene.tensor(shaped(shape)) if scene.maybe(0.9) else scene.tensor()) + ".detach().clone()"
    return a, gradient


def options(scene: Scene) -> list[str]:
    """Return what is said about keeping and recording."""
    said = []
    if scene.maybe(0.5):
        said.append("retain_graph=True")
    elif scene.maybe(0.05):
        said.append("retain_graph=False")
    if scene.maybe(0.15):
        said.append("create_graph=True")
    return said


@word(4.5)
def backward(scene: Scene) -> str:
    """Go backward from one tensor."""
    root, gradient = start(scene)
    said = options(scene)
    if scene.maybe(0.12):
        wanted = scene.some(scene.tensors(requires_grad), 2)
        said.append(f"inputs=[{', '.join(wanted)}]")
    return f"{root}.backward({', '.join([gradient] * bool(gradient) + said)})"


@word(0.6)
def from_several(scene: Scene) -> str:
    """Go backward from two tensors at once."""
    said = "".join(f", {option}" for option in options(scene))
    return f"T.autograd.backward([{scalar(scene)}, {scalar(scene)}]{said})"


@word(2.0)
def grad(scene: Scene) -> str:
    """Ask for gradients of one tensor, most often of leaves."""
    root, gradient = start(scene)
    leaves = scene.tensors(leaf) if scene.maybe(0.6) else scene.tensors(requires_grad)
    wanted = scene.some(leaves, 2)
    said = options(scene)
    if gradient:
        said.append(f"grad_outputs={gradient}")
    if scene.maybe(0.6):
        said.append("allow_unused=True")
    elif scene.maybe(0.1):
        said.append("materialize_grads=True")
    made = ", ".join(scene.new() for _ in wanted)
    made += "," if len(wanted) == 1 else ""
    return f"{made} = fresh(T.autograd.grad({root}, [{', '.join(wanted)}]{''.join(f', {s}' for s in said)}))"


@word(1.5)
def recorded_grad(scene: Scene) -> str:
    """Ask for a gradient that can be differentiated again."""
    a = scene.tensor(leaf) if scene.maybe(0.7) else scene.tensor(requires_grad)
    root, name = scalar(scene), scene.new()
    scene.differentiable.append(name)
    return f"{name}, = fresh(T.autograd.grad({root}, [{a}], create_graph=True, allow_unused=True))"


@word(0.8)
def penalty(scene: Scene) -> str:
    """Take the square of a gradient as one more loss."""
    a = scene.tensor(leaf)
    root, name = scalar(scene), scene.new()
    scene.differentiable.append(name)
    return f"{name} = T.autograd.grad({root}, {a}, create_graph=True)[0].square().sum()"


@word(0.1)
def saved(scene: Scene) -> str:
    """Read what a node saved."""
    form = scene.pick(["{a}.exp().grad_fn._saved_result", "{a}.log().grad_fn._saved_self", "{a}.sum().grad_fn.name()"])
    return f"{scene.new()} = " + form.format(a=scene.tensor(requires_grad, floats))
