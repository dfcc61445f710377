"""One saved value on its own: kept, read, and let go of, without waiting for backward to do it."""

from __future__ import annotations

from typing import Any

from course.scenarios import Cases, Draw, Yields, attempt, quiet_gc, scenario, watch


def let_go(T: Any, tensor: Any, times: int = 1) -> None:
    """Make the node behind ``tensor``, which keeps one value, let go of it.

    torch does it in backward, as often as it needs to. The engine's `SavedTensor` is told directly,
    so that the class can be judged before there is a rule that says when to tell it.
    """
    if T.__name__ == "torch":
        tensor.sum().backward()
    else:
        for _ in range(times):
            tensor.grad_fn.saved()[0].release()


@scenario("saved.let-go-of-a-result", lesson=5, asks="What does reading a saved result do once it was let go?")
def let_go_of_a_result(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    y = x.exp()
    yield "before", attempt(getattr, y.grad_fn, "_saved_result")
    let_go(T, y)
    yield "after", attempt(getattr, y.grad_fn, "_saved_result")
    yield "backward", attempt(y.sum().backward)
    yield "the result itself", y


@scenario(
    "saved.let-go-of-an-input", lesson=5, asks="An inner result is kept as an input: what happens after it was let go?"
)
def let_go_of_an_input(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    h = x + 1
    y = h.sin()
    yield "before", attempt(getattr, y.grad_fn, "_saved_self")
    yield "it knows where it came from", y.grad_fn._saved_self.requires_grad
    let_go(T, y)
    yield "after", attempt(getattr, y.grad_fn, "_saved_self")
    yield "backward", attempt(y.sum().backward)


@scenario("saved.let-go-of-a-number", lesson=5, asks="x * 3 keeps the 3: can it be let go of as well?")
def let_go_of_a_number(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    times: Cases = {"x * 3": lambda t: t * 3, "x * 0": lambda t: t * 0, "x / 2": lambda t: t / 2}
    for name, f in times.items():
        yield f"{name}: first", attempt(f(x).sum().backward)
        y = f(x)
        let_go(T, y)
        yield f"{name}: once let go", attempt(y.sum().backward)


@scenario("saved.let-go-of-zeros", lesson=5, asks="The saved value is zero: is it there, or was it let go?")
def let_go_of_zeros(T: Any, draw: Draw) -> Yields:
    for name, values in {"one": [0.0], "three": [0.0, 0.0, 0.0]}.items():
        x = T.tensor(draw.array(values), requires_grad=True)
        y = x.tanh()
        yield f"{name}: kept", attempt(getattr, y.grad_fn, "_saved_result")
        yield f"{name}: backward", attempt(x.sin().sum().backward)
        let_go(T, y)
        yield f"{name}: let go", attempt(getattr, y.grad_fn, "_saved_result")


@scenario(
    "saved.one-node-lets-go", lesson=5, asks="Two nodes keep the same tensor and one lets go: what has the other?"
)
def one_node_lets_go(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    one, other = x.sin(), x.cos()
    let_go(T, one)
    yield "the one", attempt(getattr, one.grad_fn, "_saved_self")
    yield "the other", attempt(getattr, other.grad_fn, "_saved_self")
    yield "backward of the other", attempt(other.sum().backward)


@scenario(
    "saved.a-new-node-keeps-it-again",
    lesson=5,
    asks="A node let go of x; then x is used once more: does that still work?",
)
def a_new_node_keeps_it_again(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    let_go(T, x.sin())
    x.grad = None
    for turn in (1, 2):
        y = x.sin()
        yield f"kept {turn}", attempt(getattr, y.grad_fn, "_saved_self")
        yield f"backward {turn}", attempt(y.sum().backward)
        yield f"x.grad {turn}", x.grad


@scenario("saved.read-many-times", lesson=5, asks="How often may a saved value be read before it is let go?")
def read_many_times(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    y, z = x.exp(), x.sin()
    for turn in (1, 2, 3):
        yield f"exp {turn}", attempt(getattr, y.grad_fn, "_saved_result")
        yield f"sin {turn}", attempt(getattr, z.grad_fn, "_saved_self")
    yield "backward", attempt((y + z).sum().backward)
    yield "x.grad", x.grad


@scenario("saved.each-keeps-its-own", lesson=5, asks="Many nodes keep something: does each get its own value back?")
def each_keeps_its_own(T: Any, draw: Draw) -> Yields:
    leaves = [T.tensor(draw.normal(2), requires_grad=True) for _ in range(3)]
    results = [leaf.exp() for leaf in leaves]
    for number, result in enumerate(results):
        yield f"kept {number}", attempt(getattr, result.grad_fn, "_saved_result")
    (results[0] + results[1] + results[2]).sum().backward()
    yield "gradients", [leaf.grad for leaf in leaves]


@scenario(
    "saved.letting-go-frees-memory",
    lesson=5,
    asks="Only a node still keeps a tensor: is it gone when the node lets go?",
)
def letting_go_frees_memory(T: Any, draw: Draw) -> Yields:
    with quiet_gc():
        x = T.tensor(draw.normal(3), requires_grad=True)
        h = x + 1
        y = h.sin()
        ref = watch(T, h)
        del h
        yield "alive while it is kept", ref()
        let_go(T, y)
        yield "gone once it was let go", not ref()
