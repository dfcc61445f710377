"""Two other cures for SRGAN's step, to be held against the one that lesson 11 asks for.

Each trains both nets once; they differ in which judge the maker learns from, and in how often a net runs.
"""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from time import process_time
from typing import Any

from course.models import srgan


def step_after_both(
    maker: Any,
    judge: Any,
    low: Any,
    real: Any,
    of_maker: Any,
    of_judge: Any,
    maker_loss: Callable[[Any, Any, Any], Any],
) -> tuple[float, float]:
    """Run both backward passes on one graph, each for its own net's weights, then step both.

    Parameters and result are those of `srgan_step`. The maker learns from the judge as it was **before** its
    step. The first pass must retain, since the second walks through the judge again.
    """
    fake = maker(low)
    score = judge(fake).mean()
    of_judge.zero_grad()
    of_maker.zero_grad()
    judged = 1 - judge(real).mean() + score
    made = maker_loss(fake, real, score)
    judged.backward(retain_graph=True, inputs=list(judge.parameters()))
    made.backward(inputs=list(maker.parameters()))  # without inputs it would add to the judge's gradients
    of_judge.step()
    of_maker.step()
    return float(judged.item()), float(made.item())


def separate_graphs(
    maker: Any,
    judge: Any,
    low: Any,
    real: Any,
    of_maker: Any,
    of_judge: Any,
    maker_loss: Callable[[Any, Any, Any], Any],
) -> tuple[float, float]:
    """Give each net's training a picture of its own: the maker runs twice.

    Parameters and result are those of `srgan_step`. Many programs look like this, since the two halves can then
    be two functions that know nothing of each other.
    """
    of_judge.zero_grad()
    judged = 1 - judge(real).mean() + judge(maker(low)).mean()
    judged.backward(inputs=list(judge.parameters()))
    of_judge.step()

    of_maker.zero_grad()
    again = maker(low)
    made = maker_loss(again, real, judge(again).mean())
    made.backward(inputs=list(maker.parameters()))
    of_maker.step()
    return float(judged.item()), float(made.item())


def measured(T: Any, step: Callable[..., Any], low: Any, real: Any) -> tuple[Any, float, int]:
    """Take one step with fresh nets, several times.

    Parameters
    ----------
    T : module
        The engine.
    step : function
        With the parameters of `srgan_step`.
    low, real : Tensor
        One batch.

    Returns
    -------
    gradients : Tensor
        Of the maker, as one vector.
    seconds : float
        Of the processor, for one step: the best of three rounds of five. What other programs do meanwhile does
        not count.
    memory : int
        Bytes that NumPy and Python took at most during a step, as far as they count them.
    """
    times = []
    for _ in range(3):
        fresh = [srgan.fresh(T, lr=0.01) for _ in range(5)]
        start = process_time()
        for maker, judge, of_maker, of_judge in fresh:
            step(maker, judge, low, real, of_maker, of_judge, srgan.maker_loss)
        times.append((process_time() - start) / len(fresh))
    gradients = T.cat([p.grad.flatten() for p in maker.parameters()])
    maker, judge, of_maker, of_judge = srgan.fresh(T, lr=0.01)
    tracemalloc.start()
    try:
        step(maker, judge, low, real, of_maker, of_judge, srgan.maker_loss)
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    return gradients, min(times), most
