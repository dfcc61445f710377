"""Hooks on tensors and nodes, and Functions."""

from __future__ import annotations

from course.fuzz.scene import Nothing, Scene, floats, leaf, non_leaf, normal, requires_grad
from course.fuzz.words.arithmetic import partner
from course.fuzz.words.word import word

CHANGES = (
    "",
    "",
    ", lambda g: g * 2",
    ", lambda g: -g",
    ", lambda g: g.clone()",
    ", lambda g: g.sum()",
    ", lambda g: g * g",
)


def watched(scene: Scene) -> str:
    """Pick a tensor to hook; sometimes one that cannot be hooked."""
    return scene.tensor(requires_grad) if scene.maybe(0.97) else scene.tensor()


@word(1.0)
def on_tensor(scene: Scene) -> str:
    """Hook a tensor."""
    change = scene.pick(CHANGES)
    if change == ", lambda g: g.sum()" and scene.maybe(0.7):
        change = ""
    hook = f"{watched(scene)}.register_hook(seen({scene.label()}{change}))"
    return f"{scene.new()} = {hook}" if scene.maybe(0.4) else hook


@word(0.4)
def removed(scene: Scene) -> str:
    """Take a hook away."""
    handles = [
        name for name, value in scene.going.variables().items() if hasattr(value, "remove") and hasattr(value, "id")
    ]
    return f"{scene.pick(handles)}.remove()"


@word(0.5)
def retained(scene: Scene) -> str:
    """Keep the gradient of an intermediate."""
    return f"{scene.tensor(non_leaf) if scene.maybe(0.9) else scene.tensor()}.retain_grad()"


@word(0.4)
def after_accumulation(scene: Scene) -> str:
    """Hook a leaf's accumulation."""
    a = scene.tensor(leaf) if scene.maybe(0.9) else scene.tensor()
    hook = f"{a}.register_post_accumulate_grad_hook(seen({scene.label()}))"
    return f"{scene.new()} = {hook}" if scene.maybe(0.4) else hook


@word(0.3)
def before_node(scene: Scene) -> str:
    """Hook a node's entrance."""
    change = scene.pick(["", "", ", lambda gs: tuple(g if g is None else g * 2 for g in gs)"])
    hook = f"{scene.tensor(non_leaf)}.grad_fn.register_prehook(seen({scene.label()}{change}))"
    return f"{scene.new()} = {hook}" if scene.maybe(0.4) else hook


@word(0.3)
def behind_node(scene: Scene) -> str:
    """Hook a node's exit."""
    hook = f"{scene.tensor(non_leaf)}.grad_fn.register_hook(around({scene.label()}))"
    return f"{scene.new()} = {hook}" if scene.maybe(0.4) else hook


@word(0.6)
def function(scene: Scene) -> str:
    """Apply a Function."""
    a = scene.tensor(floats, normal)
    name = scene.pick(["Scale", "Product", "Exponential", "Same", "Raise", "Pair", "Broken"])
    if name == "Broken" and scene.maybe(0.7):
        raise Nothing
    if name == "Pair":
        return f"{scene.new()}, {scene.new()} = Pair.apply({a})"
    second = {"Scale": ", 3.0", "Product": f", {partner(scene, a)}"}.get(name, "")
    return f"{scene.new()} = {name}.apply({a}{second})"
