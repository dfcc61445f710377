"""Wrong ideas about hooks of nodes: tuples, their lengths, and the places of None."""

from __future__ import annotations

from typing import Any

import course.nptorch as torch
from autograder.faults.registry import fault
from course.parts.l08_hooks import _replaced, run_post_hooks, run_pre_hooks

# --- before a node ----------------------------------------------------------------------------


@fault(
    "pre-gets-a-bare-gradient",
    exercise="node-hooks",
    part="run_pre_hooks",
    help="A hook before a node gets one tuple, also where the node has one output only.",
)
def pre_gets_a_bare_gradient(hooks: Any, gradients: list[Any]) -> list[Any]:
    for hook in list(hooks.values()):
        changed = hook(*gradients)
        if changed is not None:
            gradients = _replaced(hook, gradients, changed)
    return gradients


@fault(
    "pre-answers-ignored",
    exercise="node-hooks",
    part="run_pre_hooks",
    help="What a hook before a node returns is what the node gets: go on with it, and return it.",
)
def pre_answers_ignored(hooks: Any, gradients: list[Any]) -> list[Any]:
    for hook in list(hooks.values()):
        hook(tuple(gradients))
    return gradients


@fault(
    "pre-hooks-in-reverse",
    exercise="node-hooks",
    part="run_pre_hooks",
    help="Hooks before a node run in order of registration, each on what the one before returned.",
)
def pre_hooks_in_reverse(hooks: Any, gradients: list[Any]) -> list[Any]:
    return run_pre_hooks(dict(reversed(list(hooks.items()))), gradients)


@fault(
    "pre-everyone-gets-the-first",
    exercise="node-hooks",
    part="run_pre_hooks",
    help="The second hook before a node gets what the first one returned, not what arrived.",
)
def pre_everyone_gets_the_first(hooks: Any, gradients: list[Any]) -> list[Any]:
    result = gradients
    for hook in list(hooks.values()):
        changed = hook(tuple(gradients))
        if changed is not None:
            result = _replaced(hook, gradients, changed)
    return result


@fault(
    "pre-leaves-out-none",
    exercise="node-hooks",
    part="run_pre_hooks",
    help="The tuple has a place for every output of the node: None stays where no gradient came.",
)
def pre_leaves_out_none(hooks: Any, gradients: list[Any]) -> list[Any]:
    for hook in list(hooks.values()):
        changed = hook(tuple(g for g in gradients if g is not None))
        if changed is not None:
            gradients = _replaced(hook, gradients, changed)
    return gradients


@fault(
    "pre-walks-along-the-table",
    exercise="node-hooks",
    part="run_pre_hooks",
    help="A hook before a node may remove itself while you loop: loop over list(hooks.values()).",
)
def pre_walks_along_the_table(hooks: Any, gradients: list[Any]) -> list[Any]:
    for hook in hooks.values():
        changed = hook(tuple(gradients))
        if changed is not None:
            gradients = _replaced(hook, gradients, changed)
    return gradients


@fault(
    "pre-checks-nothing",
    exercise="node-hooks",
    part="run_pre_hooks",
    help="Check what a hook before a node returned: a tuple, of the same length, with gradients that fit.",
)
def pre_checks_nothing(hooks: Any, gradients: list[Any]) -> list[Any]:
    for hook in list(hooks.values()):
        changed = hook(tuple(gradients))
        gradients = gradients if changed is None else list(changed)
    return gradients


@fault(
    "pre-accepts-a-bare-gradient",
    exercise="node-hooks",
    part="run_pre_hooks",
    help="A hook before a node answers in a tuple, even with one gradient: TypeError for anything else.",
)
def pre_accepts_a_bare_gradient(hooks: Any, gradients: list[Any]) -> list[Any]:
    for hook in list(hooks.values()):
        changed = hook(tuple(gradients))
        if changed is not None:
            gradients = _replaced(hook, gradients, (changed,) if isinstance(changed, torch.Tensor) else changed)
    return gradients


@fault(
    "pre-invents-a-gradient",
    exercise="node-hooks",
    part="run_pre_hooks",
    help="Where no gradient came, a hook before a node may not put one: raise RuntimeError.",
)
def pre_invents_a_gradient(hooks: Any, gradients: list[Any]) -> list[Any]:
    for hook in list(hooks.values()):
        changed = hook(tuple(gradients))
        if changed is not None:
            before = [new if old is None else old for old, new in zip(gradients, changed, strict=False)]
            gradients = _replaced(hook, before if len(changed) == len(gradients) else gradients, changed)
    return gradients


