"""Lesson 9: wrong ideas about a convolution with its backward, each in one of a few small pieces."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import Any

import course.nptorch as torch
from autograder.faults.registry import fault
from course.parts.l09_function import Function

TURNED = "https://github.com/pytorch/pytorch/issues/117534"
SHARED = "https://github.com/pytorch/pytorch/issues/75312"
KEPT = "https://github.com/pytorch/pytorch/issues/5569"

Place = tuple[int, int, slice, slice]


class Right(Function):
    """A right convolution in pieces, for the faults that spoil one of them."""

    @staticmethod
    def places(height: int, width: int, size: Any, stride: int) -> Iterator[Place]:
        for i in range(height):
            for j in range(width):
                yield i, j, slice(i * stride, i * stride + size[0]), slice(j * stride, j * stride + size[1])

    @staticmethod
    def keep(ctx: Any, x: Any, weight: Any) -> None:
        ctx.save_for_backward(x, weight)

    @staticmethod
    def kept(ctx: Any) -> Any:
        return ctx.saved_tensors

    @staticmethod
    def count(n: int, k: int, stride: int) -> int:
        return (n - k) // stride + 1

    @staticmethod
    def product(window: Any, weight: Any) -> Any:
        return window.flatten(1) @ weight.flatten(1).T

    @staticmethod
    def onto_pixels(x_grad: Any, rows: slice, columns: slice, at: Any, weight: Any) -> None:
        spot = x_grad[:, :, rows, columns]
        spot += (at @ weight.flatten(1)).reshape(spot.shape)

    @staticmethod
    def onto_filters(weight_grad: Any, at: Any, seen: Any) -> None:
        weight_grad += (at.T @ seen.flatten(1)).reshape(weight_grad.shape)

    @classmethod
    def there(cls, ctx: Any, x: Any, weight: Any, stride: int = 1) -> Any:
        cls.keep(ctx, x, weight)
        ctx.stride = stride
        height, width = (cls.count(n, k, stride) for n, k in zip(x.shape[2:], weight.shape[2:], strict=True))
        y = torch.zeros(x.shape[0], weight.shape[0], height, width, dtype=x.dtype)
        for i, j, rows, columns in cls.places(height, width, weight.shape[2:], stride):
            y[:, :, i, j] = cls.product(x[:, :, rows, columns], weight)
        return y

    @classmethod
    def back(cls, ctx: Any, g: Any) -> Any:
        x, weight = cls.kept(ctx)
        x_grad, weight_grad = torch.zeros_like(x), torch.zeros_like(weight)
        for i, j, rows, columns in cls.places(g.shape[2], g.shape[3], weight.shape[2:], ctx.stride):
            cls.onto_pixels(x_grad, rows, columns, g[:, :, i, j], weight)
            cls.onto_filters(weight_grad, g[:, :, i, j], x[:, :, rows, columns])
        return x_grad, weight_grad, None

    def __init_subclass__(cls) -> None:
        # the two methods are static, so each class needs its own that know it
        def forward(ctx: Any, x: Any, weight: Any, stride: int = 1) -> Any:
            return cls.there(ctx, x, weight, stride)

        def backward(ctx: Any, g: Any) -> Any:
            return cls.back(ctx, g)

        cls.forward, cls.backward = staticmethod(forward), staticmethod(backward)  # type: ignore[method-assign]


declared = functools.partial(fault, exercise="conv2d", part="SlidingConv2d")


@declared(
    "filter-turned-around",
    help="Lay the filter on the window as it is: what is called convolution here does not turn it around.",
    links=[TURNED],
)
class FilterTurnedAround(Right):
    @classmethod
    def there(cls, ctx: Any, x: Any, weight: Any, stride: int = 1) -> Any:
        return super().there(ctx, x, weight.flip(2, 3), stride)

    @classmethod
    def back(cls, ctx: Any, g: Any) -> Any:
        x_grad, weight_grad, nothing = super().back(ctx, g)
        return x_grad, weight_grad.flip(2, 3), nothing


@declared(
    "turned-on-the-way-back",
    help="Each window sends back g times the filter as it lay there; turning belongs to another way of computing this.",
)
class TurnedOnTheWayBack(Right):
    @staticmethod
    def onto_pixels(x_grad: Any, rows: slice, columns: slice, at: Any, weight: Any) -> None:
        Right.onto_pixels(x_grad, rows, columns, at, weight.flip(2, 3))


@declared(
    "last-window-wins",
    help="Windows overlap: add each window's share to x_grad with +=, where = keeps only the last one.",
)
class LastWindowWins(Right):
    @staticmethod
    def onto_pixels(x_grad: Any, rows: slice, columns: slice, at: Any, weight: Any) -> None:
        x_grad[:, :, rows, columns] = (at @ weight.flatten(1)).reshape(x_grad[:, :, rows, columns].shape)


@declared(
    "last-window-for-the-filters",
    help="The same filter was used in every window: add up what each window says about it.",
)
class LastWindowForTheFilters(Right):
    @staticmethod
    def onto_filters(weight_grad: Any, at: Any, seen: Any) -> None:
        weight_grad[...] = (at.T @ seen.flatten(1)).reshape(weight_grad.shape)


@declared(
    "mean-over-windows",
    help="Sum over the windows, do not average: whoever wants a mean puts it into the loss.",
)
class MeanOverWindows(Right):
    @classmethod
    def back(cls, ctx: Any, g: Any) -> Any:
        x_grad, weight_grad, nothing = super().back(ctx, g)
        return x_grad, weight_grad / (g.shape[2] * g.shape[3]), nothing


@declared(
    "mean-over-pictures",
    help="Sum the filters' gradient over the pictures of the batch: dividing by their number is the loss's business.",
)
class MeanOverPictures(Right):
    @classmethod
    def back(cls, ctx: Any, g: Any) -> Any:
        x_grad, weight_grad, nothing = super().back(ctx, g)
        return x_grad, weight_grad / g.shape[0], nothing


@declared(
    "first-picture-only",
    help="The filters were laid on every picture of the batch: sum over the first axis as well.",
)
class FirstPictureOnly(Right):
    @staticmethod
    def onto_filters(weight_grad: Any, at: Any, seen: Any) -> None:
        Right.onto_filters(weight_grad, at[:1], seen[:1])


@declared(
    "stride-forgotten-there",
    help="forward: the window of output (i, j) begins at pixel (i * stride, j * stride).",
)
class StrideForgottenThere(Right):
    @classmethod
    def there(cls, ctx: Any, x: Any, weight: Any, stride: int = 1) -> Any:
        y = Right.there.__func__(Right, ctx, x, weight, 1)[:, :, : (x.shape[2] - weight.shape[2]) // stride + 1]  # type: ignore[attr-defined]
        ctx.stride = stride
        return y[:, :, :, : (x.shape[3] - weight.shape[3]) // stride + 1].clone()


@declared(
    "stride-forgotten-on-the-way-back",
    help="backward walks along the same windows as forward: note the stride on ctx, and use it.",
)
class StrideForgottenBack(Right):
    @classmethod
    def back(cls, ctx: Any, g: Any) -> Any:
        ctx.stride = 1
        return super().back(ctx, g)


@declared(
    "a-window-too-few",
    help="Count the windows: (n - k) // stride + 1. Without the + 1 the last row and column are missing.",
)
class WindowTooFew(Right):
    @staticmethod
    def count(n: int, k: int, stride: int) -> int:
        return max(1, (n - k) // stride)


@declared(
    "a-window-per-pixel",
    help="Count the windows: (n - k) // stride + 1. The filter's size counts as well, not the picture's alone.",
)
class WindowPerPixel(Right):
    @staticmethod
    def count(n: int, k: int, stride: int) -> int:
        return (n - 1) // stride + 1

    @staticmethod
    def product(window: Any, weight: Any) -> Any:
        # slices end at the edge, as they do where this is not noticed
        return (window.unsqueeze(1) * weight[:, :, : window.shape[2], : window.shape[3]]).sum((2, 3, 4))


@declared(
    "filters-taken-for-square",
    help="A filter has a height and a width of its own: kh belongs to the rows, kw to the columns.",
)
class FiltersTakenForSquare(Right):
    @staticmethod
    def places(height: int, width: int, size: Any, stride: int) -> Iterator[Place]:
        return Right.places(height, width, (size[0], size[0]), stride)


@declared(
    "rows-for-columns",
    help="The third axis counts rows, the fourth columns: i steps downwards, j to the right.",
)
class RowsForColumns(Right):
    @staticmethod
    def places(height: int, width: int, size: Any, stride: int) -> Iterator[Place]:
        for i, j, rows, columns in Right.places(height, width, size, stride):
            yield i, j, columns, rows


@declared(
    "first-channel-only",
    help="A filter has a layer for each channel, and the products of all channels go into one sum.",
)
class FirstChannelOnly(Right):
    @staticmethod
    def product(window: Any, weight: Any) -> Any:
        return Right.product(window[:, :1], weight[:, :1])


@declared(
    "single-precision",
    help="Make new tensors in the dtype of x, as zeros_like(x) does; torch.zeros(...) alone is float32.",
)
class SinglePrecision(Right):
    @classmethod
    def there(cls, ctx: Any, x: Any, weight: Any, stride: int = 1) -> Any:
        return super().there(ctx, x, weight, stride).to(torch.float32)


@declared(
    "kept-on-the-class",
    help="What belongs to one call goes on its ctx: a second call overwrites what is kept on the class.",
    links=[KEPT],
)
class KeptOnTheClass(Right):
    last: Any = None

    @staticmethod
    def keep(ctx: Any, x: Any, weight: Any) -> None:
        KeptOnTheClass.last = (x, weight)

    @staticmethod
    def kept(ctx: Any) -> Any:
        return KeptOnTheClass.last


@declared(
    "kept-without-a-check",
    help="Use ctx.save_for_backward(x, weight): what is set on ctx itself is neither checked for changes nor freed.",
    links=[KEPT],
)
class KeptWithoutACheck(Right):
    @staticmethod
    def keep(ctx: Any, x: Any, weight: Any) -> None:
        ctx.both = (x, weight)

    @staticmethod
    def kept(ctx: Any) -> Any:
        return ctx.both


@declared(
    "convolution-empties-the-gradient",
    help="g is not yours alone: the same memory may be someone else's gradient. Make a new tensor.",
    links=[SHARED],
)
class EmptiesTheGradient(Right):
    @classmethod
    def back(cls, ctx: Any, g: Any) -> Any:
        answer = super().back(ctx, g)
        g.zero_()
        return answer


@declared(
    "answers-the-other-way-round",
    help="One gradient for each input, in the order of the inputs: for x, for weight, and None for the stride.",
)
class AnswersTheOtherWayRound(Right):
    @classmethod
    def back(cls, ctx: Any, g: Any) -> Any:
        x_grad, weight_grad, nothing = super().back(ctx, g)
        return weight_grad, x_grad, nothing


@declared(
    "stride-not-answered",
    help="backward returns as many values as forward has inputs: None for the stride as well.",
)
class StrideNotAnswered(Right):
    @classmethod
    def back(cls, ctx: Any, g: Any) -> Any:
        return super().back(ctx, g)[:2]


@declared(
    "only-the-filters",
    help="The pictures need their gradient as well: below the first layer they are what other layers made.",
)
class OnlyTheFilters(Right):
    @classmethod
    def back(cls, ctx: Any, g: Any) -> Any:
        return None, *super().back(ctx, g)[1:]
