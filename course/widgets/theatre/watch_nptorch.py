"""Starting and stopping to watch `course.nptorch`."""

from __future__ import annotations

from types import FrameType
from typing import Any

from course.nptorch._tensor import Tensor
from course.widgets.theatre.installing import Places
from course.widgets.theatre.story import Story
from course.widgets.theatre.walking import Watch
from course.widgets.theatre.where import names_in


class Watching:
    """One recording that is under way."""

    def __init__(self, story: Story, names: dict[str, Any], frame: FrameType) -> None:
        self.names, self.frame = names, frame
        self.watch = Watch(story, frame)
        self.places = Places(self.watch)

    def stop(self, error: BaseException | None) -> None:
        """Leave the engine as it was, and finish the story."""
        self.places.remove()
        watch = self.watch
        watch.watching = False
        if error is not None:
            watch.error(error, None)
        for thing in self.names.values():
            if isinstance(thing, Tensor) and thing._grad_fn is not None:
                watch.id_of(thing._grad_fn)
        watch.name_all(self.names, own=True)
        watch.name_all(names_in(self.frame))
        watch.outermost = None
        watch.writer.finish()


def start(story: Story, names: dict[str, Any], frame: FrameType) -> Watching:
    """Begin to watch; `frame` is that of the code around the block."""
    return Watching(story, names, frame)
