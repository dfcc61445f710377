"""`nn.functional`: what has no layer, and where function and layer differ."""

from __future__ import annotations

from typing import Any

from course.scenarios import Cases, Draw, Yields, attempt, heard, scenario
from course.scenarios.nets import known


def _sloped(T: Any, draw: Draw, cases: Cases, *shape: int) -> Yields:
    for name, f in cases.items():
        x = T.tensor(draw.normal(*shape), requires_grad=True)
        y = f(x)
        y.backward(T.tensor(draw.normal(*y.shape)))
        yield f"{name}: output", y
        yield f"{name}: x.grad", x.grad


@scenario(
    "nn_functional.as-the-layers",
    lesson=7,
    asks="Are functional.linear, relu, mse_loss the same as the layers, bit for bit?",
)
def as_the_layers(T: Any, draw: Draw) -> Yields:
    nn, functional = T.nn, T.nn.functional
    x, t = T.tensor(draw.normal(3, 2)), T.tensor(draw.normal(3, 2))
    layer = known(T, draw, nn.Linear(2, 2))
    yield "linear", functional.linear(x, layer.weight, layer.bias)
    yield "equal to the layer", bool((functional.linear(x, layer.weight, layer.bias) == layer(x)).all())
    pairs = {"relu": nn.ReLU(), "softplus": nn.Softplus(), "gelu": nn.GELU(), "silu": nn.SiLU(), "elu": nn.ELU()}
    yield "activations", [bool((getattr(functional, name)(x) == other(x)).all()) for name, other in pairs.items()]
    yield "loss", bool(functional.mse_loss(x, t) == nn.MSELoss()(x, t))


@scenario(
    "nn_functional.lengths-and-angles",
    lesson=7,
    asks="normalize and cosine_similarity: what are their gradients, and at a zero vector?",
)
def lengths_and_angles(T: Any, draw: Draw) -> Yields:
    functional = T.nn.functional
    partner = T.tensor(draw.normal(2, 3))
    cases: Cases = {
        "normalize": lambda t: functional.normalize(t, dim=1),
        "cosine_similarity": lambda t: functional.cosine_similarity(t, partner, dim=1),
    }
    yield from _sloped(T, draw, cases, 2, 3)
    zero = T.tensor(draw.array([[0.0, 0.0]]), requires_grad=True)
    functional.normalize(zero, dim=1).sum().backward()
    yield "at zero", zero.grad


@scenario("nn_functional.one-hot", lesson=7, asks="one_hot: which dtype and shape, and does gradient flow through it?")
def one_hot(T: Any, draw: Draw) -> Yields:
    functional = T.nn.functional
    y = functional.one_hot(T.tensor([[0, 2], [1, 1]]))
    yield "y", y
    yield "with room", functional.one_hot(T.tensor([1]), num_classes=4)
    yield "requires_grad", y.requires_grad
    yield "of floats", attempt(functional.one_hot, T.tensor(draw.array([1.0])))


@scenario(
    "nn_functional.pad",
    lesson=7,
    asks="pad counts from the last axis: which sides grow, and where does the gradient go?",
)
def pad(T: Any, draw: Draw) -> Yields:
    functional = T.nn.functional
    cases: Cases = {
        "last axis": lambda t: functional.pad(t, (1, 2)),
        "two axes and a value": lambda t: functional.pad(t, (0, 1, 2, 0), value=3.0),
        "cropped": lambda t: functional.pad(t, (-1, 0)),
    }
    yield from _sloped(T, draw, cases, 2, 3)
    yield "an odd number of widths", attempt(functional.pad, T.tensor(draw.normal(2)), (1,))


@scenario(
    "nn_functional.dropout-forgets-eval",
    lesson=7,
    asks="functional.dropout in a module under eval(): does it stop dropping?",
)
def dropout_forgets_eval(T: Any, draw: Draw) -> Yields:
    class Net(T.nn.Module):  # type: ignore[misc]
        def forward(self, x: Any) -> Any:
            return T.nn.functional.dropout(x, 0.5)

    class Careful(T.nn.Module):  # type: ignore[misc]
        def forward(self, x: Any) -> Any:
            return T.nn.functional.dropout(x, 0.5, training=self.training)

    x = T.ones(200)
    yield "forgetful", bool((Net().eval()(x) == 0).any())
    yield "careful", bool((Careful().eval()(x) == 0).any())
    yield "careful, training", bool((Careful()(x) == 0).any())


@scenario(
    "nn_functional.softmax-needs-a-dim", lesson=7, asks="softmax without dim: a warning, and which axis is taken?"
)
def softmax_needs_a_dim(T: Any, draw: Draw) -> Yields:
    functional = T.nn.functional
    x = T.tensor(draw.normal(2, 3))
    yield "warning", heard(functional.softmax, x)
    yield "value", functional.softmax(x)
    yield "computed in another dtype", functional.softmax(T.tensor([1, 2]), dim=0, dtype=T.float64)


@scenario(
    "nn_functional.in-place-twins",
    lesson=7,
    asks="functional.relu(x, inplace=True) on a leaf, on a result: what happens?",
)
def in_place_twins(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    yield "a leaf", attempt(T.nn.functional.relu, x, inplace=True)
    h = x * 1
    y = T.nn.functional.relu(h, inplace=True)
    yield "the same object", y is h
    y.sum().backward()
    yield "x.grad", x.grad


@scenario(
    "nn_functional.batch-norm-by-hand",
    lesson=7,
    ulps=512,
    asks="functional.batch_norm with statistics of my own: are they changed in place?",
)
def batch_norm_by_hand(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3, 2), requires_grad=True)
    mean, var = T.tensor(draw.normal(2)), T.tensor(draw.uniform(2, low=0.5, high=2.0))
    for training in (False, True):
        x.grad = None
        y = T.nn.functional.batch_norm(x, mean, var, training=training, momentum=0.5)
        y.backward(T.tensor(draw.normal(3, 2)))
        yield f"training={training}: output", y
        yield f"training={training}: x.grad", x.grad
        yield f"training={training}: statistics", [mean, var]
