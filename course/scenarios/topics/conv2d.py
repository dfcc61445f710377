"""Convolution as a Function of lesson 9, against torch's own: what slides where, and what comes back."""

from __future__ import annotations

from typing import Any

from course.scenarios import Draw, Yields, attempt, derived, part, scenario


def convolution(T: Any) -> Any:
    """Return ``f(x, weight, stride=1)``: torch's convolution, or what lesson 9 has in its place.

    The Function is made anew of its two methods, so that it stands on the `Function` that is plugged in now.
    """
    written = part(T, "SlidingConv2d")
    if written is None:
        return lambda x, weight, stride=1: T.nn.functional.conv2d(x, weight, stride=stride)
    body = {name: staticmethod(getattr(written, name)) for name in ("forward", "backward")}
    custom: Any = derived("Convolution", T.autograd.Function, body)
    return custom.apply


def both(T: Any, draw: Draw, pictures: tuple[int, ...], filters: tuple[int, ...]) -> tuple[Any, Any]:
    """Draw pictures and filters of these shapes that require grad."""
    return T.tensor(draw.normal(*pictures), requires_grad=True), T.tensor(draw.normal(*filters), requires_grad=True)


def passed(T: Any, draw: Draw, pictures: tuple[int, ...], filters: tuple[int, ...], *stride: int) -> Yields:
    """Go through once, forward and back with a drawn gradient."""
    x, weight = both(T, draw, pictures, filters)
    y = convolution(T)(x, weight, *stride)
    yield "output", y
    y.backward(T.tensor(draw.normal(*y.shape)))
    yield "gradient of the pictures", x.grad
    yield "gradient of the filters", weight.grad


@scenario(
    "conv2d.one-window", lesson=9, asks="The filter is as large as the picture: what is the one number, and back?"
)
def one_window(T: Any, draw: Draw) -> Yields:
    yield from passed(T, draw, (1, 1, 2, 2), (1, 1, 2, 2))


@scenario("conv2d.slides", lesson=9, asks="A filter of 2 x 2 on a picture of 3 x 4: which windows does it see?")
def slides(T: Any, draw: Draw) -> Yields:
    x, weight = both(T, draw, (1, 1, 3, 4), (1, 1, 2, 2))
    y = convolution(T)(x, weight)
    yield "output", y
    yield "requires_grad", y.requires_grad


@scenario("conv2d.is-not-turned", lesson=9, asks="Is the filter laid on the picture as it is, or turned around first?")
def is_not_turned(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.array([[[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]]]))
    corner = T.tensor(draw.array([[[[1.0, 10.0], [100.0, 1000.0]]]]))
    yield "output", convolution(T)(x, corner)


@scenario("conv2d.channels-and-filters", lesson=9, asks="Three channels, two filters, two pictures: what is summed?")
def channels_and_filters(T: Any, draw: Draw) -> Yields:
    yield from passed(T, draw, (2, 3, 3, 3), (2, 3, 2, 2))


@scenario(
    "conv2d.overlapping-windows", lesson=9, asks="How many windows see a pixel in the middle, and one at the edge?"
)
def overlapping_windows(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(1, 1, 4, 4), requires_grad=True)
    weight = T.tensor(draw.array([[[[1.0, 1.0], [1.0, 1.0]]]]))
    convolution(T)(x, weight).sum().backward()
    yield "gradient of the picture", x.grad


@scenario("conv2d.filters-are-shared", lesson=9, asks="One filter sees many windows and many pictures: what adds up?")
def filters_are_shared(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3, 1, 3, 3))
    weight = T.tensor(draw.normal(1, 1, 2, 2), requires_grad=True)
    y = convolution(T)(x, weight)
    y.backward(T.tensor(draw.normal(*y.shape)), retain_graph=True)
    yield "gradient of the filter", weight.grad
    # sums and means differ here, where one window or one picture alone counts
    for name, chosen in {"the last window": y[:, :, 1, 1], "the first picture": y[0]}.items():
        weight.grad = None
        chosen.sum().backward(retain_graph=True)
        yield f"gradient by {name} alone", weight.grad


