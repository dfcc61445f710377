"""What in-place changes promise to views and bases: whose gradient stays, whose goes, and who lets go."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from course.scenarios import Draw, Yields, attempt, changed, quiet_gc, scenario, watch


@scenario(
    "inplace.refused-only-where-needed",
    lesson=6,
    asks="Which of these changes of an inner result are harmless, and what is the gradient then?",
)
def refused_only_where_needed(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    for name, f in {"add_": lambda t: t.add_(3), "mul_": lambda t: t.mul_(3), "neg_": lambda t: t.neg_()}.items():
        y = x * 2
        yield f"{name}", attempt(lambda f=f, y=y: f(y).requires_grad)
        yield f"{name}: backward", attempt(y.sum().backward)
        yield f"{name}: x.grad", x.grad


@scenario(
    "inplace.what-is-a-leaf-then",
    lesson=6,
    asks="A plain tensor takes in a tracked one: is it still a leaf, and which node is its own?",
)
def what_is_a_leaf_then(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    y = T.tensor(draw.normal(3))
    for name in ("add_", "mul_", "copy_"):
        getattr(y, name)(x)
        yield f"{name}: flags", [y.requires_grad, y.is_leaf]
        yield f"{name}: node", y.grad_fn.name()
        below = y.grad_fn.next_functions
        yield f"{name}: nodes below", [node and node.name() for node, _ in below]
    y.sum().backward()
    yield "x.grad", x.grad


@scenario(
    "views.rest-of-the-base",
    lesson=6,
    asks="Part of a tensor is overwritten through a view: which gradients do the rest, the part and the source get?",
)
def rest_of_the_base(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(4), requires_grad=True)
    w = T.tensor(draw.normal(2), requires_grad=True)
    weights = T.tensor(draw.normal(4))
    for name in ("mul_", "add_", "copy_"):
        x.grad = w.grad = None
        base = x * 2
        getattr(base[1:3], name)(w)
        yield f"{name}: base", base
        yield f"{name}: node", base.grad_fn.name()
        (base * weights).sum().backward()
        yield f"{name}: x.grad", x.grad
        yield f"{name}: w.grad", w.grad


@scenario(
    "views.sisters",
    lesson=6,
    asks="One view of a tensor is changed: do its base, its sisters and itself show the change in their gradients?",
)
def sisters(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(2, 3), requires_grad=True)
    base = x * 1
    row, column, whole = base[0], base[:, 1], base.view(-1)
    row.mul_(5)
    for name, t in {"base": base, "row": row, "column": column, "whole": whole}.items():
        x.grad = None
        yield f"{name}: values", t
        t.sum().backward(retain_graph=True)
        yield f"{name}: x.grad", x.grad


@scenario(
    "views.change-after-change",
    lesson=6,
    asks="Base and view are changed in turn, and used in between: does each use have the history of its moment?",
)
def change_after_change(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(4), requires_grad=True)
    base = x * 1
    view = base[:2]
    uses = []
    for factor in (2, 3):
        base.mul_(factor)
        uses.append(view + 0)
        view.mul_(factor)
        uses.append(base + 0)
    for number, use in enumerate(uses):
        x.grad = None
        use.sum().backward(retain_graph=True)
        yield f"use {number}", x.grad


@scenario("views.same-node-until-changed", lesson=6, asks="How often is a view's grad_fn made anew?")
def same_node_until_changed(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(4), requires_grad=True)
    base = x * 1
    view = base[:2]
    nodes = [view.grad_fn, view.grad_fn]
    base.mul_(2)
    nodes += [view.grad_fn, view.grad_fn]
    view.mul_(2)
    nodes += [view.grad_fn, view.grad_fn]
    yield "the same as the one before", [one is other for one, other in pairwise(nodes)]
    yield "names", [node.name() for node in nodes]


@scenario(
    "views.noticed-by-its-version",
    lesson=6,
    contract=True,
    asks="A base was written to behind a view: when is the view's grad_fn made anew?",
)
def noticed_by_its_version(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(4), requires_grad=True)
    base = x * 1
    with T.no_grad():
        changed(T, base)
    view = base[:2]
    before = view.grad_fn
    yield "nothing has changed: the same", view.grad_fn is before
    with T.no_grad():
        changed(T, base)
    after = view.grad_fn
    yield "something has changed: the same", after is before
    yield "asked again: the same", view.grad_fn is after
    yield "names", [before.name(), after.name()]
    view.sum().backward()
    yield "x.grad", x.grad


@scenario(
    "views.of-plain-data-that-takes-in-a-graph",
    lesson=6,
    asks="Rows of a plain buffer are filled one by one: do views made before have a gradient?",
)
def of_plain_data_that_takes_in_a_graph(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    buffer = T.tensor(draw.normal(2, 3))
    first, second, turned = buffer[0], buffer[1], buffer.t()
    yield "before", [t.requires_grad for t in (first, second, turned)]
    yield "nodes before", [t.grad_fn is None for t in (first, second, turned)]
    buffer[0] = x * 3
    yield "after", [t.requires_grad for t in (first, second, turned)]
    yield "leaves", [t.is_leaf for t in (first, second, turned)]
    (turned * 7).sum().backward(retain_graph=True)
    yield "x.grad", x.grad
    x.grad = None
    buffer[1] = x.sin()
    (first + second * 10).sum().backward()
    yield "x.grad through both", x.grad


@scenario(
    "views.used-after-a-change-that-is-ambiguous",
    lesson=6,
    asks="Views made under no_grad, by unbind, of plain data: which may be used after their base changed?",
)
def used_after_a_change_that_is_ambiguous(T: Any, draw: Draw) -> Yields:
    for name, tracked in {"tracked": True, "plain": False}.items():
        base = T.tensor(draw.normal(2, 2), requires_grad=tracked) * 1
        plain, several = base[0], base.unbind(0)[1]
        with T.no_grad():
            silent = base[1]
        views = {"indexed": plain, "one of several": several, "made under no_grad": silent}
        for kind, view in views.items():
            yield f"{name}, {kind}: before", attempt(lambda view=view: view.grad_fn is None)
        base.mul_(2)
        for kind, view in views.items():
            yield f"{name}, {kind}: after", attempt(lambda view=view: view.grad_fn is None)
            yield f"{name}, {kind}: used", attempt(lambda view=view: (view * 2).requires_grad)


@scenario(
    "views.changed-and-run-again",
    lesson=6,
    asks="A view was changed by an operation that keeps nothing: may the base run backward a second time?",
)
def changed_and_run_again(T: Any, draw: Draw) -> Yields:
    for name, retain in {"retained": True, "not retained": False}.items():
        x = T.tensor(draw.normal(3), requires_grad=True)
        base = x + 1
        base[:2].add_(5)
        loss = base.sum()
        yield f"{name}: first", attempt(loss.backward, retain_graph=retain)
        yield f"{name}: second", attempt(loss.backward)
        yield f"{name}: x.grad", x.grad


@scenario(
    "views.changed-and-dropped",
    lesson=6,
    asks="A base and its changed views are dropped: is each gone without the garbage collector?",
)
def changed_and_dropped(T: Any, draw: Draw) -> Yields:
    with quiet_gc():
        for ran in (False, True):
            x = T.tensor(draw.normal(4), requires_grad=True)
            base = x * 2
            view = base[:2]
            view.mul_(2)
            base.exp_()
            loss = (view * 3).sum() + base.sum()
            if ran:
                loss.backward()
            alive = {"x": watch(T, x), "base": watch(T, base), "view": watch(T, view), "loss": watch(T, loss)}
            del x, base, view, loss
            for name, still in alive.items():
                yield f"{'after' if ran else 'without'} a backward: {name} is still there", still()
