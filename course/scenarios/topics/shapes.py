"""Shapes: a gradient has the shape of what it belongs to, whatever the forward pass did."""

from __future__ import annotations

from typing import Any

from course.scenarios import Cases, Draw, Yields, attempt, scenario


@scenario("shapes.bias-is-summed", lesson=3, asks="A bias was added to every row: what is its gradient?")
def bias_is_summed(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(4, 3), requires_grad=True)
    bias = T.tensor(draw.normal(3), requires_grad=True)
    (x + bias).backward(T.tensor(draw.normal(4, 3)))
    yield "x.grad", x.grad
    yield "bias.grad", bias.grad


@scenario("shapes.both-sides-stretch", lesson=3, asks="(4,1) times (3,): which axes are summed for each?")
def both_sides_stretch(T: Any, draw: Draw) -> Yields:
    column = T.tensor(draw.normal(4, 1), requires_grad=True)
    row = T.tensor(draw.normal(3), requires_grad=True)
    y = column * row
    y.backward(T.tensor(draw.normal(4, 3)))
    yield "y.shape", y.shape
    yield "column.grad", column.grad
    yield "row.grad", row.grad


@scenario("shapes.scalar-stretches", lesson=3, asks="A 0-d tensor meets a matrix: what shape has its gradient?")
def scalar_stretches(T: Any, draw: Draw) -> Yields:
    s = T.tensor(draw.normal(), requires_grad=True)
    x = T.tensor(draw.normal(2, 3), requires_grad=True)
    (x * s / (s.exp() + 1)).sum().backward()
    yield "s.grad", s.grad
    yield "x.grad", x.grad


@scenario(
    "shapes.axis-of-length-one-is-kept",
    lesson=3,
    asks="(1,3) against (1,3): is an axis of length 1 left alone?",
)
def axis_of_length_one_is_kept(T: Any, draw: Draw) -> Yields:
    a = T.tensor(draw.normal(1, 3), requires_grad=True)
    b = T.tensor(draw.normal(2, 1, 3), requires_grad=True)
    (a * b).sum().backward()
    yield "a.grad", a.grad
    yield "b.grad", b.grad


@scenario(
    "shapes.column-against-vector",
    lesson=3,
    asks="Loss of (n,1) predictions against (n,) targets: what goes wrong?",
)
def column_against_vector(T: Any, draw: Draw) -> Yields:
    prediction = T.tensor(draw.normal(4, 1), requires_grad=True)
    target = T.tensor(draw.normal(4))
    error = prediction - target
    yield "error.shape", error.shape
    (error**2).mean().backward()
    yield "silently wrong", prediction.grad
    prediction.grad = None
    ((prediction.squeeze(1) - target) ** 2).mean().backward()
    yield "right", prediction.grad


@scenario("shapes.sum-over-dims", lesson=3, asks="How does the gradient of a sum over some axes come back?")
def sum_over_dims(T: Any, draw: Draw) -> Yields:
    cases: dict[str, Any] = {
        "dim=0": {"dim": 0},
        "dim=-1": {"dim": -1},
        "dim=(0, 2)": {"dim": (0, 2)},
        "keepdim": {"dim": 1, "keepdim": True},
    }
    for name, kwargs in cases.items():
        x = T.tensor(draw.normal(2, 3, 2), requires_grad=True)
        y = x.sum(**kwargs)
        y.backward(T.tensor(draw.normal(*y.shape)))
        yield f"{name}: shape", y.shape
        yield f"{name}: x.grad", x.grad


@scenario("shapes.mean-divides", lesson=3, asks="By how many elements does mean(dim) divide?")
def mean_divides(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(2, 5), requires_grad=True)
    x.mean(dim=1).sum().backward()
    yield "dim=1", x.grad
    x.grad = None
    x.mean(dim=0, keepdim=True).sum().backward()
    yield "dim=0", x.grad
    x.grad = None
    x.mean().backward()
    yield "all", x.grad


@scenario("shapes.matmul", lesson=3, asks="What are the gradients of a matrix product?")
def matmul(T: Any, draw: Draw) -> Yields:
    a = T.tensor(draw.normal(2, 3), requires_grad=True)
    b = T.tensor(draw.normal(3, 4), requires_grad=True)
    (a @ b).backward(T.tensor(draw.normal(2, 4)))
    yield "a.grad", a.grad
    yield "b.grad", b.grad


