"""Wrong ideas about the handle: which entry is its own, and whom it keeps alive."""

from __future__ import annotations

from typing import Any

from autograder.faults.registry import fault
from course.parts.l08_hooks import RemovableHandle

LEAK = "https://github.com/jacobgil/pytorch-grad-cam/issues/88"
NEVER = "https://github.com/NeuroBench/neurobench/issues/184"


@fault(
    "removes-nothing",
    exercise="handle",
    part="RemovableHandle",
    help="remove() must take the entry self.id out of the table: a hook that stays runs in every later pass.",
    links=[NEVER],
)
class RemovesNothing(RemovableHandle):
    def remove(self) -> None:
        pass


@fault(
    "removes-all",
    exercise="handle",
    part="RemovableHandle",
    help="remove() takes away one entry, self.id, and leaves the other hooks in the table.",
)
class RemovesAll(RemovableHandle):
    def remove(self) -> None:
        hooks = self.hooks()
        if hooks is not None:
            hooks.clear()


@fault(
    "removes-the-last",
    exercise="handle",
    part="RemovableHandle",
    help="remove() takes away its own entry, self.id, not the one that was added last.",
)
class RemovesTheLast(RemovableHandle):
    def remove(self) -> None:
        hooks = self.hooks()
        if hooks:
            hooks.popitem()


@fault(
    "removes-the-first",
    exercise="handle",
    part="RemovableHandle",
    help="remove() takes away its own entry, self.id, not the one that was added first.",
)
class RemovesTheFirst(RemovableHandle):
    def remove(self) -> None:
        hooks = self.hooks()
        if hooks:
            hooks.popitem(last=False)


@fault(
    "removes-only-once",
    exercise="handle",
    part="RemovableHandle",
    help="A second remove() must do nothing: use pop(self.id, None), or look first.",
)
class RemovesOnlyOnce(RemovableHandle):
    def remove(self) -> None:
        hooks = self.hooks()
        if hooks is not None:
            del hooks[self.id]


@fault(
    "removes-every-copy",
    exercise="handle",
    part="RemovableHandle",
    help="A function may be registered twice: remove the entry self.id, not every entry with that function.",
)
class RemovesEveryCopy(RemovableHandle):
    def remove(self) -> None:
        hooks = self.hooks()
        if hooks is not None and self.id in hooks:
            own = hooks[self.id]
            for key in [key for key, hook in hooks.items() if hook is own]:
                del hooks[key]


@fault(
    "one-id-for-all",
    exercise="handle",
    part="RemovableHandle",
    help="Every handle needs an id of its own: with equal ids a new hook takes the place of the old one.",
)
class OneIdForAll(RemovableHandle):
    def __init__(self, hooks: Any) -> None:
        super().__init__(hooks)
        self.id = 0


@fault(
    "counts-the-table",
    exercise="handle",
    part="RemovableHandle",
    help="len(hooks) is given out again after a removal, and then two hooks share an id: count on instead.",
)
class CountsTheTable(RemovableHandle):
    def __init__(self, hooks: Any) -> None:
        super().__init__(hooks)
        self.id = len(hooks)


@fault(
    "table-of-the-class",
    exercise="handle",
    part="RemovableHandle",
    help="The table belongs to the handle: write self.hooks, not RemovableHandle.hooks, or the last table wins.",
)
class TableOfTheClass(RemovableHandle):
    table: Any = None

    def __init__(self, hooks: Any) -> None:
        super().__init__(hooks)
        TableOfTheClass.table = self.hooks

    def remove(self) -> None:
        hooks = TableOfTheClass.table()
        if hooks is not None:
            hooks.pop(self.id, None)


@fault(
    "id-of-the-class",
    exercise="handle",
    part="RemovableHandle",
    help="The id belongs to the handle: write self.id, or every handle removes the hook that came last.",
)
class IdOfTheClass(RemovableHandle):
    last = 0

    def __init__(self, hooks: Any) -> None:
        super().__init__(hooks)
        IdOfTheClass.last = self.id

    def remove(self) -> None:
        hooks = self.hooks()
        if hooks is not None:
            hooks.pop(IdOfTheClass.last, None)


@fault(
    "keeps-the-table-alive",
    exercise="handle",
    part="RemovableHandle",
    help="A handle that somebody keeps must keep nothing alive: hold the table by weakref.ref(hooks).",
    links=[LEAK],
)
class KeepsTheTableAlive(RemovableHandle):
    def __init__(self, hooks: Any) -> None:
        super().__init__(hooks)
        self.hooks: Any = lambda: hooks


@fault(
    "table-must-be-there",
    exercise="handle",
    part="RemovableHandle",
    help="Once the table is gone, the weak reference gives None: then remove() has nothing to do.",
)
class TableMustBeThere(RemovableHandle):
    def remove(self) -> None:
        self.hooks().pop(self.id, None)  # type: ignore[union-attr]


@fault(
    "removed-with-the-handle",
    exercise="handle",
    part="RemovableHandle",
    help="Most people never keep the handle: the hook must stay when the handle is gone, so no __del__.",
)
class RemovedWithTheHandle(RemovableHandle):
    def __del__(self) -> None:
        self.remove()


@fault(
    "stays-after-the-with-block",
    exercise="handle",
    part="RemovableHandle",
    help="The with block ends by calling __exit__: remove the hook there.",
)
class StaysAfterTheWithBlock(RemovableHandle):
    def __exit__(self, *error: Any) -> None:
        pass


@fault(
    "stays-after-an-error",
    exercise="handle",
    part="RemovableHandle",
    help="__exit__ is called with an exception, too: remove the hook in either case.",
)
class StaysAfterAnError(RemovableHandle):
    def __exit__(self, *error: Any) -> None:
        if error[0] is None:
            self.remove()


@fault(
    "swallows-errors",
    exercise="handle",
    part="RemovableHandle",
    help="__exit__ must not return True: that swallows the error which left the with block.",
)
class SwallowsErrors(RemovableHandle):
    def __exit__(self, *error: Any) -> Any:
        self.remove()
        return True


@fault(
    "with-gives-nothing",
    exercise="handle",
    part="RemovableHandle",
    help="__enter__ must return self: it is what stands after `as`.",
)
class WithGivesNothing(RemovableHandle):
    def __enter__(self) -> Any:
        return None
