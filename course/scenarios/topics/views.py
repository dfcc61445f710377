"""Views: several tensors on one memory, and one history for all of them."""

from __future__ import annotations

from typing import Any

from course.scenarios import Cases, Draw, Yields, attempt, scenario


@scenario(
    "views.base-changed",
    lesson=6,
    asks="The base changes after a view was taken: what is the view's gradient?",
)
def base_changed(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    base = x * 1
    view = base[:2]
    base.mul_(5)
    yield "view", view
    view.sum().backward()
    yield "x.grad", x.grad


@scenario("views.view-changed", lesson=6, asks="A view changes: does the base's gradient know?")
def view_changed(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(4), requires_grad=True)
    base = x * 1
    base[1:3].mul_(10)
    yield "base", base
    base.sum().backward()
    yield "x.grad", x.grad


@scenario("views.view-of-a-view", lesson=6, asks="A view of a view changes: does every tensor on that memory know?")
def view_of_a_view(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(2, 3), requires_grad=True)
    base = x * 1
    flat = base.view(-1)
    flat[2:4].mul_(3)
    yield "base", base
    (base * flat.view(2, 3)).sum().backward()
    yield "x.grad", x.grad


@scenario(
    "views.transposed-and-changed",
    lesson=6,
    asks="A transposed view is changed: does the gradient find its place?",
)
def transposed_and_changed(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(2, 3), requires_grad=True)
    base = x * 1
    base.t()[1].mul_(T.tensor(draw.normal(2)))
    base.backward(T.tensor(draw.normal(2, 3)))
    yield "base", base
    yield "x.grad", x.grad


@scenario("views.grad-fn-is-made-anew", lesson=6, asks="Is a view's grad_fn the same object after its base changed?")
def grad_fn_is_made_anew(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    base = x * 1
    view = base[:2]
    before = view.grad_fn
    yield "asked twice", view.grad_fn is before
    base.mul_(2)
    yield "after the base changed", view.grad_fn is before


@scenario(
    "views.hook-on-a-view-is-lost",
    lesson=8,
    asks="I hooked a view, then its base changed: does the hook still run?",
)
def hook_on_a_view_is_lost(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    for name, change in (("untouched", False), ("changed", True)):
        log: list[str] = []
        base = x * 1
        view = base[:2]
        view.register_hook(lambda g, log=log: log.append("hook"))
        if change:
            base.mul_(2)
        view.sum().backward()
        yield name, log


@scenario(
    "views.made-under-no-grad",
    lesson=6,
    asks="A view of a tracked tensor made under no_grad: what is it, and where does its gradient go?",
)
def made_under_no_grad(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    with T.no_grad():
        view = x[:2]
        yield "inside", [view.requires_grad, view.is_leaf, view.grad_fn is None]
    yield "outside", [view.requires_grad, view.is_leaf, view.grad_fn is None]
    yield "backward", attempt((view * 2).sum().backward)
    yield "view.grad", view.grad
    yield "x.grad", x.grad
    yield "in place", attempt(lambda: view.mul_(2))
    with T.no_grad():
        view.mul_(2)
    yield "grad_fn after a change under no_grad", attempt(lambda: view.grad_fn is None)


@scenario(
    "views.several-at-once",
    lesson=6,
    asks="Outputs of split, chunk and unbind: may they be changed in place?",
)
def several_at_once(T: Any, draw: Draw) -> Yields:
    cases: Cases = {
        "unbind": lambda t: t.unbind(0),
        "chunk": lambda t: t.chunk(2),
        "split": lambda t: t.split(1),
    }
    for name, f in cases.items():
        base = T.tensor(draw.normal(2, 2), requires_grad=True) * 1
        first = f(base)[0]
        yield name, attempt(lambda first=first: first.mul_(2))
    base = T.tensor(draw.normal(2, 2), requires_grad=True) * 1
    yield "plain index", attempt(lambda: base[0].mul_(2).requires_grad)


@scenario(
    "views.several-and-their-base-changed",
    lesson=6,
    asks="Their base is changed instead: can the pieces still be used?",
)
def several_and_their_base_changed(T: Any, draw: Draw) -> Yields:
    base = T.tensor(draw.normal(2, 2), requires_grad=True) * 1
    piece, plain = base.unbind(0)[0], base[0]
    base.mul_(2)
    yield "use", attempt(lambda: (piece * 2).requires_grad)
    yield "grad_fn", attempt(lambda: piece.grad_fn is None)
    yield "detach", attempt(lambda: piece.detach())
    yield "plain index", attempt(lambda: (plain * 2).requires_grad)


@scenario("views.what-is-a-view", lesson=6, asks="Which operations return a view, and which a copy?")
def what_is_a_view(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(2, 3))
    for name, y in {
        "view": x.view(3, 2), "reshape": x.reshape(-1), "transpose": x.transpose(0, 1),
        "permute": x.permute(1, 0), "T": x.T, "x[0]": x[0], "x[:, 1:]": x[:, 1:],
        "expand": x.expand(2, 2, 3), "unsqueeze": x.unsqueeze(0), "squeeze": x.squeeze(),
        "detach": x.detach(), "clone": x.clone(), "x[[0]]": x[[0]], "x[mask]": x[x > 0],
        "x.T.reshape": x.T.reshape(-1), "flatten": x.flatten(), "repeat": x.repeat(1, 1),
    }.items():  # fmt: skip
        yield name, y._is_view()


@scenario("views.view-needs-fitting-memory", lesson=6, asks="When does view() refuse where reshape() copies?")
def view_needs_fitting_memory(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(2, 3))
    yield "view of a transpose", attempt(x.T.view, -1)
    yield "reshape of a transpose", attempt(x.T.reshape, -1)
    yield "wrong size", attempt(x.view, 4)
