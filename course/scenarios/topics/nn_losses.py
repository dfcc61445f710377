"""Losses: values, gradients, reductions, and the mistakes that they let pass or refuse."""

from __future__ import annotations

from typing import Any

from course.scenarios import Cases, Draw, Yields, attempt, heard, scenario

REDUCTIONS = ("mean", "sum", "none")


def _reduced(T: Any, draw: Draw, make: Any, values: Any, target: Any) -> Yields:
    """Yield a loss and its gradients under each reduction."""
    for reduction in REDUCTIONS:
        x = T.tensor(values, requires_grad=True)
        t = T.tensor(target, requires_grad=target.dtype.kind == "f")
        loss = make(reduction)(x, t)
        loss.backward(T.tensor(draw.normal(*loss.shape)))
        yield f"{reduction}: loss", loss
        yield f"{reduction}: x.grad", x.grad
        yield f"{reduction}: target.grad", t.grad


@scenario("nn_losses.mse", lesson=7, asks="By what does MSELoss divide, and does its target receive a gradient?")
def mse(T: Any, draw: Draw) -> Yields:
    yield from _reduced(T, draw, lambda r: T.nn.MSELoss(reduction=r), draw.normal(2, 3), draw.normal(2, 3))


@scenario("nn_losses.l1", lesson=7, asks="What is L1Loss's gradient where prediction and target are equal?")
def l1(T: Any, draw: Draw) -> Yields:
    values = draw.normal(2, 3)
    target = draw.normal(2, 3)
    target[0, 1] = values[0, 1]
    yield from _reduced(T, draw, lambda r: T.nn.L1Loss(reduction=r), values, target)


@scenario(
    "nn_losses.smooth-l1", lesson=7, asks="Where does SmoothL1Loss turn from a square to a line, and exactly there?"
)
def smooth_l1(T: Any, draw: Draw) -> Yields:
    values, target = draw.array([-3.0, -1.0, -0.25, 0.0, 0.5, 1.0, 2.0]), draw.array([0.0] * 7)
    yield from _reduced(T, draw, lambda r: T.nn.SmoothL1Loss(reduction=r), values, target)
    x = T.tensor(values, requires_grad=True)
    T.nn.SmoothL1Loss(beta=0.5)(x, T.tensor(target)).backward()
    yield "beta=0.5: x.grad", x.grad


@scenario("nn_losses.bce", lesson=7, asks="BCELoss at probabilities 0 and 1: infinite?")
def bce(T: Any, draw: Draw) -> Yields:
    values, target = draw.uniform(4, low=0.1, high=0.9), draw.uniform(4)
    yield from _reduced(T, draw, lambda r: T.nn.BCELoss(reduction=r), values, target)
    x = T.tensor(draw.array([0.0, 1.0, 1.0]), requires_grad=True)
    loss = T.nn.BCELoss(reduction="none")(x, T.tensor(draw.array([1.0, 0.0, 1.0])))
    loss.sum().backward()
    yield "certain and wrong: loss", loss
    yield "certain and wrong: x.grad", x.grad
    over = T.tensor(draw.array([0.5, 1.5]), device="cpu")  # a GPU would be lost for good
    yield "no probability", attempt(T.nn.BCELoss(), over, over)


@scenario(
    "nn_losses.bce-with-logits", lesson=7, asks="Is BCEWithLogitsLoss finite where sigmoid and BCELoss are not exact?"
)
def bce_with_logits(T: Any, draw: Draw) -> Yields:
    values, target = draw.normal(4), draw.uniform(4)
    yield from _reduced(T, draw, lambda r: T.nn.BCEWithLogitsLoss(reduction=r), values, target)
    far = T.tensor(draw.array([-200.0, 200.0]), requires_grad=True)
    loss = T.nn.BCEWithLogitsLoss(reduction="sum", pos_weight=T.tensor(draw.array(3.0)))(far, T.ones_like(far))
    loss.backward()
    yield "far out: loss", loss
    yield "far out: gradient", far.grad
    yield "shapes that differ", attempt(T.nn.BCEWithLogitsLoss(), far, far.view(2, 1))


@scenario(
    "nn_losses.cross-entropy", lesson=7, asks="CrossEntropyLoss of logits: is the gradient softmax minus one-hot?"
)
def cross_entropy(T: Any, draw: Draw) -> Yields:
    target = draw.integers(0, 3, 4)
    yield from _reduced(T, draw, lambda r: T.nn.CrossEntropyLoss(reduction=r), draw.normal(4, 3), target)


@scenario(
    "nn_losses.cross-entropy-weighted",
    lesson=7,
    asks="With class weights and ignored targets: by what does the mean divide?",
)
def cross_entropy_weighted(T: Any, draw: Draw) -> Yields:
    weight = T.tensor(draw.array([0.5, 2.0, 1.0]))
    target = draw.array([0, 2, 1, -100]).astype("int64")
    make = lambda r: T.nn.CrossEntropyLoss(weight=weight, reduction=r)  # noqa: E731
    yield from _reduced(T, draw, make, draw.normal(4, 3), target)
    x = T.tensor(draw.normal(1, 3), requires_grad=True)
    yield "every target ignored", T.nn.CrossEntropyLoss()(x, T.tensor([-100]))


