"""Wrong ideas about hooks behind .grad, and about gradients that inner tensors retain."""

from __future__ import annotations

from typing import Any

from autograder.faults.registry import fault
from course.parts.l08_hooks import run_tensor_hooks

POST = "https://github.com/pytorch/pytorch/pull/107063"


def refuse() -> None:
    raise RuntimeError("Tensor post accumulate grad hooks should return None.")


def run(hooks: dict[int, Any], leaf: Any) -> None:
    """Run the hooks, and look at what comes back: right in all faults that are not about it."""
    if run_tensor_hooks(hooks, leaf) is not leaf:
        refuse()


@fault(
    "post-accumulate-gets-the-gradient",
    exercise="kept-gradients",
    part="run_post_accumulate_hooks",
    help="A post-accumulate hook gets the leaf itself, whose .grad is filled by now, not the gradient.",
    links=[POST],
)
def post_accumulate_gets_the_gradient(leaf: Any) -> None:
    run(leaf._post_accumulate_hooks, leaf.grad)


@fault(
    "post-accumulate-gets-an-alias",
    exercise="kept-gradients",
    part="run_post_accumulate_hooks",
    help="Hand the leaf itself to the hook: a detached alias of it has no .grad.",
    links=[POST],
)
def post_accumulate_gets_an_alias(leaf: Any) -> None:
    run(leaf._post_accumulate_hooks, leaf.detach())


@fault(
    "post-accumulate-answers-ignored",
    exercise="kept-gradients",
    part="run_post_accumulate_hooks",
    help="Whoever returns a gradient here thinks that it counts: raise RuntimeError unless it is None.",
)
def post_accumulate_answers_ignored(leaf: Any) -> None:
    for hook in list(leaf._post_accumulate_hooks.values()):
        hook(leaf)


@fault(
    "post-accumulate-answers-replace",
    exercise="kept-gradients",
    part="run_post_accumulate_hooks",
    help="The gradient is in place already and nothing replaces it: raise RuntimeError for any answer but None.",
)
def post_accumulate_answers_replace(leaf: Any) -> None:
    for hook in list(leaf._post_accumulate_hooks.values()):
        answer = hook(leaf)
        if hasattr(answer, "shape"):
            leaf.grad = answer.detach()


@fault(
    "post-accumulate-asks-if-true",
    exercise="kept-gradients",
    part="run_post_accumulate_hooks",
    help="'if hook(leaf):' lets a zero pass and stumbles over a tensor: test 'is not None'.",
)
def post_accumulate_asks_if_true(leaf: Any) -> None:
    for hook in list(leaf._post_accumulate_hooks.values()):
        if hook(leaf):
            refuse()


@fault(
    "post-accumulate-in-reverse",
    exercise="kept-gradients",
    part="run_post_accumulate_hooks",
    help="Post-accumulate hooks run in the order in which they were registered.",
)
def post_accumulate_in_reverse(leaf: Any) -> None:
    run(dict(reversed(list(leaf._post_accumulate_hooks.items()))), leaf)


@fault(
    "post-accumulate-runs-once",
    exercise="kept-gradients",
    part="run_post_accumulate_hooks",
    help="A hook stays until its handle removes it: leave the table as it is.",
)
def post_accumulate_runs_once(leaf: Any) -> None:
    hooks = dict(leaf._post_accumulate_hooks)
    leaf._post_accumulate_hooks.clear()
    run(hooks, leaf)


@fault(
    "post-accumulate-only-the-last",
    exercise="kept-gradients",
    part="run_post_accumulate_hooks",
    help="All hooks in the table run, not only the one that was registered last.",
)
def post_accumulate_only_the_last(leaf: Any) -> None:
    run(dict(list(leaf._post_accumulate_hooks.items())[-1:]), leaf)


@fault(
    "post-accumulate-walks-along-the-table",
    exercise="kept-gradients",
    part="run_post_accumulate_hooks",
    help="A hook may remove itself while you loop over the table: loop over list(...values()).",
)
def post_accumulate_walks_along_the_table(leaf: Any) -> None:
    given = leaf
    for hook in leaf._post_accumulate_hooks.values():
        given = run_tensor_hooks({0: hook}, given)
    if given is not leaf:
        refuse()


