"""Copies of tensors: deepcopy, .data, new leaves, and what the graph knows of them."""

from __future__ import annotations

import copy
from typing import Any

from course.scenarios import Draw, Yields, attempt, heard, scenario


@scenario("graph.deep-copy", lesson=4, asks="copy.deepcopy: of a leaf, of its gradient, and of an inner tensor?")
def deep_copy(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(2), requires_grad=True)
    (x * 2).sum().backward()
    twin = copy.deepcopy(x)
    yield "leaf: flags", [twin.requires_grad, twin.is_leaf]
    yield "leaf: grad", twin.grad
    yield "leaf: memory shared", [twin.data_ptr() == x.data_ptr(), twin.grad.data_ptr() == x.grad.data_ptr()]
    yield "inner tensor", attempt(copy.deepcopy, x * 2)
    yield "twice in one list", (lambda pair: pair[0] is pair[1])(copy.deepcopy([x, x]))


@scenario(
    "graph.data-assigned", lesson=4, asks="x.data = new: is x the same leaf, and which value does an old graph use?"
)
def data_assigned(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(2), requires_grad=True)
    y = x * x
    before = x

    def assign(value: Any) -> None:
        x.data = value

    assign(T.tensor(draw.array([10.0, 20.0])))
    yield "same object, flags", [x is before, x.is_leaf, x.requires_grad, x._version]
    yield "x", x
    y.sum().backward()
    yield "x.grad of the old graph", x.grad
    yield "another dtype", attempt(assign, T.tensor([1, 2]))


@scenario("graph.data-has-no-grad", lesson=4, asks="What are .grad, flags and memory of x.data?")
def data_has_no_grad(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(2), requires_grad=True)
    x.sum().backward()
    yield "x.data.grad", x.data.grad
    yield "a new object each time", x.data is x.data
    yield "same memory", x.data.data_ptr() == x.data_ptr()
    yield "is a view", x.data._is_view()


@scenario(
    "graph.new-tensors-from-old",
    lesson=4,
    asks="ones_like, new_zeros, T.tensor(x): does any of them inherit requires_grad?",
)
def new_tensors_from_old(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(2), requires_grad=True)
    yield "ones_like", T.ones_like(x).requires_grad
    yield "ones_like, asked for", T.ones_like(x, requires_grad=True).requires_grad
    yield "new_zeros", x.new_zeros(3).requires_grad
    yield "T.tensor(x)", T.tensor(x).requires_grad
    yield "and it warns", heard(T.tensor, x)
    yield "as_tensor(x) is x", T.as_tensor(x) is x


@scenario("graph.tensor-of-losses", lesson=4, asks="torch.tensor([loss1, loss2]).sum(): why does training stop?")
def tensor_of_losses(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(2), requires_grad=True)
    losses = [(x * 2).sum(), x.exp().sum()]
    yield "torch.tensor(list)", attempt(T.tensor(losses).sum().backward)
    yield "torch.stack(list)", attempt(T.stack(losses).sum().backward)
    yield "x.grad", x.grad
    yield "sum(list)", (sum(losses) * 1).requires_grad


@scenario(
    "graph.python-numbers",
    lesson=4,
    asks="Is the graph lost when I turn a tensor into a number, and does torch say so?",
)
def python_numbers(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.array(2.5), requires_grad=True)
    yield "float(x)", attempt(float, x)
    yield "int(x)", attempt(int, x)
    yield "bool(x)", attempt(bool, x)
    yield "x.item()", x.item()
    yield "x.tolist()", x.tolist()
    yield "bool of two elements", attempt(bool, T.tensor(draw.normal(2)))
    yield "float of two elements", attempt(float, T.tensor(draw.normal(2)))


@scenario("graph.walking-to-the-leaves", lesson=4, asks="How do I find every leaf that a loss depends on?")
def walking_to_the_leaves(T: Any, draw: Draw) -> Yields:
    a, b = (T.tensor(draw.normal(2), requires_grad=True) for _ in range(2))
    plain = T.tensor(draw.normal(2))
    found, waiting = [], [((a * plain + b.exp()) * a).sum().grad_fn]
    while waiting:
        node = waiting.pop(0)
        if hasattr(node, "variable"):
            found.append("a" if node.variable is a else "b")
        waiting += [below for below, _ in node.next_functions if below is not None]
    yield "leaves, in the order met", found


