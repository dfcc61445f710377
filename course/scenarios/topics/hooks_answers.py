"""What hooks are handed, and hooks that have no name to be refused by."""

from __future__ import annotations

from typing import Any

from course.scenarios import Draw, Yields, attempt, scenario


@scenario(
    "hooks.nodes-are-given-tuples", lesson=8, asks="Are gradients handed to a node's hooks in a tuple, or in a list?"
)
def nodes_are_given_tuples(T: Any, draw: Draw) -> Yields:
    x, w = (T.tensor(draw.normal(2), requires_grad=True) for _ in range(2))
    y = x * w
    before: list[bool] = []
    after: list[bool] = []

    def prehook(outputs: Any) -> Any:
        before.append(isinstance(outputs, tuple))
        return (*outputs,)

    def hook(inputs: Any, outputs: Any) -> Any:
        after.extend([isinstance(inputs, tuple), isinstance(outputs, tuple)])
        return (*inputs,)

    for _ in range(2):  # the second one gets what the first one answered
        y.grad_fn.register_prehook(prehook)
        y.grad_fn.register_hook(hook)
    y.sum().backward()
    yield "before: a tuple", before
    yield "after: tuples", after


def nameless(T: Any, answer: Any) -> Any:
    """Return a hook that answers so and has no ``__name__``: a module.

    A ``functools.partial`` has none either, but gets one on its way to an engine in another process.
    """

    class Layer(T.nn.Module):  # type: ignore[misc]
        def forward(self, *gradients: Any) -> Any:
            return answer(*gradients)

    return Layer()


@scenario(
    "hooks.refused-without-a-name",
    lesson=8,
    asks="The hook is a module, which has no __name__, and its answer does not fit: what is said?",
)
def refused_without_a_name(T: Any, draw: Draw) -> Yields:
    for name, answer in {"another shape": lambda g: g[:1], "another dtype": lambda g: g.to(T.float16)}.items():
        x = T.tensor(draw.normal(2), requires_grad=True)
        x.register_hook(nameless(T, answer))
        yield name, attempt((x * 2).sum().backward)
        yield f"{name}: x.grad", x.grad


@scenario(
    "hooks.nodes-refused-without-a-name",
    lesson=8,
    asks="A node's hook is a module, which has no __name__, and its answer does not fit: what is said?",
)
def nodes_refused_without_a_name(T: Any, draw: Draw) -> Yields:
    answers = {
        "one too many": lambda gradients, *others: (*gradients, None),
        "another shape": lambda gradients, *others: (gradients[0][:1], *gradients[1:]),
    }
    for name, answer in answers.items():
        for place in ("register_prehook", "register_hook"):
            x = T.tensor(draw.normal(2), requires_grad=True)
            y = x.exp()
            getattr(y.grad_fn, place)(nameless(T, answer))
            yield f"{name}, {place}", attempt(y.sum().backward)
            yield f"{name}, {place}: x.grad", x.grad