@fault(
    "pre-is-given-a-list",
    exercise="node-hooks",
    part="run_pre_hooks",
    help="Hand tuple(gradients) to a hook before a node: a list could be changed behind your back.",
)
def pre_is_given_a_list(hooks: Any, gradients: list[Any]) -> list[Any]:
    for hook in list(hooks.values()):
        changed = hook(list(gradients))
        if changed is not None:
            gradients = _replaced(hook, gradients, changed)
    return gradients


# --- after a node -----------------------------------------------------------------------------


@fault(
    "post-swaps-its-arguments",
    exercise="node-hooks",
    part="run_post_hooks",
    help="A hook after a node gets the gradients of the inputs first, then those of the outputs.",
)
def post_swaps_its_arguments(hooks: Any, grad_inputs: list[Any], grad_outputs: list[Any]) -> list[Any]:
    for hook in list(hooks.values()):
        changed = hook(tuple(grad_outputs), tuple(grad_inputs))
        if changed is not None:
            grad_inputs = _replaced(hook, grad_inputs, changed)
    return grad_inputs


@fault(
    "post-shows-one-side",
    exercise="node-hooks",
    part="run_post_hooks",
    help="A hook after a node gets two arguments: what the node passes on, and what it was given.",
)
def post_shows_one_side(hooks: Any, grad_inputs: list[Any], grad_outputs: list[Any]) -> list[Any]:
    return run_pre_hooks(hooks, grad_inputs)


@fault(
    "post-answers-ignored",
    exercise="node-hooks",
    part="run_post_hooks",
    help="What a hook after a node returns is passed on in place of what the node computed: return it.",
)
def post_answers_ignored(hooks: Any, grad_inputs: list[Any], grad_outputs: list[Any]) -> list[Any]:
    for hook in list(hooks.values()):
        hook(tuple(grad_inputs), tuple(grad_outputs))
    return grad_inputs


@fault(
    "post-hooks-in-reverse",
    exercise="node-hooks",
    part="run_post_hooks",
    help="Hooks after a node run in order of registration, each on what the one before returned.",
)
def post_hooks_in_reverse(hooks: Any, grad_inputs: list[Any], grad_outputs: list[Any]) -> list[Any]:
    return run_post_hooks(dict(reversed(list(hooks.items()))), grad_inputs, grad_outputs)


@fault(
    "post-everyone-gets-the-first",
    exercise="node-hooks",
    part="run_post_hooks",
    help="The second hook after a node gets what the first one returned, not what the node computed.",
)
def post_everyone_gets_the_first(hooks: Any, grad_inputs: list[Any], grad_outputs: list[Any]) -> list[Any]:
    result = grad_inputs
    for hook in list(hooks.values()):
        changed = hook(tuple(grad_inputs), tuple(grad_outputs))
        if changed is not None:
            result = _replaced(hook, grad_inputs, changed)
    return result


@fault(
    "post-changes-the-first-only",
    exercise="node-hooks",
    part="run_post_hooks",
    help="A hook after a node may replace the gradient of every input, not only the first.",
)
def post_changes_the_first_only(hooks: Any, grad_inputs: list[Any], grad_outputs: list[Any]) -> list[Any]:
    changed = run_post_hooks(hooks, grad_inputs, grad_outputs)
    return [*changed[:1], *grad_inputs[1:]]


@fault(
    "post-leaves-out-none",
    exercise="node-hooks",
    part="run_post_hooks",
    help="The tuple has a place for every input of the node: None stays where no gradient is needed.",
)
def post_leaves_out_none(hooks: Any, grad_inputs: list[Any], grad_outputs: list[Any]) -> list[Any]:
    for hook in list(hooks.values()):
        changed = hook(tuple(g for g in grad_inputs if g is not None), tuple(grad_outputs))
        if changed is not None:
            grad_inputs = _replaced(hook, grad_inputs, changed)
    return grad_inputs


