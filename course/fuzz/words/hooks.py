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
    ", lambda g: 3",
    ", lambda g: g.double()",
)

FUNCTIONS = ("Scale", "Product", "Exponential", "Same", "Raise", "Pair", "Broken", "Split", "Once", "Set", "Cut")
ODD = (", lambda g: g.sum()", ", lambda g: 3", ", lambda g: g.double()")


def watched(scene: Scene) -> str:
    """Pick a tensor to hook; sometimes one that cannot be hooked."""
    return scene.tensor(requires_grad) if scene.maybe(0.97) else scene.tensor()


@word(1.8)
def on_tensor(scene: Scene) -> str:
    """Hook a tensor."""
    change = scene.pick(CHANGES)
    if change in ODD and scene.maybe(0.7):
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


@word(0.8)
def retained(scene: Scene) -> str:
    """Keep the gradient of an intermediate."""
    return f"{scene.tensor(non_leaf) if scene.maybe(0.9) else scene.tensor()}.retain_grad()"


@word(0.7)
def after_accumulation(scene: Scene) -> str:
    """Hook a leaf's accumulation."""
    a = scene.tensor(leaf) if scene.maybe(0.9) else scene.tensor()
    hook = f"{a}.register_post_accumulate_grad_hook(seen({scene.label()}))"
    return f"{scene.new()} = {hook}" if scene.maybe(0.4) else hook


@word(0.6)
def before_node(scene: Scene) -> str:
    """Hook a node's entrance."""
    change = scene.pick(["", "", ", lambda gs: tuple(g if g is None else g * 2 for g in gs)"])
    hook = f"{scene.tensor(non_leaf)}.grad_fn.register_prehook(seen({scene.label()}{change}))"
    return f"{scene.new()} = {hook}" if scene.maybe(0.4) else hook


@word(0.6)
def behind_node(scene: Scene) -> str:
    """Hook a node's exit."""
    hook = f"{scene.tensor(non_leaf)}.grad_fn.register_hook(around({scene.label()}))"
    return f"{scene.new()} = {hook}" if scene.maybe(0.4) else hook


@word(0.2)
def on_several(scene: Scene) -> str:
    """Hook several tensors at once."""
    chosen = scene.some(scene.tensors(requires_grad), 3)
    mode = ", mode='any'" if scene.maybe(0.3) else ""
    hook = f"T.autograd.graph.register_multi_grad_hook(({', '.join(chosen)},), seen({scene.label()}){mode})"
    return f"{scene.new()} = {hook}" if scene.maybe(0.4) else hook


@word(0.1)
def on_accumulator(scene: Scene) -> str:
    """Hook the node that adds up a leaf's gradient."""
    hook = scene.pick(["register_hook(around({}))", "register_prehook(seen({}))"]).format(scene.label())
    return f"{scene.new()} = {scene.tensor(leaf)}.view(-1).grad_fn.next_functions[0][0].{hook}"


@word(1.2)
def function(scene: Scene) -> str:
    """Apply a Function."""
    a = scene.tensor(floats, normal)
    name = scene.pick(FUNCTIONS)
    if name == "Broken" and scene.maybe(0.7):
        raise Nothing
    if name in ("Pair", "Split"):
        return f"{scene.new()}, {scene.new()} = {name}.apply({a})"
    second = {"Scale": ", 3.0", "Product": f", {partner(scene, a)}"}.get(name, "")
    return f"{scene.new()} = {name}.apply({a}{second})"
