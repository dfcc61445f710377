"""Generator and discriminator: who steps when, who is detached, and what each mistake does."""

from __future__ import annotations

from typing import Any

from course.scenarios import Cases, Draw, Yields, attempt, scenario
from course.scenarios.nets import known


def _pair(T: Any, draw: Draw) -> tuple[Any, Any, Any, Any]:
    """Return a generator, a discriminator, noise and real data."""
    nn = T.nn
    maker = known(T, draw, nn.Sequential(nn.Linear(2, 3), nn.Tanh()))
    judge = known(T, draw, nn.Sequential(nn.Linear(3, 3), nn.LeakyReLU(0.2), nn.Linear(3, 1)))
    return maker, judge, T.tensor(draw.normal(4, 2)), T.tensor(draw.normal(4, 3))


def _graded(net: Any) -> list[bool]:
    return [p.grad is not None for p in net.parameters()]


@scenario(
    "srgan.every-optimizer-is-noticed",
    lesson=7,
    asks="Step D between two backward passes: do AdamW, RMSprop and momentum give the same error?",
)
def every_optimizer_is_noticed(T: Any, draw: Draw) -> Yields:
    makers: Cases = {
        "momentum": lambda p: T.optim.SGD(p, lr=0.1, momentum=0.9),
        "AdamW": lambda p: T.optim.AdamW(p, lr=0.1),
        "RMSprop": lambda p: T.optim.RMSprop(p, lr=0.1),
    }
    for name, make in makers.items():
        maker, judge, noise, _ = _pair(T, draw)
        verdict = judge(maker(noise)).mean()
        verdict.backward(retain_graph=True)
        make(judge.parameters()).step()
        yield name, attempt((1 - verdict).backward)


@scenario(
    "srgan.last-layer-only",
    lesson=7,
    asks="Only D's last layer is trained in between: which weights does G's backward still need?",
)
def last_layer_only(T: Any, draw: Draw) -> Yields:
    for name, pick in {"last layer": 2, "first layer": 0}.items():
        maker, judge, noise, _ = _pair(T, draw)
        verdict = judge(maker(noise)).mean()
        verdict.backward(retain_graph=True)
        with T.no_grad():
            judge[pick].bias.add_(1)
        yield f"bias of the {name}", attempt(verdict.backward, retain_graph=True)
        with T.no_grad():
            judge[pick].weight.add_(1)
        yield f"weight of the {name}", attempt(verdict.backward)


@scenario(
    "srgan.recomputed",
    lesson=7,
    ulps=4096,
    asks="The cure: D judges the picture anew for G. Is retain_graph needed, and do both learn?",
)
def recomputed(T: Any, draw: Draw) -> Yields:
    maker, judge, noise, real = _pair(T, draw)
    of_maker = T.optim.Adam(maker.parameters(), lr=0.05)
    of_judge = T.optim.Adam(judge.parameters(), lr=0.05)
    for turn in (1, 2, 3):
        fake = maker(noise)
        of_judge.zero_grad()
        loss = 1 - judge(real).mean() + judge(fake.detach()).mean()
        yield f"D {turn}", attempt(loss.backward)
        of_judge.step()
        of_maker.zero_grad()
        yield f"G {turn}", attempt((1 - judge(fake)).mean().backward)
        of_maker.step()
    yield "G", list(maker.parameters())
    yield "D", list(judge.parameters())


@scenario(
    "srgan.detach-forgotten",
    lesson=7,
    asks="D is trained on a picture that was not detached: who gets a gradient, and what fails later?",
)
def detach_forgotten(T: Any, draw: Draw) -> Yields:
    for name in ("detached", "not detached"):
        maker, judge, noise, _ = _pair(T, draw)
        fake = maker(noise)
        judge(fake.detach() if name == "detached" else fake).mean().backward()
        yield f"{name}: G has gradients", _graded(maker)
        yield f"{name}: G's own backward", attempt(judge(fake).mean().backward)


@scenario(
    "srgan.detached-in-the-wrong-loss",
    lesson=7,
    asks="The picture is detached in G's loss: is that an error, or does G just never learn?",
)
def detached_in_the_wrong_loss(T: Any, draw: Draw) -> Yields:
    maker, judge, noise, _ = _pair(T, draw)
    optimizer = T.optim.SGD(maker.parameters(), lr=0.1)
    before = [p.clone() for p in maker.parameters()]
    yield "backward", attempt((1 - judge(maker(noise).detach())).mean().backward)
    optimizer.step()
    yield "G moved", [bool((p != old).any()) for p, old in zip(maker.parameters(), before, strict=True)]
    judge.requires_grad_(False)
    yield "with D frozen too", attempt((1 - judge(maker(noise).detach())).mean().backward)


@scenario(
    "srgan.gradients-left-over",
    lesson=7,
    asks="G's loss also fills D's gradients: what does D's next step use, if nobody clears them?",
)
def gradients_left_over(T: Any, draw: Draw) -> Yields:
    maker, judge, noise, real = _pair(T, draw)
    (1 - judge(maker(noise))).mean().backward()
    yield "D has gradients of G's loss", _graded(judge)
    judge(real).mean().backward()
    yield "added up", judge[2].weight.grad
    judge.zero_grad()
    judge(real).mean().backward()
    yield "cleared before", judge[2].weight.grad


@scenario("srgan.frozen-judge", lesson=7, asks="D is frozen while G learns: does the gradient still pass through D?")
def frozen_judge(T: Any, draw: Draw) -> Yields:
    maker, judge, noise, _ = _pair(T, draw)
    judge.requires_grad_(False)
    (1 - judge(maker(noise))).mean().backward()
    yield "G", [p.grad for p in maker.parameters()]
    yield "D", _graded(judge)


@scenario(
    "srgan.judged-under-no-grad", lesson=7, asks="D judges under no_grad to save memory: can G still learn from it?"
)
def judged_under_no_grad(T: Any, draw: Draw) -> Yields:
    maker, judge, noise, _ = _pair(T, draw)
    fake = maker(noise)
    with T.no_grad():
        verdict = judge(fake).mean()
    yield "G's backward", attempt((1 - verdict).backward)


@scenario(
    "srgan.fake-made-once-for-two-steps",
    lesson=7,
    asks="One picture, two steps of G on it: which backward fails, and for which of two reasons?",
)
def fake_made_once_for_two_steps(T: Any, draw: Draw) -> Yields:
    for retain in (False, True):
        maker, judge, noise, _ = _pair(T, draw)
        optimizer = T.optim.SGD(maker.parameters(), lr=0.1)
        fake = maker(noise)
        for turn in (1, 2):
            yield f"retain={retain}, step {turn}", attempt(judge(fake).mean().backward, retain_graph=retain)
            optimizer.step()
