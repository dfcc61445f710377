"""What the watchers of both engines share: names, errors, and the line that is running."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

from course.widgets.theatre.groups import Groups
from course.widgets.theatre.story import Story, Value
from course.widgets.theatre.where import names_in, users_frames, users_line
from course.widgets.theatre.writer import Writer

MOST_ITEMS = 100  # of a list of tensors that get a name each


class Observer:
    """One recording.

    Parameters
    ----------
    story : Story
        What is written into.
    outermost : frame
        The code around the block: names are not looked for outside of it.
    """

    tensor_type: type  # of the engine
    module_type: Any

    def __init__(self, story: Story, outermost: FrameType) -> None:
        self.story = story
        self.writer = Writer(story)
        self.outermost: FrameType | None = outermost
        self.modules = Groups()
        self.passes = 0
        self.pass_line: dict[str, Any] | None = None  # where the pass was started that is under way
        self._failed = 0, -1  # the exception that was told last, and after how many events

    def number_of(self, tensor: Any) -> int | None:
        """Return the node of a tensor, if it was met."""
        raise NotImplementedError

    def value(self, tensor: Any) -> Value | None:
        """Return the numbers of a tensor, or None for None."""
        raise NotImplementedError

    def line(self) -> dict[str, Any] | None:
        """Return the line of the user's code on which the engine is at work."""
        return self.pass_line or users_line()

    # -- names ---------------------------------------------------------------------------------

    def name_all(self, names: dict[str, Any], own: bool = False) -> None:
        """Label nodes by what the user calls the tensors; with `own`, over what they were called before."""
        for name, thing in names.items():
            for full, tensor in self._tensors(name, thing):
                number = self.number_of(tensor)
                if number is not None and (own or not self.story.nodes[number]["label"]):
                    self.story.nodes[number]["label"] = full

    def name_from_frames(self) -> None:
        """Label nodes by the variables of the user's functions that are running."""
        for frame in users_frames(sys._getframe(1)):
            self.name_all(names_in(frame))
            if frame is self.outermost:
                return

    def _tensors(self, name: str, thing: Any) -> list[tuple[str, Any]]:
        """Return the tensors behind a name, with what to call them."""
        kind = self.tensor_type
        if isinstance(thing, kind):
            return [(name, thing)]
        if type(thing) in (list, tuple):  # nothing of the user's own is called, as a kind of list may be
            return [(f"{name}[{at}]", item) for at, item in enumerate(thing[:MOST_ITEMS]) if isinstance(item, kind)]
        if type(thing) is dict:
            some = [(key, item) for key, item in list(thing.items())[:MOST_ITEMS] if type(key) in (str, int)]
            return [(f"{name}[{key!r}]", item) for key, item in some if isinstance(item, kind)]
        if isinstance(thing, self.module_type):
            return [(f"{name}.{path}", item) for path, item in thing.named_parameters() if isinstance(item, kind)]
        return []

    # -- events of either engine -----------------------------------------------------------------

    def call_hook(self, hook: Callable[..., Any], *args: Any) -> Any:
        """Call a user's hook: what it does is on the user's lines."""
        line, self.pass_line = self.pass_line, None
        try:
            return hook(*args)
        finally:
            self.pass_line = line

    def hooked(self, node: int | None, on: str, name: str, before: Value | None, after: Value | None) -> None:
        """A hook was called."""
        self.writer.event("hook", node, on=on, name=name, before=before, after=after)

    def error(self, error: BaseException, node: int | None) -> None:
        """An exception is on its way; it is told once."""
        told, events = self._failed
        if told == id(error) and events == len(self.story.events):
            return
        self.writer.event("error", node, error=type(error).__name__, text=str(error))
        self._failed = id(error), len(self.story.events)

    def ended(self, number: int, failed: bool) -> None:
        """A pass ended."""
        self.writer.event("end", None, failed=failed, **{"pass": number})
        self._failed = self._failed[0], len(self.story.events)
