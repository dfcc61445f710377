"""Wrong ideas about tensor hooks: who gets what, what counts as an answer, which of them run."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import course.nptorch as torch
from autograder.faults.registry import fault
from course.parts.l08_hooks import _check, run_tensor_hooks

ORDER = "https://github.com/pytorch/pytorch/pull/85849"
SHARED = "https://github.com/pytorch/pytorch/issues/75312"


def call(hooks: Iterable[Any], gradient: Any) -> Any:
    """The loop, for faults in what it is given."""
    return run_tensor_hooks(dict(enumerate(hooks)), gradient)


@fault(
    "answers-ignored",
    exercise="tensor-hooks",
    part="run_tensor_hooks",
    help="What a hook returns takes the place of the gradient: go on with it, and return it at the end.",
)
def answers_ignored(hooks: Any, gradient: Any) -> Any:
    for hook in list(hooks.values()):
        hook(gradient)
    return gradient


@fault(
    "none-is-an-answer",
    exercise="tensor-hooks",
    part="run_tensor_hooks",
    help="A hook that returns None only looked: keep the gradient that it was given.",
)
def none_is_an_answer(hooks: Any, gradient: Any) -> Any:
    for hook in list(hooks.values()):
        changed = hook(gradient)
        if changed is not None:
            _check(hook, gradient, changed)
        gradient = changed
    return gradient


@fault(
    "hooks-in-reverse",
    exercise="tensor-hooks",
    part="run_tensor_hooks",
    help="Hooks run in the order in which they were registered, each on the result of the one before.",
    links=[ORDER],
)
def hooks_in_reverse(hooks: Any, gradient: Any) -> Any:
    return call(reversed(list(hooks.values())), gradient)


@fault(
    "everyone-gets-the-first-gradient",
    exercise="tensor-hooks",
    part="run_tensor_hooks",
    help="Each hook gets what the one before it returned, not the gradient that came at first.",
    links=[ORDER],
)
def everyone_gets_the_first_gradient(hooks: Any, gradient: Any) -> Any:
    result = gradient
    for hook in list(hooks.values()):
        changed = hook(gradient)
        if changed is not None:
            _check(hook, gradient, changed)
            result = changed
    return result


@fault(
    "stops-at-the-first-answer",
    exercise="tensor-hooks",
    part="run_tensor_hooks",
    help="An answer does not end the loop: the hooks after it still run, on what was returned.",
)
def stops_at_the_first_answer(hooks: Any, gradient: Any) -> Any:
    for hook in list(hooks.values()):
        changed = hook(gradient)
        if changed is not None:
            _check(hook, gradient, changed)
            return changed
    return gradient


@fault(
    "only-the-last-hook",
    exercise="tensor-hooks",
    part="run_tensor_hooks",
    help="All hooks in the table run, not only the one that was registered last.",
)
def only_the_last_hook(hooks: Any, gradient: Any) -> Any:
    return call(list(hooks.values())[-1:], gradient)


@fault(
    "one-function-once",
    exercise="tensor-hooks",
    part="run_tensor_hooks",
    help="Who registers a function twice wants it called twice: walk over all entries, without a set.",
)
def one_function_once(hooks: Any, gradient: Any) -> Any:
    return call(dict.fromkeys(hooks.values()), gradient)


@fault(
    "hooks-run-once",
    exercise="tensor-hooks",
    part="run_tensor_hooks",
    help="A hook stays until its handle removes it: the same hooks run in every backward.",
)
def hooks_run_once(hooks: Any, gradient: Any) -> Any:
    gradient = run_tensor_hooks(hooks, gradient)
    hooks.clear()
    return gradient


@fault(
    "walks-along-the-table",
    exercise="tensor-hooks",
    part="run_tensor_hooks",
    help="A hook may remove itself while you loop over the table: loop over list(hooks.values()).",
)
def walks_along_the_table(hooks: Any, gradient: Any) -> Any:
    for hook in hooks.values():
        changed = hook(gradient)
        if changed is not None:
            _check(hook, gradient, changed)
            gradient = changed
    return gradient


@fault(
    "skips-what-was-removed",
    exercise="tensor-hooks",
    part="run_tensor_hooks",
    help="Which hooks run is settled when the first one starts: one that is removed meanwhile still runs.",
)
def skips_what_was_removed(hooks: Any, gradient: Any) -> Any:
    for key, hook in list(hooks.items()):
        if key in hooks:
            gradient = call([hook], gradient)
    return gradient


@fault(
    "runs-what-was-added",
    exercise="tensor-hooks",
    part="run_tensor_hooks",
    help="Which hooks run is settled when the first one starts: one that is added meanwhile runs next time.",
)
def runs_what_was_added(hooks: Any, gradient: Any) -> Any:
    done: set[Any] = set()
    settled = list(hooks.items())
    while settled:
        for key, hook in settled:
            done.add(key)
            gradient = call([hook], gradient)
        settled = [(key, hook) for key, hook in hooks.items() if key not in done]
    return gradient


@fault(
    "nothing-is-not-shown",
    exercise="tensor-hooks",
    part="run_tensor_hooks",
    help="Hooks are called with None, too, where no gradient arrived: do not leave them out.",
)
def nothing_is_not_shown(hooks: Any, gradient: Any) -> Any:
    return None if gradient is None else run_tensor_hooks(hooks, gradient)


@fault(
    "nothing-is-replaced",
    exercise="tensor-hooks",
    part="run_tensor_hooks",
    help="Where no gradient arrived there is none to replace: raise RuntimeError if a hook returns one.",
)
def nothing_is_replaced(hooks: Any, gradient: Any) -> Any:
    if gradient is not None:
        return run_tensor_hooks(hooks, gradient)
    for hook in list(hooks.values()):
        changed = hook(gradient)
        gradient = gradient if changed is None else changed
    return gradient


@fault(
    "hands-out-a-copy",
    exercise="tensor-hooks",
    part="run_tensor_hooks",
    help="Give each hook the gradient itself, not a copy: torch does, and so what a hook writes into it is seen.",
    links=[SHARED],
)
def hands_out_a_copy(hooks: Any, gradient: Any) -> Any:
    for hook in list(hooks.values()):
        changed = hook(None if gradient is None else gradient.clone())
        if changed is not None:
            _check(hook, gradient, changed)
            gradient = changed
    return gradient


@fault(
    "writes-into-the-gradient",
    exercise="tensor-hooks",
    part="run_tensor_hooks",
    help="Others may hold the memory of the gradient: go on with the tensor that was returned, copy it nowhere.",
    links=[SHARED],
)
def writes_into_the_gradient(hooks: Any, gradient: Any) -> Any:
    for hook in list(hooks.values()):
        changed = hook(gradient)
        if changed is not None:
            _check(hook, gradient, changed)
            gradient.copy_(changed)
    return gradient


@fault(
    "detaches-the-gradient",
    exercise="tensor-hooks",
    part="run_tensor_hooks",
    help="With create_graph=True the gradient has a history that hooks may use: do not detach it.",
)
def detaches_the_gradient(hooks: Any, gradient: Any) -> Any:
    for hook in list(hooks.values()):
        changed = hook(None if gradient is None else gradient.detach())
        if changed is not None:
            _check(hook, gradient, changed)
            gradient = changed
    return gradient


@fault(
    "hooks-under-no-grad",
    exercise="tensor-hooks",
    part="run_tensor_hooks",
    help="Leave the grad mode as it is: with create_graph=True hooks are recorded as well.",
)
def hooks_under_no_grad(hooks: Any, gradient: Any) -> Any:
    with torch.no_grad():
        return run_tensor_hooks(hooks, gradient)


@fault(
    "asks-if-the-answer-is-true",
    exercise="tensor-hooks",
    part="run_tensor_hooks",
    help="'if changed:' asks the numbers whether they are zero: test 'is not None'.",
)
def asks_if_the_answer_is_true(hooks: Any, gradient: Any) -> Any:
    for hook in list(hooks.values()):
        changed = hook(gradient)
        if changed:
            _check(hook, gradient, changed)
            gradient = changed
    return gradient


@fault(
    "checks-nothing",
    exercise="tensor-hooks",
    part="run_tensor_hooks",
    help="Check what a hook returned: a Tensor, of the dtype and the shape of the gradient it was given.",
)
def checks_nothing(hooks: Any, gradient: Any) -> Any:
    for hook in list(hooks.values()):
        changed = hook(gradient)
        gradient = gradient if changed is None else changed
    return gradient


@fault(
    "checks-the-kind-only",
    exercise="tensor-hooks",
    part="run_tensor_hooks",
    help="A Tensor may still not fit: its dtype and its shape have to be those of the gradient.",
)
def checks_the_kind_only(hooks: Any, gradient: Any) -> Any:
    for hook in list(hooks.values()):
        changed = hook(gradient)
        if changed is not None:
            _check(hook, changed if gradient is not None and isinstance(changed, torch.Tensor) else gradient, changed)
            gradient = changed
    return gradient


@fault(
    "any-shape-will-do",
    exercise="tensor-hooks",
    part="run_tensor_hooks",
    help="Compare the shape, too: raise RuntimeError saying 'has changed the size of value'.",
)
def any_shape_will_do(hooks: Any, gradient: Any) -> Any:
    for hook in list(hooks.values()):
        changed = hook(gradient)
        if changed is not None:
            fits = isinstance(changed, torch.Tensor) and gradient is not None and changed.dtype == gradient.dtype
            _check(hook, changed if fits else gradient, changed)
            gradient = changed
    return gradient


@fault(
    "any-dtype-will-do",
    exercise="tensor-hooks",
    part="run_tensor_hooks",
    help="Compare the dtype, too: raise RuntimeError saying 'has changed the type of value'.",
)
def any_dtype_will_do(hooks: Any, gradient: Any) -> Any:
    for hook in list(hooks.values()):
        changed = hook(gradient)
        if changed is not None:
            tensors = isinstance(changed, torch.Tensor) and gradient is not None
            _check(hook, gradient.to(changed.dtype) if tensors else gradient, changed)
            gradient = changed
    return gradient


@fault(
    "counts-elements-only",
    exercise="tensor-hooks",
    part="run_tensor_hooks",
    help="As many elements are not enough: shapes must be equal, (2,) is not (1, 2).",
)
def counts_elements_only(hooks: Any, gradient: Any) -> Any:
    for hook in list(hooks.values()):
        changed = hook(gradient)
        if changed is not None:
            tensors = isinstance(changed, torch.Tensor) and gradient is not None
            alike = tensors and changed.numel() == gradient.numel()
            _check(hook, gradient.reshape(changed.shape) if alike else gradient, changed)
            gradient = changed
    return gradient


@fault(
    "broadcasts-the-answer",
    exercise="tensor-hooks",
    part="run_tensor_hooks",
    help="An answer that has to be broadcast does not fit: shapes must be equal.",
)
def broadcasts_the_answer(hooks: Any, gradient: Any) -> Any:
    for hook in list(hooks.values()):
        changed = hook(gradient)
        if changed is not None:
            if isinstance(changed, torch.Tensor) and gradient is not None and changed.numel() == 1:
                changed = changed.expand(gradient.shape)
            _check(hook, gradient, changed)
            gradient = changed
    return gradient


@fault(
    "one-kind-of-error",
    exercise="tensor-hooks",
    part="run_tensor_hooks",
    help="What is no Tensor raises TypeError, what does not fit raises RuntimeError: callers tell them apart.",
)
def one_kind_of_error(hooks: Any, gradient: Any) -> Any:
    for hook in list(hooks.values()):
        changed = hook(gradient)
        if changed is not None:
            if not isinstance(changed, torch.Tensor):
                raise RuntimeError(f"expected Variable, but hook returned '{type(changed).__name__}'")
            gradient = call([lambda g, answer=changed: answer], gradient)
    return gradient


@fault(
    "errors-are-swallowed",
    exercise="tensor-hooks",
    part="run_tensor_hooks",
    help="An exception in a hook must reach whoever called backward: no try around the call.",
)
def errors_are_swallowed(hooks: Any, gradient: Any) -> Any:
    for hook in list(hooks.values()):
        try:
            changed = hook(gradient)
        except Exception:
            continue
        gradient = call([lambda g, answer=changed: answer], gradient)
    return gradient
