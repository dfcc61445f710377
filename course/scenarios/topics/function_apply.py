"""What `apply` does around a Function's forward: modes, contexts, inputs and outputs."""

from __future__ import annotations

from typing import Any

from course.scenarios import Draw, Yields, attempt, derived, quiet_gc, scenario, watch


def function(T: Any, forward: Any, backward: Any, **more: Any) -> Any:
    """Return a Function class made of these static methods."""
    methods = {"forward": forward, "backward": backward, **more}
    body = {name: staticmethod(f) for name, f in methods.items()}
    return derived("Custom", T.autograd.Function, body)


def triple(ctx: Any, x: Any) -> Any:
    return x * 3


@scenario("function.its-own-backward", lesson=9, asks="A Function brings a backward: which gradient do I get?")
def its_own_backward(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(2), requires_grad=True)
    y = function(T, triple, lambda ctx, g: g * 100).apply(x)
    yield "y", y
    yield "requires_grad", y.requires_grad
    y.sum().backward()
    yield "x.grad", x.grad


@scenario(
    "function.wants-any-input",
    lesson=9,
    asks="One of three inputs requires grad: is the call recorded, whichever it is?",
)
def wants_any_input(T: Any, draw: Draw) -> Yields:
    custom = function(T, lambda ctx, a, b, n: a * b * n, lambda ctx, g: (g * 2, g * 3, None))
    for name, wanted in {"first": (True, False), "second": (False, True), "none": (False, False)}.items():
        a, b = (T.tensor(draw.normal(2), requires_grad=flag) for flag in wanted)
        y = custom.apply(a, b, 2)
        yield f"{name}: requires_grad", y.requires_grad
        if y.requires_grad:
            y.sum().backward()
        yield f"{name}: gradients", [a.grad, b.grad]


@scenario(
    "function.modes-put-back", lesson=9, asks="Which grad mode is on after apply, and after a forward that failed?"
)
def modes_put_back(T: Any, draw: Draw) -> Yields:
    def fail(ctx: Any, x: Any) -> Any:
        raise KeyError("Mismatch in shape")

    x = T.tensor(draw.normal(2), requires_grad=True)
    for mode in (True, False):
        with T.set_grad_enabled(mode):
            y = function(T, triple, lambda ctx, g: g).apply(x)
            yield f"enabled={mode}: recorded", y.requires_grad
            yield f"enabled={mode}: after apply", T.is_grad_enabled()
            yield f"enabled={mode}: a forward fails", attempt(function(T, fail, fail).apply, x)
            yield f"enabled={mode}: after that", T.is_grad_enabled()


@scenario(
    "function.context-of-each-call",
    lesson=9,
    asks="Two calls note different things on ctx: does each backward read its own?",
)
def context_of_each_call(T: Any, draw: Draw) -> Yields:
    def forward(ctx: Any, x: Any, n: int) -> Any:
        ctx.n = n
        ctx.save_for_backward(x)
        return x * n

    def backward(ctx: Any, g: Any) -> Any:
        (x,) = ctx.saved_tensors
        return g * ctx.n + x * 0, None

    custom = function(T, forward, backward)
    x, w = (T.tensor(draw.normal(2), requires_grad=True) for _ in range(2))
    first, second = custom.apply(x, 2), custom.apply(w, 5)
    second.sum().backward()
    first.sum().backward()
    yield "x.grad", x.grad
    yield "w.grad", w.grad


@scenario("function.inputs-as-they-are", lesson=9, asks="Does forward get my tensors themselves, or copies of them?")
def inputs_as_they_are(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(2), requires_grad=True)
    h = x * 1
    seen: list[Any] = []

    def forward(ctx: Any, t: Any, word: str, numbers: Any) -> Any:
        seen.extend([t.data_ptr() == h.data_ptr(), t.requires_grad, t.is_leaf, word, numbers])
        return t * 2

    function(T, forward, lambda ctx, g: (g, None, None)).apply(h, "word", [1, 2])
    yield from zip(("the same memory", "requires_grad", "is_leaf", "a word", "a list"), seen, strict=True)


@scenario(
    "function.shape-of-the-answer",
    lesson=9,
    asks="forward returns a tuple of one, a list, or nothing: what does apply return?",
)
def shape_of_the_answer(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(2), requires_grad=True)
    answers: dict[str, Any] = {
        "a tensor": lambda ctx, t: t * 2,
        "a tuple of one": lambda ctx, t: (t * 2,),
        "a tensor and nothing": lambda ctx, t: (t * 2, None),
        "a list": lambda ctx, t: [t * 2, t * 3],
        "nothing": lambda ctx, t: None,
        "a number": lambda ctx, t: 7,
    }
    for name, forward in answers.items():
        yield name, function(T, forward, lambda ctx, *gradients: gradients[0] * 2).apply(x)
    (y,) = function(T, answers["a tuple of one"], lambda ctx, g: g * 10).apply(x)
    y.sum().backward()
    yield "x.grad through a tuple of one", x.grad
    listed = function(T, answers["a list"], lambda ctx, *gradients: gradients[0]).apply(x)
    yield "what is in a list is not recorded", [y.requires_grad for y in listed]


