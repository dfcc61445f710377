"""Layers without pictures: their outputs, and the gradients of their inputs and weights."""

from __future__ import annotations

from typing import Any

from course.scenarios import Cases, Draw, Yields, attempt, scenario
from course.scenarios.nets import known, passed


@scenario("nn_layers.linear", lesson=7, asks="Does Linear compute x @ weight.T + bias, and what are all its gradients?")
def linear(T: Any, draw: Draw) -> Yields:
    layer = known(T, draw, T.nn.Linear(3, 2))
    yield "shape of weight", layer.weight.shape
    yield from passed(T, draw, layer, draw.normal(4, 3))


@scenario("nn_layers.linear-on-any-shape", lesson=7, asks="May the input of Linear have one axis, or three?")
def linear_on_any_shape(T: Any, draw: Draw) -> Yields:
    layer = known(T, draw, T.nn.Linear(3, 2))
    for shape in ((3,), (2, 2, 3)):
        x = T.tensor(draw.normal(*shape), requires_grad=True)
        layer.zero_grad()
        y = layer(x)
        y.backward(T.tensor(draw.normal(*y.shape)))
        yield f"{shape}: output", y
        yield f"{shape}: x.grad", x.grad
        yield f"{shape}: weight.grad", layer.weight.grad
        yield f"{shape}: bias.grad", layer.bias.grad


@scenario("nn_layers.linear-without-bias", lesson=7, asks="What is layer.bias when bias=False?")
def linear_without_bias(T: Any, draw: Draw) -> Yields:
    layer = known(T, draw, T.nn.Linear(3, 2, bias=False))
    yield "bias", layer.bias
    yield "names", list(layer.state_dict())
    yield from passed(T, draw, layer, draw.normal(4, 3))


@scenario("nn_layers.linear-that-does-not-fit", lesson=7, asks="The input has the wrong width or dtype: what is said?")
def linear_that_does_not_fit(T: Any, draw: Draw) -> Yields:
    layer = known(T, draw, T.nn.Linear(3, 2))
    yield "wrong width", attempt(layer, T.tensor(draw.normal(4, 5)))
    yield "wrong dtype", attempt(layer, T.tensor(draw.normal(4, 3)).to(T.float16))
    yield "whole numbers", attempt(layer, T.tensor([[1, 2, 3]]))


@scenario("nn_layers.relu", lesson=7, asks="Which inputs of ReLU receive a gradient, and with inplace=True?")
def relu(T: Any, draw: Draw) -> Yields:
    values = draw.array([[-2.0, -0.5, 0.0, 0.5, 3.0]])
    yield from passed(T, draw, T.nn.ReLU(), values)
    x = T.tensor(values, requires_grad=True)
    h = x * 1
    y = T.nn.ReLU(inplace=True)(h)
    yield "inplace: same object", y is h
    yield "inplace: version", y._version
    y.sum().backward()
    yield "inplace: x.grad", x.grad


@scenario(
    "nn_layers.relu-in-place-too-early", lesson=7, asks="Why may ReLU(inplace=True) follow some layers but not others?"
)
def relu_in_place_too_early(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(4, 3), requires_grad=True)
    before: Cases = {
        "Linear": known(T, draw, T.nn.Linear(3, 3)),
        "Sigmoid": T.nn.Sigmoid(),
        "BatchNorm1d": known(T, draw, T.nn.BatchNorm1d(3)),
    }
    for name, layer in before.items():
        x.grad = None
        y = T.nn.ReLU(inplace=True)(layer(x))
        yield name, attempt(y.backward, T.tensor(draw.normal(4, 3)))
        yield f"{name}: x.grad", x.grad
    yield "a leaf", attempt(T.nn.ReLU(inplace=True), x)


@scenario("nn_layers.leaky-relu", lesson=7, asks="What does LeakyReLU let through below zero, and at zero itself?")
def leaky_relu(T: Any, draw: Draw) -> Yields:
    values = draw.array([-2.0, -0.0, 0.0, 3.0])
    for slope in (0.01, 0.2, 0.0):
        x = T.tensor(values, requires_grad=True)
        y = T.nn.LeakyReLU(slope)(x)
        y.sum().backward()
        yield f"{slope}: output", y
        yield f"{slope}: x.grad", x.grad


