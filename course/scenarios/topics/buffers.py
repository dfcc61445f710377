"""Which value each operation keeps for backward: its result, its inputs, or nothing but numbers."""

from __future__ import annotations

from typing import Any

from course.scenarios import Cases, Draw, Yields, attempt, scenario

#: The names under which torch's nodes show what they keep.
NAMES = ("self", "result", "other", "mat2", "condition", "mask", "indices", "index")


def _kept(T: Any, draw: Draw, cases: Cases, *shape: int) -> Yields:
    """For each operation, yield the names of the tensors that its node keeps."""
    for name, f in cases.items():
        y = f(T.tensor(draw.uniform(*shape, low=0.25, high=0.75), requires_grad=True))
        found = [key for key in NAMES if isinstance(getattr(y.grad_fn, f"_saved_{key}", None), T.Tensor)]
        # What torch's matrix products call mat2 is the other factor everywhere else.
        yield name, ["other" if key == "mat2" else key for key in found]


@scenario(
    "buffers.elementary",
    lesson=6,
    asks="Which elementary functions keep their result, which their input, which nothing?",
)
def elementary(T: Any, draw: Draw) -> Yields:
    names = [
        "exp",
        "log",
        "sin",
        "cos",
        "tanh",
        "sigmoid",
        "relu",
        "sqrt",
        "abs",
        "square",
        "neg",
        "reciprocal",
        "rsqrt",
        "erf",
        "expm1",
        "log1p",
        "floor",
        "sign",
    ]
    cases: Cases = {name: lambda t, name=name: getattr(t, name)() for name in names}  # type: ignore[misc]
    yield from _kept(T, draw, cases, 2)


@scenario(
    "buffers.with-two-inputs",
    lesson=6,
    asks="What do sums, products, quotients and powers keep, by who wants a gradient?",
)
def with_two_inputs(T: Any, draw: Draw) -> Yields:
    other = T.tensor(draw.uniform(2, low=0.5, high=2.0))
    tracked = T.tensor(draw.uniform(2, low=0.5, high=2.0), requires_grad=True)
    for name, partner in {"plain partner": other, "tracked partner": tracked}.items():
        cases: Cases = {
            "+": lambda t, p=partner: t + p,  # type: ignore[misc]
            "-": lambda t, p=partner: t - p,  # type: ignore[misc]
            "*": lambda t, p=partner: t * p,  # type: ignore[misc]
            "/": lambda t, p=partner: t / p,  # type: ignore[misc]
            "reversed /": lambda t, p=partner: p / t,  # type: ignore[misc]
            "maximum": lambda t, p=partner: T.maximum(t, p),  # type: ignore[misc]
        }
        for label, value in _kept(T, draw, cases, 2):
            yield f"{name}: {label}", value


@scenario("buffers.sums-and-shapes", lesson=6, asks="Does a sum, a mean, a view, a cat keep any tensor?")
def sums_and_shapes(T: Any, draw: Draw) -> Yields:
    cases: Cases = {
        "sum": lambda t: t.sum(),
        "mean": lambda t: t.mean(0),
        "view": lambda t: t.view(-1),
        "t": lambda t: t.t(),
        "expand": lambda t: t[:, :1].expand(2, 3),
        "cat": lambda t: T.cat([t, t]),
        "stack": lambda t: T.stack([t, t]),
        "cumsum": lambda t: t.cumsum(0),
        "clone": lambda t: t.clone(),
        "slice": lambda t: t[:1],
        "flip": lambda t: t.flip(0),
    }
    yield from _kept(T, draw, cases, 2, 2)


