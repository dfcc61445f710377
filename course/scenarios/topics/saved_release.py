"""What a graph keeps for backward, and when each node lets go of it."""

from __future__ import annotations

import weakref
from typing import Any

from course.scenarios import Draw, Yields, attempt, quiet_gc, scenario, watch


def _runs_again(T: Any, values: Any, f: Any) -> Any:
    """Run backward through ``f`` twice; return the attempt at the second."""
    y = f(T.tensor(values, requires_grad=True)).sum()
    y.backward()
    return attempt(y.backward)


@scenario("saved.second-backward", lesson=5, asks="Why does a second backward() through the same graph fail?")
def second_backward(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    y = x.exp().sum()
    yield "first", attempt(y.backward)
    yield "x.grad", x.grad
    yield "second", attempt(y.backward)
    yield "x.grad after it", x.grad


@scenario(
    "saved.operations-that-keep-nothing",
    lesson=5,
    asks="Which operations can run backward any number of times?",
)
def operations_that_keep_nothing(T: Any, draw: Draw) -> Yields:
    for name, f in {
        "x + 1": lambda t: t + 1,
        "1 - x": lambda t: 1 - t,
        "-x": lambda t: -t,
        "x + x": lambda t: t + t,
        "sum": lambda t: t.sum(),
        "mean": lambda t: t.mean(),
        "reshape": lambda t: t.reshape(-1),
        "transpose": lambda t: t.transpose(0, 1),
        "slice": lambda t: t[:, 1],
        "cat": lambda t: T.cat([t, t]),
        "stack": lambda t: T.stack([t, t]),
        "clone": lambda t: t.clone(),
        "expand": lambda t: t.expand(4, 2, 3),
        "cumsum": lambda t: t.cumsum(dim=0),
        "to another dtype": lambda t: t.to(T.float16),
    }.items():
        yield name, _runs_again(T, draw.normal(2, 3), f)


@scenario("saved.operations-that-keep-something", lesson=5, asks="Which operations can run backward only once?")
def operations_that_keep_something(T: Any, draw: Draw) -> Yields:
    for name, f in {
        "x * x": lambda t: t * t,
        "x / x": lambda t: t / t,
        "x ** 2": lambda t: t**2,
        "exp": lambda t: t.exp(),
        "log": lambda t: t.log(),
        "sin": lambda t: t.sin(),
        "tanh": lambda t: t.tanh(),
        "relu": lambda t: t.relu(),
        "abs": lambda t: t.abs(),
        "clamp": lambda t: t.clamp(min=0.0),
        "prod": lambda t: t.prod(),
        "var": lambda t: t.var(),
        "softmax": lambda t: t.softmax(dim=0),
        "max(dim)": lambda t: t.max(dim=0)[0],
        "where": lambda t: T.where(t > 1, t, t + 1),
        "masked_fill": lambda t: t.masked_fill(t > 1, 0.0),
        "x @ x.T": lambda t: t @ t.T,
    }.items():
        yield name, _runs_again(T, draw.uniform(2, 3, low=0.5, high=2.0), f)


@scenario("saved.a-number-counts", lesson=5, asks="Is a plain number that multiplies x a saved value too?")
def a_number_counts(T: Any, draw: Draw) -> Yields:
    values = draw.normal(3)
    yield "x * 3", _runs_again(T, values, lambda t: t * 3)
    yield "x / 2", _runs_again(T, values, lambda t: t / 2)
    yield "x + 3", _runs_again(T, values, lambda t: t + 3)


@scenario("saved.the-value-itself", lesson=5, asks="What exactly do exp and a product keep for backward?")
def the_value_itself(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    w = T.tensor(draw.normal(3), requires_grad=True)
    y, z = x.exp(), x * w
    yield "exp keeps its result", y.grad_fn._saved_result
    yield "a product keeps the left factor", z.grad_fn._saved_self
    yield "and the right one", z.grad_fn._saved_other
    yield "sin keeps its input", x.sin().grad_fn._saved_self


@scenario("saved.only-what-is-needed", lesson=5, asks="Does a product keep both factors if only one requires grad?")
def only_what_is_needed(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    data = T.tensor(draw.normal(3))
    y = x * data
    yield "left, whose partner needs no gradient", y.grad_fn._saved_self
    yield "right, whose partner needs one", y.grad_fn._saved_other


@scenario("saved.released-by-backward", lesson=5, asks="When does a node let go of what it saved?")
def released_by_backward(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    y = x.exp()
    loss = y.sum()
    yield "before", attempt(getattr, y.grad_fn, "_saved_result")
    loss.backward(retain_graph=True)
    yield "after a backward that retains", attempt(getattr, y.grad_fn, "_saved_result")
    loss.backward()
    yield "after a backward that does not", attempt(getattr, y.grad_fn, "_saved_result")
    yield "the tensor itself", y


@scenario("saved.retain-graph", lesson=5, asks="How often may I call backward with retain_graph=True?")
def retain_graph(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    y = x.exp().sum()
    for turn in (1, 2, 3):
        y.backward(retain_graph=True)
        yield f"x.grad after {turn}", x.grad
    yield "then one without", attempt(y.backward)
    yield "x.grad", x.grad
    yield "and one more", attempt(y.backward, retain_graph=True)


@scenario("saved.retain-graph-false", lesson=5, asks="Is retain_graph=False, or None, the same as saying nothing?")
def retain_graph_false(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    for value in (False, None):
        y = x.sin().sum()
        y.backward(retain_graph=value)
        yield f"second after {value}", attempt(y.backward)


@scenario(
    "saved.retain-graph-keeps-no-gradients",
    lesson=5,
    asks="Does retain_graph=True keep the gradients of inner tensors?",
)
def retain_graph_keeps_no_gradients(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    y = x.exp()
    (y * 2).sum().backward(retain_graph=True)
    yield "y.grad", y.grad
    yield "y.retains_grad", y.retains_grad
    yield "x.grad", x.grad


@scenario("saved.graph-can-still-be-walked", lesson=5, asks="Is the graph itself gone after backward?")
def graph_can_still_be_walked(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    y = x.exp().sin().sum()
    y.backward()
    node, names = y.grad_fn, []
    while node is not None:
        names.append(node.name())
        node = node.next_functions[0][0] if node.next_functions else None
    yield "names", names


@scenario("saved.new-forward", lesson=5, asks="After a graph was freed, can I simply compute the loss again?")
def new_forward(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    for turn in (1, 2, 3):
        x.exp().tanh().sum().backward()
        yield f"x.grad after {turn}", x.grad


@scenario(
    "saved.on-top-of-a-freed-tensor",
    lesson=5,
    asks="I go on computing with a result whose graph was freed: what fails, and when?",
)
def on_top_of_a_freed_tensor(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    w = T.tensor(draw.normal(3), requires_grad=True)
    h = x.exp()
    h.sum().backward()
    again = h * w
    yield "forward", again
    yield "backward", attempt(again.sum().backward)
    yield "w.grad", w.grad
    yield "x.grad", x.grad
    yield "through detach", attempt((h.detach() * w).sum().backward)


@scenario(
    "saved.used-twice-freed-once",
    lesson=5,
    asks="A value is needed by two branches of one backward: is it freed too early?",
)
def used_twice_freed_once(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    h = x.exp()
    loss = (h * h + h.sin()).sum()
    loss.backward()
    yield "x.grad", x.grad
    yield "h's saved value", attempt(getattr, h.grad_fn, "_saved_result")


@scenario(
    "saved.a-branch-that-did-not-run",
    lesson=5,
    asks="Does backward free a branch that the loss does not use?",
)
def a_branch_that_did_not_run(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    used, unused = x.exp(), x.tanh()
    used.sum().backward()
    yield "used", attempt(getattr, used.grad_fn, "_saved_result")
    yield "unused", attempt(getattr, unused.grad_fn, "_saved_result")
    yield "backward of the unused", attempt(unused.sum().backward)
    yield "x.grad", x.grad


@scenario("saved.nothing-under-no-grad", lesson=5, asks="Is anything kept for results made under no_grad?")
def nothing_under_no_grad(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    with T.no_grad():
        y = x.exp() * x
    yield "y.grad_fn", y.grad_fn
    yield "y.requires_grad", y.requires_grad
    yield "backward", attempt(y.sum().backward)


@scenario("saved.no-cycle", lesson=5, asks="exp keeps its own result: does the result then keep itself alive?")
def no_cycle(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    with quiet_gc():
        for name in ("exp", "tanh", "sigmoid", "sqrt", "relu"):
            y = getattr(x, name)()
            ref = watch(T, y)
            del y
            yield f"{name}: gone without the garbage collector", not ref()


@scenario(
    "saved.no-cycle-after-backward",
    lesson=5,
    asks="After backward, does anything but my variables keep tensors alive?",
)
def no_cycle_after_backward(T: Any, draw: Draw) -> Yields:
    with quiet_gc():
        x = T.tensor(draw.normal(3), requires_grad=True)
        h = x.exp() * x
        loss = h.sum()
        loss.backward(retain_graph=True)
        loss.backward()
        refs = {"x": watch(T, x), "h": watch(T, h), "loss": watch(T, loss)}
        del x, h, loss
        for name, ref in refs.items():
            yield f"{name} gone", not ref()


@scenario(
    "saved.graph-holds-its-leaves",
    lesson=5,
    asks="I delete x but keep the loss: is x still there for backward?",
)
def graph_holds_its_leaves(T: Any, draw: Draw) -> Yields:
    with quiet_gc():
        x = T.tensor(draw.normal(3), requires_grad=True)
        loss = (x + 1).sum()
        ref = weakref.ref(x)
        del x
        yield "alive with the loss", ref() is not None
        loss.backward()
        yield "x.grad", getattr(ref(), "grad", "no x")
        del loss
        yield "gone with the loss", ref() is None


@scenario(
    "saved.an-inner-result-dies",
    lesson=5,
    asks="I keep no name for an inner result that nobody needs: is it freed at once?",
)
def an_inner_result_dies(T: Any, draw: Draw) -> Yields:
    with quiet_gc():
        x = T.tensor(draw.normal(3), requires_grad=True)
        inner = x + 1
        loss = (inner + 2).sum()
        ref = watch(T, inner)
        del inner
        yield "gone while the loss lives", not ref()
        loss.backward()
        yield "x.grad", x.grad