@scenario("nn_layers.prelu", lesson=7, asks="PReLU learns its slope: what gradient does the slope receive?")
def prelu(T: Any, draw: Draw) -> Yields:
    one, many = T.nn.PReLU(), T.nn.PReLU(3)
    yield "start", [one.weight.item(), many.weight.tolist()]
    x = T.tensor(draw.normal(2, 3, 2), requires_grad=True)
    for name, layer in (("one slope", known(T, draw, one)), ("a slope for each channel", known(T, draw, many))):
        x.grad = None
        y = layer(x)
        y.backward(T.tensor(draw.normal(2, 3, 2)))
        yield f"{name}: output", y
        yield f"{name}: x.grad", x.grad
        yield f"{name}: weight.grad", layer.weight.grad


@scenario("nn_layers.sigmoid", lesson=7, asks="Is nn.Sigmoid the sigmoid of the tensor, node for node?")
def sigmoid(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    y = T.nn.Sigmoid()(x)
    yield "node", y.grad_fn.name()
    yield "kept", y.grad_fn._saved_result
    y.backward(T.tensor(draw.normal(3)))
    yield "x.grad", x.grad


@scenario("nn_layers.tanh", lesson=7, asks="Does Tanh vanish far out, in value and in slope?")
def tanh(T: Any, draw: Draw) -> Yields:
    yield from passed(T, draw, T.nn.Tanh(), draw.array([-30.0, -1.0, 0.0, 0.5, 30.0]))


@scenario(
    "nn_layers.smooth-activations", lesson=7, asks="What are the slopes of ELU, Softplus, SiLU, GELU and Softmax?"
)
def smooth_activations(T: Any, draw: Draw) -> Yields:
    layers = {
        "ELU": T.nn.ELU(0.5),
        "Softplus": T.nn.Softplus(),
        "SiLU": T.nn.SiLU(),
        "GELU": T.nn.GELU(),
        "LogSigmoid": T.nn.LogSigmoid(),
        "Softmax": T.nn.Softmax(dim=1),
        "LogSoftmax": T.nn.LogSoftmax(dim=1),
    }
    for name, layer in layers.items():
        x = T.tensor(draw.normal(2, 3), requires_grad=True)
        y = layer(x)
        y.backward(T.tensor(draw.normal(2, 3)))
        yield f"{name}: output", y
        yield f"{name}: x.grad", x.grad


@scenario("nn_layers.flatten", lesson=7, asks="Which axes does Flatten join, and does the gradient find its way back?")
def flatten(T: Any, draw: Draw) -> Yields:
    for name, layer in {
        "default": T.nn.Flatten(),
        "from axis 0": T.nn.Flatten(0),
        "1 to 2": T.nn.Flatten(1, 2),
    }.items():
        x = T.tensor(draw.normal(2, 3, 1, 2), requires_grad=True)
        y = layer(x)
        y.backward(T.tensor(draw.normal(*y.shape)))
        yield f"{name}: shape", y.shape
        yield f"{name}: x.grad", x.grad


@scenario(
    "nn_layers.dropout-scales", lesson=7, asks="Dropout keeps half: are the kept ones doubled, and their gradients too?"
)
def dropout_scales(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.uniform(400, low=1.0, high=2.0), requires_grad=True)
    y = T.nn.Dropout(0.5)(x)
    kept = y != 0
    y.sum().backward()
    yield "some are dropped, some are kept", [bool(kept.any()), bool((~kept).any())]
    yield "the kept ones are doubled", bool((y[kept] == 2 * x[kept]).all())
    yield "gradient of the kept", bool((x.grad[kept] == 2).all())
    yield "gradient of the dropped", bool((x.grad[~kept] == 0).all())


@scenario(
    "nn_layers.dropout-at-its-ends", lesson=7, asks="Dropout with p=0, with p=1, and in eval(): is a node recorded?"
)
def dropout_at_its_ends(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(4), requires_grad=True)
    yield "p=0", T.nn.Dropout(0.0)(x)
    yield "p=1", T.nn.Dropout(1.0)(x)
    evaluated = T.nn.Dropout(0.5).eval()(x)
    yield "eval: the same object", evaluated is x
    yield "eval", evaluated
    yield "p=2", attempt(T.nn.Dropout, 2.0)


@scenario(
    "nn_layers.embedding",
    lesson=7,
    asks="Which rows of an Embedding receive a gradient, and what if one is looked up twice?",
)
def embedding(T: Any, draw: Draw) -> Yields:
    layer = known(T, draw, T.nn.Embedding(5, 2))
    yield from passed(T, draw, layer, draw.array([[0, 3], [3, 1]]).astype("int64"))


@scenario("nn_layers.embedding-padding", lesson=7, asks="What is special about the row padding_idx of an Embedding?")
def embedding_padding(T: Any, draw: Draw) -> Yields:
    layer = T.nn.Embedding(4, 2, padding_idx=1)
    yield "it starts at zero", bool((layer.weight[1] == 0).all())
    known(T, draw, layer)
    y = layer(T.tensor([1, 2, 1]))
    yield "its value is looked up like any other", y
    y.sum().backward()
    yield "and gets no gradient", layer.weight.grad
    # A GPU would be lost for good by a row that is not there, so this is asked of the CPU.
    yield "out of range", attempt(layer.to("cpu"), T.tensor([4], device="cpu"))


@scenario("nn_layers.rnn", lesson=7, ulps=512, asks="What are the outputs of an RNN, and the gradients through time?")
def rnn(T: Any, draw: Draw) -> Yields:
    layer = known(T, draw, T.nn.RNN(2, 3))
    x = T.tensor(draw.normal(4, 2, 2), requires_grad=True)
    h = T.tensor(draw.normal(1, 2, 3), requires_grad=True)
    every, last = layer(x, h)
    yield "every state", every
    yield "the last state", last
    (every * T.tensor(draw.normal(4, 2, 3))).sum().backward()
    yield "x.grad", x.grad
    yield "h.grad", h.grad
    for name, parameter in layer.named_parameters():
        yield f"{name}.grad", parameter.grad


@scenario(
    "nn_layers.rnn-deep-and-both-ways",
    lesson=7,
    ulps=512,
    asks="How are the weights of a deep RNN that runs both ways called?",
)
def rnn_deep_and_both_ways(T: Any, draw: Draw) -> Yields:
    layer = known(T, draw, T.nn.RNN(2, 2, num_layers=2, bidirectional=True, batch_first=True, nonlinearity="relu"))
    yield "names", [name for name, _ in layer.named_parameters()]
    x = T.tensor(draw.normal(1, 3, 2), requires_grad=True)
    every, last = layer(x)
    yield "shapes", [every.shape, last.shape]
    yield "every state", every
    (every.sum() + (last * T.tensor(draw.normal(*last.shape))).sum()).backward()
    yield "x.grad", x.grad
    yield "gradients", [parameter.grad for parameter in layer.parameters()]


@scenario(
    "nn_layers.rnn-state-carried",
    lesson=7,
    asks="An RNN's state goes into the next batch: which of three cures is right?",
)
def rnn_state_carried(T: Any, draw: Draw) -> Yields:
    def train(cure: str) -> Any:
        layer = known(T, draw, T.nn.RNN(2, 2))
        optimizer = T.optim.SGD(layer.parameters(), lr=0.1)
        state = T.tensor(draw.normal(1, 1, 2))
        outcomes = []
        for _ in range(2):
            out, state = layer(T.tensor(draw.normal(3, 1, 2)), state)
            outcomes.append(attempt(out.sum().backward, retain_graph=cure == "retain_graph"))
            optimizer.step()
            if cure == "detach":
                state = state.detach()
        return outcomes

    for cure in ("none", "retain_graph", "detach"):
        yield cure, train(cure)
