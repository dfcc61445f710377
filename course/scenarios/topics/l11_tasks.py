"""Lesson 11: several losses, what they share and what each of them does to it."""

from __future__ import annotations

from typing import Any

from course.scenarios import Draw, Yields, attempt, part, scenario


def task_pulls(T: Any) -> Any:
    """Return ``task_pulls(losses, shared)``: all gradients in one batched pass, or the student's part."""
    if T.__name__ != "torch":
        return part(T, "task_pulls")

    def pulls(losses: Any, shared: Any) -> list[float]:
        lone = [loss.requires_grad for loss in losses]
        assert all(lone)
        rows = T.eye(len(losses), dtype=losses[0].dtype)
        each = T.autograd.grad(
            T.stack(list(losses)), list(shared), rows, is_grads_batched=True, allow_unused=True, retain_graph=True
        )
        squares = [g.flatten(1).square().sum(1) for g in each if g is not None]
        sum(losses).backward()
        return T.stack(squares).sum(0).sqrt().tolist() if squares else [0.0] * len(losses)

    return pulls


def tasks(T: Any, draw: Draw) -> tuple[Any, list[Any], list[Any]]:
    """Return a trunk's two weights, two heads, and the two losses."""
    x = T.tensor(draw.normal(4, 2))
    shared = [T.tensor(draw.normal(2, 3), requires_grad=True), T.tensor(draw.normal(3), requires_grad=True)]
    heads = [T.tensor(draw.normal(3), requires_grad=True) for _ in range(2)]
    trunk = (x @ shared[0] + shared[1]).tanh()
    return shared, heads, [((trunk @ head) ** 2).mean() for head in heads]


@scenario(
    "tasks.two-losses", lesson=11, contract=True, ulps=4096, asks="Two losses on one trunk: how hard does each pull?"
)
def two_losses(T: Any, draw: Draw) -> Yields:
    shared, _, losses = tasks(T, draw)
    yield "pulls", attempt(task_pulls(T), losses, shared)


@scenario(
    "tasks.every-leaf-has-the-sum",
    lesson=11,
    contract=True,
    ulps=4096,
    asks="Afterwards: what is in .grad of the trunk's weights, and of the heads?",
)
def every_leaf_has_the_sum(T: Any, draw: Draw) -> Yields:
    shared, heads, losses = tasks(T, draw)
    task_pulls(T)(losses, shared)
    yield "trunk", [w.grad for w in shared]
    yield "heads", [w.grad for w in heads]


@scenario(
    "tasks.added-to-what-is-there",
    lesson=11,
    contract=True,
    ulps=4096,
    asks="There is something in .grad before: is it added to, and does it count as a pull?",
)
def added_to_what_is_there(T: Any, draw: Draw) -> Yields:
    shared, _, losses = tasks(T, draw)
    for w in shared:
        w.grad = T.tensor(draw.normal(*w.shape))
    yield "pulls", task_pulls(T)(losses, shared)
    yield "trunk", [w.grad for w in shared]


@scenario(
    "tasks.three-losses", lesson=11, contract=True, ulps=4096, asks="Three losses: is each pull that of one loss alone?"
)
def three_losses(T: Any, draw: Draw) -> Yields:
    w = T.tensor(draw.normal(3), requires_grad=True)
    h = w.exp()
    yield "pulls", task_pulls(T)([(h * h).sum(), h.sin().sum(), (h * T.tensor(draw.normal(3))).sum()], [w])
    yield "w.grad", w.grad


@scenario(
    "tasks.nothing-shared",
    lesson=11,
    contract=True,
    ulps=4096,
    asks="One loss does not depend on the weights, one shares no node with the others: what are the pulls?",
)
def nothing_shared(T: Any, draw: Draw) -> Yields:
    w, other = T.tensor(draw.normal(3), requires_grad=True), T.tensor(draw.normal(2), requires_grad=True)
    yield "pulls", attempt(task_pulls(T), [(w**2).sum(), other.exp().sum(), w.exp().sum()], [w])
    yield "w.grad", w.grad
    yield "other.grad", other.grad
    fresh = T.tensor(draw.normal(3), requires_grad=True)
    yield "of the second of two weights", attempt(task_pulls(T), [(fresh**3).sum()], [other, fresh])


@scenario(
    "tasks.trunk-is-freed",
    lesson=11,
    contract=True,
    asks="Afterwards: does another backward on either loss raise, as it does after any backward?",
)
def trunk_is_freed(T: Any, draw: Draw) -> Yields:
    shared, _, losses = tasks(T, draw)
    task_pulls(T)(losses, shared)
    for number, loss in enumerate(losses, 1):
        yield f"loss {number}", attempt(loss.backward)


@scenario(
    "tasks.all-is-freed",
    lesson=11,
    contract=True,
    asks="The losses share a leaf and no node, as with a penalty on the weights: is each graph freed?",
)
def all_is_freed(T: Any, draw: Draw) -> Yields:
    w = T.tensor(draw.normal(3), requires_grad=True)
    losses = [(w**2).sum(), w.exp().sum(), w.sin().sum()]
    task_pulls(T)(losses, [w])
    for number, loss in enumerate(losses, 1):
        yield f"loss {number}", attempt(loss.backward)


@scenario(
    "tasks.plain-numbers",
    lesson=11,
    contract=True,
    ulps=4096,
    asks="Are the pulls plain numbers; and is one loss, or one that is listed twice, fine?",
)
def plain_numbers(T: Any, draw: Draw) -> Yields:
    shared, _, losses = tasks(T, draw)
    yield "floats", [isinstance(one, float) for one in task_pulls(T)(losses[:1], shared)]
    w = T.tensor(draw.normal(2), requires_grad=True)
    yield "one", task_pulls(T)([(w**3).sum()], [w])
    yield "w.grad", w.grad
