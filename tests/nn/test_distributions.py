"""``Categorical`` and ``Normal``: probabilities as torch's, draws by their statistics."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import course.nptorch as nptorch

from .agree import BACKENDS, agree, array, both, outcome


@pytest.mark.parametrize("shape", [(4,), (3, 4)])
@pytest.mark.parametrize("way", ["probs", "logits"])
def test_categorical(way: str, shape: tuple[int, ...], rng: np.random.Generator) -> None:
    x = rng.uniform(0.1, 1, shape)
    values = rng.integers(0, 4, (2, *shape[:-1]))

    def log_prob(T: Any, x: Any) -> Any:
        return T.distributions.Categorical(**{way: x}).log_prob(T.tensor(values))

    agree(log_prob, x)
    agree(lambda T, x: T.distributions.Categorical(**{way: x}).entropy(), x)

    def facts(T: Any) -> list[Any]:
        c = T.distributions.Categorical(**{way: T.tensor(x)})
        return [
            c.probs,
            c.logits,
            c.mode,
            tuple(c.batch_shape),
            tuple(c.event_shape),
            repr(c),
            c.sample().dtype.itemsize,
        ]

    both(facts)


def test_categorical_draws() -> None:
    p = np.array([[0.1, 0.2, 0.7], [0.5, 0.5, 0.0]])
    drawn = array(nptorch.distributions.Categorical(probs=nptorch.tensor(p)).sample((20000,)))
    assert drawn.shape == (20000, 2)
    for row in range(2):
        share = np.bincount(drawn[:, row], minlength=3) / 20000
        np.testing.assert_allclose(share, p[row], atol=0.02)


def test_normal(rng: np.random.Generator) -> None:
    loc, scale, value = rng.standard_normal(3), rng.uniform(0.5, 2, 3), rng.standard_normal((2, 3))
    agree(lambda T, m, s, v: T.distributions.Normal(m, s).log_prob(v), loc, scale, value)
    agree(lambda T, s: T.distributions.Normal(0.5, s).entropy(), scale)

    def facts(T: Any) -> list[Any]:
        n = T.distributions.Normal(T.tensor(loc), 2.0)
        scalar = T.distributions.Normal(0.0, 1.0)
        return [
            n.mean,
            n.stddev,
            n.variance,
            n.mode,
            tuple(n.batch_shape),
            repr(n),
            repr(scalar),
            n.sample((4,)).shape == (4, 3),
        ]

    both(facts)


def test_normal_draws() -> None:
    loc = nptorch.tensor([1.0, -2.0], requires_grad=True)
    scale = nptorch.tensor([0.5, 3.0], requires_grad=True)
    n = nptorch.distributions.Normal(loc, scale)
    assert not n.sample((2,)).requires_grad
    drawn = n.rsample((20000,))
    np.testing.assert_allclose(array(drawn).mean(0), [1.0, -2.0], atol=0.1)
    np.testing.assert_allclose(array(drawn).std(0), [0.5, 3.0], rtol=0.03)
    drawn.mean(0).sum().backward()
    np.testing.assert_allclose(array(loc.grad), 1.0)


def test_reinforce() -> None:
    """The loss of REINFORCE has the gradient torch gives."""

    def program(T: Any) -> list[Any]:
        logits = T.tensor([0.3, -0.2, 0.8], requires_grad=True)
        policy = T.distributions.Categorical(logits=logits)
        loss = -(policy.log_prob(T.tensor([2, 0])) * T.tensor([1.0, -0.5])).mean()
        loss.backward()
        return [loss, logits.grad]

    both(program)


BAD: dict[str, Any] = {
    "both": lambda T: T.distributions.Categorical(T.ones(2), T.ones(2)),
    "none": lambda T: T.distributions.Categorical(),
    "no axes": lambda T: T.distributions.Categorical(T.tensor(1.0)),
    "negative": lambda T: T.distributions.Categorical(T.tensor([-1.0, 3.0])),
    "nan": lambda T: T.distributions.Categorical(logits=T.tensor([float("nan"), 3.0])),
    "scale": lambda T: T.distributions.Normal(0.0, -1.0),
    "class": lambda T: T.distributions.Categorical(T.ones(2)).log_prob(T.tensor(5)),
}


@pytest.mark.parametrize("program", BAD.values(), ids=BAD.keys())
def test_error(program: Any) -> None:
    mine, theirs = (outcome(program, T) for T in BACKENDS)
    assert theirs[0] == mine[0] == "ValueError"
    assert mine[1].split("\n")[0] == theirs[1].split("\n")[0]