@scenario(
    "buffers.that-choose",
    lesson=6,
    asks="max(dim), where, gather, masked_fill: do they keep values, or only the choice?",
)
def that_choose(T: Any, draw: Draw) -> Yields:
    index = T.tensor([[0, 1], [1, 0]])
    cases: Cases = {
        "max(dim)": lambda t: t.max(0)[0],
        "max": lambda t: t.max(),
        "amax": lambda t: t.amax(0),
        "where": lambda t: T.where(t > 0.5, t, t * 2),
        "gather": lambda t: t.gather(0, index),
        "masked_fill": lambda t: t.masked_fill(t > 0.5, 0.0),
        "clamp": lambda t: t.clamp(min=0.5),
        "sort": lambda t: t.sort(0)[0],
    }
    yield from _kept(T, draw, cases, 2, 2)


@scenario(
    "buffers.choice-changed",
    lesson=6,
    asks="gather, index_select, where: may the index or the condition change before backward?",
)
def choice_changed(T: Any, draw: Draw) -> Yields:
    uses: dict[str, Any] = {
        "gather": lambda t, i: t.gather(0, i),
        "index_select": lambda t, i: t.index_select(0, i),
        "take": lambda t, i: t.take(i),
        "where": lambda t, i: T.where(i.to(T.bool), t, t * 2),
        "index_add": lambda t, i: t.index_add(0, i, t * 3),
        "scatter_add": lambda t, i: T.zeros_like(t).scatter_add(0, i, t),
        "masked_fill": lambda t, i: t.masked_fill(i == 1, 0.0),
    }
    for name, f in uses.items():
        x = T.tensor(draw.normal(2), requires_grad=True)
        index = T.tensor([1, 0])
        y = f(x, index)
        index.zero_()
        yield name, attempt(y.sum().backward)


@scenario(
    "buffers.with-memory",
    lesson=6,
    asks="softmax, prod, var, norm, logsumexp, matrix products: input, result, or both?",
)
def with_memory(T: Any, draw: Draw) -> Yields:
    tracked = T.tensor(draw.normal(2, 2), requires_grad=True)
    plain = tracked.detach()
    cases: Cases = {
        "softmax": lambda t: t.softmax(0),
        "log_softmax": lambda t: t.log_softmax(0),
        "logsumexp": lambda t: t.logsumexp(0),
        "prod": lambda t: t.prod(),
        "var": lambda t: t.var(0),
        "std": lambda t: t.std(0),
        "t @ tracked": lambda t: t @ tracked,
        "t @ plain": lambda t: t @ plain,
        "plain @ t": lambda t: plain @ t,
        "t ** 2": lambda t: t**2,
        "2 ** t": lambda t: 2**t,
    }
    yield from _kept(T, draw, cases, 2, 2)


@scenario(
    "buffers.relu-keeps-its-result",
    lesson=6,
    asks="relu keeps its result: why may its input be overwritten, as ReLU(inplace=True) does?",
)
def relu_keeps_its_result(T: Any, draw: Draw) -> Yields:
    for name in ("input", "result"):
        x = T.tensor(draw.normal(4), requires_grad=True)
        h = x * 1
        y = h.relu()
        (h if name == "input" else y).mul_(2)
        yield f"{name} overwritten", attempt(y.sum().backward)
        yield f"{name} overwritten: x.grad", x.grad


@scenario(
    "buffers.linear-layer",
    lesson=7,
    asks="What does a linear layer keep if its input, or its weight, wants no gradient?",
)
def linear_layer(T: Any, draw: Draw) -> Yields:
    for name, (data, weight) in {"first layer": (False, True), "frozen": (True, False), "both": (True, True)}.items():
        x = T.tensor(draw.normal(2, 3), requires_grad=data)
        layer = T.nn.Linear(3, 2).to(x.dtype).requires_grad_(weight)
        node = layer(x).grad_fn
        kept = [key for key in ("mat1", "mat2") if isinstance(getattr(node, f"_saved_{key}", None), T.Tensor)]
        yield name, kept
        loss = layer(x).sum()
        with T.no_grad():
            layer.weight.mul_(2)
        yield f"{name}: backward after the weight changed", attempt(loss.backward)
