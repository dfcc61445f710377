"""Hidden scenarios of lesson 8: handles in numbers, and hooks in other places than in the lesson."""

from __future__ import annotations

from typing import Any

from course.scenarios import Draw, Yields, attempt, scenario
from course.scenarios.topics.handles import noting, stepper


@scenario(
    "handles.every-third",
    lesson=8,
    hidden=True,
    asks="Of thirty hooks every third is removed, and new ones come: who is left?",
)
def every_third(T: Any, draw: Draw) -> Yields:
    optimizer, log = stepper(T), []  # type: ignore[var-annotated]
    handles = [optimizer.register_step_pre_hook(noting(log, str(number))) for number in range(30)]
    for handle in handles[::3]:
        handle.remove()
    for number in range(30, 35):
        optimizer.register_step_pre_hook(noting(log, str(number)))
    for handle in reversed(handles[1::3]):
        handle.remove()
    optimizer.step()
    yield "left", log


@scenario(
    "handles.of-a-layer",
    lesson=8,
    hidden=True,
    asks="A layer's forward is watched for one call: does the with block end that?",
)
def of_a_layer(T: Any, draw: Draw) -> Yields:
    layer, log = T.nn.Linear(2, 1), []
    x = T.zeros(1, 2)
    with layer.register_forward_hook(lambda module, inputs, output: log.append("one")):
        handle = layer.register_forward_hook(lambda module, inputs, output: log.append("two"))
        layer(x)
    layer(x)
    handle.remove()
    layer(x)
    yield "log", log


@scenario(
    "handles.before-and-after",
    lesson=8,
    hidden=True,
    asks="Hooks before a step and after it lie in two tables: does a handle hit the wrong one?",
)
def before_and_after(T: Any, draw: Draw) -> Yields:
    optimizer, log = stepper(T), []  # type: ignore[var-annotated]
    before = [optimizer.register_step_pre_hook(noting(log, f"before {n}")) for n in range(2)]
    after = [optimizer.register_step_post_hook(noting(log, f"after {n}")) for n in range(2)]
    before[0].remove()
    optimizer.step()
    yield "one before removed", list(log)
    log.clear()
    after[1].remove()
    optimizer.step()
    yield "one after removed", log


@scenario(
    "hooks.a-chain-of-answers",
    lesson=8,
    hidden=True,
    asks="Eight hooks, some of which answer: what does each of them see?",
)
def a_chain_of_answers(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(2), requires_grad=True)
    h = x * 2
    seen: list[Any] = []

    def hook(factor: int) -> Any:
        def look(g: Any) -> Any:
            seen.append(g.clone())
            return g * factor if factor else None

        return look

    for factor in draw.integers(0, 4, 8).tolist():
        h.register_hook(hook(factor))
    (h * h).sum().backward()
    yield "seen", seen
    yield "x.grad", x.grad


@scenario(
    "hooks.refused-in-the-middle",
    lesson=8,
    hidden=True,
    asks="The second of three hooks returns nonsense: which hooks ran, and on which tensor?",
)
def refused_in_the_middle(T: Any, draw: Draw) -> Yields:
    answers = {
        "a list": lambda g: [g],
        "a text": lambda g: "twice",
        "zero": lambda g: 0,
        "no elements": lambda g: g[:0],
        "one for all": lambda g: g[:1],
        "whole numbers": lambda g: g.to(T.int64),
    }
    for name, answer in answers.items():
        x = T.tensor(draw.normal(2), requires_grad=True)
        h = x.exp()
        log: list[str] = []
        h.register_hook(lambda g, log=log: log.append("first"))
        h.register_hook(answer)
        h.register_hook(lambda g, log=log: log.append("third"))
        yield name, attempt((h * 2).sum().backward)
        yield f"{name}: ran", log
        yield f"{name}: x.grad", x.grad


@scenario(
    "hooks.nothing-is-replaced",
    lesson=8,
    hidden=True,
    asks="No gradient arrives at a hooked tensor: may its hook provide one?",
)
def nothing_is_replaced(T: Any, draw: Draw) -> Yields:
    for name, answer in {"a gradient": lambda g: T.ones(2), "nothing": lambda g: None}.items():
        x = T.tensor(draw.normal(4), requires_grad=True)
        used, unused = (x * 1).split(2)
        unused.register_hook(answer)
        yield name, attempt(used.sum().backward)
        yield f"{name}: x.grad", x.grad


@scenario(
    "hooks.written-and-answered",
    lesson=8,
    hidden=True,
    asks="One hook writes into its gradient and another one answers: who sees what?",
)
def written_and_answered(T: Any, draw: Draw) -> Yields:
    given = T.tensor(draw.normal(2))
    x = T.tensor(draw.normal(2), requires_grad=True)
    seen: list[Any] = []

    def write(g: Any) -> None:
        g.add_(1)

    for hook in (lambda g: seen.append(g.clone()), write, lambda g: g * 2, write, lambda g: seen.append(g.clone())):
        x.register_hook(hook)
    (x * 1).backward(given)
    yield "seen", seen
    yield "x.grad", x.grad
    yield "what I passed in", given