@scenario(
    "nn_losses.cross-entropy-of-probabilities", lesson=7, asks="May the target of CrossEntropyLoss be probabilities?"
)
def cross_entropy_of_probabilities(T: Any, draw: Draw) -> Yields:
    make = lambda r: T.nn.CrossEntropyLoss(label_smoothing=0.1, reduction=r)  # noqa: E731
    yield from _reduced(T, draw, make, draw.normal(2, 3), draw.uniform(2, 3))


@scenario(
    "nn_losses.cross-entropy-of-softmax",
    lesson=7,
    asks="I put a softmax before CrossEntropyLoss: does anything complain?",
)
def cross_entropy_of_softmax(T: Any, draw: Draw) -> Yields:
    values, target = draw.normal(2, 3), T.tensor(draw.integers(0, 3, 2))
    cases: Cases = {"logits": lambda t: t, "softmax first": lambda t: t.softmax(1)}
    for name, before in cases.items():
        x = T.tensor(values, requires_grad=True)
        yield name, attempt(T.nn.CrossEntropyLoss()(before(x), target).backward)
        yield f"{name}: x.grad", x.grad


@scenario(
    "nn_losses.cross-entropy-refuses",
    lesson=7,
    asks="Targets out of range, of another dtype, or too few: what is said?",
)
def cross_entropy_refuses(T: Any, draw: Draw) -> Yields:
    x, loss = T.tensor(draw.normal(2, 3)), T.nn.CrossEntropyLoss()
    # A GPU would be lost for good by a wrong class, so this is asked of the CPU wherever we are.
    yield "class 3 of 3", attempt(loss, x.to("cpu"), T.tensor([0, 3], device="cpu"))
    yield "too few", attempt(loss, x, T.tensor([0]))
    yield "int32", attempt(loss, x, T.tensor([0, 1]).to(T.int32))


@scenario(
    "nn_losses.nll", lesson=7, asks="NLLLoss of log_softmax: the same as CrossEntropyLoss, and why not of softmax?"
)
def nll(T: Any, draw: Draw) -> Yields:
    values, target = draw.normal(3, 4), draw.integers(0, 4, 3)
    cases: Cases = {"log_softmax": lambda t: t.log_softmax(1), "softmax": lambda t: t.softmax(1)}
    for name, prepare in cases.items():
        x = T.tensor(values, requires_grad=True)
        loss = T.nn.NLLLoss()(prepare(x), T.tensor(target))
        loss.backward()
        yield f"{name}: loss", loss
        yield f"{name}: x.grad", x.grad


@scenario("nn_losses.that-broadcast", lesson=7, asks="(n,1) predictions against (n,) targets: which losses warn?")
def that_broadcast(T: Any, draw: Draw) -> Yields:
    x, t = T.tensor(draw.normal(3, 1)), T.tensor(draw.normal(3))
    for name in ("MSELoss", "L1Loss", "SmoothL1Loss"):
        yield name, heard(getattr(T.nn, name)(), x, t)
        yield f"{name}: value", getattr(T.nn, name)()(x, t)
    yield "BCELoss refuses", attempt(T.nn.BCELoss(), x.sigmoid(), t.sigmoid())


@scenario("nn_losses.reduction-none", lesson=7, asks="Why does backward() fail on a loss with reduction='none'?")
def reduction_none(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(2, 3), requires_grad=True)
    loss = T.nn.MSELoss(reduction="none")(x, T.zeros_like(x))
    yield "backward()", attempt(loss.backward)
    yield "backward of its mean", attempt(loss.mean().backward)
    yield "x.grad", x.grad
    yield "a reduction that is not one", attempt(T.nn.MSELoss(reduction="average"), x, x)


@scenario(
    "nn_losses.mean-of-means",
    lesson=7,
    asks="Batches of unequal size: is the mean of their mean losses the whole mean?",
)
def mean_of_means(T: Any, draw: Draw) -> Yields:
    values, target = draw.normal(5, 2), T.tensor(draw.integers(0, 2, 5))
    parts = (slice(0, 4), slice(4, 5))

    def gradient(loss: Any) -> Any:
        x = T.tensor(values, requires_grad=True)
        loss(x).backward()
        return x.grad

    mean, total = T.nn.CrossEntropyLoss(), T.nn.CrossEntropyLoss(reduction="sum")
    yield "whole", gradient(lambda x: mean(x, target))
    yield "mean of means", gradient(lambda x: sum(mean(x[rows], target[rows]) for rows in parts) / 2)
    yield "sum of sums over 5", gradient(lambda x: sum(total(x[rows], target[rows]) for rows in parts) / 5)
