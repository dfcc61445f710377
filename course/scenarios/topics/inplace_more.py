"""In-place operations in odd places: on themselves, on views of views, with options, with another's graph."""

from __future__ import annotations

from typing import Any

from course.scenarios import Cases, Draw, Yields, attempt, scenario


def _family(T: Any, draw: Draw, cases: Cases, *shape: int) -> Yields:
    for name, change in cases.items():
        x = T.tensor(draw.uniform(*shape, low=0.25, high=0.75), requires_grad=True)
        y = x * 1
        same = change(y) is y
        y.backward(T.tensor(draw.normal(*y.shape)))
        yield f"{name}: returns itself", same
        yield f"{name}: y", y
        yield f"{name}: x.grad", x.grad


@scenario("inplace.elementary", lesson=6, asks="sin_, log_, sqrt_, sigmoid_, pow_: can each still be differentiated?")
def elementary(T: Any, draw: Draw) -> Yields:
    names = ("sin_", "cos_", "log_", "sqrt_", "sigmoid_", "tanh_", "neg_", "abs_", "reciprocal_", "square_")
    cases: dict[str, Any] = {name: lambda t, name=name: getattr(t, name)() for name in names}
    yield from _family(
        T, draw, {**cases, "pow_": lambda t: t.pow_(3), "LeakyReLU": T.nn.LeakyReLU(0.2, inplace=True)}, 3
    )


@scenario(
    "inplace.places", lesson=6, asks="masked_fill_, index_add_, scatter_, fill_diagonal_: who loses its gradient?"
)
def places(T: Any, draw: Draw) -> Yields:
    index = T.tensor([0, 2])
    rows = T.tensor(draw.normal(2, 3))
    cases: Cases = {
        "masked_fill_": lambda t: t.masked_fill_(t > 0.5, 9.0),
        "index_add_": lambda t: t.index_add_(0, index, rows),
        "index_fill_": lambda t: t.index_fill_(1, index, 9.0),
        "index_copy_": lambda t: t.index_copy_(0, index, rows),
        "scatter_": lambda t: t.scatter_(1, T.tensor([[0], [1], [2]]), 9.0),
        "scatter_add_": lambda t: t.scatter_add_(0, T.tensor([[0, 1, 1]]), rows[:1]),
        "tril_": lambda t: t.tril_(),
        "fill_diagonal_": lambda t: t.fill_diagonal_(9.0),
    }
    yield from _family(T, draw, cases, 3, 3)


@scenario(
    "inplace.with-options",
    lesson=6,
    asks="add_ with alpha, addcmul_, lerp_, clamp_: which shares flow back to each operand?",
)
def with_options(T: Any, draw: Draw) -> Yields:
    cases: dict[str, Any] = {
        "add_ alpha": lambda t, a, b: t.add_(a, alpha=3),
        "sub_ alpha": lambda t, a, b: t.sub_(a, alpha=0.5),
        "addcmul_": lambda t, a, b: t.addcmul_(a, b, value=2),
        "addcdiv_": lambda t, a, b: t.addcdiv_(a, b),
        "lerp_": lambda t, a, b: t.lerp_(a, 0.25),
    }
    for name, change in cases.items():
        x, a, b = (T.tensor(draw.uniform(3, low=0.5, high=2.0), requires_grad=True) for _ in range(3))
        y = x * 1
        change(y, a, b)
        y.backward(T.tensor(draw.normal(3)))
        yield f"{name}: y", y
        yield f"{name}: gradients", [x.grad, a.grad, b.grad]


@scenario(
    "inplace.with-itself",
    lesson=6,
    asks="y.add_(y), y.mul_(y), y.div_(y): does an operation that reads its own result fail?",
)
def with_itself(T: Any, draw: Draw) -> Yields:
    for name in ("add_", "sub_", "mul_", "div_"):
        x = T.tensor(draw.uniform(3, low=0.5, high=2.0), requires_grad=True)
        y = x * 1
        getattr(y, name)(y)
        yield f"{name}: y", y
        yield f"{name}: backward", attempt(y.sum().backward)
        yield f"{name}: x.grad", x.grad


@scenario("inplace.with-its-own-view", lesson=6, asks="y.add_(y[0]): may a tensor take in a view of itself?")
def with_its_own_view(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(2, 2), requires_grad=True)
    y = x * 1
    yield "refused", attempt(lambda: y.add_(y[0]))
    yield "the other way round", attempt(lambda: y[0].add_(y[1]))
    y.add_(y[0].clone())
    yield "y", y
    y.backward(T.tensor(draw.normal(2, 2)))
    yield "x.grad", x.grad


