"""The walk back: orders, meeting paths, and how a leaf collects its gradient."""

from __future__ import annotations

from typing import Any

from course.scenarios import Draw, Yields, attempt, scenario


@scenario("engine.diamond", lesson=2, asks="Two paths meet again at x: are both gradients counted?")
def diamond(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    a, b = x * 2, x.exp()
    (a * b).backward(T.ones_like(x))
    yield "x.grad", x.grad


@scenario("engine.double-diamond", lesson=2, asks="Diamonds in a row: is every node run once, after all its users?")
def double_diamond(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    h = x.sin() * x.cos()
    y = h * h.exp() + h
    y.backward(T.ones_like(x))
    yield "x.grad", x.grad


@scenario("engine.skip", lesson=2, asks="A short cut past a long branch: does the late gradient still arrive?")
def skip(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    h = x.exp()
    long = h
    for _ in range(5):
        long = long.tanh() * 2
    (long + h * x + h).backward(T.ones_like(x))
    yield "x.grad", x.grad


@scenario("engine.same-tensor-twice", lesson=2, asks="x + x and x * x: does one tensor in both places count twice?")
def same_tensor_twice(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    (x + x).backward(T.ones_like(x))
    yield "x + x", x.grad
    x.grad = None
    (x * x).backward(T.ones_like(x))
    yield "x * x", x.grad
    x.grad = None
    (x - x).backward(T.ones_like(x))
    yield "x - x", x.grad


@scenario("engine.ladder-of-diamonds", lesson=2, asks="60 diamonds have 2**60 paths: does the walk still end?")
def ladder_of_diamonds(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(2), requires_grad=True)
    y = x
    for _ in range(60):
        y = y * 0.5 + y * 0.5
    y.backward(T.ones_like(x))
    yield "x.grad", x.grad


@scenario("engine.long-chain", lesson=2, asks="Does a chain of 3000 operations exhaust the stack?")
def long_chain(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(2), requires_grad=True)
    y = x
    for _ in range(3000):
        y = y + 1
    y.backward(T.ones_like(x))
    yield "x.grad", x.grad


@scenario(
    "engine.very-long-chain",
    lesson=2,
    asks="100,000 operations in a row: do backward and freeing still work?",
)
def very_long_chain(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.array(1.0), requires_grad=True)
    y = x
    for _ in range(100_000):
        y = y * 1
    y.backward()
    yield "x.grad", x.grad
    del y
    yield "after freeing the graph", x.grad


@scenario("engine.accumulates-over-calls", lesson=2, asks="Does a second loss overwrite x.grad or add to it?")
def accumulates_over_calls(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    for turn in (1, 2, 3):
        (x * 2).backward(T.ones_like(x))
        yield f"after {turn}", x.grad


@scenario("engine.accumulates-in-place", lesson=2, asks="Is x.grad the same object after the second backward?")
def accumulates_in_place(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    x.exp().backward(T.ones_like(x))
    alias = x.grad
    x.exp().backward(T.ones_like(x))
    yield "same object", x.grad is alias
    yield "alias", alias


@scenario(
    "engine.adds-to-a-grad-set-by-hand",
    lesson=2,
    asks="I set x.grad myself: does backward add into my tensor?",
)
def adds_to_a_grad_set_by_hand(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    mine = T.tensor(draw.normal(3))
    x.grad = mine
    (x * 2).backward(T.ones_like(x))
    yield "same object", x.grad is mine
    yield "mine", mine


@scenario("engine.unused-leaf", lesson=2, asks="An unused leaf and one multiplied by 0: None or zeros?")
def unused_leaf(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    y = T.tensor(draw.normal(3), requires_grad=True)
    z = T.tensor(draw.normal(3), requires_grad=True)
    (x * 2 + y * 0).backward(T.ones_like(x))
    yield "used", x.grad
    yield "times 0", y.grad
    yield "unused", z.grad


@scenario(
    "engine.only-scalars-need-no-argument",
    lesson=2,
    asks="Which shapes may call backward() with no argument?",
)
def only_scalars_need_no_argument(T: Any, draw: Draw) -> Yields:
    for shape in ((), (1,), (1, 1), (2,)):
        x = T.tensor(draw.normal(*shape), requires_grad=True)
        y = x * 3
        yield f"backward from {shape}", attempt(y.backward)
        yield f"x.grad of {shape}", x.grad


@scenario(
    "engine.gradient-must-fit",
    lesson=2,
    asks="Must the gradient given to backward() have the shape of the output?",
)
def gradient_must_fit(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    y = x * 2
    yield "shape (2,)", attempt(y.backward, T.tensor(draw.normal(2)))
    yield "shape ()", attempt(y.backward, T.tensor(draw.normal()))
    yield "x.grad after errors", x.grad
    yield "shape (3,)", attempt((x * 2).backward, T.tensor(draw.normal(3)))
    yield "x.grad", x.grad


@scenario(
    "engine.gradient-of-another-dtype",
    lesson=2,
    asks="A whole-number gradient is given: which dtype has x.grad?",
)
def gradient_of_another_dtype(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    (x * 2).backward(T.tensor([1, 2, 3]))
    yield "x.grad", x.grad


@scenario(
    "engine.given-gradient-is-copied",
    lesson=2,
    asks="Does x.grad share memory with the gradient I passed in?",
)
def given_gradient_is_copied(T: Any, draw: Draw) -> Yields:
    g = T.tensor(draw.array([1.0, 2.0, 3.0]))
    x = T.tensor(draw.normal(3), requires_grad=True)
    x.backward(g)
    yield "same object", x.grad is g
    x.backward(g)
    yield "x.grad after two", x.grad
    yield "g", g


@scenario(
    "engine.sum-of-two-leaves",
    lesson=2,
    asks="(x + y) hands the same gradient to both: are their .grad independent?",
)
def sum_of_two_leaves(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    y = T.tensor(draw.normal(3), requires_grad=True)
    (x + y).backward(T.tensor(draw.array([1.0, 2.0, 3.0])))
    (x * 10).backward(T.ones_like(x))
    yield "x.grad", x.grad
    yield "y.grad", y.grad


@scenario("engine.backward-of-a-leaf", lesson=2, asks="What does backward() do on a leaf itself?")
def backward_of_a_leaf(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.array(5.0), requires_grad=True)
    x.backward()
    yield "x.grad", x.grad
    x.backward()
    yield "after a second call", x.grad


@scenario("engine.nothing-to-differentiate", lesson=2, asks="What if nothing in the graph requires a gradient?")
def nothing_to_differentiate(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3))
    yield "backward", attempt((x * 2).sum().backward)


@scenario("engine.several-roots", lesson=2, asks="Is backward from two losses at once the same as from their sum?")
def several_roots(T: Any, draw: Draw) -> Yields:
    values = draw.normal()
    x = T.tensor(values, requires_grad=True)
    h = x.exp()
    T.autograd.backward([h, h * x])
    yield "both at once", x.grad
    x = T.tensor(values, requires_grad=True)
    h = x.exp()
    (h + h * x).backward()
    yield "of the sum", x.grad


@scenario(
    "engine.root-inside-another-graph",
    lesson=2,
    asks="One root lies inside the graph of the other: is it run once?",
)
def root_inside_another_graph(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(), requires_grad=True)
    inner = x.exp()
    outer = inner * inner
    T.autograd.backward([inner, outer])
    yield "x.grad", x.grad


@scenario("engine.grad-stays-with-its-leaf", lesson=2, asks="Do leaves of different depth each get the right share?")
def grad_stays_with_its_leaf(T: Any, draw: Draw) -> Yields:
    x, w, b = (T.tensor(draw.normal(3), requires_grad=True) for _ in range(3))
    ((x * w + b).tanh() * w).backward(T.ones_like(x))
    yield "x.grad", x.grad
    yield "w.grad", w.grad
    yield "b.grad", b.grad


@scenario("engine.grad-assignment-is-checked", lesson=4, asks="May I assign any tensor to x.grad?")
def grad_assignment_is_checked(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)

    def assign(value: Any) -> None:
        x.grad = value

    yield "right shape", attempt(assign, T.tensor(draw.normal(3)))
    yield "wrong shape", attempt(assign, T.tensor(draw.normal(2)))
    yield "wrong dtype", attempt(assign, T.tensor([1, 2, 3]))
    yield "a number", attempt(assign, 1.0)
    yield "x.grad", x.grad
    yield "None", attempt(assign, None)
    yield "x.grad at last", x.grad
