"""Listening to hooks: each one is called as before, and what it was given and returned is told."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import Any

from course.widgets.theatre.story import Value


class Heard:
    """A hook with an ear on it; everything else is asked of the hook itself."""

    def __init__(self, watch: Any, hook: Callable[..., Any], on: str) -> None:
        self._watch, self._hook, self._on = watch, hook, on

    def __call__(self, *args: Any) -> Any:
        """Call the hook and tell of it."""
        watch, leaf = self._watch, self._on == "post_accumulate"
        before = self._first(args[0].grad if leaf else args[0])
        out = watch.call_hook(self._hook, *args)
        after = self._first(args[0].grad if leaf else args[0] if out is None else out)
        watch.hooked(watch.here(), self._on, name_of(self._hook), before, after)
        return out

    def __getattr__(self, name: str) -> Any:
        return getattr(self._hook, name)

    def _first(self, gradients: Any) -> Value | None:
        """Return a gradient, or the first of several that is there, as a `Value`."""
        if isinstance(gradients, tuple | list):
            gradients = next((g for g in gradients if g is not None), None)
        is_tensor = isinstance(gradients, self._watch.tensor_type)  # else the engine is about to refuse it
        return self._watch.value(gradients) if is_tensor else None


def name_of(hook: Any) -> str:
    """Return what a hook is called in the user's program."""
    name = getattr(hook, "__qualname__", None) or type(hook).__name__
    return str(name).rpartition("<locals>.")[2]


class Tapped:
    """While the block runs, every hook of a table has an ear on it.

    The table itself stays in its place, because hooks may come and go while they are called, and
    what then happens is for the part to say.
    """

    def __init__(self, watch: Any, hooks: dict[int, Any], on: str) -> None:
        self.watch, self.hooks, self.on = watch, hooks, on
        self.mine: dict[int, Heard] = {}

    def __enter__(self) -> None:
        for key, hook in list(self.hooks.items()):
            if not isinstance(hook, Heard):
                self.hooks[key] = self.mine[key] = Heard(self.watch, hook, self.on)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for key, heard in self.mine.items():
            if self.hooks.get(key) is heard:
                self.hooks[key] = heard._hook