@fault(
    "post-walks-along-the-table",
    exercise="node-hooks",
    part="run_post_hooks",
    help="A hook after a node may remove itself while you loop: loop over list(hooks.values()).",
)
def post_walks_along_the_table(hooks: Any, grad_inputs: list[Any], grad_outputs: list[Any]) -> list[Any]:
    for hook in hooks.values():
        changed = hook(tuple(grad_inputs), tuple(grad_outputs))
        if changed is not None:
            grad_inputs = _replaced(hook, grad_inputs, changed)
    return grad_inputs


@fault(
    "post-checks-nothing",
    exercise="node-hooks",
    part="run_post_hooks",
    help="Check what a hook after a node returned: a tuple, of the same length, with gradients that fit.",
)
def post_checks_nothing(hooks: Any, grad_inputs: list[Any], grad_outputs: list[Any]) -> list[Any]:
    for hook in list(hooks.values()):
        changed = hook(tuple(grad_inputs), tuple(grad_outputs))
        grad_inputs = grad_inputs if changed is None else list(changed)
    return grad_inputs


@fault(
    "post-does-not-count",
    exercise="node-hooks",
    part="run_post_hooks",
    help="zip stops at the shorter of the two, and a gradient is lost silently: compare the lengths first.",
)
def post_does_not_count(hooks: Any, grad_inputs: list[Any], grad_outputs: list[Any]) -> list[Any]:
    for hook in list(hooks.values()):
        changed = hook(tuple(grad_inputs), tuple(grad_outputs))
        if isinstance(changed, tuple):
            fitting = list(zip(grad_inputs, changed, strict=False))
            kept = _replaced(hook, [old for old, _ in fitting], tuple(new for _, new in fitting))
            grad_inputs = [*kept, *[None] * (len(grad_inputs) - len(kept))]
        elif changed is not None:
            grad_inputs = _replaced(hook, grad_inputs, changed)
    return grad_inputs


@fault(
    "post-takes-no-none",
    exercise="node-hooks",
    part="run_post_hooks",
    help="None in the answer is allowed, and means that no gradient goes to that input.",
)
def post_takes_no_none(hooks: Any, grad_inputs: list[Any], grad_outputs: list[Any]) -> list[Any]:
    for hook in list(hooks.values()):
        changed = hook(tuple(grad_inputs), tuple(grad_outputs))
        if changed is not None:
            answers = changed
            if isinstance(changed, tuple) and len(changed) == len(grad_inputs):
                answers = tuple(old if new is None else new for old, new in zip(grad_inputs, changed, strict=True))
            grad_inputs = _replaced(hook, grad_inputs, answers)
    return grad_inputs


@fault(
    "post-invents-a-gradient",
    exercise="node-hooks",
    part="run_post_hooks",
    help="Where the node passes no gradient on, a hook after it may not put one: raise RuntimeError.",
)
def post_invents_a_gradient(hooks: Any, grad_inputs: list[Any], grad_outputs: list[Any]) -> list[Any]:
    for hook in list(hooks.values()):
        changed = hook(tuple(grad_inputs), tuple(grad_outputs))
        if changed is not None:
            before = grad_inputs
            if isinstance(changed, tuple) and len(changed) == len(grad_inputs):
                before = [new if old is None else old for old, new in zip(grad_inputs, changed, strict=True)]
            grad_inputs = _replaced(hook, before, changed)
    return grad_inputs


@fault(
    "post-accepts-a-list",
    exercise="node-hooks",
    part="run_post_hooks",
    help="A hook after a node answers in a tuple: a list or a bare tensor is refused with TypeError.",
)
def post_accepts_a_list(hooks: Any, grad_inputs: list[Any], grad_outputs: list[Any]) -> list[Any]:
    for hook in list(hooks.values()):
        changed = hook(tuple(grad_inputs), tuple(grad_outputs))
        if changed is not None:
            grad_inputs = _replaced(hook, grad_inputs, tuple(changed) if isinstance(changed, list) else changed)
    return grad_inputs


@fault(
    "post-is-given-lists",
    exercise="node-hooks",
    part="run_post_hooks",
    help="Hand two tuples to a hook after a node, tuple(grad_inputs) and tuple(grad_outputs): no lists.",
)
def post_is_given_lists(hooks: Any, grad_inputs: list[Any], grad_outputs: list[Any]) -> list[Any]:
    for hook in list(hooks.values()):
        changed = hook(list(grad_inputs), list(grad_outputs))
        if changed is not None:
            grad_inputs = _replaced(hook, grad_inputs, changed)
    return grad_inputs