@scenario(
    "graph.output-numbers", lesson=4, asks="A node has several outputs: how does each edge know which one it means?"
)
def output_numbers(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3, 2), requires_grad=True)
    pieces = x.unbind(0)
    yield "output_nr", [piece.output_nr for piece in pieces]
    yield "one node", pieces[0].grad_fn is pieces[2].grad_fn
    edges = (pieces[2] * pieces[1]).grad_fn.next_functions
    yield "edges", [[node.name(), number] for node, number in edges]


@scenario("graph.names-of-views-and-writes", lesson=6, asks="What do views, writes and copies leave in the graph?")
def names_of_views_and_writes(T: Any, draw: Draw) -> Yields:
    def name(f: Any) -> str:
        h = T.tensor(draw.uniform(2, 2, low=0.5), requires_grad=True) * 1
        result = f(h)
        return str((h if result is None else result).grad_fn.name())

    def set_item(h: Any) -> None:
        h[0] = 1.0

    def row_doubled(h: Any) -> None:
        h[0].mul_(2)

    yield "h[0] = 1", name(set_item)
    yield "mul_", name(lambda h: h.mul_(2))
    yield "mul_ through a row", name(row_doubled)
    yield "the row itself", name(lambda h: h[0].mul_(2))
    yield "fill_", name(lambda h: h.fill_(1.0))
    yield "zero_", name(lambda h: h.zero_())
    yield "copy_", name(lambda h: h.copy_(h.detach()))
    yield "unbind", name(lambda h: h.unbind(0)[0])
    yield "h.t()", name(lambda h: h.t())
    yield "h[None]", name(lambda h: h[None])
    yield "h[mask]", name(lambda h: h[h > 0])
    yield "to float16", name(lambda h: h.to(T.float16))


@scenario(
    "graph.comparing-and-hashing", lesson=4, asks="x == y of two tensors, x in a list, x as a key: what is compared?"
)
def comparing_and_hashing(T: Any, draw: Draw) -> Yields:
    x, y = T.tensor(draw.array([1.0, 2.0])), T.tensor(draw.array([1.0, 3.0]))
    yield "x == y", x == y
    yield "as a key", {x: "x", y: "y"}[x]
    yield "x in [x]", x in [x]
    yield "x in [y]", attempt(lambda: x in [y])
    yield "x == None", x == None  # noqa: E711


@scenario("graph.zero-d", lesson=6, asks="A 0-d tensor: its length, its first element, a loop over it?")
def zero_d(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.array(2.0), requires_grad=True)
    yield "len", attempt(len, x)
    yield "x[0]", attempt(lambda: x[0])
    yield "loop", attempt(list, x)
    yield "x[()]", x[()]
    yield "x[None]", x[None]
    yield "shape, ndim, numel", [x.shape, x.ndim, x.numel()]
    y = x * 3
    yield "an expression is a tensor", isinstance(y, T.Tensor)
    y += 1
    yield "and changes in place", y
    y.backward()
    yield "x.grad", [isinstance(x.grad, T.Tensor), x.grad.shape]
    held = x.grad
    (x * 1).backward()
    yield "added to in place", [held is x.grad, held.item()]


@scenario("graph.loop-over-rows", lesson=6, asks="for row in x: is each row a view with a gradient?")
def loop_over_rows(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(2, 3), requires_grad=True)
    rows = list(x)
    yield "rows", [[row.shape, row._is_view(), row.grad_fn.name()] for row in rows]
    (rows[0] * rows[1]).sum().backward()
    yield "x.grad", x.grad
    first, second = x
    yield "unpacked", [bool((first == x[0]).all()), bool((second == x[1]).all())]


@scenario(
    "graph.assigned-requires-grad-on-data",
    lesson=4,
    asks="A plain tensor is switched on after it was used: does the earlier result know?",
)
def assigned_requires_grad_on_data(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(2))
    before = x * 2
    x.requires_grad = True
    after = x * 2
    yield "before, after", [before.requires_grad, after.requires_grad]
    after.sum().backward()
    yield "x.grad", x.grad


@scenario("graph.printed", lesson=4, asks="What does a printed tensor tell about its place in the graph?")
def printed(T: Any, draw: Draw) -> Yields:
    x = T.tensor([1.0, 2.5], dtype=T.float32, device="cpu", requires_grad=True)
    yield "leaf", repr(x)
    yield "result", repr(x * 2)
    yield "detached", repr(x.detach())
    yield "float64", repr(x.detach().to(T.float64))
    yield "whole numbers", repr(T.tensor([1, 2], device="cpu"))
    yield "0-d", str(x.sum())
