"""Ties, nan, in-place activations, float32, differentiable steps: what is easily got wrong."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from .agree import agree, both, same_error


def test_max_pool_ties_nan_and_infinity() -> None:
    x = np.array([[1.0, 1, 0, 0], [1, 1, 0, 0], [np.nan, 2, -np.inf, -np.inf], [5, np.nan, -np.inf, -np.inf]])

    def program(T: Any) -> list[Any]:
        a = T.tensor(x.reshape(1, 1, 4, 4), requires_grad=True)
        y, where = T.nn.functional.max_pool2d(a, 2, return_indices=True)
        z = T.nn.functional.max_pool2d(a, 3, 1, 1)
        return [y, where, z, *T.autograd.grad((y.nan_to_num() + where).sum(), a), *T.autograd.grad(z.sum(), a)]

    both(program)


@pytest.mark.parametrize("name", ["ReLU", "LeakyReLU", "ELU", "SELU", "CELU", "SiLU", "Hardtanh", "ReLU6"])
def test_in_place_activation(name: str, rng: np.random.Generator) -> None:
    def program(T: Any, x: Any) -> Any:
        y = x * 2
        out = getattr(T.nn, name)(inplace=True)(y)
        assert out is y
        return out * (y._version + 1)

    agree(program, rng.standard_normal((3, 4)))
    same_error(lambda T: getattr(T.nn, name)(inplace=True)(T.ones(2, requires_grad=True)))


def test_kinks_have_torchs_slope() -> None:
    x = np.array([-1.0, 0.0, 1.0, 6.0, 0.5])
    for f in ("relu", "leaky_relu", "elu", "hardtanh", "relu6", "silu", "softplus", "celu", "selu", "mish"):
        agree(lambda T, x, f=f: getattr(T.nn.functional, f)(x), x)
    for loss in ("l1_loss", "smooth_l1_loss", "huber_loss"):
        agree(lambda T, x, loss=loss: getattr(T.nn.functional, loss)(x, x.detach() * 0), x)


def test_float32_stays_float32(rng: np.random.Generator) -> None:
    x = rng.standard_normal((2, 3, 8, 8)).astype(np.float32)

    def program(T: Any) -> list[Any]:
        nn = T.nn
        T.set_default_dtype(T.float32)
        model = nn.Sequential(
            nn.Conv2d(3, 4, 3, padding=1),
            nn.BatchNorm2d(4),
            nn.PReLU(),
            nn.AvgPool2d(2),
            nn.Dropout(0.5),
            nn.Softplus(),
            nn.MaxPool2d(2),
            nn.Flatten(),
            nn.Linear(16, 3),
        )
        loss = nn.CrossEntropyLoss()(model(T.tensor(x)), T.tensor([0, 2]))
        loss.backward()
        optimiser = T.optim.Adam(model.parameters())
        optimiser.step()
        held = [str(p.dtype) for p in model.parameters()] + [str(p.grad.dtype) for p in model.parameters()]
        state = [str(v.dtype) for s in optimiser.state.values() for v in s.values()]
        T.set_default_dtype(T.float64)
        return [str(loss.dtype), held, state, list(loss.shape)]

    both(program)


def test_differentiable_step() -> None:
    """A step that is recorded itself: the gradient of the loss after it, for the weights before it."""

    def program(T: Any) -> list[Any]:
        first = T.tensor([1.0, -2.0], requires_grad=True)
        weight = first.clone()
        weight.retain_grad()
        optimiser = T.optim.SGD([weight], lr=0.1, differentiable=True)
        weight.grad = T.tensor([0.5, 1.0], requires_grad=True)
        gradient = weight.grad
        optimiser.step()
        return [weight, *T.autograd.grad((weight**2).sum(), [first, gradient])]

    both(program)


def test_gradcheck_of_a_network(rng: np.random.Generator) -> None:
    import course.nptorch as T

    model = T.nn.Sequential(T.nn.Conv2d(1, 2, 2), T.nn.Tanh(), T.nn.Flatten(), T.nn.Linear(8, 2))
    x = rng.standard_normal((1, 1, 3, 3))
    leaf = T.tensor(x, requires_grad=True)
    weights = T.tensor([1.0, -2.0])
    (slope,) = T.autograd.grad((model(leaf) * weights).sum(), leaf)
    step = 1e-6
    for index in np.ndindex(x.shape):
        up, down = x.copy(), x.copy()
        up[index] += step
        down[index] -= step
        values = [(model(T.tensor(v)) * weights).sum().item() for v in (up, down)]
        assert abs((values[0] - values[1]) / (2 * step) - slope[index].item()) < 1e-7
