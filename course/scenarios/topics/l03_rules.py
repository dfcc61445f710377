"""Rules that change shapes: sums and means, matrix products, permutations, picked elements."""

from __future__ import annotations

from typing import Any

from course.scenarios import Cases, Draw, Yields, attempt, scenario


def sent_back(T: Any, draw: Draw, shape: tuple[int, ...], f: Any) -> Any:
    """The gradient of ``x`` of a shape, for a gradient drawn for ``f(x)``; or what was raised on the way."""

    def back() -> Any:
        x = T.tensor(draw.normal(*shape), requires_grad=True)
        y = f(x)
        y.backward(T.tensor(draw.normal(*y.shape)))
        return x.grad

    return attempt(back)


def recorded(T: Any, draw: Draw, shape: tuple[int, ...], f: Any) -> dict[str, Any]:
    """The same in a backward pass that is recorded: the rule is given Tensors."""
    x = T.tensor(draw.normal(*shape), requires_grad=True)
    y = f(x)
    g = T.tensor(draw.normal(*y.shape), requires_grad=True)
    (sent,) = T.autograd.grad(y, x, g, create_graph=True)
    (again,) = T.autograd.grad(sent, g, T.tensor(draw.normal(*shape)))
    return {"sent back": sent, "requires_grad": sent.requires_grad, "differentiated again": again}


@scenario("shapes.sum-of-everything", lesson=3, asks="What does sum() send back to each element?")
def sum_of_everything(T: Any, draw: Draw) -> Yields:
    for shape in ((3,), (2, 3), ()):
        yield f"{shape}", sent_back(T, draw, shape, lambda x: x.sum())


@scenario(
    "shapes.sum-of-a-square",
    lesson=3,
    asks="The sums of rows of a square matrix: does each gradient go to its own row?",
)
def sum_of_a_square(T: Any, draw: Draw) -> Yields:
    cases: Cases = {
        "over rows": lambda x: x.sum(1),
        "over columns": lambda x: x.sum(0),
        "over rows, kept": lambda x: x.sum(1, keepdim=True),
    }
    for name, f in cases.items():
        yield name, sent_back(T, draw, (3, 3), f)
    yield "the middle of three", sent_back(T, draw, (2, 2, 2), lambda x: x.sum(1))


@scenario("shapes.mean-of-everything", lesson=3, asks="What does mean() send back to each element?")
def mean_of_everything(T: Any, draw: Draw) -> Yields:
    for shape in ((4,), (2, 3), (), (1, 1)):
        yield f"{shape}", sent_back(T, draw, shape, lambda x: x.mean())


@scenario(
    "shapes.mean-over-dims",
    lesson=3,
    asks="A mean over some axes: by what is the gradient divided, and where does it go?",
)
def mean_over_dims(T: Any, draw: Draw) -> Yields:
    cases: Cases = {
        "dim=0": lambda x: x.mean(0),
        "dim=-1": lambda x: x.mean(-1),
        "dim=(0, 2)": lambda x: x.mean((0, 2)),
        "dim=(1, 2)": lambda x: x.mean((1, 2)),
        "keepdim": lambda x: x.mean(1, keepdim=True),
    }
    for name, f in cases.items():
        yield name, sent_back(T, draw, (2, 3, 4), f)
    yield "square", sent_back(T, draw, (3, 3), lambda x: x.mean(1))


@scenario(
    "shapes.folded-and-recorded",
    lesson=3,
    asks="The backward pass is recorded: do the rules of sum and mean work on Tensors?",
)
def folded_and_recorded(T: Any, draw: Draw) -> Yields:
    yield "sum()", recorded(T, draw, (2, 3), lambda x: x.sum())
    yield "sum(1)", recorded(T, draw, (2, 3), lambda x: x.sum(1))
    yield "mean(0)", recorded(T, draw, (2, 3), lambda x: x.mean(0))


@scenario(
    "shapes.matmul-of-batches", lesson=3, asks="Two batches of square matrices: which axes does the transpose swap?"
)
def matmul_of_batches(T: Any, draw: Draw) -> Yields:
    for name, left, right in (("all axes alike", (2, 2, 2), (2, 2, 2)), ("all different", (2, 3, 4), (2, 4, 1))):
        values, other = draw.normal(*left), draw.normal(*right)
        yield f"{name}: left", sent_back(T, draw, left, lambda x, other=other: x @ T.tensor(other))
        yield f"{name}: right", sent_back(T, draw, right, lambda x, values=values: T.tensor(values) @ x)


@scenario("shapes.matmul-by-columns", lesson=3, asks="A column times a row, a row times a column: what comes back?")
def matmul_by_columns(T: Any, draw: Draw) -> Yields:
    for name, left, right in (("column @ row", (3, 1), (1, 2)), ("row @ column", (1, 3), (3, 1))):
        values, other = draw.normal(*left), draw.normal(*right)
        yield f"{name}: left", sent_back(T, draw, left, lambda x, other=other: x @ T.tensor(other))
        yield f"{name}: right", sent_back(T, draw, right, lambda x, values=values: T.tensor(values) @ x)


