"""Hooks of nodes: what they see, what they may return, and in which order they do it."""

from __future__ import annotations

from typing import Any

from course.scenarios import Cases, Draw, Yields, attempt, scenario


@scenario("hooks.before-a-node", lesson=8, asks="What does a hook see that stands before a node?")
def before_a_node(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(2), requires_grad=True)
    y = x.exp()
    seen: list[Any] = []
    y.grad_fn.register_prehook(lambda outputs: seen.extend(outputs))
    (y * 3).sum().backward()
    yield "seen", seen
    yield "x.grad", x.grad


@scenario("hooks.after-a-node", lesson=8, asks="What does a hook see that stands after a node?")
def after_a_node(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(2), requires_grad=True)
    y = x.exp()
    seen: list[Any] = []
    y.grad_fn.register_hook(lambda inputs, outputs: seen.append([*inputs, "from", *outputs]))
    (y * 3).sum().backward()
    yield "seen", seen
    yield "x.grad", x.grad


@scenario(
    "hooks.nodes-one-after-the-other", lesson=8, asks="Several hooks before and after a node: who gets whose answer?"
)
def nodes_one_after_the_other(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(2), requires_grad=True)
    y = x * 3
    log: list[Any] = []

    def before(name: str, change: Any) -> Any:
        def hook(outputs: Any) -> Any:
            log.append([name, *outputs])
            return None if change is None else (change(outputs[0]),)

        return hook

    def after(name: str, change: Any) -> Any:
        def hook(inputs: Any, outputs: Any) -> Any:
            log.append([name, *inputs, "from", *outputs])
            return None if change is None else (change(inputs[0]), *inputs[1:])

        return hook

    changes: Cases = {"plus one": lambda g: g + 1, "times ten": lambda g: g * 10}
    for name, change in (*changes.items(), ("nothing", None)):
        y.grad_fn.register_prehook(before(f"before: {name}", change))
        y.grad_fn.register_hook(after(f"after: {name}", change))
    y.sum().backward()
    yield "log", log
    yield "x.grad", x.grad


@scenario(
    "hooks.nodes-with-two-inputs", lesson=8, asks="A hook changes the gradient of the second factor alone: who gets it?"
)
def nodes_with_two_inputs(T: Any, draw: Draw) -> Yields:
    x, w = (T.tensor(draw.normal(2), requires_grad=True) for _ in range(2))
    y = x * w
    y.grad_fn.register_hook(lambda inputs, outputs: (inputs[0], inputs[1] * 100))
    y.sum().backward()
    yield "gradients", [x.grad, w.grad]


@scenario(
    "hooks.nodes-with-two-outputs", lesson=8, asks="One of two results is used: what may a prehook answer for each?"
)
def nodes_with_two_outputs(T: Any, draw: Draw) -> Yields:
    answers: dict[str, Any] = {
        "what came": lambda outputs: tuple(outputs),
        "twice what came": lambda outputs: (outputs[0] * 2, outputs[1]),
        "something for what did not come": lambda outputs: (outputs[0], outputs[0]),
        "nothing at all": lambda outputs: (None, None),
    }
    for name, answer in answers.items():
        m = T.tensor(draw.normal(2, 2), requires_grad=True)
        first, _ = (m * 1).unbind(0)
        first.grad_fn.register_prehook(answer)
        yield name, attempt(first.sum().backward)
        yield f"{name}: m.grad", m.grad


@scenario(
    "hooks.nodes-answer-in-a-tuple", lesson=8, asks="May the hook of a node answer with a tensor, a list, or a number?"
)
def nodes_answer_in_a_tuple(T: Any, draw: Draw) -> Yields:
    answers: Cases = {
        "a tensor": lambda g: g * 2,
        "a list": lambda g: [g * 2],
        "a number": lambda g: 2.0,
        "a number in a tuple": lambda g: (2.0,),
    }
    for name, answer in answers.items():
        for place in ("before", "after"):
            x = T.tensor(draw.normal(2), requires_grad=True)
            y = x.exp()
            if place == "before":
                y.grad_fn.register_prehook(lambda outputs, answer=answer: answer(outputs[0]))
            else:
                y.grad_fn.register_hook(lambda inputs, outputs, answer=answer: answer(inputs[0]))
            yield f"{name}, {place}", attempt(y.sum().backward)
            yield f"{name}, {place}: x.grad", x.grad


@scenario(
    "hooks.nodes-answer-with-another",
    lesson=8,
    asks="The hook of a node answers with another shape, dtype or number of gradients: what is said?",
)
def nodes_answer_with_another(T: Any, draw: Draw) -> Yields:
    answers: Cases = {
        "shape": lambda g: (g[:1],),
        "dtype": lambda g: (g.to(T.float16),),
        "number: two": lambda g: (g, g),
        "number: none": lambda g: (),
    }
    for name, answer in answers.items():
        for place in ("before", "after"):
            x = T.tensor(draw.normal(2), requires_grad=True)
            y = x.exp()
            if place == "before":
                y.grad_fn.register_prehook(lambda outputs, answer=answer: answer(outputs[0]))
            else:
                y.grad_fn.register_hook(lambda inputs, outputs, answer=answer: answer(inputs[0]))
            yield f"another {name}, {place}", attempt(y.sum().backward)
            yield f"another {name}, {place}: x.grad", x.grad


@scenario(
    "hooks.nodes-and-none", lesson=8, asks="A hook takes a gradient away, or invents one: which of them is allowed?"
)
def nodes_and_none(T: Any, draw: Draw) -> Yields:
    x, w = (T.tensor(draw.normal(2), requires_grad=True) for _ in range(2))
    y = x * w
    y.grad_fn.register_hook(lambda inputs, outputs: (None, inputs[1]))
    yield "taken away", attempt(y.sum().backward)
    yield "taken away: gradients", [x.grad, w.grad]
    plain = T.tensor(draw.normal(2))
    y = w * plain
    y.grad_fn.register_hook(lambda inputs, outputs: (inputs[0], inputs[0]))
    yield "invented", attempt(y.sum().backward)


@scenario(
    "hooks.nodes-removed-while-they-run",
    lesson=8,
    asks="A node's hook removes the next one and adds another: which of them run?",
)
def nodes_removed_while_they_run(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(2), requires_grad=True)
    for place in ("register_prehook", "register_hook"):
        y = x.exp()
        register = getattr(y.grad_fn, place)
        log: list[str] = []
        handles: list[Any] = []

        def first(*gradients: Any, log: Any = log, handles: Any = handles, register: Any = register) -> None:
            log.append("first")
            handles[1].remove()
            register(lambda *gradients: log.append("new"))

        handles.append(register(first))
        handles.append(register(lambda *gradients, log=log: log.append("second")))
        loss = y.sum()
        loss.backward(retain_graph=True)
        yield f"{place}: first pass", list(log)
        loss.backward()
        yield f"{place}: second pass", log


@scenario(
    "hooks.in-a-recorded-pass",
    lesson=8,
    asks="create_graph=True: has the gradient in a hook a history, and is recording on?",
)
def in_a_recorded_pass(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(2), requires_grad=True)
    for create in (False, True):
        h = x.exp()
        seen: list[Any] = []
        h.register_hook(lambda g, seen=seen: seen.extend([g.requires_grad, T.is_grad_enabled()]))
        T.autograd.grad((h * h).sum(), x, create_graph=create)
        yield f"create_graph={create}: the gradient has a history", seen[0]
        yield f"create_graph={create}: grad mode", seen[1]
