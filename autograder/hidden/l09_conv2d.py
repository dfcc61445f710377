"""Hidden scenarios of lesson 9: convolutions of random shapes, and one that is trained."""

from __future__ import annotations

from typing import Any

from course.scenarios import Draw, Yields, scenario
from course.scenarios.topics.conv2d import convolution, passed


@scenario("conv2d.at-random", lesson=9, hidden=True, asks="Shapes and strides are drawn: does everything still fit?")
def at_random(T: Any, draw: Draw) -> Yields:
    for number, (n, c, o, kh, kw, stride) in enumerate(draw.integers(1, 4, 4, 6).tolist()):
        more = draw.integers(0, 4, 2).tolist()
        pictures = (n, c, kh + more[0], kw + more[1])
        for label, value in passed(T, draw, pictures, (o, c, kh, kw), stride):
            yield f"{number}: {label}", value


@scenario("conv2d.one-pixel-wide", lesson=9, hidden=True, asks="Filters of one pixel, and of one row or column?")
def one_pixel_wide(T: Any, draw: Draw) -> Yields:
    for kernel in ((1, 1), (3, 1), (1, 4)):
        for label, value in passed(T, draw, (2, 2, 3, 4), (3, 2, *kernel)):
            yield f"{kernel}: {label}", value


@scenario(
    "conv2d.the-same-filters-twice",
    lesson=9,
    hidden=True,
    asks="One set of filters in two layers: do its gradients add?",
)
def the_same_filters_twice(T: Any, draw: Draw) -> Yields:
    conv = convolution(T)
    x = T.tensor(draw.normal(1, 2, 5, 4), requires_grad=True)
    weight = T.tensor(draw.normal(2, 2, 2, 2), requires_grad=True)
    conv(conv(x, weight).tanh(), weight, 2).sum().backward()
    yield "gradients", [x.grad, weight.grad]


@scenario("conv2d.trained", lesson=9, hidden=True, asks="Three steps downhill with a convolution: the same filters?")
def trained(T: Any, draw: Draw) -> Yields:
    conv = convolution(T)
    x, target = T.tensor(draw.normal(2, 1, 4, 4)), T.tensor(draw.normal(2, 2, 3, 3))
    weight = T.tensor(draw.normal(2, 1, 2, 2), requires_grad=True)
    optimizer = T.optim.SGD([weight], lr=0.1)
    for step in range(3):
        optimizer.zero_grad()
        loss = ((conv(x, weight) - target) ** 2).mean()
        loss.backward()
        optimizer.step()
        yield f"loss {step}", loss
    yield "weight", weight
