"""What losses, norms and picking keep for backward, and which changes in place they notice."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from course.scenarios import Draw, Yields, attempt, scenario


def packed(T: Any, make: Callable[[], Any]) -> list[Any]:
    """Return what an operation hands to pack hooks, in order."""
    log: list[Any] = []

    def pack(t: Any) -> Any:
        log.append((tuple(t.shape), t.detach().clone()))
        return t

    with T.autograd.graph.saved_tensors_hooks(pack, lambda t: t):
        make()
    return log


@scenario("saved.by-losses", lesson=5, asks="What do losses keep: only the input, or the target and weights, too?")
def by_losses(T: Any, draw: Draw) -> Yields:
    F = T.nn.functional
    x = T.tensor(draw.normal(2, 3), requires_grad=True)
    share, weights = x.detach().sigmoid(), T.tensor(draw.normal(3)).abs()
    classes = T.tensor([0, 2])
    yield "nll_loss, mean", packed(T, lambda: F.nll_loss(x, classes))
    yield "nll_loss, sum", packed(T, lambda: F.nll_loss(x, classes, reduction="sum"))
    yield "nll_loss, none", packed(T, lambda: F.nll_loss(x, classes, reduction="none"))
    yield "nll_loss with weights", packed(T, lambda: F.nll_loss(x, classes, weights))
    yield "nll_loss of one sample", packed(T, lambda: F.nll_loss(x[0], classes[0]))
    yield "nll_loss of pixels", packed(T, lambda: F.nll_loss(x[..., None], classes[:, None]))
    yield "cross_entropy", packed(T, lambda: F.cross_entropy(x, classes, weights))
    yield "cross_entropy, smoothed", packed(T, lambda: F.cross_entropy(x, classes, label_smoothing=0.1))
    yield "binary_cross_entropy", packed(T, lambda: F.binary_cross_entropy(x.sigmoid(), share, weights))
    with_logits = F.binary_cross_entropy_with_logits
    yield "with logits", packed(T, lambda: with_logits(x, share, weights, pos_weight=weights))
    yield "logsigmoid", packed(T, lambda: F.logsigmoid(x))


@scenario("saved.by-norms", lesson=6, asks="What do the normalisations keep?")
def by_norms(T: Any, draw: Draw) -> Yields:
    F = T.nn.functional
    x = T.tensor(draw.normal(2, 4), requires_grad=True)
    weight, bias = (T.tensor(draw.normal(4), requires_grad=True) for _ in range(2))
    mean, var = T.zeros(4, dtype=T.float64), T.ones(4, dtype=T.float64)
    yield "layer_norm", packed(T, lambda: F.layer_norm(x, (4,), weight, bias))
    yield "layer_norm, only the bias learns", packed(T, lambda: F.layer_norm(x.detach(), (4,), weight.detach(), bias))
    yield "group_norm", packed(T, lambda: F.group_norm(x, 2, weight, bias))
    yield "group_norm, only the bias learns", packed(T, lambda: F.group_norm(x.detach(), 2, weight.detach(), bias))
    yield "batch_norm in training", packed(T, lambda: F.batch_norm(x, mean, var, weight, bias, True))
    yield "its running mean", mean
    yield "batch_norm in evaluation", packed(T, lambda: F.batch_norm(x, mean, var, weight, bias))
    yield "instance_norm", packed(T, lambda: F.instance_norm(x[None], mean[:2], var[:2]))
    yield "its running mean, moved in place", (mean, mean._version)


@scenario("saved.changed-under-a-loss", lesson=6, asks="Target or weights change before backward: does it notice?")
def changed_under_a_loss(T: Any, draw: Draw) -> Yields:
    F = T.nn.functional
    x = T.tensor(draw.normal(2, 3), requires_grad=True)
    classes, weights = T.tensor([0, 2]), T.ones(3, dtype=T.float64)
    share, mean, var = x.detach().sigmoid(), T.zeros(3, dtype=T.float64), T.ones(3, dtype=T.float64)
    changes: dict[str, tuple[Callable[[], Any], Any]] = {
        "the classes": (lambda: F.cross_entropy(x, classes), classes),
        "the weights of classes": (lambda: F.cross_entropy(x, classes, weights), weights),
        "the weights of elements": (lambda: F.binary_cross_entropy(x.sigmoid(), share, weights), weights),
        "the weights, with logits": (lambda: F.binary_cross_entropy_with_logits(x, share, weights), weights),
        "the running mean": (lambda: F.batch_norm(x, mean, var).sum(), mean),
    }
    for name, (make, changed) in changes.items():
        loss = make()
        changed.zero_()
        yield name, attempt(loss.backward)


@scenario("saved.no-gradient-for-weights", lesson=7, asks="Can the weights of classes be learned?")
def no_gradient_for_weights(T: Any, draw: Draw) -> Yields:
    F = T.nn.functional
    x = T.tensor(draw.normal(2, 3), requires_grad=True)
    w = T.ones(3, dtype=T.float64, requires_grad=True)
    share, classes = x.detach().sigmoid(), T.tensor([0, 2])
    tries: dict[str, Callable[[], Any]] = {
        "cross_entropy": lambda: F.cross_entropy(x, classes, w),
        "cross_entropy of pixels": lambda: F.cross_entropy(x[..., None], classes[:, None], w),
        "cross_entropy of shares": lambda: F.cross_entropy(x, share, w).requires_grad,
        "binary_cross_entropy": lambda: F.binary_cross_entropy(x.sigmoid(), share, w),
        "with logits": lambda: F.binary_cross_entropy_with_logits(x, share, w),
        "with logits, positive": lambda: F.binary_cross_entropy_with_logits(x, share, pos_weight=w),
        "batch_norm": lambda: F.batch_norm(x, w, w.detach()),
    }
    for name, make in tries.items():
        yield name, attempt(make)
    with T.no_grad():
        yield "under no_grad", F.cross_entropy(x, classes, w)


@scenario("edges.joined-with-nothing", lesson=10, asks="Do tensors of shape (0,) get a gradient from cat?")
def joined_with_nothing(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(2, 2), requires_grad=True)
    nothing = T.empty(0, dtype=T.float64, requires_grad=True)
    joined = T.cat([nothing, x, nothing], 1)
    yield "joined", joined
    yield "edges", len(joined.grad_fn.next_functions)
    joined.sum().backward()
    yield "gradients", (x.grad, nothing.grad)
    only = T.cat([nothing, nothing])
    (grad,) = T.autograd.grad(only.sum(), nothing, create_graph=True)
    yield "recorded", (grad, grad.requires_grad)
    whole = T.empty(0, dtype=T.int64)
    yield "dtypes", [str(T.cat([a, b]).dtype) for a, b in ((whole, x), (nothing.detach(), whole), (whole, x.float()))]


@scenario("views.of-a-base-without-gradient", lesson=6, asks="The base changes, without gradients now: and its view?")
def of_a_base_without_gradient(T: Any, draw: Draw) -> Yields:
    base = T.tensor(draw.normal(2), requires_grad=True)
    view = base[:1]
    base.requires_grad_(False)
    base.mul_(2)
    yield "node", view.grad_fn.name()
    yield "edges", [node is None for node, _ in view.grad_fn.next_functions]
    yield "requires_grad", (view.requires_grad, view.is_leaf, base.requires_grad)
    view.sum().backward()
    yield "gradient", base.grad
