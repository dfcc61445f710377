"""What the grad modes promise as blocks and as decorators, whatever happens inside."""

from __future__ import annotations

from typing import Any

from course.scenarios import Draw, Yields, attempt, scenario


@scenario(
    "modes.nothing-before-with",
    lesson=4,
    asks="T.no_grad() is written without `with`: is anything switched?",
)
def nothing_before_with(T: Any, draw: Draw) -> Yields:
    off = T.no_grad()
    yield "no_grad() alone", T.is_grad_enabled()
    with off:
        yield "in its block", T.is_grad_enabled()
        on = T.enable_grad()
        yield "enable_grad() alone, inside", T.is_grad_enabled()
        with on:
            yield "in its block, inside", T.is_grad_enabled()
        yield "after its block", T.is_grad_enabled()
    yield "at last", T.is_grad_enabled()


@scenario(
    "modes.exception-comes-out",
    lesson=4,
    asks="An exception leaves a block: does the caller see it, and which mode is it in then?",
)
def exception_comes_out(T: Any, draw: Draw) -> Yields:
    def fail(make: Any) -> None:
        with make():
            raise KeyError("raised on purpose")

    blocks = {
        "no_grad": T.no_grad,
        "enable_grad": T.enable_grad,
        "set_grad_enabled(False)": lambda: T.set_grad_enabled(False),
        "set_grad_enabled(True)": lambda: T.set_grad_enabled(True),
    }
    for name, make in blocks.items():
        yield name, attempt(fail, make)
        yield f"{name}: mode", T.is_grad_enabled()
    with T.no_grad():
        for name, make in blocks.items():
            yield f"{name} inside no_grad", attempt(fail, make)
            yield f"{name} inside no_grad: mode", T.is_grad_enabled()


@scenario("modes.same-inside-same", lesson=4, asks="A block in a block of its own kind: what is the mode after each?")
def same_inside_same(T: Any, draw: Draw) -> Yields:
    log = []
    with T.no_grad():
        with T.no_grad():
            log.append(T.is_grad_enabled())
        log.append(T.is_grad_enabled())
    yield "no_grad twice", [*log, T.is_grad_enabled()]
    log = []
    with T.enable_grad():
        with T.enable_grad():
            log.append(T.is_grad_enabled())
        log.append(T.is_grad_enabled())
    yield "enable_grad twice", [*log, T.is_grad_enabled()]


@scenario(
    "modes.decorated-with-arguments",
    lesson=4,
    asks="A decorated function has arguments, defaults and a result: do they all pass?",
)
def decorated_with_arguments(T: Any, draw: Draw) -> Yields:
    def weigh(first: Any, second: Any = 2, *others: Any, scale: Any = 1) -> list[Any]:
        return [first, second, *others, scale, T.is_grad_enabled()]

    for name, wrapped in {"no_grad": T.no_grad()(weigh), "enable_grad": T.enable_grad()(weigh)}.items():
        yield f"{name}: one", wrapped(1)
        yield f"{name}: many", wrapped(1, 3, 4, 5)
        yield f"{name}: by name", wrapped(first=1, scale=7)
        yield f"{name}: too few", type(_error(wrapped)).__name__
        yield f"{name}: name", wrapped.__name__
    yield "at last", T.is_grad_enabled()


def _error(f: Any) -> Exception | None:
    """What a call raises; the words are Python's, so that only the type is looked at."""
    try:
        f()
    except Exception as error:
        return error
    return None


@scenario(
    "modes.decorated-at-once-and-later",
    lesson=4,
    asks="A function is decorated: is the mode switched then, at each call, or both?",
)
def decorated_at_once_and_later(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    silent = T.no_grad()(lambda: (x * 2).requires_grad)
    log = [T.is_grad_enabled()]
    for _ in range(2):
        log += [silent(), T.is_grad_enabled()]
    yield "defined, called, after, called, after", log
    with T.no_grad():
        loud = T.enable_grad()(lambda: (x * 2).requires_grad)
        log = [T.is_grad_enabled(), loud(), T.is_grad_enabled(), silent(), T.is_grad_enabled()]
    yield "under no_grad", log
    yield "enable_grad's, called outside", [loud(), T.is_grad_enabled()]


@scenario(
    "modes.set-grad-enabled-by-a-flag",
    lesson=4,
    asks="One loop for training and validation: does set_grad_enabled(train) do for both?",
)
def set_grad_enabled_by_a_flag(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    for train in (True, False):
        with T.set_grad_enabled(train):
            before = (x * 2).requires_grad
            with T.set_grad_enabled(not train):
                inside = (x * 3).requires_grad
            after = (x * 4).requires_grad
        yield f"train={train}: before, inside, after another block", [before, inside, after]
        yield f"train={train}: at the end", T.is_grad_enabled()
    with T.no_grad():
        with T.set_grad_enabled(True):
            yield "True inside no_grad", T.is_grad_enabled()
        yield "and then", T.is_grad_enabled()
    yield "at last", T.is_grad_enabled()


@scenario(
    "modes.set-grad-enabled-twice",
    lesson=4,
    asks="set_grad_enabled is called as a plain statement, here and there: who puts the mode back?",
)
def set_grad_enabled_twice(T: Any, draw: Draw) -> Yields:
    log = []
    try:
        for wanted in (False, False, True, False):
            T.set_grad_enabled(wanted)
            log.append(T.is_grad_enabled())
        yield "after each call", log
        T.set_grad_enabled(True)
        with T.no_grad():
            T.set_grad_enabled(True)
            yield "called inside no_grad", T.is_grad_enabled()
        yield "after that block", T.is_grad_enabled()
        with T.set_grad_enabled(False):
            T.set_grad_enabled(True)
            yield "called inside its own block", T.is_grad_enabled()
        yield "after its own block", T.is_grad_enabled()
    finally:
        T.set_grad_enabled(True)


def _end_of(running: Any) -> str:
    try:
        return f"goes on, and yields {running.send(None)}"
    except StopIteration as end:
        return f"ends, and returns {end.value}"


@scenario(
    "modes.generator-that-returns",
    lesson=4,
    asks="A decorated generator is sent values, returns one, fails, is closed: does all come through, in which mode?",
)
def generator_that_returns(T: Any, draw: Draw) -> Yields:
    log: list[Any] = []

    @T.no_grad()  # type: ignore[untyped-decorator]
    def talk(fail: bool) -> Any:
        try:
            log.append((yield "first"))
            log.append(T.is_grad_enabled())
            if fail:
                raise KeyError("raised on purpose")
            yield "second"
        finally:
            log.append(T.is_grad_enabled())
        return "the sum"

    for name, fail in {"works": False, "fails": True}.items():
        running = talk(fail)
        yield f"{name}: first", running.send(None)
        yield f"{name}: mode between", T.is_grad_enabled()
        yield f"{name}: then", attempt(running.send, "sent")
        if not fail:
            yield "its end", _end_of(running)
        yield f"{name}: log", list(log)
        log.clear()
    running = talk(False)
    running.send(None)
    yield "closed", attempt(running.close)
    yield "closed: log", log
    yield "mode", T.is_grad_enabled()
