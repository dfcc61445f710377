"""What hooks are handed, and hooks that have no name to be refused by."""

from __future__ import annotations

import functools
from typing import Any

from course.scenarios import Draw, Yields, attempt, scenario


@scenario(
    "hooks.nodes-are-given-tuples", lesson=8, asks="Are gradients handed to a node's hooks in a tuple, or in a list?"
)
def nodes_are_given_tuples(T: Any, draw: Draw) -> Yields:
    x, w = (T.tensor(draw.normal(2), requires_grad=True) for _ in range(2))
    y = x * w
    seen: dict[str, list[bool]] = {"before": [], "after": []}
    # two of each: after an answer the next hook is given a tuple, too
    for _ in range(2):
        y.grad_fn.register_prehook(lambda outputs: [seen["before"].append(isinstance(outputs, tuple)), (*outputs,)][1])
        y.grad_fn.register_hook(
            lambda *given: [seen["after"].extend(isinstance(one, tuple) for one in given), (*given[0],)][1]
        )
    y.sum().backward()
    yield "before: a tuple", seen["before"]
    yield "after: tuples", seen["after"]


def nameless(T: Any, answer: Any) -> dict[str, Any]:
    """Return hooks that answer so, none of which has a ``__name__``."""

    class Layer(T.nn.Module):  # type: ignore[misc]
        def forward(self, *gradients: Any) -> Any:
            return answer(*gradients)

    return {"a partial": functools.partial(answer), "a module": Layer()}


@scenario(
    "hooks.refused-without-a-name",
    lesson=8,
    asks="A partial or a module is the hook, and answers with what does not fit: what is said?",
)
def refused_without_a_name(T: Any, draw: Draw) -> Yields:
    answers = {"another shape": lambda g: g[:1], "another dtype": lambda g: g.to(T.float16)}
    for what, answer in answers.items():
        for name, hook in nameless(T, answer).items():
            x = T.tensor(draw.normal(2), requires_grad=True)
            x.register_hook(hook)
            yield f"{name}, {what}", attempt((x * 2).sum().backward)
            yield f"{name}, {what}: x.grad", x.grad


@scenario(
    "hooks.nodes-refused-without-a-name",
    lesson=8,
    asks="A partial or a module is the hook of a node, and answers with what does not fit: what is said?",
)
def nodes_refused_without_a_name(T: Any, draw: Draw) -> Yields:
    answers = {
        "one too many": lambda gradients, *others: (*gradients, None),
        "another shape": lambda gradients, *others: (gradients[0][:1], *gradients[1:]),
    }
    for what, answer in answers.items():
        for place in ("register_prehook", "register_hook"):
            for name, hook in nameless(T, answer).items():
                x = T.tensor(draw.normal(2), requires_grad=True)
                y = x.exp()
                getattr(y.grad_fn, place)(hook)
                yield f"{place}, {name}, {what}", attempt(y.sum().backward)
                yield f"{place}, {name}, {what}: x.grad", x.grad
