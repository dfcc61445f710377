"""Stories of the sample programs, told by the engine with all reference parts."""

from __future__ import annotations

from functools import cache

import course.nptorch as torch
from course.parts import reference
from course.widgets.theatre import Story, record
from course.widgets.theatre.programs import PROGRAMS, rnn

TOLD = ("diamond", "two_losses", "retain", "detach", "inplace_error", "hooks", "grad_of_grad")


@cache
def tell(name: str) -> Story:
    """Return the story of one program of `PROGRAMS`."""
    with torch.use(**reference()), record(name.replace("_", " ")) as story:
        kept = PROGRAMS[name](torch)
    del kept
    return story


@cache
def unrolled(steps: int) -> Story:
    """Return the story of a recurrent net: five nodes a step, and three leaves that all steps share."""
    with torch.use(**reference()), record("a recurrent net") as story:
        kept = rnn(steps)(torch)
    del kept
    return story
