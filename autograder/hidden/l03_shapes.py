"""Hidden scenarios of lesson 3: shapes that nobody tries first."""

from __future__ import annotations

from typing import Any

from course.scenarios import Draw, Yields, scenario
from course.scenarios.topics.l03_rules import recorded, sent_back
from course.scenarios.topics.l03_stretched import stretched


@scenario(
    "shapes.stretched-at-random", lesson=3, hidden=True, asks="Four axes, each stretched or not: what comes back?"
)
def stretched_at_random(T: Any, draw: Draw) -> Yields:
    for turn in range(5):
        whole = [int(n) for n in draw.integers(2, 4, 4)]
        keep = draw.integers(0, 2, 4).tolist()
        start = int(draw.integers(0, 4, 1)[0])
        shape = tuple(n if kept else 1 for n, kept in zip(whole, keep, strict=True))[start:]
        yield f"turn {turn}", stretched(T, draw, shape, tuple(whole), lambda x, data: x * data)


@scenario(
    "shapes.stretched-to-nothing",
    lesson=3,
    hidden=True,
    asks="An axis of length 1 meets one of length 0: what comes back?",
)
def stretched_to_nothing(T: Any, draw: Draw) -> Yields:
    for shape, other in (((1,), (0,)), ((2, 1), (2, 0)), ((), (0, 3)), ((3,), (0, 3))):
        yield f"{shape} in {other}", stretched(T, draw, shape, other, lambda x, data: x + data)


@scenario(
    "shapes.stretched-in-a-network",
    lesson=3,
    hidden=True,
    asks="Two layers with biases, a scale and a shift: what does each receive?",
)
def stretched_in_a_network(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(5, 3))
    first, second = (T.tensor(draw.normal(*shape), requires_grad=True) for shape in ((3, 4), (4, 2)))
    bias, scale, shift = (T.tensor(draw.normal(*shape), requires_grad=True) for shape in ((4,), (5, 1), ()))
    y = ((x @ first + bias).tanh() * scale) @ second + shift
    y.backward(T.tensor(draw.normal(5, 2)))
    for name, leaf in {"first": first, "second": second, "bias": bias, "scale": scale, "shift": shift}.items():
        yield name, leaf.grad


@scenario(
    "shapes.folded-in-a-row", lesson=3, hidden=True, asks="Means of sums of means: what comes back to each element?"
)
def folded_in_a_row(T: Any, draw: Draw) -> Yields:
    yield "mean of sums", sent_back(T, draw, (2, 3, 4), lambda x: (x * x).sum(1).mean(0))
    yield "minus its mean", sent_back(T, draw, (3, 4), lambda x: (x - x.mean(1, keepdim=True)) ** 2)
    yield "all axes by name", sent_back(T, draw, (2, 3), lambda x: x.mean((0, 1)))
    yield "all axes, kept", sent_back(T, draw, (2, 3), lambda x: x.sum((0, 1), keepdim=True))


@scenario(
    "shapes.folded-over-four-axes",
    lesson=3,
    hidden=True,
    asks="Sums and means over two of four axes that are equally long?",
)
def folded_over_four_axes(T: Any, draw: Draw) -> Yields:
    for dims in ((0, 1), (1, 3), (0, 3), (-1, -2)):
        yield f"sum over {dims}", sent_back(T, draw, (2, 2, 2, 2), lambda x, dims=dims: x.sum(dims))
        yield f"mean over {dims}", sent_back(T, draw, (3, 2, 3, 2), lambda x, dims=dims: x.mean(dims))


@scenario(
    "shapes.folded-axes-of-length-one", lesson=3, hidden=True, asks="A sum or a mean over an axis of length 1, or 0?"
)
def folded_axes_of_length_one(T: Any, draw: Draw) -> Yields:
    yield "sum over 1", sent_back(T, draw, (3, 1), lambda x: x.sum(1))
    yield "mean over 1", sent_back(T, draw, (1, 3), lambda x: x.mean(0))
    yield "sum over 0", sent_back(T, draw, (3, 0), lambda x: x.sum(1))
    yield "mean over 0", sent_back(T, draw, (3, 0), lambda x: x.mean(1))


