"""inference_mode, as far as it can be seen without changing anything in place."""

from __future__ import annotations

from typing import Any

from course.scenarios import Draw, Yields, attempt, scenario


def _modes(T: Any) -> list[bool]:
    return [T.is_grad_enabled(), T.is_inference_mode_enabled()]


@scenario("modes.inference-flags", lesson=4, asks="inference_mode: what of both modes, and of the results made inside?")
def inference_flags(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    yield "modes before", _modes(T)
    with T.inference_mode():
        yield "modes inside", _modes(T)
        y = x * 2
        fresh = T.tensor(draw.normal(3))
    yield "modes after", _modes(T)
    yield "y", y
    for name, t in {"result": y, "new tensor": fresh, "made before": x, "made after": T.tensor(draw.normal(3))}.items():
        yield f"{name}: requires_grad, is_leaf, is_inference", [t.requires_grad, t.is_leaf, t.is_inference()]


@scenario("modes.inference-nested", lesson=4, asks="inference_mode among other modes: what does each block put back?")
def inference_nested(T: Any, draw: Draw) -> Yields:
    log = []
    with T.no_grad():
        with T.inference_mode():
            log.append(_modes(T))
            with T.inference_mode():
                log.append(_modes(T))
            log.append(_modes(T))
        log.append(_modes(T))
    log.append(_modes(T))
    yield "inside no_grad", log
    log = []
    with T.inference_mode():
        with T.no_grad():
            log.append(_modes(T))
        log.append(_modes(T))
        with T.set_grad_enabled(False):
            log.append(_modes(T))
        log.append(_modes(T))
    log.append(_modes(T))
    yield "around others", log


@scenario("modes.inference-off", lesson=4, asks="What does inference_mode(False) do, and where?")
def inference_off(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    with T.inference_mode(False):
        yield "alone", _modes(T)
        yield "alone: recorded", (x * 2).requires_grad
    yield "after it", _modes(T)
    with T.inference_mode(True):
        with T.inference_mode(False):
            yield "inside inference_mode", _modes(T)
            y = x * 3
        yield "and then", _modes(T)
    yield "y.requires_grad", y.requires_grad
    yield "y.is_inference", y.is_inference()
    yield "backward", attempt(y.sum().backward)
    yield "x.grad", x.grad
    with T.no_grad():
        with T.inference_mode(False):
            yield "inside no_grad", _modes(T)
        yield "no_grad then", _modes(T)


@scenario("modes.inference-raises", lesson=4, asks="An exception leaves inference_mode: are both modes put back?")
def inference_raises(T: Any, draw: Draw) -> Yields:
    def fail() -> None:
        with T.inference_mode():
            raise KeyError("raised on purpose")

    yield "seen outside", attempt(fail)
    yield "modes", _modes(T)
    with T.no_grad():
        yield "seen inside no_grad", attempt(fail)
        yield "modes inside no_grad", _modes(T)


@scenario(
    "modes.inference-results-in-use",
    lesson=4,
    asks="A result of inference_mode is used outside: what is refused, and what is the way out?",
)
def inference_results_in_use(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    with T.inference_mode():
        c = x * 2
    yield "c + 1", attempt(lambda: (c + 1).requires_grad)
    yield "x + c", attempt(lambda: (x + c).requires_grad)
    yield "x * c", attempt(lambda: (x * c).requires_grad)
    yield "c.requires_grad_()", attempt(lambda: c.requires_grad_().requires_grad)
    copy = c.clone()
    yield "a clone", [copy.requires_grad, copy.is_inference()]
    yield "x * clone", attempt(lambda: (x * copy).sum().backward())
    yield "x.grad", x.grad


@scenario("modes.inference-as-decorator", lesson=4, asks="inference_mode with and without parentheses on a function?")
def inference_as_decorator(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)

    def predict(t: Any, scale: Any = 2) -> Any:
        return t * scale

    off = {"()": T.inference_mode(), "(True)": T.inference_mode(True), "(False)": T.inference_mode(False)}
    wrapped = {name: mode(predict) for name, mode in off.items()} | {"bare": T.inference_mode(predict)}
    yield "modes after decorating", _modes(T)
    for name, f in wrapped.items():
        y = f(x, scale=3)
        yield f"{name}: requires_grad, is_inference", [y.requires_grad, y.is_inference()]
        yield f"{name}: modes afterwards", _modes(T)
        yield f"{name}: name", f.__name__
    with T.no_grad():
        wrapped["()"](x)
        yield "called inside no_grad: modes", _modes(T)


@scenario(
    "modes.inference-and-enable-grad", lesson=4, asks="Is anything recorded under enable_grad inside inference_mode?"
)
def inference_and_enable_grad(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    with T.inference_mode():
        with T.enable_grad():
            y = x * 2
            yield "is_inference_mode_enabled", T.is_inference_mode_enabled()
        with T.set_grad_enabled(True):
            z = x * 3
        yield "modes then", _modes(T)
    for name, t in {"enable_grad": y, "set_grad_enabled(True)": z}.items():
        yield f"{name}: requires_grad, is_inference", [t.requires_grad, t.is_inference()]
    yield "modes afterwards", _modes(T)
