"""Lesson 11: one step of a generator and a discriminator."""

from __future__ import annotations

from typing import Any

from course.scenarios import Draw, Yields, attempt, part, scenario, watch
from course.scenarios.nets import known


def srgan_step(T: Any) -> Any:
    """Return the step: with ``torch.func``, each loss a function of one net's weights; or the student's part."""
    if T.__name__ != "torch":
        return part(T, "srgan_step")
    call = T.func.functional_call

    def taught(net: Any, optimizer: Any, cost: Any) -> float:
        def priced(weights: Any) -> Any:
            price = cost(weights)
            return price, price

        gradients, price = T.func.grad(priced, has_aux=True)(frozen(net))
        for name, weight in net.named_parameters():
            weight.grad = gradients[name]
        optimizer.step()
        return float(price)

    def frozen(net: Any) -> Any:
        return {name: weight.data.clone() for name, weight in net.named_parameters()}

    def step(maker: Any, judge: Any, low: Any, real: Any, of_maker: Any, of_judge: Any, maker_loss: Any) -> Any:
        picture = call(maker, frozen(maker), low)

        def judges(weights: Any) -> Any:
            return 1 - call(judge, weights, real).mean() + call(judge, weights, picture).mean()

        first = taught(judge, of_judge, judges)
        now = frozen(judge)

        def makes(weights: Any) -> Any:
            fake = call(maker, weights, low)
            return maker_loss(fake, real, call(judge, now, fake).mean())

        return first, taught(maker, of_maker, makes)

    return step


def pair(T: Any, draw: Draw) -> tuple[Any, Any, Any, Any]:
    """Return a generator, a discriminator, small data and real data."""
    nn = T.nn
    maker = known(T, draw, nn.Sequential(nn.Linear(2, 3), nn.Tanh()))
    judge = known(T, draw, nn.Sequential(nn.Linear(3, 3), nn.Tanh(), nn.Linear(3, 1), nn.Sigmoid()))
    return maker, judge, T.tensor(draw.normal(4, 2)), T.tensor(draw.normal(4, 3))


def plain_loss(fake: Any, real: Any, score: Any) -> Any:
    """Pixels, and a little of what the judge says."""
    return ((fake - real) ** 2).mean() + 0.5 * (1 - score)


def optimizers(T: Any, maker: Any, judge: Any, lr: float = 0.25) -> tuple[Any, Any]:
    """Return plain SGD for both, so that the change of a weight tells its gradient."""
    return T.optim.SGD(maker.parameters(), lr=lr), T.optim.SGD(judge.parameters(), lr=lr)


def weights(net: Any) -> list[Any]:
    """Return all parameters."""
    return list(net.parameters())


@scenario(
    "srgan_step.runs", lesson=11, contract=True, ulps=4096, asks="One step on one batch: what are the two losses?"
)
def runs(T: Any, draw: Draw) -> Yields:
    maker, judge, low, real = pair(T, draw)
    yield "losses", attempt(srgan_step(T), maker, judge, low, real, *optimizers(T, maker, judge), plain_loss)


@scenario(
    "srgan_step.judge-learns-from-its-own-loss",
    lesson=11,
    contract=True,
    ulps=4096,
    asks="What are the judge's weights after one step?",
)
def judge_learns(T: Any, draw: Draw) -> Yields:
    maker, judge, low, real = pair(T, draw)
    srgan_step(T)(maker, judge, low, real, *optimizers(T, maker, judge), plain_loss)
    yield "judge", weights(judge)


@scenario(
    "srgan_step.maker-learns-from-the-new-judge",
    lesson=11,
    contract=True,
    ulps=4096,
    asks="Which gradients does the maker get, and what are its weights after one step?",
)
def maker_learns(T: Any, draw: Draw) -> Yields:
    maker, judge, low, real = pair(T, draw)
    srgan_step(T)(maker, judge, low, real, *optimizers(T, maker, judge), plain_loss)
    yield "gradients of the maker", [p.grad for p in maker.parameters()]
    yield "maker", weights(maker)


@scenario(
    "srgan_step.only-by-the-judge",
    lesson=11,
    contract=True,
    ulps=4096,
    asks="The maker's loss is the judge's score alone: does the maker learn?",
)
def only_by_the_judge(T: Any, draw: Draw) -> Yields:
    maker, judge, low, real = pair(T, draw)
    step = attempt(
        srgan_step(T), maker, judge, low, real, *optimizers(T, maker, judge), lambda fake, real, score: 1 - score
    )
    yield "losses", step
    yield "gradients of the maker", [p.grad for p in maker.parameters()]


