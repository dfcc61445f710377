"""Wrong ideas about the step of a generator and a discriminator."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import course.nptorch as torch
from autograder.faults.registry import Part, fault

ORDER = "https://github.com/leftthomas/SRGAN/issues/74"


def wrong(id: str, help: str, links: tuple[str, ...] = ()) -> Callable[[Part], Part]:
    return fault(id, exercise="srgan-step", part="srgan_step", help=help, links=links)


def judged(judge: Any, real: Any, fake: Any) -> Any:
    """The judge's loss: right in all faults that are not about it."""
    return 1 - judge(real).mean() + judge(fake).mean()


def learn(optimizer: Any, loss: Any) -> float:
    """One step on one loss: right in all faults that are not about it."""
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return float(loss)


@wrong(
    "step-in-the-tutorials-order",
    "The judge's step changes weights that the score's graph has kept: ask the judge again after its step.",
    (ORDER,),
)
def tutorials_order(maker: Any, judge: Any, low: Any, real: Any, of_maker: Any, of_judge: Any, maker_loss: Any) -> Any:
    fake = maker(low)
    of_judge.zero_grad()
    score = judge(fake).mean()
    d_loss = 1 - judge(real).mean() + score
    d_loss.backward(retain_graph=True)
    of_judge.step()
    of_maker.zero_grad()
    g_loss = maker_loss(fake, real, score)
    g_loss.backward()
    of_maker.step()
    return d_loss.item(), g_loss.item()


@wrong(
    "step-after-both-backwards",
    "The maker's loss is judged by the judge after its step; yours is judged by the one before.",
)
def both_then_step(maker: Any, judge: Any, low: Any, real: Any, of_maker: Any, of_judge: Any, maker_loss: Any) -> Any:
    fake = maker(low)
    d_loss = judged(judge, real, fake.detach())
    g_loss = maker_loss(fake, real, judge(fake).mean())
    of_maker.zero_grad()
    g_loss.backward()
    of_judge.zero_grad()
    d_loss.backward()
    of_judge.step()
    of_maker.step()
    return d_loss.item(), g_loss.item()


@wrong("step-maker-first", "The judge goes first, and the maker learns from the judge that it meets then.")
def maker_first(maker: Any, judge: Any, low: Any, real: Any, of_maker: Any, of_judge: Any, maker_loss: Any) -> Any:
    fake = maker(low)
    g_loss = learn(of_maker, maker_loss(fake, real, judge(fake).mean()))
    return learn(of_judge, judged(judge, real, fake.detach())), g_loss


@wrong(
    "step-maker-cut-off",
    "You ask the judge about a detached picture in the maker's loss: the maker learns nothing from the judge.",
    ("https://github.com/nikhilsinghmus/image2reverb/issues/37",),
)
def cut_off(maker: Any, judge: Any, low: Any, real: Any, of_maker: Any, of_judge: Any, maker_loss: Any) -> Any:
    fake = maker(low)
    d_loss = learn(of_judge, judged(judge, real, fake.detach()))
    loss = maker_loss(fake, real, judge(fake.detach()).mean())
    of_maker.zero_grad()
    if any(p.requires_grad for p in maker.parameters()) and loss.requires_grad:
        loss.backward()
    of_maker.step()
    return d_loss, loss.item()


@wrong(
    "step-score-under-no-grad", "Under no_grad the score has no history, and the maker learns nothing from the judge."
)
def no_history(maker: Any, judge: Any, low: Any, real: Any, of_maker: Any, of_judge: Any, maker_loss: Any) -> Any:
    fake = maker(low)
    d_loss = learn(of_judge, judged(judge, real, fake.detach()))
    with torch.no_grad():
        score = judge(fake).mean()
    return d_loss, learn(of_maker, maker_loss(fake, real, score))


