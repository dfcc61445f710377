"""Anomaly mode: where in the program the node was made whose backward fails, or makes nan.

Looking costs much, and not looking costs nothing: while the mode is off, nothing of this module
runs. Switching it on puts other functions in the places where nodes are made and run
(`_PLACES`); switching it off puts the first ones back. As in torch the mode is one for all
threads.

References
----------
.. [1] https://docs.pytorch.org/docs/stable/autograd.html#anomaly-detection
"""

from __future__ import annotations

import sys
import threading
import traceback
import warnings
from types import FrameType
from typing import Any

import numpy as np

from course.nptorch import messages, record
from course.nptorch.engine import Pass
from course.nptorch.graph import Node

# the keys under which torch keeps this in node.metadata
TRACE, PARENT = "traceback_", "parent_"

FAILED = "Error detected in {name}. Traceback of forward call that caused the error:\n{trace}"
FAILED_UNSEEN = (
    "Error detected in {name}. No forward pass information available. Enable detect anomaly "
    "during forward pass for more information."
)
INDUCED = (
    "\n\nPrevious calculation was induced by {name}. Traceback of forward call that induced the "
    "previous calculation:\n{trace}"
)
IS_NAN = "Function '{name}' returned nan values in its {index}th output."

_OURS = ("course.nptorch", "course.parts", "given.", "mine.")  # modules whose lines nobody asked for


class Running(threading.local):
    """The node whose backward this thread is in, innermost."""

    node: Node | None = None


running = Running()
_enabled = False
_check_nan = True


def is_anomaly_enabled() -> bool:
    """Return whether anomaly mode is on."""
    return _enabled


def is_anomaly_check_nan_enabled() -> bool:
    """Return whether anomaly mode, when it is on, looks for nan."""
    return _check_nan


def set_anomaly_enabled(enabled: bool, check_nan: bool = True) -> None:
    """Switch anomaly mode on or off, for all threads.

    Parameters
    ----------
    enabled : bool
        Whether nodes remember where they were made, for the case that their backward fails.
    check_nan : bool
        Whether a backward that returns nan fails.

    Raises
    ------
    TypeError
        If one of them is no bool.
    """
    global _enabled, _check_nan
    for position, (name, value) in enumerate({"enabled": enabled, "check_nan": check_nan}.items(), 1):
        if not isinstance(value, bool):
            raise TypeError(
                f"set_anomaly_enabled(): argument '{name}' (position {position}) must be bool, "
                f"not {type(value).__name__}"
            )
    _enabled, _check_nan = enabled, check_nan
    for owner, name, plain, watched in _PLACES:
        setattr(owner, name, watched if enabled else plain)


def _new(kind: type[Node]) -> Node:
    """Make a node as `record.new` does, and note where."""
    node = object.__new__(kind)
    node._metadata = _where()
    return node


def _init(self: Node, edges: tuple[Any, ...], slots: tuple[int, ...]) -> None:
    """Do what ``Node.__init__`` does, and note where."""
    _plain_init(self, edges, slots)
    self._metadata = _where()


def _run_node(self: Pass, node: Node, gradients: list[Any]) -> Any:
    """Do what ``Pass.run_node`` does; if that fails or gives nan, say where the node was made."""
    outer, running.node = running.node, node
    try:
        out = _plain_run_node(self, node, gradients)
        if _enabled and _check_nan and out is not None:  # a hook may have switched it off
            _refuse_nan(self, node, out)
        return out
    except BaseException:
        if _enabled:
            _tell(node)
        raise
    finally:
        running.node = outer


def _refuse_nan(backward: Pass, node: Node, gradients: Any) -> None:
    for index, (gradient, below) in enumerate(zip(gradients, node.edges, strict=False)):
        if gradient is None or below is None:
            continue
        if backward.needed is not None and not backward.will_run(below):
            continue  # torch does not even compute it
        if np.isnan(getattr(gradient, "_data", gradient)).any():
            raise RuntimeError(IS_NAN.format(name=node.name(), index=index))


def _where() -> dict[Any, Any]:
    """Return the notes of a node that is made now: the lines that led here, the node that runs."""
    frames = [at for at in traceback.walk_stack(sys._getframe(1)) if not _is_ours(at[0])]
    notes: dict[Any, Any] = {TRACE: traceback.StackSummary.extract(reversed(frames)).format()}
    if running.node is not None:
        notes[PARENT] = running.node
    return notes


def _is_ours(frame: FrameType) -> bool:
    return str(frame.f_globals.get("__name__", "")).startswith(_OURS)


def _tell(node: Node) -> None:
    """Show where `node` was made; and if that was in a backward pass, where that one's node was."""
    text = FAILED
    made: Node | None = node
    while made is not None:
        notes = made.metadata
        if TRACE in notes:
            _warn(text.format(name=made.name(), trace="".join(notes[TRACE])))
        else:
            _warn(FAILED_UNSEEN.format(name=made.name()))
        text, made = INDUCED, notes.get(PARENT)


def _warn(text: str) -> None:
    """Warn on behalf of the user's line that went back; the error that is on its way comes first."""
    frames = [frame for frame, _ in traceback.walk_stack(sys._getframe(1))]
    ours = next((level for level, frame in enumerate(frames) if not _is_ours(frame)), 0)
    try:
        warnings.warn(text, UserWarning, stacklevel=ours + 2)
    except Warning as warning:  # a filter made an error of it
        traceback.print_exception(warning, chain=False)


_plain_init = Node.__init__
_plain_run_node = Pass.run_node
_PLACES: tuple[tuple[Any, str, Any, Any], ...] = (
    (record, "new", record.new, _new),
    (Node, "__init__", _plain_init, _init),
    (Pass, "run_node", _plain_run_node, _run_node),
    (messages, "MODIFIED", messages.MODIFIED, messages.MODIFIED_AND_SHOWN),
)
