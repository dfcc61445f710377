"""Grad modes around functions, generators and threads of control; inference tensors in use."""

from __future__ import annotations

from typing import Any

from course.scenarios import Cases, Draw, Yields, attempt, heard, scenario


@scenario(
    "modes.generator-decorated",
    lesson=4,
    asks="@no_grad on a generator: what is the mode inside, and between its yields outside?",
)
def generator_decorated(T: Any, draw: Draw) -> Yields:
    @T.no_grad()  # type: ignore[untyped-decorator]
    def numbers() -> Any:
        for _ in range(2):
            yield T.is_grad_enabled()

    log = []
    for inside in numbers():
        log.append([inside, T.is_grad_enabled()])
    yield "inside, outside", log
    yield "at last", T.is_grad_enabled()


@scenario(
    "modes.generator-with-a-block", lesson=4, asks="`with no_grad()` around a yield: who else is under it meanwhile?"
)
def generator_with_a_block(T: Any, draw: Draw) -> Yields:
    def numbers() -> Any:
        with T.no_grad():
            yield 1
            yield 2

    log = []
    running = numbers()
    for _ in running:
        log.append(T.is_grad_enabled())
    yield "the caller's mode", log
    yield "afterwards", T.is_grad_enabled()


@scenario(
    "modes.generator-sent-and-thrown",
    lesson=4,
    asks="Values and exceptions are sent into a decorated generator: do they arrive under no_grad?",
)
def generator_sent_and_thrown(T: Any, draw: Draw) -> Yields:
    log: list[object] = []

    @T.no_grad()  # type: ignore[untyped-decorator]
    def talk() -> Any:
        try:
            log.append([(yield 1), T.is_grad_enabled()])
            yield 2
        except KeyError:
            log.append(["thrown", T.is_grad_enabled()])
            yield 3
        finally:
            log.append(["closed", T.is_grad_enabled()])

    running = talk()
    yield "next", next(running)
    yield "send", running.send("sent")
    yield "throw", running.throw(KeyError("x"))
    running.close()
    yield "log", log
    yield "mode", T.is_grad_enabled()


@scenario(
    "modes.enable-grad-on-a-generator",
    lesson=4,
    asks="@enable_grad on a generator that is used under no_grad: what does each side see?",
)
def enable_grad_on_a_generator(T: Any, draw: Draw) -> Yields:
    @T.enable_grad()  # type: ignore[untyped-decorator]
    def results(x: Any) -> Any:
        yield (x * 2).requires_grad
        yield (x * 3).requires_grad

    x = T.tensor(draw.normal(2), requires_grad=True)
    with T.no_grad():
        yield "inside, outside", [[inside, T.is_grad_enabled()] for inside in results(x)]


@scenario("modes.decorated-method", lesson=4, asks="@no_grad on a method, a static method, a class: what is decorated?")
def decorated_method(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(2), requires_grad=True)

    class Worker:
        @T.no_grad()  # type: ignore[untyped-decorator]
        def work(self, t: Any) -> bool:
            """Work."""
            return bool((t * 2).requires_grad)

        @staticmethod
        @T.no_grad()  # type: ignore[untyped-decorator]
        def alone(t: Any) -> bool:
            return bool((t * 2).requires_grad)

    yield "method", Worker().work(x)
    yield "static method", Worker.alone(x)
    yield "its docstring", Worker.work.__doc__


@scenario("modes.decorated-and-raising", lesson=4, asks="A function under @no_grad raises: which mode has the caller?")
def decorated_and_raising(T: Any, draw: Draw) -> Yields:
    @T.no_grad()  # type: ignore[untyped-decorator]
    def fail() -> None:
        raise KeyError("raised on purpose")

    yield "call", attempt(fail)
    yield "mode", T.is_grad_enabled()


@scenario(
    "modes.recursive",
    lesson=4,
    asks="A function under @no_grad calls itself: does the mode come back at the right depth?",
)
def recursive(T: Any, draw: Draw) -> Yields:
    log: list[object] = []

    @T.no_grad()  # type: ignore[untyped-decorator]
    def down(depth: int) -> None:
        if depth:
            with T.enable_grad():
                down(depth - 1)
                log.append([depth, T.is_grad_enabled()])
        log.append([depth, T.is_grad_enabled()])

    down(2)
    yield "log", log
    yield "at last", T.is_grad_enabled()

    @T.no_grad()  # type: ignore[untyped-decorator]
    def straight_down(depth: int) -> None:
        if depth:
            straight_down(depth - 1)

    straight_down(1)
    yield "after a call in a call, with no block between", T.is_grad_enabled()


@scenario(
    "modes.one-object-used-twice", lesson=4, asks="One no_grad object is used twice: is the mode right after each?"
)
def one_object_used_twice(T: Any, draw: Draw) -> Yields:
    silent = T.no_grad()
    log: list[object] = []
    for _ in range(2):
        with silent:
            log.append(T.is_grad_enabled())
        log.append(T.is_grad_enabled())
    yield "one after the other", list(log)
    with silent:
        with T.enable_grad():
            log.append(T.is_grad_enabled())
        log.append(T.is_grad_enabled())
    yield "around another", log
    yield "at last", T.is_grad_enabled()