@fault(
    "post-accumulate-skips-what-was-removed",
    exercise="kept-gradients",
    part="run_post_accumulate_hooks",
    help="Which hooks run is settled when the first one starts: one that is removed meanwhile still runs.",
)
def post_accumulate_skips_what_was_removed(leaf: Any) -> None:
    given = leaf
    for key, hook in list(leaf._post_accumulate_hooks.items()):
        if key in leaf._post_accumulate_hooks:
            given = run_tensor_hooks({0: hook}, given)
    if given is not leaf:
        refuse()


@fault(
    "post-accumulate-refuses-every-answer",
    exercise="kept-gradients",
    part="run_post_accumulate_hooks",
    help="Check answers as run_tensor_hooks does: TypeError for a number, no error for the leaf itself.",
    links=[POST],
)
def post_accumulate_refuses_every_answer(leaf: Any) -> None:
    for hook in list(leaf._post_accumulate_hooks.values()):
        if hook(leaf) is not None:
            refuse()


@fault(
    "post-accumulate-stops-at-an-answer",
    exercise="kept-gradients",
    part="run_post_accumulate_hooks",
    help="The hooks after an answer still run, on that answer: refuse it when the last one has run.",
    links=[POST],
)
def post_accumulate_stops_at_an_answer(leaf: Any) -> None:
    for hook in list(leaf._post_accumulate_hooks.values()):
        run({0: hook}, leaf)


@fault(
    "retained-is-overwritten",
    exercise="kept-gradients",
    part="store_retained_grad",
    help="A second backward adds to what is in .grad already, for inner tensors as for leaves.",
)
def retained_is_overwritten(tensor: Any, gradient: Any) -> None:
    tensor.grad = gradient.clone()


@fault(
    "retained-first-only",
    exercise="kept-gradients",
    part="store_retained_grad",
    help="When .grad is there already, add the new gradient to it instead of leaving it alone.",
)
def retained_first_only(tensor: Any, gradient: Any) -> None:
    if tensor.grad is None:
        tensor.grad = gradient.clone()


@fault(
    "retained-is-never-empty",
    exercise="kept-gradients",
    part="store_retained_grad",
    help=".grad is None before the first gradient: there is nothing to add to.",
)
def retained_is_never_empty(tensor: Any, gradient: Any) -> None:
    tensor.grad = tensor.grad + gradient


@fault(
    "retained-in-place",
    exercise="kept-gradients",
    part="store_retained_grad",
    help="Make a new sum, tensor.grad + gradient: += also changes the gradient that somebody kept.",
)
def retained_in_place(tensor: Any, gradient: Any) -> None:
    if tensor.grad is None:
        tensor.grad = gradient.clone()
    else:
        tensor.grad.add_(gradient)


@fault(
    "retained-shares-memory",
    exercise="kept-gradients",
    part="store_retained_grad",
    help="The gradient goes on to others: keep gradient.clone(), or their writes show in your .grad.",
    links=["https://github.com/pytorch/pytorch/issues/75312"],
)
def retained_shares_memory(tensor: Any, gradient: Any) -> None:
    tensor.grad = gradient if tensor.grad is None else tensor.grad + gradient


@fault(
    "retained-detached",
    exercise="kept-gradients",
    part="store_retained_grad",
    help="With create_graph=True a retained gradient keeps its history: do not detach it.",
)
def retained_detached(tensor: Any, gradient: Any) -> None:
    gradient = gradient.detach()
    tensor.grad = gradient.clone() if tensor.grad is None else tensor.grad + gradient


@fault(
    "retained-nowhere",
    exercise="kept-gradients",
    part="store_retained_grad",
    help="The gradient has to arrive in tensor.grad: assign it there.",
)
def retained_nowhere(tensor: Any, gradient: Any) -> None:
    gradient.clone()
