"""Lesson 8 in other words: closures, contextlib, deques and reduce in place of loops and classes."""

from __future__ import annotations

import contextlib
import functools
import uuid
import weakref
from collections import deque
from typing import Any

import course.nptorch as torch
from autograder.alternatives.registry import alternative


@alternative(part="RemovableHandle", how="as a contextlib.ContextDecorator with unique keys")
class KeyedHandle(contextlib.ContextDecorator):
    def __init__(self, hooks: Any) -> None:
        self._table = weakref.ref(hooks)
        self.id = uuid.uuid4().hex

    def remove(self) -> None:
        table = self._table()
        if table is not None and self.id in table:
            del table[self.id]

    def __enter__(self) -> KeyedHandle:
        return self

    def __exit__(self, *error: object) -> None:
        self.remove()


@alternative(part="RemovableHandle", how="with a counter of the class, and a dictionary of weak values")
class CountingHandle:
    given = 0

    def __init__(self, hooks: Any) -> None:
        CountingHandle.given += 1
        self.id = CountingHandle.given
        self._entries = weakref.WeakValueDictionary({"hooks": hooks})

    def remove(self) -> None:
        self._entries.pop("hooks", {}).pop(self.id, None)

    def __enter__(self) -> CountingHandle:
        return self

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        self.remove()


def fits(hook: Any, old: Any, new: Any) -> Any:
    """Return `new` if a hook may answer with it where `old` was."""
    name = getattr(hook, "__name__", "hook")
    if old is None:
        raise RuntimeError("can't replace a None gradient with a non-None value")
    if type(new).__name__ not in ("Tensor", "Parameter"):
        raise TypeError(f"expected Variable, but hook returned '{type(new).__name__}'")
    if new.dtype != old.dtype:
        raise RuntimeError(f"hook '{name}' has changed the type of value")
    if tuple(new.shape) != tuple(old.shape):
        raise RuntimeError(f"hook '{name}' has changed the size of value")
    return new


@alternative(part="run_tensor_hooks", how="with a queue of hooks and an explicit return")
def tensor_hooks_from_a_queue(hooks: Any, gradient: Any) -> Any:
    waiting = deque(hooks[key] for key in tuple(hooks))
    while waiting:
        hook = waiting.popleft()
        answer = hook(gradient)
        if answer is None:
            continue
        gradient = fits(hook, gradient, answer)
    return gradient


@alternative(part="run_tensor_hooks", how="by reduce")
def tensor_hooks_by_reduce(hooks: Any, gradient: Any) -> Any:
    def one(g: Any, hook: Any) -> Any:
        answer = hook(g)
        return g if answer is None else fits(hook, g, answer)

    return functools.reduce(one, tuple(hooks.values()), gradient)


def all_fit(hook: Any, before: Any, answer: Any) -> list[Any]:
    """Return the answer of a node's hook, checked, as a list."""
    if answer is None:
        return list(before)
    if not isinstance(answer, tuple):
        raise TypeError(f"expected tuple, but hook returned '{type(answer).__name__}'")
    if len(answer) != len(before):
        raise RuntimeError(f"the hook has returned an incorrect number of values: {len(answer)}, not {len(before)}")
    return [None if new is None else fits(hook, old, new) for old, new in zip(before, answer, strict=True)]


@alternative(part="run_pre_hooks", how="by reduce over tuples")
def pre_hooks_by_reduce(hooks: Any, gradients: list[Any]) -> list[Any]:
    every = tuple(hooks.values())
    return functools.reduce(lambda now, hook: all_fit(hook, now, hook(tuple(now))), every, list(gradients))


@alternative(part="run_pre_hooks", how="with a queue of hooks, into one list")
def pre_hooks_from_a_queue(hooks: Any, gradients: list[Any]) -> list[Any]:
    current, waiting = [*gradients], deque(hooks.values())
    while waiting:
        hook = waiting.popleft()
        current[:] = all_fit(hook, current, hook((*current,)))
    return current


@alternative(part="run_post_hooks", how="by reduce over tuples")
def post_hooks_by_reduce(hooks: Any, grad_inputs: list[Any], grad_outputs: list[Any]) -> list[Any]:
    outputs = tuple(grad_outputs)
    every = tuple(hooks.values())
    return functools.reduce(lambda now, hook: all_fit(hook, now, hook(tuple(now), outputs)), every, list(grad_inputs))


@alternative(part="run_post_hooks", how="through the code for hooks before a node")
def post_hooks_as_pre_hooks(hooks: Any, grad_inputs: list[Any], grad_outputs: list[Any]) -> list[Any]:
    given = tuple(grad_outputs)
    bound = {key: functools.partial(lambda hook, now: hook(now, given), hook) for key, hook in hooks.items()}
    return pre_hooks_by_reduce(bound, grad_inputs)


@alternative(part="run_post_accumulate_hooks", how="by index over a tuple")
def post_accumulate_by_index(leaf: Any) -> None:
    hooks, given = tuple(leaf._post_accumulate_hooks.values()), leaf
    for index in range(len(hooks)):
        answer = hooks[index](given)
        given = given if answer is None else fits(hooks[index], given, answer)
    if given is not leaf:
        raise RuntimeError("Tensor post accumulate grad hooks should return None.")


@alternative(part="run_post_accumulate_hooks", how="by a copy of the table")
def post_accumulate_over_a_copy(leaf: Any) -> None:
    table, answers = leaf._post_accumulate_hooks.copy(), [leaf]
    while table:
        _, hook = table.popitem(last=False)
        answer = hook(answers[-1])
        if answer is not None:
            answers.append(fits(hook, answers[-1], answer))
    if answers[-1] is not leaf:
        raise RuntimeError("post accumulate grad hooks should return None")


@alternative(part="store_retained_grad", how="by adding to zeros")
def retained_onto_zeros(tensor: Any, gradient: Any) -> None:
    before = torch.zeros_like(gradient) if tensor.grad is None else tensor.grad
    tensor.grad = before + gradient


@alternative(part="store_retained_grad", how="by a copy, added to in its own memory")
def retained_by_a_copy(tensor: Any, gradient: Any) -> None:
    fresh = gradient.clone()
    if tensor.grad is not None:
        fresh = fresh.add(tensor.grad)
    tensor.grad = fresh