@scenario(
    "function.setup-with-defaults", lesson=9, asks="An argument is left out: does setup_context hear of its default?"
)
def setup_with_defaults(T: Any, draw: Draw) -> Yields:
    seen: list[Any] = []

    def setup(ctx: Any, inputs: Any, output: Any) -> None:
        seen.append([len(inputs), inputs[1], T.is_grad_enabled()])
        ctx.factor = inputs[1]

    def forward(x: Any, factor: Any = 3) -> Any:
        return x * factor

    custom = function(T, forward, lambda ctx, g: (g * ctx.factor, None), setup_context=setup)
    x = T.tensor(draw.normal(2), requires_grad=True)
    calls: dict[str, Any] = {
        "left out": lambda: custom.apply(x),
        "given": lambda: custom.apply(x, 5),
        "given by name": lambda: custom.apply(x, factor=7),
    }
    for name, call in calls.items():
        x.grad = None
        y = call()
        yield f"{name}: y", y
        yield f"{name}: inputs, the second, grad mode", seen[-1]
        yield f"{name}: backward", attempt(y.sum().backward)
        yield f"{name}: x.grad", x.grad


@scenario(
    "function.setup-after-forward",
    lesson=9,
    asks="Which comes first, forward or setup_context, and has the output a history by then?",
)
def setup_after_forward(T: Any, draw: Draw) -> Yields:
    log: list[str] = []
    history: list[Any] = []

    def forward(x: Any) -> Any:
        log.append("forward")
        return x * 3

    def setup(ctx: Any, inputs: Any, output: Any) -> None:
        log.append("setup")
        history.append(output is not None and output.requires_grad)

    x = T.tensor(draw.normal(2), requires_grad=True)
    y = function(T, forward, lambda ctx, g: g * 10, setup_context=setup).apply(x)
    yield "order", log
    yield "the output requires grad in setup_context", history
    y.sum().backward()
    yield "x.grad", x.grad


@scenario(
    "function.named-arguments",
    lesson=9,
    asks="Arguments of forward are given by name: do they arrive, and how many gradients are due?",
)
def named_arguments(T: Any, draw: Draw) -> Yields:
    def forward(ctx: Any, x: Any, w: Any, factor: Any = 2) -> Any:
        ctx.factor = factor
        return x * w * factor

    answers: dict[str, Any] = {"three": lambda ctx, g: (g, g * 2, None), "one": lambda ctx, g: g * ctx.factor}
    for name, backward in answers.items():
        custom = function(T, forward, backward)
        x, w = (T.tensor(draw.normal(2), requires_grad=True) for _ in range(2))
        y = custom.apply(x, factor=5, w=w)
        yield f"{name}: y", y
        yield f"{name}: backward", attempt(y.sum().backward)
        yield f"{name}: gradients", [x.grad, w.grad]


@scenario(
    "function.named-arguments-refused",
    lesson=9,
    asks="A name is unknown, given twice, or one before it is missing: what is said?",
)
def named_arguments_refused(T: Any, draw: Draw) -> Yields:
    def forward(ctx: Any, x: Any, middle: Any = 1, factor: Any = 2) -> Any:
        return x * factor

    custom = function(T, forward, lambda ctx, g: g)
    x = T.tensor(draw.normal(2), requires_grad=True)
    yield "unknown", attempt(lambda: custom.apply(x, other=5))
    yield "given twice", attempt(lambda: custom.apply(x, x=5))
    yield "one before it is missing", attempt(lambda: custom.apply(x, factor=5))
    yield "none is missing", attempt(lambda: custom.apply(x, factor=5, middle=3))


@scenario(
    "function.changed-in-place",
    lesson=9,
    asks="forward changes its input in place and says so: whose history is it then?",
)
def changed_in_place(T: Any, draw: Draw) -> Yields:
    def forward(ctx: Any, t: Any) -> Any:
        ctx.mark_dirty(t)
        return t.mul_(3)

    custom = function(T, forward, lambda ctx, g: g * 50)
    x = T.tensor(draw.normal(2), requires_grad=True)
    h = x * 1
    before = h._version
    y = custom.apply(h)
    yield "the same memory", y.data_ptr() == h.data_ptr()
    yield "writes counted", h._version - before
    yield "h", h
    h.sum().backward()
    yield "x.grad", x.grad
    yield "on a leaf", attempt(custom.apply, x)


@scenario(
    "function.answers-with-its-input",
    lesson=9,
    asks="forward returns its input as it is: does the backward still count?",
)
def answers_with_its_input(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(2), requires_grad=True)
    y = function(T, lambda ctx, t: t, lambda ctx, g: g * 100).apply(x)
    yield "the same memory", y.data_ptr() == x.data_ptr()
    yield "leaves: y, x", [y.is_leaf, x.is_leaf]
    y.sum().backward()
    yield "x.grad", x.grad


@scenario(
    "function.keeps-nothing-alive", lesson=9, asks="The result is dropped: is everything that its Function saved freed?"
)
def keeps_nothing_alive(T: Any, draw: Draw) -> Yields:
    def forward(ctx: Any, t: Any) -> Any:
        ctx.save_for_backward(t)
        return t * t

    custom = function(T, forward, lambda ctx, g: 2 * g * ctx.saved_tensors[0])
    x = T.tensor(draw.normal(2), requires_grad=True)
    with quiet_gc():
        h = x * 1
        y = custom.apply(h)
        saved, result = watch(T, h), watch(T, y)
        del h
        yield "an input that is needed lives", saved()
        del y
        yield "after the result is gone: result, input", [result(), saved()]