@scenario("shapes.square-matmul", lesson=3, asks="Square matrices hide a forgotten transpose: is it there?")
def square_matmul(T: Any, draw: Draw) -> Yields:
    a = T.tensor(draw.normal(3, 3), requires_grad=True)
    b = T.tensor(draw.normal(3, 3), requires_grad=True)
    (a @ b @ a).backward(T.tensor(draw.normal(3, 3)))
    yield "a.grad", a.grad
    yield "b.grad", b.grad


@scenario("shapes.matmul-of-vectors", lesson=3, asks="What if one or both sides of @ are vectors?")
def matmul_of_vectors(T: Any, draw: Draw) -> Yields:
    for name, left, right in (
        ("vector @ vector", (3,), (3,)),
        ("matrix @ vector", (2, 3), (3,)),
        ("vector @ matrix", (3,), (3, 2)),
    ):
        a = T.tensor(draw.normal(*left), requires_grad=True)
        b = T.tensor(draw.normal(*right), requires_grad=True)
        y = a @ b
        y.backward(T.tensor(draw.normal(*y.shape)))
        yield f"{name}: shape", y.shape
        yield f"{name}: left", a.grad
        yield f"{name}: right", b.grad


@scenario("shapes.batched-matmul", lesson=3, asks="A batch of matrices times one matrix: what does the one receive?")
def batched_matmul(T: Any, draw: Draw) -> Yields:
    batch = T.tensor(draw.normal(2, 3, 4), requires_grad=True)
    one = T.tensor(draw.normal(4, 2), requires_grad=True)
    y = batch @ one
    y.backward(T.tensor(draw.normal(2, 3, 2)))
    yield "batch.grad", batch.grad
    yield "one.grad", one.grad


@scenario("shapes.transpose-and-permute", lesson=3, asks="Is a permutation undone by the inverse permutation?")
def transpose_and_permute(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(2, 3, 4), requires_grad=True)
    x.permute(2, 0, 1).backward(T.tensor(draw.normal(4, 2, 3)))
    yield "permute", x.grad
    x.grad = None
    x.transpose(0, 2).backward(T.tensor(draw.normal(4, 3, 2)))
    yield "transpose", x.grad
    m = T.tensor(draw.normal(2, 3), requires_grad=True)
    m.T.backward(T.tensor(draw.normal(3, 2)))
    yield "T", m.grad


@scenario("shapes.reshaping", lesson=3, asks="Do reshape, flatten, squeeze and unsqueeze only rename places?")
def reshaping(T: Any, draw: Draw) -> Yields:
    cases: Cases = {
        "reshape": lambda t: t.reshape(3, -1),
        "view": lambda t: t.view(-1),
        "flatten": lambda t: t.flatten(),
        "squeeze": lambda t: t.squeeze(1),
        "unsqueeze": lambda t: t.unsqueeze(0),
    }
    for name, f in cases.items():
        x = T.tensor(draw.normal(2, 1, 3), requires_grad=True)
        y = f(x)
        y.backward(T.tensor(draw.normal(*y.shape)))
        yield f"{name}: shape", y.shape
        yield f"{name}: x.grad", x.grad


@scenario(
    "shapes.index-repeated",
    lesson=3,
    asks="One element is picked three times: does its gradient count three times?",
)
def index_repeated(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(4), requires_grad=True)
    picked = x[T.tensor([0, 2, 2, 2])]
    picked.backward(T.tensor(draw.normal(4)))
    yield "x.grad", x.grad


@scenario("shapes.index-slices", lesson=3, asks="What do the elements that a slice leaves out receive?")
def index_slices(T: Any, draw: Draw) -> Yields:
    for name, key in {
        "row": 1,
        "element": (0, 2),
        "slice": (slice(None), slice(1, 3)),
        "step": (slice(None), slice(None, None, 2)),
        "None": (slice(None), None, 0),
        "ellipsis": (..., -1),
    }.items():
        x = T.tensor(draw.normal(2, 4), requires_grad=True)
        y = x[key]
        y.backward(T.tensor(draw.normal(*y.shape)))
        yield f"{name}: shape", y.shape
        yield f"{name}: x.grad", x.grad


@scenario("shapes.index-masked", lesson=3, asks="Where does the gradient of x[x > 0] go?")
def index_masked(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(2, 4), requires_grad=True)
    kept = x[x > 0]
    (kept * kept).sum().backward()
    yield "kept", kept
    yield "x.grad", x.grad


