"""Where a watcher listens to `course.nptorch`: the places, and what stands there meanwhile.

While nobody records, nothing of this is in the engine. Other threads pass through what is put
here and go on as ever: only the thread that records has a watcher in its `mode`.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from course.nptorch import autograd, record
from course.nptorch._tensor import Tensor
from course.nptorch.autograd import function_outputs
from course.nptorch.grad_mode import mode
from course.nptorch.graph import Node
from course.nptorch.nn import Module
from course.nptorch.ops import several
from course.nptorch.parts import Plugged, plugged
from course.widgets.theatre.swaps import Swaps
from course.widgets.theatre.walking import Watch

PACKAGE = "course.nptorch"
WATCHED = (
    "SavedTensor",
    "accumulate_grad",
    "detach",
    "detach_",
    "make_grads",
    "rebase_history",
    "release_saved",
    "run_backward",
    "run_post_accumulate_hooks",
    "run_post_hooks",
    "run_pre_hooks",
    "run_tensor_hooks",
    "store_retained_grad",
)


class WatchedParts(Plugged):
    """The engine's table of parts, which hands them out with a watcher around them.

    What is plugged in stays as it is, so `use` works during a recording as well.
    """

    def __getattribute__(self, name: str) -> Any:
        part = object.__getattribute__(self, name)
        watch = mode.watcher
        if watch is None or name not in WATCHED:
            return part
        return functools.partial(getattr(watch, name), part)


class Places:
    """Everything that stands in the engine while `watch` watches; `remove` takes it away."""

    def __init__(self, watch: Watch) -> None:
        self.watch = watch
        self.swaps = Swaps()
        try:
            self._recording()
            self._passes()
            self._counters()
            self.swaps.put(Module, "__call__", _call(Module.__call__))
            plugged.__class__ = WatchedParts
            mode.watcher = watch
        except BaseException:
            self.remove()
            raise

    def remove(self) -> None:
        """Leave the engine as it was."""
        mode.watcher = None
        plugged.__class__ = Plugged
        self.swaps.restore()

    def _recording(self) -> None:
        everywhere = self.swaps.put_everywhere
        everywhere(PACKAGE, record.make_node, _make_node(record.make_node))
        everywhere(PACKAGE, record.attach, _attach(record.attach))
        everywhere(PACKAGE, record.attach_one, _attach_one(record.attach_one))
        everywhere(PACKAGE, record.attach_two, _attach_two(record.attach_two))
        everywhere(PACKAGE, several.attach_several, _attach_several(several.attach_several))
        self.swaps.put(function_outputs, "_save", _save(function_outputs._save))

    def _passes(self) -> None:
        self.swaps.put(autograd, "_roots", _roots(autograd._roots))
        for kind in [Node, *_below(Node)]:
            if "apply" in vars(kind):
                self.swaps.put(kind, "apply", _apply(vars(kind)["apply"]))

    def _counters(self) -> None:
        tapped: set[type] = set()
        plain = Tensor._counter

        def _counter(tensor: Tensor) -> Any:
            counter = plain(tensor)
            watch = mode.watcher
            if watch is not None:
                watch.memories.of(tensor)
                kind = type(counter)
                if kind not in tapped and hasattr(kind, "bump"):
                    tapped.add(kind)
                    self.swaps.put(kind, "bump", _bump(kind.bump))
            return counter

        self.swaps.put(Tensor, "_counter", _counter)


def _below(kind: type[Node]) -> list[type[Node]]:
    found: list[type[Node]] = []
    for child in kind.__subclasses__():
        found += [child, *_below(child)]
    return found


def _make_node(plain: Callable[..., Any]) -> Callable[..., Any]:
    def make_node(op: Any, inputs: Any, result: Any, facts: Any, kind: Any = None) -> Any:
        node = plain(op, inputs, result, facts, kind)
        if mode.watcher is not None:
            mode.watcher.draft(node, inputs)
        return node

    return make_node


def _recorded(inputs: tuple[Any, ...], result: Any) -> None:
    """Tell the watcher of an operation, if one was recorded."""
    watch = mode.watcher
    if watch is not None and result._grad_fn is not None:
        watch.add_op(result._grad_fn, inputs, result)


def _attach(plain: Callable[..., Any]) -> Callable[..., Any]:
    def attach(op: Any, inputs: Any, result: Any, facts: Any = None) -> Any:
        out = plain(op, inputs, result, facts)
        _recorded(inputs, result)
        return out

    return attach


def _attach_one(plain: Callable[..., Any]) -> Callable[..., Any]:
    def attach_one(op: Any, x: Any, result: Any) -> None:
        plain(op, x, result)
        _recorded((x,), result)

    return attach_one


def _attach_two(plain: Callable[..., Any]) -> Callable[..., Any]:
    def attach_two(op: Any, x: Any, y: Any, result: Any, facts: Any) -> None:
        plain(op, x, y, result, facts)
        _recorded((x, y), result)

    return attach_two


def _attach_several(plain: Callable[..., Any]) -> Callable[..., Any]:
    def attach_several(row: Any, inputs: Any, results: Any, facts: Any, fill: bool = True) -> None:
        plain(row, inputs, results, facts, fill)
        if results:
            _recorded(inputs, results[0])

    return attach_several


def _save(plain: Callable[..., Any]) -> Callable[..., Any]:
    def save(ctx: Any, node: Any, outputs: Any, made: Any) -> None:
        inputs = tuple(x for x in ctx._inputs if isinstance(x, Tensor))  # only they have edges
        plain(ctx, node, outputs, made)
        if mode.watcher is not None:
            result = next((x for x in made if isinstance(x, Tensor)), None)
            mode.watcher.add_op(node, inputs, result)

    return save


def _roots(plain: Callable[..., Any]) -> Callable[..., Any]:
    def roots(outputs: Any, gradients: Any) -> Any:
        watch = mode.watcher
        return plain(outputs, gradients) if watch is None else watch.starting(plain, outputs, gradients)

    return roots


def _apply(plain: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(plain)
    def apply(self: Any, gradients: Any, *runs: Any) -> Any:
        watch = mode.watcher
        if watch is None:
            return plain(self, gradients, *runs)
        return watch.apply(lambda node, given: plain(node, given, *runs), self, gradients)

    return apply


def _bump(plain: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(plain)
    def bump(self: Any) -> None:
        plain(self)
        if mode.watcher is not None:
            mode.watcher.bumped(self)

    return bump


def _call(plain: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(plain)
    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        watch = mode.watcher
        if watch is None:
            return plain(self, *args, **kwargs)
        hooked = self._forward_hooks or self._forward_pre_hooks or self._backward_hooks or self._backward_pre_hooks
        with watch.modules.inside(self):  # what `plain` does, on as many frames: warnings count them
            return self._call_with_hooks(args, kwargs) if hooked else self.forward(*args, **kwargs)

    return call