@scenario(
    "shapes.matmul-in-a-row",
    lesson=3,
    hidden=True,
    asks="A product of four matrices of different shapes: what does each receive?",
)
def matmul_in_a_row(T: Any, draw: Draw) -> Yields:
    a, b, c, d = (T.tensor(draw.normal(n, m), requires_grad=True) for n, m in ((2, 3), (3, 4), (4, 2), (2, 5)))
    (a @ b @ (c @ d)).backward(T.tensor(draw.normal(2, 5)))
    yield "gradients", [leaf.grad for leaf in (a, b, c, d)]


@scenario(
    "shapes.attention", lesson=3, hidden=True, asks="Queries, keys and values in two heads: what does each receive?"
)
def attention(T: Any, draw: Draw) -> Yields:
    q, k, v = (T.tensor(draw.normal(3, 2, 4), requires_grad=True) for _ in range(3))
    heads = [t.permute(1, 0, 2) for t in (q, k, v)]
    weights = (heads[0] @ heads[1].permute(0, 2, 1)).tanh()
    (weights @ heads[2]).permute(1, 0, 2).backward(T.tensor(draw.normal(3, 2, 4)))
    yield "gradients", [leaf.grad for leaf in (q, k, v)]


@scenario(
    "shapes.permuted-twice",
    lesson=3,
    hidden=True,
    asks="Five axes, permuted twice: is each permutation undone in its turn?",
)
def permuted_twice(T: Any, draw: Draw) -> Yields:
    yield "twice", sent_back(T, draw, (2, 1, 3, 2, 2), lambda x: x.permute(4, 2, 0, 1, 3).permute(1, 3, 4, 0, 2))
    yield "from the back", sent_back(T, draw, (2, 3, 4), lambda x: x.permute(-1, 0, 1))
    yield "recorded", recorded(T, draw, (2, 2, 2), lambda x: x.permute(1, 2, 0))


@scenario(
    "shapes.index-like-an-embedding",
    lesson=3,
    hidden=True,
    asks="Words of two sentences are looked up in a table: what does each row receive?",
)
def index_like_an_embedding(T: Any, draw: Draw) -> Yields:
    words = T.tensor(draw.integers(0, 5, 2, 6))
    yield "table", sent_back(T, draw, (5, 3), lambda x: x[words])
    yield "squares", sent_back(T, draw, (5, 3), lambda x: x[words] * x[words])


@scenario(
    "shapes.index-that-picks-nothing",
    lesson=3,
    hidden=True,
    asks="No element is picked, or always the same: what comes back?",
)
def index_that_picks_nothing(T: Any, draw: Draw) -> Yields:
    yield "nothing", sent_back(T, draw, (3, 2), lambda x: x[T.tensor(draw.integers(0, 3, 0))])
    yield "always the last", sent_back(T, draw, (3, 2), lambda x: x[T.tensor([-1] * 7)])
    yield "twice by its two names", sent_back(T, draw, (2, 2), lambda x: x[T.tensor([0, -2]), T.tensor([1, -1])])


@scenario(
    "shapes.index-of-what-was-picked",
    lesson=3,
    hidden=True,
    asks="Picked from what was picked: do the counts multiply?",
)
def index_of_what_was_picked(T: Any, draw: Draw) -> Yields:
    yield "twice", sent_back(T, draw, (4,), lambda x: x[T.tensor([0, 1, 1])][T.tensor([1, 2, 2, 0])])
    yield "beside slices", sent_back(T, draw, (3, 4, 2), lambda x: x[1:, T.tensor([3, 3, 0])][:, :2])
    yield "after a permutation", sent_back(T, draw, (2, 3), lambda x: x.permute(1, 0)[T.tensor([2, 2])])
