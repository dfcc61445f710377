"""Every loss: value, gradients and second order as torch's, with every reduction."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

from .agree import agree, both, outcome, same_error

LOSSES: dict[str, tuple[Any, str]] = {
    "mse": (lambda F, x, t, r: F.mse_loss(x, t, reduction=r), "any"),
    "l1": (lambda F, x, t, r: F.l1_loss(x, t, reduction=r), "any"),
    "smooth l1": (lambda F, x, t, r: F.smooth_l1_loss(x, t, reduction=r), "any"),
    "smooth l1, beta": (lambda F, x, t, r: F.smooth_l1_loss(x, t, reduction=r, beta=0.3), "any"),
    "smooth l1, none": (lambda F, x, t, r: F.smooth_l1_loss(x, t, reduction=r, beta=0), "any"),
    "huber": (lambda F, x, t, r: F.huber_loss(x, t, reduction=r, delta=0.4), "any"),
    "bce": (lambda F, x, t, r: F.binary_cross_entropy(x, t, reduction=r), "unit"),
    "bce, weight": (lambda F, x, t, r: F.binary_cross_entropy(x, t, x.detach() + 1, reduction=r), "unit"),
    "logits": (lambda F, x, t, r: F.binary_cross_entropy_with_logits(x, t, reduction=r), "any"),
    "logits, weights": (
        lambda F, x, t, r: F.binary_cross_entropy_with_logits(
            x, t, t.detach() + 3, pos_weight=t.detach()[0] ** 2, reduction=r
        ),
        "any",
    ),
    "kl": (lambda F, x, t, r: F.kl_div(x, t, reduction=r), "unit"),
    "kl, log": (lambda F, x, t, r: F.kl_div(x, t, reduction=r, log_target=True), "any"),
    "soft classes": (lambda F, x, t, r: F.cross_entropy(x, t, reduction=r, label_smoothing=0.1), "any"),
}


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.filterwarnings("ignore:reduction")
def test_loss(name: str, reduction: str, rng: np.random.Generator) -> None:
    loss, domain = LOSSES[name]
    x, t = (rng.uniform(0.05, 0.95, (3, 4)) if domain == "unit" else rng.standard_normal((3, 4)) for _ in "xt")
    agree(lambda T, x, t: loss(T.nn.functional, x, t, reduction), x, t)


CLASSES: dict[str, Any] = {
    "plain": {},
    "weight": {"weight": True},
    "ignored": {"ignore_index": 1},
    "smoothed": {"label_smoothing": 0.2},
    "everything": {"weight": True, "ignore_index": 2, "label_smoothing": 0.2},
}


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("options", CLASSES.values(), ids=CLASSES.keys())
@pytest.mark.parametrize("shape", [(5, 3), (2, 3, 2, 2), (3,)], ids=["rows", "images", "one"])
def test_cross_entropy(shape: tuple[int, ...], options: Any, reduction: str, rng: np.random.Generator) -> None:
    x = rng.standard_normal(shape)
    t = rng.integers(0, 3, shape[:1] + shape[2:] if len(shape) > 1 else ())
    weights = np.array([0.5, 2.0, 1.5])

    def loss(T: Any, x: Any, t: Any) -> Any:
        given = dict(options)
        if "weight" in given:
            given["weight"] = T.tensor(weights)
        return T.nn.CrossEntropyLoss(**given, reduction=reduction)(x, t)

    if len(shape) == 1 and t == options.get("ignore_index"):
        t = np.array(0)
    agree(loss, x, t)


def test_nll_loss(rng: np.random.Generator) -> None:
    agree(lambda T, x, t: T.nn.NLLLoss(ignore_index=0)(x, t), rng.standard_normal((4, 3)), np.array([0, 2, 1, 1]))


def test_certain_errors_cost_100() -> None:
    def program(T: Any) -> list[Any]:
        x = T.tensor([0.0, 1.0, 0.5], requires_grad=True)
        loss = T.nn.BCELoss(reduction="none")(x, T.tensor([1.0, 0.0, 1.0]))
        return [loss, *T.autograd.grad(loss.sum(), x)]

    both(program)


ERRORS: dict[str, Any] = {
    "shapes": lambda T: T.nn.functional.mse_loss(T.ones(3), T.ones(4)),
    "no probability": lambda T: T.nn.functional.binary_cross_entropy(T.ones(3) + 1, T.ones(3)),
    "bce shapes": lambda T: T.nn.functional.binary_cross_entropy(T.ones(3), T.ones(3, 1)),
    "logit shapes": lambda T: T.nn.functional.binary_cross_entropy_with_logits(T.ones(3), T.ones(3, 1)),
    "class": lambda T: T.nn.functional.cross_entropy(T.ones(3, 4), T.tensor([0, 1, 5])),
    "batch": lambda T: T.nn.functional.cross_entropy(T.ones(3, 4), T.tensor([0, 1])),
    "int classes": lambda T: T.nn.functional.cross_entropy(T.ones(3, 4), T.tensor([0, 1, 2], dtype=T.int32)),
    "float classes": lambda T: T.nn.functional.cross_entropy(T.ones(3, 4), T.tensor([0.0, 1, 2])),
    "reduction": lambda T: T.nn.functional.mse_loss(T.ones(3), T.ones(3), reduction="foo"),
}


@pytest.mark.parametrize("program", ERRORS.values(), ids=ERRORS.keys())
@pytest.mark.filterwarnings("ignore:Using a target size")
def test_error(program: Any) -> None:
    same_error(program)


@pytest.mark.parametrize("name", ["mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss"])
def test_broadcasting_warns_as_torch_does(name: str) -> None:
    from .agree import BACKENDS

    texts = []
    for T in BACKENDS:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            loss = getattr(T.nn.functional, name)(T.ones(3, 1), T.zeros(4))
        texts.append([str(w.message) for w in caught] + [loss.item()])
    assert texts[0] == texts[1]


def test_deprecated_arguments() -> None:
    from .agree import BACKENDS

    for T in BACKENDS:
        with pytest.warns(UserWarning, match="please use reduction='sum'"):
            assert T.nn.MSELoss(size_average=False).reduction == "sum"
    assert outcome(lambda T: T.nn.MSELoss(reduction="foo"), BACKENDS[0])[0] == "no error"
