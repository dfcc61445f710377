"""Wrong ideas about a backward that is differentiated itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import course.nptorch as torch
from autograder.faults.registry import Part, fault

DOUBLE = "https://docs.pytorch.org/tutorials/intermediate/custom_function_double_backward_tutorial.html"


def forward(id: str, help: str, links: tuple[str, ...] = ()) -> Callable[[Part], Part]:
    return fault(id, exercise="swish", part="swish_forward", help=help, links=links)


def backward(id: str, help: str, links: tuple[str, ...] = ()) -> Callable[[Part], Part]:
    return fault(id, exercise="swish", part="swish_backward", help=help, links=links)


@forward(
    "swish-keeps-x-on-ctx",
    "ctx.x = x is kept past every check: use save_for_backward, which notes the version and frees what it holds.",
    ("https://docs.pytorch.org/docs/stable/notes/extending.html",),
)
def keeps_on_ctx(ctx: Any, x: Any) -> Any:
    # backward, which is right here, reads saved_tensors: let it find what never went through save_for_backward
    ctx.__class__ = type("Kept", (type(ctx),), {"__slots__": (), "saved_tensors": property(lambda self: (x,))})
    return x * x.sigmoid()


@forward(
    "swish-keeps-a-clone-of-x",
    "forward is not recorded, so a clone made in it has no history: save x itself.",
    (DOUBLE,),
)
def keeps_clone(ctx: Any, x: Any) -> Any:
    ctx.save_for_backward(x.clone())
    return x * x.sigmoid()


@forward("swish-keeps-its-result", "backward needs x, not the result: from y alone the slope cannot be told.")
def keeps_result(ctx: Any, x: Any) -> Any:
    y = x * x.sigmoid()
    ctx.save_for_backward(y)
    return y


@forward("swish-without-x", "Multiply the sigmoid by x.")
def only_sigmoid(ctx: Any, x: Any) -> Any:
    ctx.save_for_backward(x)
    return x.sigmoid()


@backward(
    "swish-slope-of-a-constant-sigmoid",
    "What forward computed has no history; in backward, too, compute the sigmoid from x, with Tensors that record.",
    (DOUBLE,),
)
def constant_sigmoid(ctx: Any, g: Any) -> Any:
    (x,) = ctx.saved_tensors
    s = x.sigmoid().detach()
    return g * s * (1 + x * (1 - s))


@backward(
    "swish-slope-in-numpy",
    "A gradient computed from x.data has no history: compute with the Tensors themselves.",
    (DOUBLE,),
)
def in_numpy(ctx: Any, g: Any) -> Any:
    x = ctx.saved_tensors[0].data
    s = x.sigmoid()
    return g * s * (1 + x * (1 - s))


@backward("swish-slope-without-recording", "Do not switch recording off in backward: create_graph needs it on.")
def without_recording(ctx: Any, g: Any) -> Any:
    (x,) = ctx.saved_tensors
    with torch.no_grad():
        s = x.sigmoid()
        return g * s * (1 + x * (1 - s))


@backward("swish-incoming-gradient-cut", "g may depend on leaves as well: do not detach it.")
def cuts_g(ctx: Any, g: Any) -> Any:
    (x,) = ctx.saved_tensors
    s = x.sigmoid()
    return g.detach() * s * (1 + x * (1 - s))


@backward("swish-chain-rule-forgotten", "Multiply the slope by g, the gradient that arrives.")
def without_g(ctx: Any, g: Any) -> Any:
    (x,) = ctx.saved_tensors
    s = x.sigmoid()
    return s * (1 + x * (1 - s))


@backward("swish-one-factor-only", "x * sigmoid(x) is a product: its slope has two terms.")
def one_term(ctx: Any, g: Any) -> Any:
    (x,) = ctx.saved_tensors
    return g * x.sigmoid()


@backward("swish-slope-of-the-sigmoid-only", "The slope of the factor x counts as well: add sigmoid(x).")
def other_term(ctx: Any, g: Any) -> Any:
    (x,) = ctx.saved_tensors
    s = x.sigmoid()
    return g * x * s * (1 - s)


@backward("swish-half-recorded", "Both factors of the slope depend on x: detach neither.")
def half_recorded(ctx: Any, g: Any) -> Any:
    (x,) = ctx.saved_tensors
    s = x.sigmoid()
    return g * s * (1 + x.detach() * (1 - s))
