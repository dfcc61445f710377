"""What programs are made of: how many of them have each of the constructs that the engines must agree on.

A construct counts only where the statement ran, and where it had something to do with recording.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable

from course.fuzz.program import Program, names
from course.fuzz.run import Step

Look = Callable[[Program, list[Step]], bool]

_WALK = re.compile(r"\.backward\(|autograd\.grad\(|autograd\.functional\.")
_MADE = re.compile(r"^\s*([\w, ]+?),? = ", re.MULTILINE)
_BINARY = re.compile(r"^\w+ = (\w+) [-+*/] (\w+)$")


def said(pattern: str) -> Look:
    """Return whether a statement that says `pattern` ran."""
    found = re.compile(pattern)
    return lambda program, steps: any(found.search(line) for line in ran(program, steps))


def ran(program: Program, steps: Iterable[Step]) -> list[str]:
    """Return the statements that raised nothing."""
    return [line for line, step in zip(program.statements, steps, strict=True) if step.failed is None]


def broadcasting(program: Program, steps: list[Step]) -> bool:
    """Return whether two tensors of different shapes were combined."""
    if program.patient:
        return False  # nobody looked at the shapes
    for line, step in zip(program.statements, steps, strict=True):
        pair = _BINARY.match(line)
        shapes = [_shape(step, name) for name in (pair[1], pair[2])] if pair else []
        if None not in shapes and len(set(shapes)) > 1:
            return True
    return False


def _shape(step: Step, name: str) -> tuple[int, ...] | None:
    seen = step.seen.get(name)
    values = seen.get("values") if isinstance(seen, dict) else None
    return getattr(getattr(values, "array", None), "shape", None)


def hooks_called(program: Program, steps: list[Step]) -> bool:
    """Return whether a hook, or the backward of a Function, was called."""
    return any(step.log for step in steps)


def several_walks(program: Program, steps: list[Step]) -> bool:
    """Return whether two walks back or more went through."""
    return sum(_WALK.search(line) is not None for line in ran(program, steps)) > 1


def through_gradients(program: Program, steps: list[Step]) -> bool:
    """Return whether a walk back started from what an earlier, recorded walk had made."""
    made: set[str] = set()
    for line in ran(program, steps):
        used = bool(made & names(line))
        if used and _WALK.search(line):
            return True
        target = _MADE.search(line)
        if target and (used or "create_graph=True" in line):
            made |= {name.strip() for name in target[1].split(",")}
    return False


def refused(program: Program, steps: list[Step]) -> bool:
    """Return whether torch refused a statement."""
    return any(step.failed is not None for step in steps)


CONSTRUCTS: dict[str, Look] = {
    "broadcasting": broadcasting,
    "views": said(
        r"\.(view|expand|t|T|transpose|permute|narrow|select|diagonal|chunk|split|unbind|squeeze)\b|\w\[[^]]*:"
    ),
    "in place": said(r"\w_\(|[-+*/]= |\] = "),
    "in place, under no_grad": said(r"no_grad\(\):\n.*(\w_\(|[-+*/]= |\] = )"),
    "tensor hooks": said(r"\.register_hook\("),
    "other hooks": said(r"prehook|post_accumulate|multi_grad|around\(|retain_grad"),
    "hooks that were called": hooks_called,
    "saved-tensor hooks": said(r"saved_tensors_hooks"),
    "Functions": said(r"\.apply\("),
    "detach and its family": said(r"detach|\.data\b|requires_grad_|clone"),
    "grad modes": said(r"no_grad|enable_grad|set_grad_enabled|inference_mode"),
    "inference mode": said(r"inference_mode\(\)"),
    "a walk back": said(_WALK.pattern),
    "several walks back": several_walks,
    "retain_graph": said(r"retain_graph=True"),
    "create_graph": said(r"create_graph=True"),
    "gradients of gradients": through_gradients,
    "backward for some inputs": said(r"inputs=\["),
    "optimiser steps": said(r"\.step\(\)|\.grad\b.*\n?.*\bsub_|-= 0\.1 \*"),
    "refusals": refused,
}


def census(programs: Iterable[tuple[Program, list[Step]]]) -> Counter[str]:
    """Return in how many programs each construct occurs."""
    counted: Counter[str] = Counter(dict.fromkeys(CONSTRUCTS, 0))
    for program, steps in programs:
        counted.update(name for name, occurs in CONSTRUCTS.items() if occurs(program, steps))
    return counted
