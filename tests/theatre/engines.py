"""Recording the theatre's programs on either engine, for the tests of the trace."""

from __future__ import annotations

import warnings
from typing import Any

import torch

import course.nptorch as nptorch
from course.parts import reference
from course.widgets.theatre import Story, record
from course.widgets.theatre.programs import PROGRAMS

ENGINES = {"nptorch": nptorch, "torch": torch}
SMALL = [name for name in PROGRAMS if name not in ("rnn1000", "rnn5000")]


def watched(program: Any, engine: str = "nptorch", **parts: Any) -> Story:
    """Return the story of a program, on the reference parts or some others."""
    with nptorch.use(**{**reference(), **parts}), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with record(program.__name__, engine=engine) as story:
            kept = program(ENGINES[engine])
    del kept
    return story


def of_kind(story: Story, *kinds: str) -> list[dict[str, Any]]:
    """Return the events of some kinds."""
    return [event for event in story.events if event["kind"] in kinds]


def names(story: Story, *kinds: str) -> list[str]:
    """Return the names of the nodes of these events, in order."""
    return [story.nodes[event["node"]]["name"] for event in of_kind(story, *kinds)]


def by_label(story: Story, label: str) -> dict[str, Any]:
    """Return the one node that the program calls so."""
    (found,) = [node for node in story.nodes if node["label"] == label]
    return found
