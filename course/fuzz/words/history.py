"""Who belongs to the graph: detach and its family, flags, names that go away."""

from __future__ import annotations

from course.fuzz.scene import Scene, Test, floats, leaf, non_leaf, normal, plain, requires_grad
from course.fuzz.words.word import word


@word(0.6)
def detach(scene: Scene) -> str:
    """Make a tensor outside the graph, or a copy inside."""
    a = scene.tensor(normal)
    return f"{scene.new()} = {a}" + scene.pick(
        [".detach()", ".detach()", ".data", ".clone()", ".clone()", ".detach().clone()"]
    )


def viewless(scene: Scene) -> Test:
    """Test for a tensor of which no view has a name: views of a base that is cut off lead nowhere.

    Nor has it hooks: in torch those of an intermediate wait for the leaf that it may become.
    """
    bases = [getattr(scene.of(name), "_base", None) for name in scene.tensors()]
    return lambda tensor: (
        not any(tensor is base for base in bases) and not (tensor._post_accumulate_grad_hooks or tensor._backward_hooks)
    )


@word(0.25)
def detach_in_place(scene: Scene) -> str:
    """Cut a tensor out of its graph."""
    return f"{scene.tensor(requires_grad, viewless(scene))}.detach_()"


@word(0.3)
def switch_on(scene: Scene) -> str:
    """Switch recording on for a leaf."""
    a = scene.tensor(plain, lambda t: not t._is_view()) if scene.maybe(0.9) else scene.tensor(requires_grad)
    return a + scene.pick([".requires_grad_()", ".requires_grad_(True)", ".requires_grad = True"])


@word(0.15)
def switch_off(scene: Scene) -> str:
    """Switch recording off; an error for most."""
    return scene.tensor(requires_grad, viewless(scene)) + scene.pick(
        [".requires_grad_(False)", ".requires_grad = False"]
    )


@word(0.2)
def behind(scene: Scene) -> str:
    """Change numbers behind autograd's back."""
    a = scene.tensor(floats, normal, plain)  # what a wrong saved value leads to depends on the formula
    return scene.pick(["{a}.data.mul_(2)", "{a}.data.fill_(0.5)", "{a}.detach().add_(1)", "{a}.data.zero_()"]).format(
        a=a
    )


@word(0.1)
def replaced(scene: Scene) -> str:
    """Give a leaf other numbers of the same shape."""
    a = scene.tensor(floats, normal, plain)
    return f"{a}.data = {a}.data * 0.5"


@word(0.2)
def forgotten(scene: Scene) -> str:
    """Forget a name."""
    return f"del {scene.tensor()}"


@word(0.2)
def emptied(scene: Scene) -> str:
    """Take a gradient away, or zero it."""
    a = scene.tensor(leaf)
    if scene.of(a).grad is not None and scene.maybe(0.5):
        return f"{a}.grad.zero_()"
    return f"{a}.grad = None"


@word(0.15)
def named_gradient(scene: Scene) -> str:
    """Give a gradient a name, so that it is watched while it grows."""
    a = scene.tensor(leaf, lambda t: t.grad is not None)
    return f"{scene.new()} = {a}.grad"


@word(0.1)
def given_gradient(scene: Scene) -> str:
    """Assign a gradient by hand."""
    a = scene.tensor(leaf)
    return f"{a}.grad = " + scene.pick(
        [f"T.ones_like({a})", f"{a}.detach().clone()", f"{scene.tensor(normal)}", f"{scene.tensor(normal)}.detach()"]
    )


@word(0.1)
def node(scene: Scene) -> str:
    """Look at the nodes that lead away from a tensor."""
    a = scene.tensor(non_leaf)
    return f"{scene.new()} = [n and n.name() for n, _ in {a}.grad_fn.next_functions].count(None)"
