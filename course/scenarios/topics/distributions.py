"""Distributions: log-probabilities, and the two ways of a gradient through a random choice."""

from __future__ import annotations

from typing import Any

from course.scenarios import Draw, Yields, attempt, scenario


@scenario(
    "distributions.categorical",
    lesson=7,
    asks="What is the gradient of Categorical's log_prob, from logits and from probs?",
)
def categorical(T: Any, draw: Draw) -> Yields:
    values = draw.uniform(2, 3, low=0.2, high=1.0)
    chosen = T.tensor(draw.integers(0, 3, 2))
    for way in ("logits", "probs"):
        x = T.tensor(values, requires_grad=True)
        policy = T.distributions.Categorical(**{way: x})
        logs = policy.log_prob(chosen)
        logs.backward(T.tensor(draw.normal(2)))
        yield f"{way}: log_prob", logs
        yield f"{way}: probs", policy.probs
        yield f"{way}: x.grad", x.grad


@scenario("distributions.categorical-entropy", lesson=7, asks="Does an entropy bonus push towards the uniform choice?")
def categorical_entropy(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    entropy = T.distributions.Categorical(logits=x).entropy()
    entropy.backward()
    yield "entropy", entropy
    yield "x.grad", x.grad
    certain = T.distributions.Categorical(probs=T.tensor(draw.array([0.0, 1.0])))
    yield "of a certain choice", certain.entropy()


@scenario(
    "distributions.categorical-sample",
    lesson=7,
    asks="What shape and dtype has a sample, and does gradient flow through it?",
)
def categorical_sample(T: Any, draw: Draw) -> Yields:
    policy = T.distributions.Categorical(logits=T.tensor(draw.normal(2, 3), requires_grad=True))
    one, many = policy.sample(), policy.sample((5,))
    yield "one", [one.shape, one.dtype, one.requires_grad]
    yield "many", [many.shape, bool(((many >= 0) & (many < 3)).all())]
    yield "rsample", attempt(policy.rsample).type
    sure = T.distributions.Categorical(probs=T.tensor(draw.array([0.0, 1.0, 0.0])))
    yield "a certain choice", sure.sample((4,))


@scenario("distributions.normal", lesson=7, asks="What are log_prob and entropy of Normal, and all their gradients?")
def normal(T: Any, draw: Draw) -> Yields:
    loc = T.tensor(draw.normal(3), requires_grad=True)
    scale = T.tensor(draw.uniform(3, low=0.5, high=2.0), requires_grad=True)
    value = T.tensor(draw.normal(2, 3), requires_grad=True)
    spread = T.distributions.Normal(loc, scale)
    logs = spread.log_prob(value)
    (logs.sum() + spread.entropy().sum() * 2).backward()
    yield "log_prob", logs
    yield "entropy", spread.entropy()
    yield "loc.grad", loc.grad
    yield "scale.grad", scale.grad
    yield "value.grad", value.grad


@scenario(
    "distributions.sample-and-rsample",
    lesson=7,
    asks="sample() and rsample() of Normal: which one lets gradient through?",
)
def sample_and_rsample(T: Any, draw: Draw) -> Yields:
    loc = T.tensor(draw.normal(2), requires_grad=True)
    scale = T.tensor(draw.uniform(2, low=0.5, high=1.0), requires_grad=True)
    spread = T.distributions.Normal(loc, scale)
    yield "sample", [spread.sample().requires_grad, spread.sample((3,)).shape]
    drawn = spread.rsample((4,))
    drawn.sum().backward()
    yield "loc.grad counts the draws", loc.grad
    noise = ((drawn.detach() - loc.detach()) / scale.detach()).sum(0)
    yield "scale.grad is the noise", bool(((scale.grad - noise).abs() < 1e-4).all())


@scenario(
    "distributions.reinforce",
    lesson=7,
    asks="REINFORCE: how does a reward become a gradient when the choice was random?",
)
def reinforce(T: Any, draw: Draw) -> Yields:
    state, weight = T.tensor(draw.normal(4, 2)), T.tensor(draw.normal(2, 3), requires_grad=True)
    optimizer = T.optim.SGD([weight], lr=0.5)
    action, reward = T.tensor(draw.integers(0, 3, 4)), T.tensor(draw.normal(4))
    for turn in (1, 2, 3):
        policy = T.distributions.Categorical(logits=state @ weight)
        loss = -(policy.log_prob(action) * (reward - reward.mean())).sum()
        optimizer.zero_grad()
        loss.backward()
        yield f"gradient {turn}", weight.grad
        optimizer.step()
    yield "the choice itself has no gradient", attempt(lambda: policy.sample().sum().backward())


@scenario(
    "distributions.refused", lesson=7, asks="Negative probabilities, a scale of 0, a class out of range: what is said?"
)
def refused(T: Any, draw: Draw) -> Yields:
    kinds = T.distributions
    yield "no argument", attempt(kinds.Categorical)
    yield "both", attempt(kinds.Categorical, T.ones(2), T.ones(2))
    yield "negative", attempt(kinds.Categorical, T.tensor(draw.array([-1.0, 3.0])))
    yield "scale", attempt(kinds.Normal, 0.0, 0.0)
    yield "class", attempt(kinds.Categorical(T.ones(2)).log_prob, T.tensor(5))
    yield "nan", attempt(kinds.Normal(0.0, 1.0).log_prob, T.tensor(float("nan")))
    yield "a number", attempt(kinds.Normal(0.0, 1.0).log_prob, 0.5)
    yield "another shape", attempt(kinds.Normal(T.zeros(3), 1.0).log_prob, T.zeros(2))