@scenario(
    "modes.set-grad-enabled-as-decorator",
    lesson=4,
    asks="@set_grad_enabled(False): does it act at once, or when the function is called?",
)
def set_grad_enabled_as_decorator(T: Any, draw: Draw) -> Yields:
    try:

        @T.set_grad_enabled(False)  # type: ignore[untyped-decorator]
        def inside() -> bool:
            return bool(T.is_grad_enabled())

        yield "after the definition", T.is_grad_enabled()
        yield "inside", inside()
        yield "after the call", T.is_grad_enabled()
    finally:
        T.set_grad_enabled(True)
    yield "a word in place of a bool", attempt(_switch_by_a_word, T)
    T.set_grad_enabled(True)


def _switch_by_a_word(T: Any) -> None:
    T.set_grad_enabled("yes")


@scenario(
    "modes.requires-grad-inside",
    lesson=4,
    asks="Under no_grad: what of requires_grad_(), of parameters, and of leaves used later?",
)
def requires_grad_inside(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(2))
    with T.no_grad():
        yield "requires_grad_()", x.requires_grad_().requires_grad
        yield "detach()", x.detach().requires_grad
        yield "clone()", x.clone().requires_grad
        yield "x.data", x.data.requires_grad
    (x * 3).sum().backward()
    yield "x.grad", x.grad


@scenario(
    "modes.inference-decorator",
    lesson=6,
    asks="@inference_mode() on a function: what are its results, and its inputs afterwards?",
)
def inference_decorator(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(2), requires_grad=True)

    @T.inference_mode()  # type: ignore[untyped-decorator]
    def predict(t: Any) -> Any:
        return t * 2

    y = predict(x)
    yield "result", [y.requires_grad, y.is_inference(), y.is_leaf]
    yield "input", [x.requires_grad, x.is_inference()]
    yield "mode afterwards", [T.is_inference_mode_enabled(), T.is_grad_enabled()]


@scenario(
    "modes.inference-off-inside", lesson=6, asks="inference_mode(False) inside inference_mode: is recording back?"
)
def inference_off_inside(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(2), requires_grad=True)
    with T.inference_mode():
        c = T.tensor(draw.normal(2))
        yield "grad mode inside", T.is_grad_enabled()
        with T.inference_mode(False):
            yield "modes further inside", [T.is_inference_mode_enabled(), T.is_grad_enabled()]
            y = x * 3
            yield "recorded", y.requires_grad
            yield "with an inference tensor", attempt(lambda: (x * c).requires_grad)
    y.sum().backward()
    yield "x.grad", x.grad


@scenario(
    "modes.inference-and-views",
    lesson=6,
    asks="A view of a normal tensor made in inference_mode: which of the two kinds is it?",
)
def inference_and_views(T: Any, draw: Draw) -> Yields:
    normal = T.tensor(draw.normal(3))
    with T.inference_mode():
        view = normal[:2]
        own = T.tensor(draw.normal(3))
        yield "kinds", [view.is_inference(), own.is_inference(), own[:2].is_inference()]
        view.mul_(2)
    yield "version of the normal tensor", normal._version
    yield "changed outside, view of normal", attempt(lambda: view.add_(1))
    yield "changed outside, view of inference", attempt(lambda: own[:2].add_(1))


@scenario(
    "modes.inference-into-a-normal-tensor",
    lesson=6,
    asks="An inference tensor is written into a normal one: is that allowed, and tracked?",
)
def inference_into_a_normal_tensor(T: Any, draw: Draw) -> Yields:
    w = T.tensor(draw.normal(2), requires_grad=True)
    with T.inference_mode():
        c = w.detach() * 2
    h = w * 1
    yield "add_", attempt(lambda: h.add_(c).requires_grad)
    yield "mul_ must keep it", attempt(lambda: h.mul_(c).requires_grad)
    with T.no_grad():
        yield "copy_ under no_grad", attempt(lambda: w.copy_(c).requires_grad)
    h.sum().backward()
    yield "w.grad", w.grad


@scenario("modes.inference-in-a-loss", lesson=6, asks="Targets computed in inference_mode: which losses may use them?")
def inference_in_a_loss(T: Any, draw: Draw) -> Yields:
    w = T.tensor(draw.normal(3), requires_grad=True)
    with T.inference_mode():
        target = w.exp()
    losses: Cases = {
        "difference": lambda t: (w - t).sum(),
        "squared difference": lambda t: ((w - t) ** 2).sum(),
        "product": lambda t: (w * t).sum(),
        "quotient": lambda t: (w / t).sum(),
        "where": lambda t: T.where(t > 1, w, w * 2).sum(),
    }
    for name, loss in losses.items():
        w.grad = None
        yield name, attempt(lambda loss=loss: loss(target).backward())
        yield f"{name}: w.grad", w.grad


@scenario(
    "modes.names-of-blocks",
    lesson=4,
    asks="Are the modes classes that can be compared and nested as `with` statements?",
)
def names_of_blocks(T: Any, draw: Draw) -> Yields:
    with T.no_grad() as value:
        yield "`as` gives", value
    with T.enable_grad(), T.no_grad():
        yield "two in one line", T.is_grad_enabled()
    with T.inference_mode() as value:
        yield "`as` of inference_mode", value
    yield "modes then", [T.is_grad_enabled(), T.is_inference_mode_enabled()]


@scenario("modes.warning-free", lesson=4, asks="Does backward under no_grad warn, or fail, or just work?")
def warning_free(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(2), requires_grad=True)
    y = x.exp().sum()
    with T.no_grad():
        yield "warnings", heard(y.backward)
    yield "x.grad", x.grad
    with T.no_grad():
        yield "of something made inside", attempt(x.exp().sum().backward)
