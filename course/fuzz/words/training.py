"""Training: optimisers that write to leaves, modules, and functions that take derivatives of functions."""

from __future__ import annotations

from course.fuzz.scene import Scene, dims, filled, floats, leaf, normal, small
from course.fuzz.words.forms import fill
from course.fuzz.words.word import word

KINDS = (
    *("SGD([{}], lr=0.5)", "SGD([{}], lr=0.25, momentum=0.5)", "SGD([{}], lr=0.25, momentum=0.5, nesterov=True)"),
    *("SGD([{}], lr=0.25, weight_decay=0.5)", "Adam([{}], lr=0.25)", "AdamW([{}], lr=0.25)", "RMSprop([{}], lr=0.25)"),
)
FUNCTIONALS = (
    *("jacobian(lambda x: (x * x).sum(-1), {a})", "hessian(lambda x: (x * x * x).sum(), {a})"),
    *("vjp(lambda x: x.exp() * 2, {a}, {s}.detach())[1]", "jvp(lambda x: x.sin(), {a}, {s}.detach())[1]"),
    *(
        "hvp(lambda x: (x.sin() * x).sum(), {a}, {s}.detach())[1]",
        "vhp(lambda x: (x ** 3).sum(), {a}, {s}.detach())[1]",
    ),
    *("jacobian(lambda x: x * x, {a}, create_graph=True)", "vjp(lambda x: x * {a}, {a}, {s}.detach(), True)[1]"),
)


@word(0.6)
def optimizer(scene: Scene) -> str:
    """Make an optimiser for some leaves."""
    leaves = scene.some(scene.tensors(leaf, normal, filled), 2)
    if len({id(scene.of(name)) for name in leaves}) < len(leaves):
        leaves = leaves[:1]  # torch warns of a parameter that is given twice, and steps it by chance
    return f"{scene.new()} = T.optim.{scene.pick(KINDS).format(', '.join(leaves))}"


@word(1.5)
def step(scene: Scene) -> str:
    """Let an optimiser step, or forget gradients."""
    made = [name for name, value in scene.going.variables().items() if hasattr(value, "param_groups")]
    name = scene.pick(made)
    return name + scene.pick([".step()", ".step()", ".zero_grad()", ".zero_grad(set_to_none=False)"])


@word(0.15)
def clipped(scene: Scene) -> str:
    """Clip the gradient of a leaf."""
    a = scene.tensor(leaf, lambda tensor: tensor.grad is not None)
    return f"{scene.new()} = T.nn.utils.clip_grad_norm_([{a}], 0.5)"


@word(0.2)
def functional(scene: Scene) -> str:
    """Take a derivative of a function."""
    a = scene.tensor(floats, small, filled, dims(0, 1, 2))
    return f"{scene.new()} = T.autograd.functional.{fill(scene, scene.pick(FUNCTIONALS), a)}"
