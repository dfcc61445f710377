"""Where gradients are kept: hooks behind a leaf's .grad, and inner tensors that retain theirs."""

from __future__ import annotations

from typing import Any

from course.scenarios import Cases, Draw, Yields, attempt, scenario


@scenario(
    "hooks.post-accumulate-sees", lesson=8, asks="What is a post-accumulate hook given, and what is in .grad by then?"
)
def post_accumulate_sees(T: Any, draw: Draw) -> Yields:
    w = T.tensor(draw.normal(2), requires_grad=True)
    values: list[Any] = []
    gradients: list[Any] = []
    w.register_post_accumulate_grad_hook(lambda t: values.append(t.detach().clone()))
    w.register_post_accumulate_grad_hook(lambda t: gradients.append(t.grad.clone()))
    for number in (1, 2):
        yield f"backward {number}", attempt((w * w).sum().backward)
    yield "given", values
    yield "in .grad", gradients
    yield "w.grad", w.grad


@scenario(
    "hooks.post-accumulate-in-order",
    lesson=8,
    asks="Three post-accumulate hooks: in which order, and for how many passes?",
)
def post_accumulate_in_order(T: Any, draw: Draw) -> Yields:
    w = T.tensor(draw.normal(2), requires_grad=True)
    log: list[str] = []

    def hook(name: str) -> Any:
        return lambda t: log.append(name)

    handles = [w.register_post_accumulate_grad_hook(hook(name)) for name in ("first", "second", "third")]
    w.sum().backward()
    yield "one pass", list(log)
    handles[1].remove()
    w.sum().backward()
    yield "another pass, without the second", log


@scenario("hooks.post-accumulate-returns", lesson=8, asks="May a post-accumulate hook return a gradient?")
def post_accumulate_returns(T: Any, draw: Draw) -> Yields:
    for name, answer in {"twice its .grad": lambda t: t.grad * 2, "zeros": lambda t: t.grad * 0}.items():
        for size in (1, 2):
            w = T.tensor(draw.normal(size), requires_grad=True)
            w.register_post_accumulate_grad_hook(answer)
            yield f"{name}, {size} numbers", attempt((w * 2).sum().backward)
            yield f"{name}, {size} numbers: w.grad", w.grad


@scenario(
    "hooks.post-accumulate-returns-odd-things",
    lesson=8,
    asks="A post-accumulate hook returns its own leaf, a number, or half a gradient: what is said, and who else runs?",
)
def post_accumulate_returns_odd_things(T: Any, draw: Draw) -> Yields:
    answers: Cases = {
        "its leaf": lambda t: t,
        "a gradient": lambda t: t.grad * 2,
        "zero": lambda t: 0,
        "half a gradient": lambda t: t.grad[:1],
    }
    for name, answer in answers.items():
        w = T.tensor(draw.normal(2), requires_grad=True)
        log: list[Any] = []
        w.register_post_accumulate_grad_hook(answer)
        w.register_post_accumulate_grad_hook(lambda t, log=log: log.append(t.detach().clone()))
        yield name, attempt((w * 2).sum().backward)
        yield f"{name}: given to the next hook", log


@scenario(
    "hooks.post-accumulate-while-running",
    lesson=8,
    asks="A post-accumulate hook removes itself and adds another: is that safe?",
)
def post_accumulate_while_running(T: Any, draw: Draw) -> Yields:
    w = T.tensor(draw.normal(2), requires_grad=True)
    log: list[str] = []
    handles: list[Any] = []

    def once(t: Any) -> None:
        log.append("once")
        handles[0].remove()
        handles[1].remove()
        t.register_post_accumulate_grad_hook(lambda t: log.append("new"))

    handles.append(w.register_post_accumulate_grad_hook(once))
    handles.append(w.register_post_accumulate_grad_hook(lambda t: log.append("second")))
    for _ in range(2):
        w.sum().backward()
        log.append("|")
    yield "log", log


@scenario(
    "hooks.retain-grad-adds",
    lesson=8,
    asks="Three losses pass through one tensor that retains its gradient: is the sum kept?",
)
def retain_grad_adds(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(2), requires_grad=True)
    h = x * 2
    h.retain_grad()
    for name, factor in {"a loss": 3, "one that is not moved by h": 0, "another one": 2}.items():
        (h * factor).sum().backward(retain_graph=True)
        yield f"after {name}", h.grad
    yield "x.grad", x.grad


@scenario(
    "hooks.retain-grad-memory",
    lesson=8,
    asks="Whose memory is a retained gradient in, and does a second pass write there?",
)
def retain_grad_memory(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(2), requires_grad=True)
    given = T.tensor(draw.normal(2))
    h = x * 1
    h.retain_grad()
    h.backward(given, retain_graph=True)
    yield "in memory of its own", [h.grad.data_ptr() != t.data_ptr() for t in (given, x.grad)]
    first = h.grad
    x.grad.zero_()
    yield "after x.grad was cleared", h.grad
    h.backward(given)
    yield "what was kept first", first
    yield "h.grad", h.grad


@scenario("hooks.retain-grad-with-a-graph", lesson=8, asks="create_graph=True: has a retained gradient a history?")
def retain_grad_with_a_graph(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(2), requires_grad=True)
    for create in (False, True):
        h = x.exp()
        h.retain_grad()
        (h * h).sum().backward(create_graph=create)
        yield f"create_graph={create}: requires_grad", h.grad.requires_grad
        yield f"create_graph={create}: h.grad", h.grad
        h.grad = None
        x.grad = None
