"""Threads: grad modes belong to the thread, gradients to the leaf."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from course.scenarios import Draw, Yields, attempt, scenario


def _elsewhere(f: Callable[[], Any]) -> Any:
    """Run ``f`` in another thread, wait for it, and return what it returned."""
    answers: list[Any] = []
    worker = threading.Thread(target=lambda: answers.append(attempt(f)))
    worker.start()
    worker.join()
    return answers[0]


@scenario("threads.grad-mode-is-local", lesson=4, asks="I am inside no_grad: is another thread too?")
def grad_mode_is_local(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    with T.no_grad():
        yield "mode there", _elsewhere(T.is_grad_enabled)
        yield "recorded there", _elsewhere(lambda: (x * 2).requires_grad)
        yield "mode here", T.is_grad_enabled()


@scenario(
    "threads.set-there-stays-there", lesson=4, asks="Another thread switches grad mode off and ends: is it off here?"
)
def set_there_stays_there(T: Any, draw: Draw) -> Yields:
    def switch() -> bool:
        T.set_grad_enabled(False)
        return bool(T.is_grad_enabled())

    yield "there", _elsewhere(switch)
    yield "here", T.is_grad_enabled()
    yield "in a new thread", _elsewhere(T.is_grad_enabled)


@scenario("threads.inference-mode-is-local", lesson=6, asks="And inference_mode: does it reach into other threads?")
def inference_mode_is_local(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3))
    with T.inference_mode():
        yield "there", _elsewhere(T.is_inference_mode_enabled)
        yield "made there", _elsewhere(lambda: (x * 2).is_inference())
        yield "made here", (x * 2).is_inference()


@scenario("threads.backward-elsewhere", lesson=4, asks="The graph was made here: may another thread run it backward?")
def backward_elsewhere(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    y = x.exp().sum()
    with T.no_grad():
        yield "backward", _elsewhere(y.backward)
    yield "x.grad", x.grad
    yield "a graph made there", _elsewhere(lambda: (x * 2).sum()).requires_grad


@scenario(
    "threads.errors-come-out-where-they-happen",
    lesson=5,
    asks="A second backward in another thread: who gets the error?",
)
def errors_come_out_where_they_happen(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    y = x.exp().sum()
    y.backward()
    yield "there", _elsewhere(y.backward)
    yield "a new graph here", attempt(x.exp().sum().backward)
    yield "x.grad", x.grad


@scenario(
    "threads.two-at-once",
    lesson=2,
    asks="Two threads run two graphs backward at the same time: are both gradients right?",
)
def two_at_once(T: Any, draw: Draw) -> Yields:
    leaves = [T.tensor(draw.normal(3), requires_grad=True) for _ in range(4)]
    gate = threading.Barrier(len(leaves))

    def work(leaf: Any) -> None:
        y = leaf
        for _ in range(50):
            y = y * 1.25 - y * 0.25
        gate.wait()
        y.backward(T.ones_like(leaf))

    workers = [threading.Thread(target=work, args=(leaf,)) for leaf in leaves]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    yield "gradients", [leaf.grad for leaf in leaves]


@scenario(
    "threads.one-leaf-for-all", lesson=2, asks="Several threads add to the gradient of one weight: is any share lost?"
)
def one_leaf_for_all(T: Any, draw: Draw) -> Yields:
    w = T.tensor(draw.normal(3), requires_grad=True)
    w.grad = T.zeros_like(w)

    def work() -> None:
        for _ in range(20):
            (w * 2).backward(T.ones_like(w))

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    yield "w.grad", w.grad


@scenario("threads.same-nodes-there", lesson=4, asks="Does another thread record the same nodes as this one?")
def same_nodes_there(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)

    def names() -> list[str]:
        return [(x * 2).grad_fn.name(), (x / 2).grad_fn.name()]

    yield "here", names()
    yield "there", _elsewhere(names)


@scenario(
    "threads.pack-hooks-are-local",
    lesson=8,
    asks="saved_tensors_hooks around a block: is what another thread saves packed?",
)
def pack_hooks_are_local(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    log: list[str] = []

    def pack(t: Any) -> Any:
        log.append("packed")
        return t.detach()

    with T.autograd.graph.saved_tensors_hooks(pack, lambda t: t):
        _elsewhere(lambda: x.exp())
        yield "there", list(log)
        x.exp()
    yield "here", log
