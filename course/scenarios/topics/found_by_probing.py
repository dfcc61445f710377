"""What turned up when every operation was put into the same few programs: names, refusals, and odd numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from course.scenarios import Draw, Yields, scenario


def words(f: Callable[..., Any], *args: Any, **kwargs: Any) -> str:
    """Return kind and text of the error that a call raises, or that there is none."""
    try:
        f(*args, **kwargs)
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return "runs"


@scenario("nn_functional.whole-numbers-in-activations", lesson=7, asks="Which activation takes integers?")
def whole_numbers_in_activations(T: Any, draw: Draw) -> Yields:
    F = T.nn.functional
    x = T.tensor([1, -2, 3])
    for name in ("leaky_relu", "elu", "selu", "celu", "silu", "gelu", "mish", "softplus", "logsigmoid"):
        yield name, words(getattr(F, name), x)
    yield "prelu", words(F.prelu, x, T.tensor([0.25]))
    yield "relu", F.relu(x)
    yield "hardtanh", F.hardtanh(x)
    yield "relu6", F.relu6(x)
    yield "softsign", F.softsign(x)
    yield "hardtanh of truth", words(F.hardtanh, x > 0)


@scenario("nn_functional.whole-numbers-in-losses", lesson=7, asks="Which loss takes integers?")
def whole_numbers_in_losses(T: Any, draw: Draw) -> Yields:
    F = T.nn.functional
    whole, target = T.tensor([1, 0, 3]), T.tensor([1, 0, 0])
    x = T.tensor([0.25, 0.5, 0.75])
    for name in ("mse_loss", "smooth_l1_loss", "huber_loss", "binary_cross_entropy_with_logits"):
        loss = getattr(F, name)
        yield f"{name}, both", words(loss, whole, target)
        yield f"{name}, the input", words(loss, whole, x)
        yield f"{name}, the target", words(loss, x, target)
    yield "mse_loss", F.mse_loss(x, target)
    for which, (a, b) in {"both": (whole, target), "the target": (x, target), "the input": (whole, x)}.items():
        yield f"binary_cross_entropy, {which}", words(F.binary_cross_entropy, a, b)
        yield f"kl_div, {which}", words(F.kl_div, a, b, reduction="sum")
    yield "nll_loss", words(F.nll_loss, whole[None], T.tensor([0]))


@scenario("nn_functional.whole-numbers-in-norms", lesson=7, asks="Does a normalisation take integers?")
def whole_numbers_in_norms(T: Any, draw: Draw) -> Yields:
    F = T.nn.functional
    x = T.tensor([[[[1, 2], [3, 5]]]])
    yield "layer_norm", words(F.layer_norm, x, (2,))
    yield "batch_norm", words(F.batch_norm, x, None, None, training=True)
    yield "group_norm", words(F.group_norm, x, 1)
    yield "adaptive_avg_pool2d", words(F.adaptive_avg_pool2d, x, 2)


@scenario("nn_functional.resampled-zeros-and-infinities", lesson=7, asks="What becomes of -0, inf and nan?")
def resampled(T: Any, draw: Draw) -> Yields:
    F = T.nn.functional
    for odd in (float("inf"), float("nan")):
        x = T.tensor(draw.array([[[[-0.0, 1.0], [odd, -0.0]]]]))
        yield f"nearest, {odd}", F.interpolate(x, scale_factor=2)
        yield f"its signs, {odd}", F.interpolate(x, scale_factor=2).nan_to_num().signbit()
        yield f"bilinear, {odd}", F.interpolate(x, size=(3, 3), mode="bilinear")
        yield f"by the corners, {odd}", F.interpolate(x, size=(4, 3), mode="bilinear", align_corners=True)
    zeros = T.tensor(draw.array([[[[-0.0, -0.0], [-0.0, -0.0]]]]))
    yield "signs of zeros", F.interpolate(zeros, size=(3, 3), mode="bilinear").signbit()


@scenario("saved.names-of-a-product", lesson=6, asks="Under which names does a node show what it kept?")
def names_of_a_product(T: Any, draw: Draw) -> Yields:
    a = T.tensor(draw.normal(2, 2), requires_grad=True)
    b = T.tensor(draw.normal(2, 2), requires_grad=True)
    node = a.mm(b).grad_fn
    yield "mm", (node._saved_self, node._saved_mat2)
    node = a[None].bmm(b[None]).grad_fn
    yield "bmm", (node._saved_self, node._saved_mat2)
    yield "sum", tuple(a.sum().grad_fn._saved_self_sym_sizes)
    yield "index_select", a.index_select(0, T.tensor([1])).grad_fn._saved_index
    kept = {"exp": a.exp(), "log": a.abs().log(), "add": a + b, "mul": a * b, "mm": a.mm(b)}
    for name, made in kept.items():
        yield f"names of {name}", [word for word in ("self", "result") if hasattr(made.grad_fn, f"_saved_{word}")]


@scenario("versions.changed-extreme", lesson=6, asks="Whose result was changed?")
def changed_extreme(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    low, high = T.aminmax(x * 1)
    low.mul_(2)
    said = words((low + high).backward)
    yield "says", said[said.index(", which") : said.index(", is at")] if ", which" in said else said


@scenario("grad.hooks-of-roots-that-lead-nowhere", lesson=8, asks="Are the hooks of an unwanted root called?")
def hooks_of_roots_that_lead_nowhere(T: Any, draw: Draw) -> Yields:
    numbers = draw.normal(2)
    for name in ("alone", "beside", "below", "above"):
        x = T.tensor(draw.normal(2), requires_grad=True)
        w = T.tensor(numbers, requires_grad=True)
        log: list[str] = []
        unwanted = x * 2
        other = {"beside": w * 3, "below": unwanted * w, "above": unwanted * w}.get(name)
        unwanted.register_hook(lambda g, log=log: log.append("tensor"))
        unwanted.grad_fn.register_hook(lambda before, after, log=log: log.append("node"))
        roots = [unwanted] if other is None else [unwanted, other] if name == "below" else [other, unwanted]
        gradients = T.autograd.grad(roots, [w], [T.ones_like(w) for _ in roots], allow_unused=True)
        yield name, (gradients, list(log))


@scenario("modes.views-of-views-of-several-modes", lesson=6, asks="A view of a view, each in its mode: what forbids?")
def views_of_views_of_several_modes(T: Any, draw: Draw) -> Yields:
    modes = {"inference": T.inference_mode, "no_grad": T.no_grad, "recording": T.enable_grad}
    for first, outer in modes.items():
        for second, inner in modes.items():
            for way in ("unbind", "slice"):
                base, b = T.ones(2, 2, 2), T.tensor(1.0, requires_grad=True)
                with outer():
                    view = base[0]
                with inner():
                    view = view.unbind()[0] if way == "unbind" else view[:]
                base.add_(b)
                said = words(lambda view=view: view.grad_fn)
                yield f"{first}, {second}, {way}", said