@scenario("shapes.cat-and-stack", lesson=3, asks="Does each piece of a concatenation get its own part back?")
def cat_and_stack(T: Any, draw: Draw) -> Yields:
    a = T.tensor(draw.normal(2, 3), requires_grad=True)
    b = T.tensor(draw.normal(1, 3), requires_grad=True)
    T.cat([a, b, a], dim=0).backward(T.tensor(draw.normal(5, 3)))
    yield "cat: a.grad", a.grad
    yield "cat: b.grad", b.grad
    c = T.tensor(draw.normal(3), requires_grad=True)
    d = T.tensor(draw.normal(3), requires_grad=True)
    T.stack([c, d], dim=1).backward(T.tensor(draw.normal(3, 2)))
    yield "stack: c.grad", c.grad
    yield "stack: d.grad", d.grad


@scenario("shapes.split-and-chunk", lesson=3, asks="Only one piece of a split is used: what do the others receive?")
def split_and_chunk(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(5), requires_grad=True)
    first, middle, last = x.split(2)
    (middle * middle).sum().backward()
    yield "shapes", [first.shape, middle.shape, last.shape]
    yield "split: x.grad", x.grad
    x.grad = None
    left, right = x.chunk(2)
    (left.sum() * right.sum()).backward()
    yield "chunk: x.grad", x.grad


@scenario(
    "shapes.expand-and-repeat",
    lesson=3,
    asks="A value was shown many times: is its gradient the sum over the copies?",
)
def expand_and_repeat(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3, 1), requires_grad=True)
    x.expand(2, 3, 4).backward(T.tensor(draw.normal(2, 3, 4)))
    yield "expand: x.grad", x.grad
    x = T.tensor(draw.normal(2), requires_grad=True)
    x.repeat(3, 2).backward(T.tensor(draw.normal(3, 4)))
    yield "repeat: x.grad", x.grad


@scenario(
    "shapes.expanded-gradient-is-full",
    lesson=6,
    asks="The gradient of sum() is one number shown n times: can I write into x.grad?",
)
def expanded_gradient_is_full(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    x.sum().backward()

    def write() -> None:
        x.grad[0] = 5.0

    yield "write", attempt(write)
    yield "x.grad", x.grad


@scenario("shapes.cumsum-and-flip", lesson=3, asks="In which direction do the gradients of cumsum and flip run?")
def cumsum_and_flip(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(2, 3), requires_grad=True)
    x.cumsum(dim=1).backward(T.tensor(draw.normal(2, 3)))
    yield "cumsum: x.grad", x.grad
    x.grad = None
    x.flip(0).backward(T.tensor(draw.normal(2, 3)))
    yield "flip: x.grad", x.grad


@scenario("shapes.einsum-and-outer", lesson=3, asks="What are the gradients of einsum and outer?")
def einsum_and_outer(T: Any, draw: Draw) -> Yields:
    a = T.tensor(draw.normal(2, 3), requires_grad=True)
    b = T.tensor(draw.normal(4, 3), requires_grad=True)
    T.einsum("ik,jk->ij", a, b).backward(T.tensor(draw.normal(2, 4)))
    yield "einsum: a.grad", a.grad
    yield "einsum: b.grad", b.grad
    u = T.tensor(draw.normal(2), requires_grad=True)
    v = T.tensor(draw.normal(3), requires_grad=True)
    T.outer(u, v).backward(T.tensor(draw.normal(2, 3)))
    yield "outer: u.grad", u.grad
    yield "outer: v.grad", v.grad


@scenario("shapes.where-stretches", lesson=3, asks="where() with shapes that stretch: who gets which part?")
def where_stretches(T: Any, draw: Draw) -> Yields:
    condition = T.tensor([[True, False, True], [False, False, True]])
    a = T.tensor(draw.normal(3), requires_grad=True)
    b = T.tensor(draw.normal(2, 1), requires_grad=True)
    T.where(condition, a, b).backward(T.tensor(draw.normal(2, 3)))
    yield "a.grad", a.grad
    yield "b.grad", b.grad


@scenario("shapes.nothing-at-all", lesson=3, asks="Does an empty tensor go through backward?")
def nothing_at_all(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(0, 3), requires_grad=True)
    y = (x * 2).sum()
    y.backward()
    yield "y", y
    yield "x.grad.shape", x.grad.shape


@scenario("shapes.mixed-dtypes", lesson=3, asks="float32 meets float64: which dtype does each gradient have?")
def mixed_dtypes(T: Any, draw: Draw) -> Yields:
    x = T.tensor([1.0, 2.0], dtype=T.float32, requires_grad=True)
    w = T.tensor([3.0, 4.0], dtype=T.float64, requires_grad=True)
    y = x * w
    y.sum().backward()
    yield "y.dtype", y.dtype
    yield "x.grad", x.grad
    yield "w.grad", w.grad
