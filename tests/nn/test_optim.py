"""Optimisers: trajectories, versions, state and errors as torch's."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

import course.nptorch as nptorch

from .agree import BACKENDS, array, close, same_error

OPTIMISERS: dict[str, Any] = {
    "sgd": lambda o, p: o.SGD(p, lr=0.1),
    "sgd, defaults": lambda o, p: o.SGD(p),
    "sgd, momentum": lambda o, p: o.SGD(p, lr=0.1, momentum=0.9),
    "sgd, dampening": lambda o, p: o.SGD(p, lr=0.1, momentum=0.9, dampening=0.3),
    "sgd, nesterov": lambda o, p: o.SGD(p, lr=0.1, momentum=0.9, nesterov=True),
    "sgd, decay": lambda o, p: o.SGD(p, lr=0.1, weight_decay=0.1),
    "sgd, everything": lambda o, p: o.SGD(p, lr=0.01, momentum=0.9, weight_decay=0.1, nesterov=True, maximize=True),
    "sgd, fused": lambda o, p: o.SGD(p, lr=0.1, momentum=0.9, weight_decay=0.1, fused=True),
    "sgd, foreach": lambda o, p: o.SGD(p, lr=0.1, momentum=0.9, foreach=True),
    "adam": lambda o, p: o.Adam(p, lr=0.1),
    "adam, defaults": lambda o, p: o.Adam(p),
    "adam, betas": lambda o, p: o.Adam(p, lr=0.1, betas=(0.5, 0.9), eps=1e-3),
    "adam, decay": lambda o, p: o.Adam(p, lr=0.1, weight_decay=0.1),
    "adam, amsgrad": lambda o, p: o.Adam(p, lr=0.1, amsgrad=True, maximize=True),
    "adam, fused": lambda o, p: o.Adam(p, lr=0.1, amsgrad=True, weight_decay=0.1, fused=True),
    "adamw": lambda o, p: o.AdamW(p, lr=0.1),
    "adamw, decay": lambda o, p: o.AdamW(p, lr=0.1, weight_decay=0.3, amsgrad=True),
    "rmsprop": lambda o, p: o.RMSprop(p, lr=0.01),
    "rmsprop, centered": lambda o, p: o.RMSprop(p, lr=0.01, centered=True, weight_decay=0.1),
    "rmsprop, momentum": lambda o, p: o.RMSprop(p, lr=0.01, momentum=0.9, centered=True, maximize=True),
}


def net(T: Any) -> Any:
    """Return a small network with fixed weights."""
    model = T.nn.Sequential(T.nn.Linear(3, 5), T.nn.Tanh(), T.nn.Linear(5, 2))
    rng = np.random.default_rng(3)
    state = {name: T.tensor(rng.standard_normal(x.shape)) for name, x in model.state_dict().items()}
    model.load_state_dict(state)
    return model


def train(T: Any, model: Any, optimiser: Any, steps: int = 20, scheduler: Any = None) -> list[Any]:
    """Return the parameters after each step."""
    rng = np.random.default_rng(4)
    x, y = T.tensor(rng.standard_normal((8, 3))), T.tensor(rng.standard_normal((8, 2)))
    seen = []
    for _ in range(steps):
        optimiser.zero_grad()
        T.nn.functional.mse_loss(model(x), y).backward()
        optimiser.step()
        if scheduler is not None:
            scheduler.step()
        seen.append([p.detach().clone() for p in model.parameters()])
    return seen


@pytest.mark.parametrize("name", OPTIMISERS)
def test_twenty_steps(name: str) -> None:
    paths, versions, states = [], [], []
    for T in BACKENDS:
        model = net(T)
        optimiser = OPTIMISERS[name](T.optim, model.parameters())
        paths.append(train(T, model, optimiser))
        versions.append([p._version for p in model.parameters()])
        states.append(optimiser.state_dict())
    for mine, theirs in zip(*paths, strict=True):
        for a, b in zip(mine, theirs, strict=True):
            np.testing.assert_allclose(array(a), array(b), rtol=1e-12, atol=1e-14)
    assert versions[0] == versions[1]
    assert states[0]["param_groups"] == states[1]["param_groups"]
    assert list(states[0]["state"]) == list(states[1]["state"])
    for key, mine in states[0]["state"].items():
        theirs = states[1]["state"][key]
        assert sorted(mine) == sorted(theirs)
        for what in mine:
            if "fused" in name and what == "step":
                continue  # torch counts in float32 there
            close(mine[what], theirs[what], 1e-10, what)


def test_groups_have_their_own_options() -> None:
    paths = []
    for T in BACKENDS:
        model = net(T)
        groups = [
            {"params": model[0].parameters(), "lr": 0.5},
            {"params": list(model[2].parameters()), "momentum": 0.0, "weight_decay": 0.1},
        ]
        optimiser = T.optim.SGD(groups, lr=0.1, momentum=0.9)
        paths.append([train(T, model, optimiser)[-1], len(optimiser.state_dict()["state"]), repr(optimiser)])
    close(*paths, 1e-12)


def test_frozen_and_unused_parameters_stay() -> None:
    for T in BACKENDS:
        model = net(T)
        model[0].requires_grad_(False)
        before = array(model[0].weight).copy()
        train(T, model, T.optim.AdamW(model.parameters(), lr=0.1), steps=3)
        np.testing.assert_array_equal(array(model[0].weight), before)


def test_zero_grad_sets_none_or_zero() -> None:
    for T in BACKENDS:
        model = net(T)
        optimiser = T.optim.SGD(model.parameters(), lr=0.1)
        model(T.ones(1, 3)).sum().backward()
        held = model[0].weight.grad
        optimiser.zero_grad(set_to_none=False)
        assert model[0].weight.grad is held
        assert not array(held).any()
        optimiser.zero_grad()
        assert model[0].weight.grad is None


def test_closure_is_called_with_recording_on() -> None:
    for T in BACKENDS:
        p = T.nn.Parameter(T.ones(2))
        optimiser = T.optim.SGD([p], lr=0.5)

        def closure(T: Any = T, p: Any = p, optimiser: Any = optimiser) -> Any:
            optimiser.zero_grad()
            loss = (p * p).sum()
            loss.backward()
            return loss

        with T.no_grad():
            assert optimiser.step(closure).item() == 2.0
        assert array(p).tolist() == [0.0, 0.0]


@pytest.mark.parametrize("name", ["sgd, momentum", "adam, amsgrad", "rmsprop, momentum"])
def test_state_survives_saving_and_loading(name: str) -> None:
    ends = []
    for T in BACKENDS:
        model = net(T)
        optimiser = OPTIMISERS[name](T.optim, model.parameters())
        train(T, model, optimiser, steps=5)
        again = OPTIMISERS[name](T.optim, model.parameters())
        again.load_state_dict(optimiser.state_dict())
        ends.append(train(T, model, again, steps=5)[-1])
    close(*ends, 1e-12)


def srgan_order(T: Any, **options: Any) -> Any:
    """Step the discriminator between two backward passes through it, as the SRGAN article does."""
    critic = T.nn.Sequential(T.nn.Linear(3, 4), T.nn.LeakyReLU(), T.nn.Linear(4, 1))
    maker = T.nn.Linear(2, 3)
    optimiser = T.optim.SGD(critic.parameters(), lr=0.1, **options)
    fake = critic(maker(T.ones(2, 2)))
    fake.mean().backward(retain_graph=True)
    optimiser.step()
    (1 - fake).mean().backward()
    return maker.weight.grad


def test_a_step_between_two_backwards_is_noticed() -> None:
    same_error(srgan_order)


def test_a_fused_step_between_two_backwards_goes_unnoticed() -> None:
    for T in BACKENDS:
        assert srgan_order(T, fused=True) is not None


def test_step_hooks() -> None:
    logs = []
    for T in BACKENDS:
        log: list[str] = []
        p = T.nn.Parameter(T.ones(2))
        optimiser = T.optim.SGD([p], lr=0.5)
        before = optimiser.register_step_pre_hook(lambda o, args, kwargs, log=log: log.append("before"))
        optimiser.register_step_post_hook(lambda o, args, kwargs, log=log: log.append("after"))
        optimiser.step()
        before.remove()
        optimiser.step()
        logs.append(log)
    assert logs[0] == logs[1] == ["before", "after", "after"]


def test_own_optimiser() -> None:
    for T in BACKENDS:

        class Sign(T.optim.Optimizer):  # type: ignore[misc,name-defined]
            def __init__(self, params: Any, lr: float = 0.1) -> None:
                super().__init__(params, {"lr": lr})

            def step(self, closure: Any = None, T: Any = T) -> None:
                with T.no_grad():
                    for group in self.param_groups:
                        for p in group["params"]:
                            p.add_(p.grad.sign(), alpha=-group["lr"])

        p = T.nn.Parameter(T.tensor([1.0, -1.0]))
        (p * p).sum().backward()
        Sign([p]).step()
        np.testing.assert_allclose(array(p), [0.9, -0.9])


SCHEDULES: dict[str, Any] = {
    "step": lambda s, o: s.StepLR(o, 3, gamma=0.5),
    "milestones": lambda s, o: s.MultiStepLR(o, [2, 5], gamma=0.5),
    "exponential": lambda s, o: s.ExponentialLR(o, 0.9),
    "lambda": lambda s, o: s.LambdaLR(o, lambda epoch: 1 / (1 + epoch)),
    "cosine": lambda s, o: s.CosineAnnealingLR(o, 6, eta_min=0.01),
}


@pytest.mark.parametrize("name", SCHEDULES)
def test_schedule(name: str) -> None:
    rates = []
    for T in BACKENDS:
        p = T.nn.Parameter(T.ones(1))
        optimiser = T.optim.SGD([{"params": [p], "lr": 0.3}], lr=0.1)
        schedule = SCHEDULES[name](T.optim.lr_scheduler, optimiser)
        seen = [schedule.get_last_lr()]
        for _ in range(20):
            optimiser.step()
            schedule.step()
            seen.append(schedule.get_last_lr())
        rates.append(seen)
    np.testing.assert_allclose(*rates, rtol=1e-13)


def test_schedule_before_step_warns() -> None:
    texts = []
    for T in BACKENDS:
        optimiser = T.optim.SGD([T.nn.Parameter(T.ones(1))], lr=0.1)
        schedule = T.optim.lr_scheduler.StepLR(optimiser, 3)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            schedule.step()
        texts.append([str(w.message) for w in caught])
    assert texts[0] == texts[1] != []


def leaf(T: Any) -> Any:
    """Return a parameter."""
    return T.nn.Parameter(T.ones(2))


ERRORS: dict[str, Any] = {
    "nothing": lambda T: T.optim.SGD([], lr=0.1),
    "a tensor": lambda T: T.optim.SGD(T.ones(2), lr=0.1),
    "a number": lambda T: T.optim.SGD([1], lr=0.1),
    "a result": lambda T: T.optim.SGD([leaf(T) * 2], lr=0.1),
    "a set": lambda T: T.optim.SGD([{"params": {leaf(T)}}], lr=0.1),
    "twice": lambda T: (lambda p: T.optim.SGD([{"params": [p]}, {"params": [p]}], lr=0.1))(leaf(T)),
    "lr": lambda T: T.optim.SGD([leaf(T)], lr=-1),
    "momentum": lambda T: T.optim.SGD([leaf(T)], momentum=-1),
    "decay": lambda T: T.optim.SGD([leaf(T)], weight_decay=-1),
    "nesterov": lambda T: T.optim.SGD([leaf(T)], nesterov=True),
    "betas": lambda T: T.optim.Adam([leaf(T)], betas=(1.0, 0.9)),
    "eps": lambda T: T.optim.Adam([leaf(T)], eps=-1),
    "adam lr": lambda T: T.optim.AdamW([leaf(T)], lr=-1),
    "alpha": lambda T: T.optim.RMSprop([leaf(T)], alpha=-1),
    "fused foreach": lambda T: T.optim.SGD([leaf(T)], fused=True, foreach=True),
    "fused differentiable": lambda T: T.optim.Adam([leaf(T)], fused=True, differentiable=True),
    "loading groups": lambda T: T.optim.SGD([leaf(T)]).load_state_dict({"state": {}, "param_groups": []}),
    "no group": lambda T: T.optim.SGD([leaf(T)]).add_param_group([leaf(T)]),
    "no optimiser": lambda T: T.optim.lr_scheduler.StepLR(3, 2),
}


@pytest.mark.parametrize("program", ERRORS.values(), ids=ERRORS.keys())
def test_error(program: Any) -> None:
    same_error(program)


@pytest.mark.parametrize("part", ["sgd_step", "adam_step"])
def test_without_the_part_a_step_names_its_lesson(part: str) -> None:
    p = leaf(nptorch)
    p.sum().backward()
    optimiser = (nptorch.optim.SGD if part == "sgd_step" else nptorch.optim.Adam)([p])
    with (
        nptorch.use(**{part: None}),
        pytest.raises(NotImplementedError, match=f"{part} is built in lesson 7"),
    ):
        optimiser.step()
