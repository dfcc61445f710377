"""What a scenario asks of an engine beyond torch's names, wherever that engine runs.

While a stranger's submission is graded, the engine is in another process, and ``T`` stands for it. Such
a ``T`` brings methods of these names; for an engine in this process they are the few lines below.
"""

from __future__ import annotations

import importlib
import types
import weakref
from collections.abc import Callable
from typing import Any


def watch(T: Any, thing: object) -> Callable[[], bool]:
    """Return a function that says whether `thing` is still alive, and does not keep it alive."""
    if elsewhere := _own(T, "watch"):
        return elsewhere(thing)  # type: ignore[no-any-return]
    known = weakref.ref(thing)
    return lambda: known() is not None


def part(T: Any, name: str) -> Any:
    """Return the part that is plugged in under this name; None for torch, which has no parts."""
    if elsewhere := _own(T, "part"):
        return elsewhere(name)
    if T.__name__ == "torch":
        return None
    return getattr(importlib.import_module("course.nptorch.parts").plugged, name)


def chain(T: Any, tensor: Any, method: str, count: int, *args: object) -> Any:
    """Call a method of a tensor, then the same of its result, and so on `count` times: a long graph."""
    if elsewhere := _own(T, "chain"):
        return elsewhere(tensor, method, count, *args)
    for _ in range(count):
        tensor = getattr(tensor, method)(*args)
    return tensor


def changed(T: Any, tensor: Any) -> None:
    """Change a tensor in place. An engine without lesson 6 does not count that, so it is counted by hand."""
    if elsewhere := _own(T, "changed"):
        elsewhere(tensor)
    elif T.__name__ == "torch":
        tensor.add_(1)
    else:
        tensor._counter().value += 1


def derived(name: str, base: Any, body: dict[str, Any]) -> Any:
    """Make a class by name, as ``type(name, (base,), body)`` does, of a base that may be elsewhere."""
    return types.new_class(name, (base,), exec_body=lambda names: names.update(body))


def _own(T: Any, name: str) -> Any:
    """Return the method that a backend in another process brings; a module has none."""
    return getattr(T, name) if hasattr(type(T), name) else None
