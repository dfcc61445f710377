"""Optimizers: 20 steps of each, weight for weight, and how often a step counts as a change."""

from __future__ import annotations

from typing import Any

from course.scenarios import Cases, Draw, Yields, attempt, scenario
from course.scenarios.nets import known

#: 1e-12, in units of the last place of float64: what 20 steps may add up to.
ULPS = 4096


def _walk(T: Any, draw: Draw, makers: Cases) -> Yields:
    """Train the same small network with each optimizer; yield all weights on the way."""
    nn = T.nn
    values, target, start = draw.normal(6, 2), draw.normal(6, 1), None
    for name, make in makers.items():
        net = nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1))
        if start is None:
            start = {key: t.clone() for key, t in known(T, draw, net).state_dict().items()}
        net.to(T.tensor(values).dtype).load_state_dict(start)
        optimizer = make(net.parameters())
        for step in range(1, 21):
            optimizer.zero_grad()
            nn.functional.mse_loss(net(T.tensor(values)), T.tensor(target)).backward()
            optimizer.step()
            if step in (1, 2, 20):
                yield f"{name}: weights after {step}", list(net.parameters())
        yield f"{name}: version of a weight", net[0].weight._version


@scenario("optim.sgd-momentum", lesson=7, ulps=ULPS, asks="How does momentum carry the last steps into the next one?")
def sgd_momentum(T: Any, draw: Draw) -> Yields:
    yield from _walk(T, draw, {"momentum": lambda p: T.optim.SGD(p, lr=0.05, momentum=0.9)})


@scenario(
    "optim.sgd-nesterov",
    lesson=7,
    ulps=ULPS,
    asks="What is different about Nesterov's momentum, from the first step on?",
)
def sgd_nesterov(T: Any, draw: Draw) -> Yields:
    yield from _walk(T, draw, {"nesterov": lambda p: T.optim.SGD(p, lr=0.05, momentum=0.9, nesterov=True)})
    p = T.tensor(draw.normal(2), requires_grad=True)
    yield "nesterov without momentum", attempt(T.optim.SGD, [p], lr=0.1, nesterov=True)


@scenario("optim.sgd-dampening", lesson=7, ulps=ULPS, asks="Does dampening also damp the very first gradient?")
def sgd_dampening(T: Any, draw: Draw) -> Yields:
    yield from _walk(T, draw, {"dampening": lambda p: T.optim.SGD(p, lr=0.1, momentum=0.8, dampening=0.5)})


@scenario(
    "optim.sgd-weight-decay",
    lesson=7,
    ulps=ULPS,
    asks="Is weight decay a part of the gradient, and so of the momentum?",
)
def sgd_weight_decay(T: Any, draw: Draw) -> Yields:
    yield from _walk(T, draw, {"decay": lambda p: T.optim.SGD(p, lr=0.05, momentum=0.9, weight_decay=0.1)})


@scenario(
    "optim.sgd-maximize", lesson=7, ulps=ULPS, asks="maximize=True climbs: is weight decay turned around with it?"
)
def sgd_maximize(T: Any, draw: Draw) -> Yields:
    makers: Cases = {
        "plain": lambda p: T.optim.SGD(p, lr=0.01, maximize=True),
        "with decay": lambda p: T.optim.SGD(p, lr=0.01, maximize=True, weight_decay=0.1),
    }
    yield from _walk(T, draw, makers)


@scenario(
    "optim.adam-options", lesson=7, ulps=ULPS, asks="What do betas, eps, amsgrad and weight_decay change in Adam?"
)
def adam_options(T: Any, draw: Draw) -> Yields:
    makers: Cases = {
        "betas and eps": lambda p: T.optim.Adam(p, lr=0.05, betas=(0.5, 0.9), eps=1e-3),
        "amsgrad": lambda p: T.optim.Adam(p, lr=0.05, betas=(0.9, 0.5), amsgrad=True),
        "weight decay": lambda p: T.optim.Adam(p, lr=0.05, weight_decay=0.1),
    }
    yield from _walk(T, draw, makers)


@scenario("optim.adam-first-step", lesson=7, asks="Why is the first step of Adam as long as lr, whatever the gradient?")
def adam_first_step(T: Any, draw: Draw) -> Yields:
    w = T.tensor(draw.array([1.0, 1.0, 1.0, 1.0]), requires_grad=True)
    w.grad = T.tensor(draw.array([1e-3, 1.0, -1e3, 0.0]))
    T.optim.Adam([w], lr=0.1, eps=1e-12).step()
    yield "w", w


