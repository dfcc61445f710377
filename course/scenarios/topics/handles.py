"""The handle that takes a hook away again: tried on the hooks around an optimizer's step.

Those need nothing else of lesson 8, so that the handle can be judged before any other part is there.
"""

from __future__ import annotations

from typing import Any

from course.scenarios import Draw, Yields, attempt, quiet_gc, scenario, watch


def stepper(T: Any) -> Any:
    """Return an optimizer to hang hooks on."""
    w = T.tensor([1.0], requires_grad=True)
    w.grad = T.ones_like(w)
    return T.optim.SGD([w], lr=0.5)


def noting(log: list[str], name: str) -> Any:
    """Return a hook that notes its name."""

    def hook(optimizer: Any, args: Any, kwargs: Any) -> None:
        log.append(name)

    return hook


@scenario("handles.no-name-for-it", lesson=8, asks="I keep no name for the handle: does the hook stay?")
def no_name_for_it(T: Any, draw: Draw) -> Yields:
    optimizer, log = stepper(T), []  # type: ignore[var-annotated]
    optimizer.register_step_pre_hook(noting(log, "hook"))
    for step in (1, 2):
        optimizer.step()
        yield f"after step {step}", list(log)


@scenario("handles.removed", lesson=8, asks="A hook is removed: does it ever run again?")
def removed(T: Any, draw: Draw) -> Yields:
    optimizer, log = stepper(T), []  # type: ignore[var-annotated]
    handle = optimizer.register_step_pre_hook(noting(log, "hook"))
    optimizer.step()
    yield "before", list(log)
    handle.remove()
    optimizer.step()
    yield "after", log


@scenario("handles.each-removes-its-own", lesson=8, asks="Three hooks, and one handle removes: which hooks are left?")
def each_removes_its_own(T: Any, draw: Draw) -> Yields:
    for which in range(3):
        optimizer, log = stepper(T), []  # type: ignore[var-annotated]
        handles = [optimizer.register_step_pre_hook(noting(log, name)) for name in "abc"]
        optimizer.step()
        handles[which].remove()
        optimizer.step()
        yield f"without {'abc'[which]}", log


@scenario("handles.removed-twice", lesson=8, asks="A handle removes its hook twice: an error, or another hook's end?")
def removed_twice(T: Any, draw: Draw) -> Yields:
    optimizer, log = stepper(T), []  # type: ignore[var-annotated]
    handles = [optimizer.register_step_pre_hook(noting(log, name)) for name in "ab"]
    yield "first", attempt(handles[0].remove)
    yield "second", attempt(handles[0].remove)
    optimizer.step()
    yield "log", log


@scenario("handles.removed-then-added", lesson=8, asks="One hook goes and another one comes: do they get mixed up?")
def removed_then_added(T: Any, draw: Draw) -> Yields:
    optimizer, log = stepper(T), []  # type: ignore[var-annotated]
    first, _ = (optimizer.register_step_pre_hook(noting(log, name)) for name in "ab")
    first.remove()
    optimizer.register_step_pre_hook(noting(log, "c"))
    optimizer.step()
    yield "log", list(log)
    yield "the first once more", attempt(first.remove)
    optimizer.step()
    yield "log then", log


@scenario(
    "handles.same-function-twice", lesson=8, asks="One function is registered twice: what does one handle remove?"
)
def same_function_twice(T: Any, draw: Draw) -> Yields:
    optimizer, log = stepper(T), []  # type: ignore[var-annotated]
    hook = noting(log, "hook")
    handle, _ = optimizer.register_step_pre_hook(hook), optimizer.register_step_pre_hook(hook)
    optimizer.step()
    yield "both", list(log)
    handle.remove()
    optimizer.step()
    yield "one left", log


@scenario("handles.two-tables", lesson=8, asks="Two optimizers with a hook each: does a handle know its own?")
def two_tables(T: Any, draw: Draw) -> Yields:
    log: list[str] = []
    one, other = stepper(T), stepper(T)
    handle = one.register_step_pre_hook(noting(log, "one"))
    other.register_step_pre_hook(noting(log, "other"))
    handle.remove()
    one.step()
    other.step()
    yield "log", log


@scenario(
    "handles.with-block", lesson=8, asks="with register_...(f) as handle: how long does f stay, and what is handle?"
)
def with_block(T: Any, draw: Draw) -> Yields:
    optimizer, log = stepper(T), []  # type: ignore[var-annotated]
    with optimizer.register_step_pre_hook(noting(log, "first")):
        optimizer.step()
    optimizer.step()
    yield "removed at the end", list(log)
    with optimizer.register_step_pre_hook(noting(log, "second")) as handle:
        yield "removed before the end", attempt(lambda: handle.remove())
        optimizer.step()
    yield "log", log


@scenario(
    "handles.with-block-and-an-error",
    lesson=8,
    asks="An error leaves the with block: is it passed on, and the hook gone?",
)
def with_block_and_an_error(T: Any, draw: Draw) -> Yields:
    optimizer, log = stepper(T), []  # type: ignore[var-annotated]

    def fail() -> None:
        with optimizer.register_step_pre_hook(noting(log, "hook")):
            raise KeyError("has been detached")

    yield "error", attempt(fail)
    optimizer.step()
    yield "log", log


@scenario(
    "handles.nothing-left-to-remove",
    lesson=8,
    asks="The hooked tensor is gone, and its handle is not: what does remove() do?",
)
def nothing_left_to_remove(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(2), requires_grad=True)
    with quiet_gc():
        h = x.exp()
        handle = h.register_hook(lambda g: g * 2)
        del h
        yield "remove", attempt(handle.remove)


@scenario(
    "handles.keep-nothing-alive",
    lesson=8,
    asks="I keep a handle: does it keep the hook alive, and all that the hook needs?",
)
def keep_nothing_alive(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(2), requires_grad=True)
    with quiet_gc():
        needed = x * 2
        alive = watch(T, needed)
        h = x.exp()
        handle = h.register_hook(needed.mul)
        del needed
        yield "while there is a hooked tensor", alive()
        del h
        yield "after it", alive()
        yield "remove", attempt(handle.remove)
