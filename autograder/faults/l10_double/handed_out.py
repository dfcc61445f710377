"""Wrong ideas about gradients that are handed out instead of added up."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from autograder.faults.registry import Part, fault

CYCLE = "https://github.com/pytorch/pytorch/issues/7343"


def wrong(id: str, help: str, links: tuple[str, ...] = ()) -> Callable[[Part], Part]:
    return fault(id, exercise="handed-out", part="grad", help=help, links=links)


def run(output: Any, inputs: Any, gradient: Any, create_graph: bool, **more: Any) -> None:
    output.backward(gradient, create_graph=create_graph, inputs=list(inputs), **more)


@wrong("handed-out-on-top-of-the-old", "Set .grad to None first: backward adds to what is there.")
def on_top(output: Any, inputs: Sequence[Any], gradient: Any = None, create_graph: bool = False) -> Any:
    before = [x.grad for x in inputs]
    try:
        run(output, inputs, gradient, create_graph)
        return tuple(x.grad for x in inputs)
    finally:
        for x, old in zip(inputs, before, strict=True):
            x.grad = old


@wrong(
    "handed-out-and-left-behind",
    "Put every .grad back as it was: whoever calls you may be in the middle of a step.",
    (CYCLE,),
)
def left_behind(output: Any, inputs: Sequence[Any], gradient: Any = None, create_graph: bool = False) -> Any:
    for x in inputs:
        x.grad = None
    run(output, inputs, gradient, create_graph)
    return tuple(x.grad for x in inputs)


@wrong("handed-out-then-cleared", "Put the old .grad back; None throws away what was collected before.")
def cleared(output: Any, inputs: Sequence[Any], gradient: Any = None, create_graph: bool = False) -> Any:
    for x in inputs:
        x.grad = None
    try:
        run(output, inputs, gradient, create_graph)
        return tuple(x.grad for x in inputs)
    finally:
        for x in inputs:
            x.grad = None


@wrong("handed-out-lost-in-an-error", "If backward raises, .grad must be put back all the same: use try and finally.")
def lost(output: Any, inputs: Sequence[Any], gradient: Any = None, create_graph: bool = False) -> Any:
    before = [x.grad for x in inputs]
    for x in inputs:
        x.grad = None
    run(output, inputs, gradient, create_graph)
    answer = tuple(x.grad for x in inputs)
    for x, old in zip(inputs, before, strict=True):
        x.grad = old
    return answer


@wrong("handed-out-to-every-leaf", "Pass inputs on to backward: else the other leaves collect gradients as well.")
def every_leaf(output: Any, inputs: Sequence[Any], gradient: Any = None, create_graph: bool = False) -> Any:
    before = [x.grad for x in inputs]
    for x in inputs:
        x.grad = None
    try:
        output.backward(gradient, create_graph=create_graph)
        return tuple(x.grad for x in inputs)
    finally:
        for x, old in zip(inputs, before, strict=True):
            x.grad = old


@wrong("handed-out-as-copies-put-back", "Put the object itself back: others may hold .grad, and a copy is not it.")
def copies(output: Any, inputs: Sequence[Any], gradient: Any = None, create_graph: bool = False) -> Any:
    before = [None if x.grad is None else x.grad.clone() for x in inputs]
    for x in inputs:
        x.grad = None
    try:
        run(output, inputs, gradient, create_graph)
        return tuple(x.grad for x in inputs)
    finally:
        for x, old in zip(inputs, before, strict=True):
            x.grad = old


def right(output: Any, inputs: Sequence[Any], gradient: Any, create_graph: bool, **more: Any) -> tuple[Any, ...]:
    """What all faults below get right."""
    before = [x.grad for x in inputs]
    for x in inputs:
        x.grad = None
    try:
        run(output, inputs, gradient, create_graph, **more)
        return tuple(x.grad for x in inputs)
    finally:
        for x, old in zip(inputs, before, strict=True):
            x.grad = old


@wrong("handed-out-without-create-graph", "Pass create_graph on: without it what you hand out has no history.")
def no_history(output: Any, inputs: Sequence[Any], gradient: Any = None, create_graph: bool = False) -> Any:
    return right(output, inputs, gradient, False)


@wrong("handed-out-detached", "Hand out .grad itself: detached it cannot be differentiated again.")
def detached(output: Any, inputs: Sequence[Any], gradient: Any = None, create_graph: bool = False) -> Any:
    found = right(output, inputs, gradient, create_graph)
    return tuple(None if g is None else g.detach() for g in found)


@wrong("handed-out-always-recorded", "Record only where create_graph is asked for: it keeps the whole graph.")
def always_recorded(output: Any, inputs: Sequence[Any], gradient: Any = None, create_graph: bool = False) -> Any:
    return right(output, inputs, gradient, True)


@wrong("handed-out-always-retained", "Leave retain_graph alone: by default it is what create_graph is.")
def always_retained(output: Any, inputs: Sequence[Any], gradient: Any = None, create_graph: bool = False) -> Any:
    return right(output, inputs, gradient, create_graph, retain_graph=True)


@wrong("handed-out-zeros-for-unused", "None says that the output does not depend on it; zeros would say that it does.")
def zeros(output: Any, inputs: Sequence[Any], gradient: Any = None, create_graph: bool = False) -> Any:
    found = right(output, inputs, gradient, create_graph)
    return tuple(x.detach() * 0 if g is None else g for x, g in zip(inputs, found, strict=True))


@wrong("handed-out-of-the-sum", "Pass the gradient on to backward, and let it refuse where one is missing.")
def of_the_sum(output: Any, inputs: Sequence[Any], gradient: Any = None, create_graph: bool = False) -> Any:
    return right(output.sum(), inputs, None, create_graph)


@wrong("handed-out-in-a-list", "Return a tuple, as torch does: a list is another type, also where it has one element.")
def in_a_list(output: Any, inputs: Sequence[Any], gradient: Any = None, create_graph: bool = False) -> Any:
    return list(right(output, inputs, gradient, create_graph))