@wrong(
    "step-judge-trains-through-the-maker",
    "Detach the picture in the judge's loss: its backward walks through the maker for nothing.",
    ("https://github.com/yunjey/pytorch-tutorial/issues/56",),
)
def not_detached(maker: Any, judge: Any, low: Any, real: Any, of_maker: Any, of_judge: Any, maker_loss: Any) -> Any:
    fake = maker(low)
    of_judge.zero_grad()
    d_loss = judged(judge, real, fake)
    d_loss.backward(retain_graph=True)
    of_judge.step()
    return d_loss.item(), learn(of_maker, maker_loss(fake, real, judge(fake).mean()))


@wrong("step-picture-made-twice", "Run the maker once: for the judge, detach the picture that you have.")
def made_twice(maker: Any, judge: Any, low: Any, real: Any, of_maker: Any, of_judge: Any, maker_loss: Any) -> Any:
    with torch.no_grad():
        shown = maker(low)
    d_loss = learn(of_judge, judged(judge, real, shown))
    fake = maker(low)
    return d_loss, learn(of_maker, maker_loss(fake, real, judge(fake).mean()))


@wrong("step-keeps-both-graphs", "Nothing needs retain_graph here: each loss has a graph of its own.")
def keeps_both(maker: Any, judge: Any, low: Any, real: Any, of_maker: Any, of_judge: Any, maker_loss: Any) -> Any:
    fake = maker(low)
    d_loss = judged(judge, real, fake.detach())
    of_judge.zero_grad()
    d_loss.backward(retain_graph=True)
    of_judge.step()
    g_loss = maker_loss(fake, real, judge(fake).mean())
    of_maker.zero_grad()
    g_loss.backward(retain_graph=True)
    of_maker.step()
    return d_loss.item(), g_loss.item()


@wrong("step-old-gradients-count", "Clear the gradients of a net before the backward of its loss.")
def never_cleared(maker: Any, judge: Any, low: Any, real: Any, of_maker: Any, of_judge: Any, maker_loss: Any) -> Any:
    fake = maker(low)
    d_loss = judged(judge, real, fake.detach())
    d_loss.backward()
    of_judge.step()
    g_loss = maker_loss(fake, real, judge(fake).mean())
    g_loss.backward()
    of_maker.step()
    return d_loss.item(), g_loss.item()


@wrong("step-judge-not-cleared", "The maker's loss fills the judge's .grad too: clear it before the judge's backward.")
def judge_not_cleared(
    maker: Any, judge: Any, low: Any, real: Any, of_maker: Any, of_judge: Any, maker_loss: Any
) -> Any:
    fake = maker(low)
    d_loss = judged(judge, real, fake.detach())
    d_loss.backward()
    of_judge.step()
    return d_loss.item(), learn(of_maker, maker_loss(fake, real, judge(fake).mean()))


@wrong("step-losses-with-their-graphs", "Return loss.item(): a loss that is kept keeps its graph.")
def with_graphs(maker: Any, judge: Any, low: Any, real: Any, of_maker: Any, of_judge: Any, maker_loss: Any) -> Any:
    fake = maker(low)
    d_loss = judged(judge, real, fake.detach())
    learn(of_judge, d_loss)
    g_loss = maker_loss(fake, real, judge(fake).mean())
    learn(of_maker, g_loss)
    return d_loss, g_loss


@wrong("step-judge-praises-the-fake", "The judge's loss falls when real pictures score high and fake ones low.")
def praises(maker: Any, judge: Any, low: Any, real: Any, of_maker: Any, of_judge: Any, maker_loss: Any) -> Any:
    fake = maker(low)
    d_loss = learn(of_judge, 1 + judge(real).mean() - judge(fake.detach()).mean())
    return d_loss, learn(of_maker, maker_loss(fake, real, judge(fake).mean()))


@wrong("step-maker-never-steps", "The maker's optimizer has to step as well.")
def never_steps(maker: Any, judge: Any, low: Any, real: Any, of_maker: Any, of_judge: Any, maker_loss: Any) -> Any:
    fake = maker(low)
    d_loss = learn(of_judge, judged(judge, real, fake.detach()))
    of_maker.zero_grad()
    g_loss = maker_loss(fake, real, judge(fake).mean())
    g_loss.backward()
    return d_loss, g_loss.item()