@scenario(
    "hooks.nodes-in-a-long-chain",
    lesson=8,
    hidden=True,
    asks="Every node of a chain is hooked on both sides: in which order, and with what?",
)
def nodes_in_a_long_chain(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(2), requires_grad=True)
    log: list[Any] = []
    h = x
    for n in range(4):
        h = h.tanh()
        h.grad_fn.register_prehook(lambda out, n=n: log.append([f"before {n}", *out]))
        h.grad_fn.register_hook(lambda into, out, n=n: (into[0] * (n + 1),))
        h.grad_fn.register_hook(lambda into, out, n=n: log.append([f"after {n}", *into, *out]))
    h.sum().backward()
    yield "log", log
    yield "x.grad", x.grad


@scenario(
    "hooks.nodes-of-three-inputs",
    lesson=8,
    hidden=True,
    asks="A node of three inputs, one of which needs no gradient: what may its hook change?",
)
def nodes_of_three_inputs(T: Any, draw: Draw) -> Yields:
    a, c = (T.tensor(draw.normal(2), requires_grad=True) for _ in range(2))
    b = T.tensor(draw.normal(2))
    log: list[Any] = []
    answers = {
        "turned around": lambda into, out: (into[2], into[1], into[0]),
        "the middle filled": lambda into, out: (into[0], out[0], into[2]),
        "too short": lambda into, out: into[:2],
        "the last taken away": lambda into, out: (into[0], into[1], None),
    }
    for name, answer in answers.items():
        a.grad = c.grad = None
        y = T.addcmul(a, b, c)
        y.grad_fn.register_hook(lambda into, out: log.append([*into]))
        y.grad_fn.register_hook(answer)
        yield name, attempt((y * y).sum().backward)
        yield f"{name}: gradients", [a.grad, c.grad]
    yield "seen", log


@scenario(
    "hooks.nodes-raise",
    lesson=8,
    hidden=True,
    asks="A hook of a node raises: do later hooks run, and is the engine usable afterwards?",
)
def nodes_raise(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(2), requires_grad=True)

    def fail(*gradients: Any) -> None:
        raise KeyError("has been detached")

    for place in ("register_prehook", "register_hook"):
        y = x.exp()
        log: list[str] = []
        handle = getattr(y.grad_fn, place)(fail)
        getattr(y.grad_fn, place)(lambda *gradients, log=log: log.append("later"))
        loss = y.sum()
        yield f"{place}: backward", attempt(loss.backward, retain_graph=True)
        yield f"{place}: ran", list(log)
        handle.remove()
        yield f"{place}: again", attempt(x.exp().sum().backward)
        yield f"{place}: x.grad", x.grad


@scenario(
    "hooks.post-accumulate-clears",
    lesson=8,
    hidden=True,
    asks="Every weight takes its step as soon as its gradient is there: who sees which .grad?",
)
def post_accumulate_clears(T: Any, draw: Draw) -> Yields:
    weights = [T.tensor(draw.normal(2), requires_grad=True) for _ in range(3)]
    log: list[Any] = []

    def step(t: Any) -> None:
        with T.no_grad():
            t.sub_(t.grad * 0.5)
        t.grad = None

    for w in weights:
        w.register_post_accumulate_grad_hook(step)
        w.register_post_accumulate_grad_hook(lambda t: log.append(t.grad))
    for _ in range(2):
        ((weights[0] + weights[1]) * weights[2]).sum().backward()
    yield "weights", weights
    yield "seen by the next hook", log
    yield "grads", [w.grad for w in weights]


@scenario(
    "hooks.post-accumulate-fails-in-the-middle",
    lesson=8,
    hidden=True,
    asks="The second of three post-accumulate hooks raises: which of them ran?",
)
def post_accumulate_fails_in_the_middle(T: Any, draw: Draw) -> Yields:
    w = T.tensor(draw.normal(2), requires_grad=True)
    log: list[str] = []

    def fail(t: Any) -> None:
        raise KeyError("has been detached")

    w.register_post_accumulate_grad_hook(lambda t: log.append("first"))
    w.register_post_accumulate_grad_hook(fail)
    w.register_post_accumulate_grad_hook(lambda t: log.append("third"))
    for number in (1, 2):
        yield f"backward {number}", attempt(w.sum().backward)
        yield f"ran {number}", list(log)
        yield f"w.grad {number}", w.grad


@scenario(
    "hooks.retain-grad-everywhere",
    lesson=8,
    hidden=True,
    asks="Every inner tensor retains its gradient for three passes: what adds up where?",
)
def retain_grad_everywhere(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    inner = [x.sin()]
    for _ in range(3):
        inner.append(inner[-1] * inner[0])
    for h in inner:
        h.retain_grad()
    for number in range(3):
        inner[number + 1].sum().backward(retain_graph=True)
        yield f"after pass {number}", [h.grad for h in inner]
        kept = inner[0].grad
        kept_before = kept.clone()
        inner[0].sum().backward(retain_graph=True)
        yield f"what was kept stays as it is {number}", bool((kept == kept_before).all())
