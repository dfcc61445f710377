"""What one saved value promises: its history, its version, its number, and that it is there at all."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from course.scenarios import Cases, Draw, Yields, attempt, changed, part, scenario
from course.scenarios.topics.saved_by_hand import let_go


def hand_made(T: Any, value: Any, is_output: bool = False) -> Any:
    """Keep a value as the engine does, without an operation around it."""
    return part(T, "SavedTensor")(value, is_output)


@scenario(
    "saved.only-the-node-holds-it",
    lesson=5,
    asks="I keep no name for the result of exp: does the node still have it for backward?",
)
def only_the_node_holds_it(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    yield "backward of x.exp().sum()", attempt(x.exp().sum().backward)
    yield "x.grad", x.grad
    yield "backward of x.tanh().sigmoid().sum()", attempt(x.tanh().sigmoid().sum().backward)
    node = x.exp().grad_fn
    yield "what the node of exp keeps", attempt(getattr, node, "_saved_result")


@scenario(
    "saved.an-input-keeps-its-history",
    lesson=5,
    asks="An inner result is kept as an input: does it come back with its grad_fn?",
)
def an_input_keeps_its_history(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    h = x + 1
    node = h.sin().grad_fn
    # Straight from the object: the engine's own check would speak of detach_() instead.
    value = node._saved_self if T.__name__ == "torch" else node.saved()[0].unpack()
    yield "unpack() of an inner result has its grad_fn", getattr(value, "grad_fn", None) is h.grad_fn
    node = x.sin().grad_fn
    value = node._saved_self if T.__name__ == "torch" else node.saved()[0].unpack()
    yield "unpack() of a leaf requires grad", getattr(value, "requires_grad", None)


@scenario("saved.let-go-twice", lesson=5, asks="What does a second release() of the same saved value do?")
def let_go_twice(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    kept: Cases = {"exp": lambda t: t.exp(), "sin": lambda t: t.sin(), "x * 3": lambda t: t * 3}
    for name, f in kept.items():
        y = f(x)
        yield f"{name}: let go twice", attempt(let_go, T, y, times=2)
        yield f"{name}: backward after it", attempt(y.sum().backward)


@scenario("saved.numbers-stay-numbers", lesson=5, contract=True, asks="A plain number is kept: what comes back?")
def numbers_stay_numbers(T: Any, draw: Draw) -> Yields:
    for number in (3, 0, 2.5):
        yield f"{number}", number if T.__name__ == "torch" else attempt(hand_made(T, number).unpack)


@scenario(
    "saved.version-when-kept",
    lesson=5,
    contract=True,
    asks="A tensor is changed after it was kept: which version does the saved value know?",
)
def version_when_kept(T: Any, draw: Draw) -> Yields:
    for name, is_output in {"an input": False, "an output": True}.items():
        x = T.tensor(draw.normal(3))
        changed(T, x)
        noted = _note(T, x, is_output)
        yield f"{name}: version", noted()
        changed(T, x)
        yield f"{name}: version after a change", noted()
    for number in (3, 2.5):
        yield f"the number {number}: version", _note(T, number)()


def _note(T: Any, value: Any, is_output: bool = False) -> Callable[[], Any]:
    """Keep a value; return how to read the version that was noted. torch notes it where nobody can look."""
    if T.__name__ == "torch":
        version = getattr(value, "_version", 0)
        return lambda: version
    saved = hand_made(T, value, is_output)
    return lambda: attempt(getattr, saved, "version")