@scenario("inplace.chained", lesson=6, asks="y.mul_(2).add_(1).exp_(): is each step a node?")
def chained(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    y = (x * 1).mul_(2).add_(1).exp_()
    node, names = y.grad_fn, []
    while node is not None:
        names.append(node.name())
        node = node.next_functions[0][0] if node.next_functions else None
    yield "names", names
    yield "version", y._version
    y.sum().backward()
    yield "x.grad", x.grad


@scenario("inplace.zero-d", lesson=6, asks="total += loss: does a 0-d tensor change in place, and what of its graph?")
def zero_d(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    total = T.zeros((), dtype=x.dtype)
    before = total
    for n in range(3):
        total += (x * n).sum()
    yield "same object", total is before
    yield "version, requires_grad", [total._version, total.requires_grad]
    total.backward()
    yield "x.grad", x.grad
    plain = T.zeros((), dtype=x.dtype)
    plain += (x * 2).sum().item()
    yield "with item()", plain.requires_grad


@scenario(
    "inplace.other-shape-same-object",
    lesson=6,
    asks="t_, squeeze_, unsqueeze_, transpose_: is the object itself another shape?",
)
def other_shape_same_object(T: Any, draw: Draw) -> Yields:
    cases: Cases = {
        "t_": lambda t: t.t_(),
        "unsqueeze_": lambda t: t.unsqueeze_(0),
        "squeeze_": lambda t: t.unsqueeze_(1).squeeze_(1),
        "transpose_": lambda t: t.transpose_(0, 1),
    }
    for name, change in cases.items():
        x = T.tensor(draw.normal(2, 3), requires_grad=True)
        y = x * 1
        same = change(y) is y
        yield f"{name}: same object, shape, version", [same, y.shape, y._version]
        y.backward(T.tensor(draw.normal(*y.shape)))
        yield f"{name}: x.grad", x.grad


@scenario(
    "inplace.views-of-views", lesson=6, asks="A view of a view of a view is changed: do all of them show one history?"
)
def views_of_views(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(2, 3, 2), requires_grad=True)
    base = x * 1
    one = base.transpose(0, 2)
    two = one[1]
    three = two.unsqueeze(0)
    three.mul_(T.tensor(draw.normal(1, 3, 2)))
    yield "versions", [t._version for t in (base, one, two, three)]
    yield "base of each", [t._base is base for t in (one, two, three)]
    (base * one.permute(2, 1, 0)).backward(T.tensor(draw.normal(2, 3, 2)))
    yield "base", base
    yield "x.grad", x.grad


@scenario(
    "inplace.two-views-in-turn",
    lesson=6,
    asks="Two overlapping views are changed in turn: is the order kept in the gradient?",
)
def two_views_in_turn(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(4), requires_grad=True)
    base = x * 1
    left, right = base[:3], base[1:]
    left.mul_(2)
    right.add_(10)
    left.mul_(5)
    (left.sum() + right.sum() * 10).backward()
    yield "base", base
    yield "x.grad", x.grad


@scenario(
    "inplace.view-outlives-its-base",
    lesson=6,
    asks="I keep a view and drop its base: can the view be changed and run backward?",
)
def view_outlives_its_base(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(4), requires_grad=True)
    view = (x * 2)[1:3]
    view.mul_(3)
    yield "its base", view._base
    view.sum().backward()
    yield "x.grad", x.grad


@scenario(
    "inplace.requires-grad-spreads",
    lesson=6,
    asks="A view of plain data takes in a graph: which of its relatives require grad then?",
)
def requires_grad_spreads(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(2), requires_grad=True)
    base = T.zeros(4, dtype=x.dtype)
    view, detached = base[:2], base.detach()
    view.copy_(x)
    yield "view, base, detached", [view.requires_grad, base.requires_grad, detached.requires_grad]
    yield "names", [view.grad_fn.name(), base.grad_fn.name()]
    (base * 3).sum().backward()
    yield "x.grad", x.grad
    yield "numbers of the detached one", detached


@scenario(
    "inplace.detached-view-of-a-leaf",
    lesson=6,
    asks="Weights are clipped through w.detach()[0] or w.data[0]: leaf rules, version, gradient?",
)
def detached_view_of_a_leaf(T: Any, draw: Draw) -> Yields:
    w = T.tensor(draw.normal(2, 2), requires_grad=True)
    loss = (w * w).sum()
    w.detach()[0].clamp_(-0.1, 0.1)
    yield "version after detach()", w._version
    w.data[1].clamp_(-0.1, 0.1)
    yield "version after .data", w._version
    yield "w", w
    yield "backward of an earlier loss", attempt(loss.backward)


@scenario(
    "inplace.what-a-failed-write-leaves",
    lesson=6,
    asks="A refused in-place operation: are value, version and graph as before?",
)
def what_a_failed_write_leaves(T: Any, draw: Draw) -> Yields:
    leaf = T.tensor(draw.normal(2), requires_grad=True)
    h = leaf * 2
    yield "leaf", attempt(lambda: leaf.exp_())
    yield "shape", attempt(lambda: h.add_(T.tensor(draw.normal(3, 2))))
    yield "name, version", [h.grad_fn.name(), h._version, leaf._version]
    yield "values", bool((h == leaf * 2).all())


@scenario(
    "inplace.under-no-grad-after-saving",
    lesson=6,
    asks="Is a change under no_grad noticed by a graph that has kept the old value?",
)
def under_no_grad_after_saving(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    for name, mode in (("no_grad", T.no_grad), ("inference_mode", T.inference_mode)):
        h = x * 1
        loss = (h * h).sum()
        with mode():
            h.mul_(2)
        yield f"{name}: version", h._version
        yield f"{name}: backward", attempt(loss.backward)


@scenario("inplace.into-an-integer-or-bool", lesson=6, asks="Whole numbers and masks in place: division, powers, &=?")
def into_an_integer_or_bool(T: Any, draw: Draw) -> Yields:
    whole, mask = T.tensor([4, 5, 6]), T.tensor([True, False, True])
    yield "div_", attempt(lambda: whole.div_(2))
    yield "mul_ by a float", attempt(lambda: whole.mul_(0.5))
    yield "floor_divide_", attempt(lambda: whole.floor_divide_(2))
    yield "logical_and_", attempt(lambda: mask.logical_and_(T.tensor([True, True, False])))
    yield "exp_", attempt(lambda: whole.exp_())
    yield "whole, mask", [whole, mask]