@scenario(
    "optim.adamw",
    lesson=7,
    ulps=ULPS,
    asks="AdamW decays weights apart from the gradient: is it Adam with weight_decay?",
)
def adamw(T: Any, draw: Draw) -> Yields:
    makers: Cases = {
        "default decay": lambda p: T.optim.AdamW(p, lr=0.05),
        "strong decay": lambda p: T.optim.AdamW(p, lr=0.05, weight_decay=0.5),
        "no decay": lambda p: T.optim.AdamW(p, lr=0.05, weight_decay=0.0),
    }
    yield from _walk(T, draw, makers)


@scenario(
    "optim.rmsprop", lesson=7, ulps=ULPS, asks="What do 20 steps of RMSprop do, plain, centered and with momentum?"
)
def rmsprop(T: Any, draw: Draw) -> Yields:
    makers: Cases = {
        "plain": lambda p: T.optim.RMSprop(p, lr=0.01),
        "centered": lambda p: T.optim.RMSprop(p, lr=0.01, centered=True, alpha=0.9),
        "momentum and decay": lambda p: T.optim.RMSprop(p, lr=0.01, momentum=0.5, weight_decay=0.1),
    }
    yield from _walk(T, draw, makers)


@scenario(
    "optim.param-groups",
    lesson=7,
    ulps=ULPS,
    asks="Two groups with their own learning rates: which options does each inherit?",
)
def param_groups(T: Any, draw: Draw) -> Yields:
    def grouped(parameters: Any) -> Any:
        first, *rest = parameters
        groups = [{"params": [first], "lr": 0.01}, {"params": rest, "momentum": 0.0}]
        return T.optim.SGD(groups, lr=0.1, momentum=0.9)

    yield from _walk(T, draw, {"groups": grouped})
    optimizer = grouped([T.tensor(draw.normal(1), requires_grad=True) for _ in range(2)])
    yield "options", [[group["lr"], group["momentum"]] for group in optimizer.param_groups]


@scenario(
    "optim.group-added-later",
    lesson=7,
    asks="A layer is unfrozen and added to the optimizer: what may a new group hold?",
)
def group_added_later(T: Any, draw: Draw) -> Yields:
    a, b = (T.tensor(draw.normal(2), requires_grad=True) for _ in range(2))
    optimizer = T.optim.SGD([a], lr=0.1)
    optimizer.add_param_group({"params": [b], "lr": 0.5})
    (a * b).sum().backward()
    optimizer.step()
    yield "a", a
    yield "b", b
    yield "the same one again", attempt(optimizer.add_param_group, {"params": [a]})
    yield "a result", attempt(optimizer.add_param_group, {"params": [a * 2]})
    yield "a list", attempt(optimizer.add_param_group, [a])


@scenario(
    "optim.learning-rate-changed", lesson=7, asks="I set param_groups[0]['lr'] by hand: from which step does it hold?"
)
def learning_rate_changed(T: Any, draw: Draw) -> Yields:
    w = T.tensor(draw.normal(2), requires_grad=True)
    optimizer = T.optim.SGD([w], lr=0.1, momentum=0.9)
    for lr in (0.1, 0.01, 0.0):
        optimizer.param_groups[0]["lr"] = lr
        optimizer.zero_grad()
        (w * w).sum().backward()
        optimizer.step()
        yield f"after a step with {lr}", w


@scenario(
    "optim.none-gradients-are-skipped", lesson=7, asks="A weight was not used this time: does its momentum move it?"
)
def none_gradients_are_skipped(T: Any, draw: Draw) -> Yields:
    a, b = (T.tensor(draw.normal(2), requires_grad=True) for _ in range(2))
    optimizer = T.optim.Adam([a, b], lr=0.1)
    (a * b).sum().backward()
    optimizer.step()
    before = b.clone()
    optimizer.zero_grad()
    (a * a).sum().backward()
    optimizer.step()
    yield "b stayed", bool((b == before).all())
    yield "steps counted", [float(optimizer.state[p]["step"]) for p in (a, b)]


@scenario("optim.closure", lesson=7, asks="step(closure): what does it return, and is grad mode on inside?")
def closure(T: Any, draw: Draw) -> Yields:
    w = T.tensor(draw.normal(2), requires_grad=True)
    optimizer, seen = T.optim.SGD([w], lr=0.1), []

    def compute() -> Any:
        seen.append(T.is_grad_enabled())
        optimizer.zero_grad()
        loss = (w * w).sum()
        loss.backward()
        return loss

    with T.no_grad():
        yield "returned", optimizer.step(compute)
    yield "w", w
    yield "grad mode inside", seen
    yield "without a closure", optimizer.step()


