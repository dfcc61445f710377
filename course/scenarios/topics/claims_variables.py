"""Claims A8 to A18 of the tutorial on `retain_graph`: variables, flags and `backward`."""

from __future__ import annotations

from typing import Any

from course.scenarios import Draw, Yields, attempt, heard, scenario


@scenario("claims.a8", lesson=4, asks="Is Variable a class of its own that holds a tensor in .data?")
def a8(T: Any, draw: Draw) -> Yields:
    t = T.tensor(draw.normal(3))
    v = T.autograd.Variable(t)
    yield "type of Variable(t)", type(v).__name__
    yield "is t", v is t
    yield "same memory", v.data_ptr() == t.data_ptr()
    yield "a plain tensor is a Variable", isinstance(t, T.autograd.Variable)


@scenario("claims.a9", lesson=4, asks="Is x.grad hard to assign, or impossible to assign again?")
def a9(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)

    def assign(value: Any) -> None:
        x.grad = value

    first, second = T.tensor(draw.normal(3)), T.tensor(draw.normal(3))
    assign(first)
    yield "first", x.grad is first
    assign(second)
    yield "again", x.grad is second
    yield "wrong shape", attempt(assign, T.tensor(draw.normal(2)))
    yield "wrong dtype", attempt(assign, second.to(T.float16))


@scenario("claims.a10", lesson=4, asks="Can requires_grad be changed on leaves only?")
def a10(T: Any, draw: Draw) -> Yields:
    y = T.tensor(draw.normal(3), requires_grad=True) * 2

    def switch(value: bool) -> None:
        y.requires_grad = value

    yield "= True on a non-leaf", attempt(switch, True)
    yield "= False on a non-leaf", attempt(switch, False)
    yield "requires_grad_(True) on a non-leaf", attempt(lambda: y.requires_grad_(True) is y)


@scenario("claims.a11", lesson=4, asks="Does volatile=True mark a variable for inference?")
def a11(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    t = T.tensor(draw.normal(3))
    yield "warning", heard(T.autograd.Variable, t, volatile=True)
    v = T.autograd.Variable(t, volatile=True)
    yield "(v * x).requires_grad", (v * x).requires_grad


@scenario("claims.a12", lesson=4, asks="Is a leaf a tensor that the user created?")
def a12(T: Any, draw: Draw) -> Yields:
    plain = T.tensor(draw.normal(2))
    x = T.tensor(draw.normal(2), requires_grad=True)
    yield "result of plain tensors", (plain * 2 + 1).is_leaf
    with T.no_grad():
        yield "result under no_grad", (x * 2).is_leaf
    yield "detach()", (x * 2).detach().is_leaf
    born = T.tensor(draw.normal(2), requires_grad=True)
    yield "created with requires_grad, then cast", born.to(T.float16).is_leaf
    yield "created with requires_grad, then * 0.1", (born * 0.1).is_leaf


@scenario("claims.a13", lesson=5, asks="Does backward() take retain_variables?")
def a13(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    yield "retain_variables", attempt((x * 2).sum().backward, retain_variables=True)
    ones = T.ones((), dtype=x.dtype)
    yield (
        "autograd.backward(grad_variables=)",
        heard(T.autograd.backward, [(x * 2).sum()], grad_variables=[ones]),
    )
    yield "x.grad", x.grad


@scenario("claims.a14", lesson=2, asks="Which outputs need a gradient argument, and which shape must it have?")
def a14(T: Any, draw: Draw) -> Yields:
    for shape in ((), (1,), (1, 1), (3,)):
        x = T.tensor(draw.normal(*shape), requires_grad=True)
        yield f"{shape}, no argument", attempt((x * 2).backward)
    x = T.tensor(draw.normal(3), requires_grad=True)
    yield "(3,), argument (2,)", attempt((x * 2).backward, T.tensor(draw.normal(2)))
    yield "(3,), argument ()", attempt((x * 2).backward, T.tensor(draw.normal()))
    yield "(3,), whole numbers", attempt((x * 2).backward, T.tensor([1, 1, 1]))
    yield "x.grad", x.grad


@scenario("claims.a15", lesson=2, asks="Does x.grad carry a graph of its own without create_graph?")
def a15(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    g = T.tensor(draw.normal(3), requires_grad=True)
    (x * x).backward(g)
    yield "x.grad.requires_grad", x.grad.requires_grad
    yield "g.grad", g.grad


@scenario("claims.a16", lesson=7, asks="Do gradients accumulate in leaves, and what does zero_grad() leave?")
def a16(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    for turn in (1, 2):
        (x * 2).sum().backward()
        yield f"after {turn}", x.grad
    T.optim.SGD([x], lr=0.1).zero_grad()
    yield "after zero_grad()", x.grad
    yield "x.grad.zero_()", attempt(lambda: x.grad.zero_())


@scenario("claims.a17", lesson=10, asks="Does retain_graph default to create_graph?")
def a17(T: Any, draw: Draw) -> Yields:
    for create in (False, True):
        x = T.tensor(draw.normal(3), requires_grad=True)
        y = x.exp().sum()
        yield f"create_graph={create}: warning", heard(y.backward, create_graph=create)
        yield f"create_graph={create}: second", attempt(y.backward)
        x.grad = None


@scenario("claims.a18", lesson=5, asks="Is the graph itself freed without retain_graph?")
def a18(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    h = x.exp()
    loss = h.sin().sum()
    loss.backward()
    node, names = loss.grad_fn, []
    while node is not None:
        names.append(node.name())
        node = node.next_functions[0][0] if node.next_functions else None
    yield "still there", names
    later = attempt(lambda: (h * 2).sum())
    yield "forward from a freed tensor", later
    yield "its backward", attempt(later.backward)