@scenario(
    "shapes.matmul-by-a-symmetric-matrix",
    lesson=3,
    asks="A symmetric matrix is its own transpose: on which side does it stand in the gradient?",
)
def matmul_by_a_symmetric_matrix(T: Any, draw: Draw) -> Yields:
    values = draw.normal(3, 3)
    symmetric = T.tensor(values + values.T)
    yield "left", sent_back(T, draw, (3, 3), lambda x: x @ symmetric)
    yield "right", sent_back(T, draw, (3, 3), lambda x: symmetric @ x)


@scenario("shapes.permutations", lesson=3, asks="Which permutation undoes a permutation of three axes, or of four?")
def permutations(T: Any, draw: Draw) -> Yields:
    for dims in ((0, 1, 2), (1, 0, 2), (1, 2, 0), (2, 0, 1), (2, 1, 0)):
        yield f"{dims}", sent_back(T, draw, (2, 3, 4), lambda x, dims=dims: x.permute(*dims))
    yield "axes of one length", sent_back(T, draw, (2, 2, 2), lambda x: x.permute(1, 2, 0))
    yield "four axes", sent_back(T, draw, (2, 2, 2, 3), lambda x: x.permute(3, 1, 0, 2))


@scenario(
    "shapes.matrices-and-recorded",
    lesson=3,
    asks="The backward pass is recorded: do the rules of @ and permute work on Tensors?",
)
def matrices_and_recorded(T: Any, draw: Draw) -> Yields:
    other = T.tensor(draw.normal(3, 2))
    yield "left of @", recorded(T, draw, (2, 3), lambda x: x @ other)
    yield "right of @", recorded(T, draw, (2, 3), lambda x: other @ x)
    yield "permute", recorded(T, draw, (2, 3, 2), lambda x: x.permute(2, 0, 1))


@scenario("shapes.index-some", lesson=3, asks="Two of four elements are picked: what comes back to all four?")
def index_some(T: Any, draw: Draw) -> Yields:
    yield "two of four", sent_back(T, draw, (4,), lambda x: x[T.tensor([2, 0])])


@scenario(
    "shapes.index-again-and-again", lesson=3, asks="Elements and rows are picked several times: is every time counted?"
)
def index_again_and_again(T: Any, draw: Draw) -> Yields:
    yield "elements", sent_back(T, draw, (3,), lambda x: x[T.tensor([0, 0, 2])])
    yield "from the front and the back", sent_back(T, draw, (3,), lambda x: x[T.tensor([2, -1, 0])])
    yield "rows", sent_back(T, draw, (3, 2), lambda x: x[T.tensor([1, 1, 0, 1])])
    x = T.tensor(draw.normal(3), requires_grad=True)
    x[T.tensor([1, 1])].backward(T.tensor(draw.array([0.0, 3.0])))
    yield "0 and 3 for the same element", x.grad
    yield "a table of rows", sent_back(T, draw, (3, 2), lambda x: x[T.tensor([[0, 1], [1, 1]])])


@scenario(
    "shapes.index-in-several-axes",
    lesson=3,
    asks="Indices for several axes, or beside a slice: where does each gradient go?",
)
def index_in_several_axes(T: Any, draw: Draw) -> Yields:
    yield "pairs", sent_back(T, draw, (2, 3), lambda x: x[T.tensor([0, 1, 0]), T.tensor([2, 0, 2])])
    yield "columns", sent_back(T, draw, (2, 3), lambda x: x[:, T.tensor([2, 2])])
    yield "a row of columns", sent_back(T, draw, (2, 3), lambda x: x[1, T.tensor([0, 2])])


@scenario("shapes.index-by-a-mask", lesson=3, asks="A mask picks elements: does the gradient go where it was true?")
def index_by_a_mask(T: Any, draw: Draw) -> Yields:
    yield "of elements", sent_back(T, draw, (2, 3), lambda x: x[T.tensor([[True, False, True], [False, False, True]])])
    yield "of rows", sent_back(T, draw, (3, 2), lambda x: x[T.tensor([False, True, True])])
    yield "of nothing", sent_back(T, draw, (3,), lambda x: x[T.tensor([False, False, False])])


@scenario(
    "shapes.index-and-recorded",
    lesson=3,
    asks="The backward pass is recorded: does the rule of x[...] work on Tensors?",
)
def index_and_recorded(T: Any, draw: Draw) -> Yields:
    yield "picked twice", recorded(T, draw, (3,), lambda x: x[T.tensor([1, 1, 0])])
    yield "rows", recorded(T, draw, (3, 2), lambda x: x[T.tensor([2, 2])])