@scenario(
    "optim.state-dict",
    lesson=7,
    ulps=ULPS,
    asks="Training is interrupted: does the state_dict of the optimizer bring it back?",
)
def state_dict(T: Any, draw: Draw) -> Yields:
    makers: Cases = {
        "SGD": lambda p: T.optim.SGD(p, lr=0.1, momentum=0.9),
        "Adam": lambda p: T.optim.Adam(p, lr=0.1),
        "RMSprop": lambda p: T.optim.RMSprop(p, lr=0.1),
    }

    def steps(w: Any, optimizer: Any) -> None:
        for _ in range(3):
            optimizer.zero_grad()
            (w * w).sum().backward()
            optimizer.step()

    for name, make in makers.items():
        w = T.tensor(draw.normal(2), requires_grad=True)
        optimizer = make([w])
        steps(w, optimizer)
        state = optimizer.state_dict()
        yield f"{name}: keys", [sorted(state), sorted(state["state"][0]), state["param_groups"][0]["params"]]
        again = w.detach().clone().requires_grad_()
        resumed = make([again])
        resumed.load_state_dict(state)
        steps(w, optimizer)
        steps(again, resumed)
        yield f"{name}: went on", w
        yield f"{name}: resumed", again


@scenario(
    "optim.what-is-refused",
    lesson=7,
    asks="No parameters, a tensor, a result, a negative rate: what does an optimizer say?",
)
def what_is_refused(T: Any, draw: Draw) -> Yields:
    w = T.tensor(draw.normal(2), requires_grad=True)
    sgd = T.optim.SGD
    yield "empty", attempt(sgd, [], lr=0.1)
    yield "a tensor", attempt(sgd, w, lr=0.1)
    yield "numbers", attempt(sgd, [1.0], lr=0.1)
    yield "a result", attempt(sgd, [w * 2], lr=0.1)
    yield "a set of parameters", attempt(sgd, [{"params": {w}}], lr=0.1)
    yield "negative lr", attempt(sgd, [w], lr=-0.1)
    yield "negative momentum", attempt(sgd, [w], lr=0.1, momentum=-1)
    yield "beta of 1", attempt(T.optim.Adam, [w], betas=(1.0, 0.9))
    yield "negative eps", attempt(T.optim.Adam, [w], eps=-1.0)
    yield "in two groups", attempt(sgd, [{"params": [w]}, {"params": [w]}], lr=0.1)


@scenario(
    "optim.backward-does-not-step",
    lesson=7,
    asks="Does backward() update the parameters, and does step() clear the gradients?",
)
def backward_does_not_step(T: Any, draw: Draw) -> Yields:
    w = T.tensor(draw.normal(2), requires_grad=True)
    optimizer = T.optim.SGD([w], lr=0.1)
    before = w.clone()
    gradients: list[Any] = []
    for _ in range(2):
        (w * 3).sum().backward()
        yield f"w moved by backward {len(gradients)}", bool((w != before).any())
        gradients.append(w.grad.clone())
    yield "gradients", gradients
    optimizer.step()
    yield "w.grad after step", w.grad
    yield "w", w


@scenario("optim.step-is-in-place", lesson=7, asks="Is w the same tensor after a step, and has it a history?")
def step_is_in_place(T: Any, draw: Draw) -> Yields:
    w = T.tensor(draw.normal(2), requires_grad=True)
    alias = w.detach()
    (w * w).sum().backward()
    T.optim.Adam([w], lr=0.1).step()
    yield "an alias sees it", bool((alias == w).all())
    yield "leaf, requires_grad, version", [w.is_leaf, w.requires_grad, w._version]


@scenario("optim.hooks-around-a-step", lesson=8, asks="Can I look at an optimizer before and after each step?")
def hooks_around_a_step(T: Any, draw: Draw) -> Yields:
    w = T.tensor(draw.normal(1), requires_grad=True)
    w.grad = T.ones_like(w)
    optimizer, log = T.optim.SGD([w], lr=0.5), []
    handle = optimizer.register_step_pre_hook(lambda o, args, kwargs: log.append(["before", w.detach().clone()]))
    optimizer.register_step_post_hook(lambda o, args, kwargs: log.append(["after", w.detach().clone()]))
    optimizer.step()
    handle.remove()
    optimizer.step()
    yield "log", log