@scenario("conv2d.tall-and-wide", lesson=9, asks="Neither the picture nor the filter is square: which number is which?")
def tall_and_wide(T: Any, draw: Draw) -> Yields:
    yield from passed(T, draw, (1, 2, 5, 3), (2, 2, 1, 3))


@scenario("conv2d.strides", lesson=9, asks="The window moves by 2 pixels, or by more than it is wide: who is seen?")
def strides(T: Any, draw: Draw) -> Yields:
    for stride, size in ((2, 5), (2, 6), (3, 7)):
        for label, value in passed(T, draw, (1, 1, size, 5), (1, 1, 2, 2), stride):
            yield f"stride {stride} on {size} rows: {label}", value


@scenario("conv2d.only-what-is-wanted", lesson=9, asks="Pictures or filters are frozen: who gets a gradient?")
def only_what_is_wanted(T: Any, draw: Draw) -> Yields:
    for name, (pictures, filters) in {
        "pictures": (True, False),
        "filters": (False, True),
        "nothing": (False, False),
    }.items():
        x = T.tensor(draw.normal(1, 1, 3, 3), requires_grad=pictures)
        weight = T.tensor(draw.normal(1, 1, 2, 2), requires_grad=filters)
        y = convolution(T)(x, weight)
        yield f"{name}: requires_grad", y.requires_grad
        if y.requires_grad:
            y.sum().backward()
        yield f"{name}: gradients", [x.grad, weight.grad]


@scenario(
    "conv2d.two-calls", lesson=9, asks="Two convolutions of other sizes, then both backwards: does each find its own?"
)
def two_calls(T: Any, draw: Draw) -> Yields:
    conv = convolution(T)
    x, weight = both(T, draw, (1, 1, 5, 5), (1, 1, 2, 2))
    other, filters = both(T, draw, (2, 1, 4, 3), (2, 1, 3, 2))
    first, second = conv(x, weight, 2), conv(other, filters)
    first.sum().backward()
    second.sum().backward()
    yield "of the first call", [x.grad, weight.grad]
    yield "of the second call", [other.grad, filters.grad]


@scenario(
    "conv2d.kept-safely", lesson=9, asks="A picture is overwritten before backward, or backward runs twice: an error?"
)
def kept_safely(T: Any, draw: Draw) -> Yields:
    x, weight = both(T, draw, (1, 1, 3, 3), (1, 1, 2, 2))
    h = x * 1
    y = convolution(T)(h, weight)
    h.zero_()
    yield "overwritten", attempt(y.sum().backward)
    y = convolution(T)(x, weight)
    yield "once", attempt(y.sum().backward)
    yield "twice", attempt(y.sum().backward)


@scenario(
    "conv2d.of-a-turned-picture",
    lesson=9,
    asks="The picture is a view whose memory lies the other way round: does it fit?",
)
def of_a_turned_picture(T: Any, draw: Draw) -> Yields:
    x, weight = both(T, draw, (1, 2, 3, 4), (1, 2, 2, 2))
    y = convolution(T)(x.transpose(2, 3), weight)
    yield "output", y
    (y.transpose(2, 3) * T.tensor(draw.normal(1, 1, 2, 3))).sum().backward()
    yield "gradients", [x.grad, weight.grad]


@scenario("conv2d.gradient-left-alone", lesson=9, asks="Is the gradient that came in still what it was afterwards?")
def gradient_left_alone(T: Any, draw: Draw) -> Yields:
    x, weight = both(T, draw, (2, 1, 3, 3), (1, 1, 2, 2))
    given = T.tensor(draw.normal(2, 1, 2, 2))
    convolution(T)(x, weight).backward(given)
    yield "the gradient that I passed in", given


@scenario(
    "conv2d.in-a-network", lesson=9, asks="Padding, two convolutions and a relu: do the gradients go all the way?"
)
def in_a_network(T: Any, draw: Draw) -> Yields:
    conv = convolution(T)
    x, first = both(T, draw, (2, 1, 4, 4), (2, 1, 3, 3))
    second = T.tensor(draw.normal(1, 2, 2, 2), requires_grad=True)
    h = conv(T.nn.functional.pad(x, (1, 1, 1, 1)), first).relu()
    y = conv(h, second, 2)
    yield "output", y
    (y * y).sum().backward()
    yield "gradients", [x.grad, first.grad, second.grad]
