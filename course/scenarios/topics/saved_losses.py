"""Several losses over one graph: who may run, in which order, and what is still held."""

from __future__ import annotations

from typing import Any

from course.scenarios import Draw, Yields, attempt, scenario


@scenario("saved.two-losses", lesson=5, asks="Two losses share a trunk: what does the second backward do?")
def two_losses(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    trunk = x.exp()
    first, second = trunk.sum(), (trunk * 2).sum()
    first.backward()
    yield "x.grad", x.grad
    yield "second backward", attempt(second.backward)
    yield "x.grad after it", x.grad


@scenario(
    "saved.two-losses-retained",
    lesson=5,
    asks="Does retain_graph=True in the first backward let the second run?",
)
def two_losses_retained(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    trunk = x.exp()
    first, second = (trunk * x).sum(), trunk.sin().sum()
    first.backward(retain_graph=True)
    yield "after the first", x.grad
    yield "second", attempt(second.backward)
    yield "after the second", x.grad
    yield "first again", attempt(first.backward)


@scenario("saved.two-losses-in-either-order", lesson=5, asks="Does the order of two losses change the gradient?")
def two_losses_in_either_order(T: Any, draw: Draw) -> Yields:
    values = draw.normal(3)
    for order in ("first, second", "second, first"):
        x = T.tensor(values, requires_grad=True)
        trunk = x.tanh()
        losses = [(trunk * trunk).sum(), trunk.exp().sum()]
        if order == "second, first":
            losses.reverse()
        losses[0].backward(retain_graph=True)
        losses[1].backward()
        yield order, x.grad


@scenario(
    "saved.retained-in-the-wrong-backward",
    lesson=5,
    asks="I retain in the last backward and not in the first: does it help?",
)
def retained_in_the_wrong_backward(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    trunk = x.exp()
    first, second = trunk.sum(), (trunk * 2).sum()
    first.backward()
    yield "second, retaining", attempt(second.backward, retain_graph=True)


@scenario("saved.sum-of-losses", lesson=5, asks="Do I need retain_graph if I add the losses up first?")
def sum_of_losses(T: Any, draw: Draw) -> Yields:
    values = draw.normal(3)
    x = T.tensor(values, requires_grad=True)
    trunk = x.exp()
    yield "sum", attempt((trunk.sum() + trunk.sin().sum()).backward)
    yield "x.grad of the sum", x.grad
    x = T.tensor(values, requires_grad=True)
    trunk = x.exp()
    yield "both at once", attempt(T.autograd.backward, [trunk.sum(), trunk.sin().sum()])
    yield "x.grad of both", x.grad


@scenario("saved.both-at-once-retained", lesson=5, asks="May two losses that ran together run together again?")
def both_at_once_retained(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    trunk = x.exp()
    losses = [trunk.sum(), trunk.sin().sum()]
    T.autograd.backward(losses, retain_graph=True)
    yield "again", attempt(T.autograd.backward, losses)
    yield "x.grad", x.grad
    yield "a third time", attempt(T.autograd.backward, losses)


@scenario(
    "saved.losses-that-share-only-leaves",
    lesson=5,
    asks="Two losses share a weight but no result: is retain_graph needed?",
)
def losses_that_share_only_leaves(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    first, second = x.exp().sum(), x.sin().sum()
    first.backward()
    yield "second", attempt(second.backward)
    yield "x.grad", x.grad


@scenario(
    "saved.trunk-without-saved-values",
    lesson=5,
    asks="The shared trunk keeps nothing: may both losses run freely?",
)
def trunk_without_saved_values(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    trunk = x + 1
    first, second = trunk.exp().sum(), trunk.sin().sum()
    first.backward()
    yield "second", attempt(second.backward)
    yield "x.grad", x.grad
    yield "first again", attempt(first.backward)


@scenario(
    "saved.private-branch-is-still-held",
    lesson=5,
    asks="After the second loss ran without retaining, is everything of the first one free?",
)
def private_branch_is_still_held(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    trunk = x.exp()
    private, other = trunk.tanh(), trunk.sigmoid()
    private.sum().backward(retain_graph=True)
    other.sum().backward()
    yield "trunk", attempt(getattr, trunk.grad_fn, "_saved_result")
    yield "branch of the second", attempt(getattr, other.grad_fn, "_saved_result")
    yield "branch of the first", attempt(getattr, private.grad_fn, "_saved_result")


@scenario(
    "saved.failed-backward-leaves-traces",
    lesson=5,
    asks="A backward failed half way: is every gradient as it was before?",
)
def failed_backward_leaves_traces(T: Any, draw: Draw) -> Yields:
    w = T.tensor(draw.normal(3), requires_grad=True)
    b = T.tensor(draw.normal(3), requires_grad=True)
    h = w.exp()
    first, second = h.sum(), (h + b).sum()
    first.backward()
    yield "b.grad before", b.grad
    yield "second", attempt(second.backward)
    yield "b.grad", b.grad
    yield "w.grad", w.grad


@scenario(
    "saved.error-at-the-root",
    lesson=5,
    asks="The very first node was freed: does its backward change any gradient?",
)
def error_at_the_root(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(), requires_grad=True)
    w = T.tensor(draw.normal(), requires_grad=True)
    loss = x * w
    loss.backward()
    yield "again", attempt(loss.backward)
    yield "x.grad", x.grad
    yield "w.grad", w.grad


@scenario(
    "saved.backward-from-the-middle",
    lesson=5,
    asks="I call backward on an inner tensor, then on the loss: what happens?",
)
def backward_from_the_middle(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    w = T.tensor(draw.normal(3), requires_grad=True)
    h = x.exp()
    loss = (h * w).sum()
    h.backward(T.tensor(draw.normal(3)))
    yield "x.grad", x.grad
    yield "loss", attempt(loss.backward)
    yield "w.grad", w.grad


@scenario(
    "saved.losses-kept-in-a-list",
    lesson=5,
    asks="A list of losses: what does each still hold, before and after backward?",
)
def losses_kept_in_a_list(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    activations = [(x + step).exp() for step in range(3)]
    losses = [activation.sum() for activation in activations]

    def held() -> int:
        nodes = [activation.grad_fn for activation in activations]
        return sum(hasattr(attempt(getattr, node, "_saved_result"), "shape") for node in nodes)

    yield "held before", held()
    losses[0].backward()
    yield "held after one backward", held()
    losses[1].backward()
    losses[2].backward()
    yield "held after all", held()


@scenario(
    "saved.running-total",
    lesson=5,
    asks="I add every loss to a total after its backward: can the total run backward?",
)
def running_total(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    total = T.tensor(draw.array(0.0))
    for step in range(3):
        loss = (x * (step + 1)).sum()
        loss.backward()
        total = total + loss
    yield "total", total
    yield "total.requires_grad", total.requires_grad
    yield "total.backward", attempt(total.backward)
    yield "x.grad", x.grad


@scenario(
    "saved.state-carried-along",
    lesson=5,
    asks="A recurrent state is carried over: why does the second step's backward fail?",
)
def state_carried_along(T: Any, draw: Draw) -> Yields:
    w = T.tensor(draw.normal(3), requires_grad=True)
    state = T.tensor(draw.normal(3))
    for step in (1, 2):
        state = (state * w).tanh()
        yield f"step {step}", attempt(state.sum().backward)
    yield "w.grad", w.grad


@scenario("saved.state-cut-by-detach", lesson=5, asks="Does detach() between the steps mend it?")
def state_cut_by_detach(T: Any, draw: Draw) -> Yields:
    w = T.tensor(draw.normal(3), requires_grad=True)
    state = T.tensor(draw.normal(3))
    for step in (1, 2, 3):
        state = (state.detach() * w).tanh()
        yield f"step {step}", attempt(state.sum().backward)
        yield f"w.grad {step}", w.grad


@scenario(
    "saved.state-carried-with-retain-graph",
    lesson=5,
    asks="And retain_graph=True instead: how long does each backward become?",
)
def state_carried_with_retain_graph(T: Any, draw: Draw) -> Yields:
    w = T.tensor(draw.normal(3), requires_grad=True)
    state = T.tensor(draw.normal(3))
    for step in (1, 2, 3):
        state = (state * w).tanh()
        state.sum().backward(retain_graph=True)
        yield f"nodes {step}", _count_nodes(state.grad_fn)
        yield f"w.grad {step}", w.grad


def _count_nodes(root: Any) -> int:
    seen, waiting = {root}, [root]
    while waiting:
        for node, _ in waiting.pop().next_functions:
            if node is not None and node not in seen:
                seen.add(node)
                waiting.append(node)
    return len(seen)
