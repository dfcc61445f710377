"""Around a step: schedules of the learning rate, and clipped gradients."""

from __future__ import annotations

from typing import Any

from course.scenarios import Cases, Draw, Yields, attempt, heard, scenario


def _optimizer(T: Any, *rates: float) -> Any:
    """Return SGD with one group for each rate; every weight has the gradient 1."""
    groups = []
    for rate in rates:
        w = T.tensor([1.0], requires_grad=True)
        w.grad = T.ones_like(w)
        groups.append({"params": [w], "lr": rate})
    return T.optim.SGD(groups)


def _rates(optimizer: Any, schedule: Any, steps: int) -> list[list[float]]:
    seen = [schedule.get_last_lr()]
    for _ in range(steps):
        optimizer.step()
        schedule.step()
        seen.append(schedule.get_last_lr())
    return seen


@scenario("schedules.step-lr", lesson=7, asks="After how many steps does StepLR lower the rate, and of which groups?")
def step_lr(T: Any, draw: Draw) -> Yields:
    optimizer = _optimizer(T, 0.5, 0.1)
    schedule = T.optim.lr_scheduler.StepLR(optimizer, step_size=3, gamma=0.5)
    yield "rates", _rates(optimizer, schedule, 8)
    yield "weights", [group["params"][0] for group in optimizer.param_groups]


@scenario("schedules.cosine", lesson=7, asks="CosineAnnealingLR: what is the rate half way, at the end, and beyond?")
def cosine(T: Any, draw: Draw) -> Yields:
    optimizer = _optimizer(T, 0.5, 0.1)
    schedule = T.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=4, eta_min=0.05)
    yield "rates", _rates(optimizer, schedule, 10)


@scenario("schedules.others", lesson=7, asks="How do MultiStepLR, ExponentialLR and LambdaLR go down?")
def others(T: Any, draw: Draw) -> Yields:
    kinds = T.optim.lr_scheduler
    makers: Cases = {
        "MultiStepLR": lambda o: kinds.MultiStepLR(o, milestones=[2, 2, 4], gamma=0.1),
        "ExponentialLR": lambda o: kinds.ExponentialLR(o, gamma=0.5),
        "LambdaLR": lambda o: kinds.LambdaLR(o, lambda epoch: 1 / (1 + epoch)),
    }
    for name, make in makers.items():
        optimizer = _optimizer(T, 0.5)
        yield name, _rates(optimizer, make(optimizer), 5)


@scenario(
    "schedules.rate-set-by-hand", lesson=7, asks="I change the rate by hand while StepLR runs: whose rate is lowered?"
)
def rate_set_by_hand(T: Any, draw: Draw) -> Yields:
    makers: Cases = {
        "StepLR": lambda o: T.optim.lr_scheduler.StepLR(o, step_size=2, gamma=0.5),
        "CosineAnnealingLR": lambda o: T.optim.lr_scheduler.CosineAnnealingLR(o, T_max=4),
    }
    for name, make in makers.items():
        optimizer = _optimizer(T, 0.5)
        schedule, seen = make(optimizer), []
        for turn in range(4):
            optimizer.step()
            if turn == 0:
                optimizer.param_groups[0]["lr"] = 8.0
            schedule.step()
            seen.append(optimizer.param_groups[0]["lr"])
        yield name, seen


@scenario("schedules.before-the-optimizer", lesson=7, asks="scheduler.step() before optimizer.step(): is that noticed?")
def before_the_optimizer(T: Any, draw: Draw) -> Yields:
    optimizer = _optimizer(T, 0.5)
    schedule = T.optim.lr_scheduler.StepLR(optimizer, step_size=1)
    yield "warning", heard(schedule.step)
    yield "the rate went down all the same", schedule.get_last_lr()
    yield "of something else", attempt(T.optim.lr_scheduler.StepLR, [1], 2)


@scenario("schedules.state-dict", lesson=7, asks="Can a schedule be saved and resumed?")
def state_dict(T: Any, draw: Draw) -> Yields:
    optimizer = _optimizer(T, 0.5)
    schedule = T.optim.lr_scheduler.StepLR(optimizer, step_size=2, gamma=0.5)
    _rates(optimizer, schedule, 3)
    state = schedule.state_dict()
    yield "epoch", state["last_epoch"]
    fresh = _optimizer(T, 0.25)
    resumed = T.optim.lr_scheduler.StepLR(fresh, step_size=2, gamma=0.1)
    resumed.load_state_dict(state)
    yield "resumed", _rates(fresh, resumed, 3)


def _weights(T: Any, draw: Draw) -> list[Any]:
    weights = [T.tensor(draw.normal(*shape), requires_grad=True) for shape in ((2, 2), (3,), (1,))]
    for weight in weights[:2]:
        weight.grad = T.tensor(draw.normal(*weight.shape))
    return weights


@scenario(
    "optim.clip-grad-norm",
    lesson=7,
    asks="clip_grad_norm_: is the length taken over all weights together, and in place?",
)
def clip_grad_norm(T: Any, draw: Draw) -> Yields:
    for limit in (0.5, 100.0):
        weights = _weights(T, draw)
        held = weights[0].grad
        yield f"{limit}: the length before", T.nn.utils.clip_grad_norm_(weights, limit)
        yield f"{limit}: gradients", [w.grad for w in weights]
        yield f"{limit}: in place", weights[0].grad is held
        yield f"{limit}: version", held._version


@scenario(
    "optim.clip-grad-norm-of-other-kinds",
    lesson=7,
    asks="Clipping by the 1-norm and by the largest entry: what is left?",
)
def clip_grad_norm_of_other_kinds(T: Any, draw: Draw) -> Yields:
    for kind in (1, float("inf")):
        weights = _weights(T, draw)
        yield f"{kind}: the length before", T.nn.utils.clip_grad_norm_(weights, 1.0, norm_type=kind)
        yield f"{kind}: gradients", [w.grad for w in weights]


@scenario(
    "optim.clip-grad-norm-of-nan", lesson=7, asks="One gradient is nan or inf: what does clipping make of the others?"
)
def clip_grad_norm_of_nan(T: Any, draw: Draw) -> Yields:
    for name in ("nan", "inf"):
        weights = _weights(T, draw)
        with T.no_grad():
            weights[0].grad[0, 0] = float(name)
        refused = attempt(T.nn.utils.clip_grad_norm_, weights, 1.0, error_if_nonfinite=True)
        yield f"{name}: refused if asked", refused
        T.nn.utils.clip_grad_norm_(weights, 1.0)
        yield f"{name}: another weight's gradient", weights[1].grad
    yield "no gradients at all", T.nn.utils.clip_grad_norm_([T.ones(2, requires_grad=True)], 1.0)


@scenario("optim.clip-grad-value", lesson=7, asks="clip_grad_value_: does it keep the direction?")
def clip_grad_value(T: Any, draw: Draw) -> Yields:
    weights = _weights(T, draw)
    T.nn.utils.clip_grad_value_(weights, 0.25)
    yield "gradients", [w.grad for w in weights]