@scenario(
    "srgan_step.gradients-left-over",
    lesson=11,
    contract=True,
    ulps=4096,
    asks="There is something in every .grad before: does it count?",
)
def left_over(T: Any, draw: Draw) -> Yields:
    maker, judge, low, real = pair(T, draw)
    for p in weights(maker) + weights(judge):
        p.grad = T.tensor(draw.normal(*p.shape))
    srgan_step(T)(maker, judge, low, real, *optimizers(T, maker, judge), plain_loss)
    yield "maker", weights(maker)
    yield "judge", weights(judge)
    maker, judge, low, real = pair(T, draw)
    for p in weights(maker) + weights(judge):
        p.grad = T.tensor(draw.normal(*p.shape))
    still = T.optim.SGD(judge.parameters(), lr=0.0)
    srgan_step(T)(maker, judge, low, real, T.optim.SGD(maker.parameters(), lr=0.25), still, plain_loss)
    yield "maker, where the judge stands still", weights(maker)


@scenario(
    "srgan_step.three-steps-with-adam",
    lesson=11,
    contract=True,
    ulps=1 << 20,
    asks="Three steps, both optimizers with a memory: where do the weights go?",
)
def three_steps(T: Any, draw: Draw) -> Yields:
    maker, judge, _, _ = pair(T, draw)
    of_maker, of_judge = T.optim.Adam(maker.parameters(), lr=0.05), T.optim.Adam(judge.parameters(), lr=0.05)
    for turn in (1, 2, 3):
        low, real = T.tensor(draw.normal(4, 2)), T.tensor(draw.normal(4, 3))
        yield f"losses {turn}", srgan_step(T)(maker, judge, low, real, of_maker, of_judge, plain_loss)
    yield "maker", weights(maker)
    yield "judge", weights(judge)


@scenario(
    "srgan_step.nothing-retained",
    lesson=11,
    contract=True,
    asks="Somebody kept the judge's scores: can backward still run on them?",
)
def nothing_retained(T: Any, draw: Draw) -> Yields:
    if T.__name__ == "torch":  # what the contract says: every graph was walked through once, and freed
        x = T.ones(1, requires_grad=True)
        y = x.exp().sum()
        y.backward()
        yield "of the judge's loss", attempt(y.backward)
        yield "of the maker's loss", attempt(y.backward)
        return
    maker, judge, low, real = pair(T, draw)
    scores: list[Any] = []
    judge.register_forward_hook(lambda net, given, score: scores.append(score))
    srgan_step(T)(maker, judge, low, real, *optimizers(T, maker, judge), plain_loss)
    yield "of the judge's loss", attempt(scores[0].sum().backward)
    yield "of the maker's loss", attempt(scores[-1].sum().backward)


@scenario(
    "srgan_step.how-often",
    lesson=11,
    contract=True,
    asks="How often does each net run, how often each optimizer step, and in which order?",
)
def how_often(T: Any, draw: Draw) -> Yields:
    if T.__name__ == "torch":  # what the contract says
        yield "the maker runs", 1
        yield "the judge runs", 3
        yield "backward passes through the maker", 1
        yield "steps", ["judge", "maker"]
        return
    maker, judge, low, real = pair(T, draw)
    seen: list[str] = []
    passes: list[int] = []
    maker.register_forward_hook(lambda net, given, out: seen.append("maker"))
    judge.register_forward_hook(lambda net, given, out: seen.append("judge"))
    maker[0].weight.register_hook(lambda g: passes.append(1))
    of_maker, of_judge = optimizers(T, maker, judge)
    steps: list[str] = []
    of_maker.register_step_post_hook(lambda optimizer, args, kwargs: steps.append("maker"))
    of_judge.register_step_post_hook(lambda optimizer, args, kwargs: steps.append("judge"))
    srgan_step(T)(maker, judge, low, real, of_maker, of_judge, plain_loss)
    yield "the maker runs", seen.count("maker")
    yield "the judge runs", seen.count("judge")
    yield "backward passes through the maker", len(passes)
    yield "steps", steps


@scenario(
    "srgan_step.plain-numbers",
    lesson=11,
    contract=True,
    asks="Are the losses that are returned plain numbers, which keep nothing alive?",
)
def plain_numbers(T: Any, draw: Draw) -> Yields:
    maker, judge, low, real = pair(T, draw)
    made: list[Any] = []

    def noted(fake: Any, real: Any, score: Any) -> Any:
        loss = plain_loss(fake, real, score)
        if T.__name__ != "torch":
            made.append(watch(T, loss))
        return loss

    losses = srgan_step(T)(maker, judge, low, real, *optimizers(T, maker, judge), noted)
    yield "floats", [isinstance(one, float) for one in losses]
    yield "the maker's loss is alive", any(alive() for alive in made)
