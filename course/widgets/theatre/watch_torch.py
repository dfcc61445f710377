"""Watching real torch, through public means.

Every call is seen by a ``TorchFunctionMode``; nodes are found behind the results
(``next_functions``), and their turns in a pass by hooks of the nodes.

What torch does not show:

- calls of hooks that were registered on nodes (``grad_fn.register_hook``), and what they change;
  tensor hooks that were registered before the recording began, except those of leaves;
- when exactly a saved value is freed: it is told right after its node has run;
- graphs that die without a pass: the recording itself holds every node until it ends;
- values of operations inside one call, such as the transposition in ``F.linear``, and of what the
  pass itself records under ``create_graph=True``, but the last;
- where warnings of torch come from: they point to the watcher's call of torch;
- data that goes into an operation, where one call records several.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from types import FrameType
from typing import Any

import torch
from torch.nn.modules import module as modules
from torch.overrides import TorchFunctionMode

from course.widgets.theatre.story import Story
from course.widgets.theatre.swaps import Swaps
from course.widgets.theatre.torch_graph import edge_of, grad_fn_of, version_of
from course.widgets.theatre.torch_walk import HeardInTorch, TorchWalk
from course.widgets.theatre.where import names_in

HOOKS = {"register_hook": "tensor", "register_post_accumulate_grad_hook": "post_accumulate"}


class Calls(TorchFunctionMode):  # type: ignore[misc]
    """Sees every call of torch in this thread."""

    def __init__(self, watch: TorchWalk) -> None:
        super().__init__()
        self.watch = watch
        self.on = True

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Make the call, and tell what it did to the graph."""
        kwargs = kwargs or {}
        was, self.on = self.on, False  # torch makes a call without looking on at what is called within
        try:
            return func(*args, **kwargs) if self.watch.asleep else self._told(func, args, kwargs)
        finally:
            self.on = was

    @contextmanager
    def awake(self) -> Iterator[None]:
        """See the calls in a block, such as a hook, within a call."""
        watch = self.watch
        asleep, watch.asleep, was, self.on = watch.asleep, False, self.on, True
        try:
            with nullcontext() if was else self:
                yield
        finally:
            watch.asleep, self.on = asleep, was

    def _told(self, func: Any, args: Any, kwargs: Any) -> Any:
        name = getattr(func, "__name__", "")
        if name == "__get__":
            return func(*args, **kwargs)
        if name in HOOKS:
            return self._register(func, HOOKS[name], *args, **kwargs)
        if name == "detach_":
            return self._detach_(func, args[0])
        watch = self.watch
        given = _tensors([*args, *kwargs.values()])
        before = [(x, version_of(x)) for x in given]
        if name.endswith("_") or name == "__setitem__":
            watch.name_from_frames()  # the old value is about to lose its name to the new one
        out = func(*args, **kwargs)
        if name == "retain_grad" and grad_fn_of(args[0]) is not None:
            watch.retained.setdefault(watch.id_of(args[0].grad_fn), []).append(args[0])
        elif name == "detach":
            of = self._behind(args[0])
            if of is not None:
                watch.detached(of, out)
        else:
            self._look(given, before, out)
        return out

    def _look(self, given: list[Any], before: list[tuple[Any, int | None]], out: Any) -> None:
        watch = self.watch
        watch.just_given = tuple(given)
        written = []
        for x, version in before:
            now = version_of(x)
            if version is not None and now is not None and now != version:
                written.append(x)
                memory = watch.memory(x)
                watch.just_written = memory, now - version
                watch.writer.version(memory, now, watch.version_now)
        for x in _tensors([out, *written]) if torch.is_grad_enabled() else ():
            node = grad_fn_of(x)
            if node is not None and node not in watch.ids:
                watch.meet(node, x, tuple(given))
        watch.just_written, watch.just_given = None, ()

    def _behind(self, tensor: Any) -> int | None:
        """Return the node of a tensor that needs a gradient."""
        known = self.watch.number_of(tensor)
        node = edge_of(tensor) if known is None and torch.is_grad_enabled() else None
        return known if node is None else self.watch.id_of(node)

    def _detach_(self, func: Any, tensor: Any) -> Any:
        of = self._behind(tensor) if grad_fn_of(tensor) is not None else None
        out = func(tensor)
        if of is not None:
            self.watch.detached(of, tensor)
        return out

    def _register(self, func: Any, on: str, tensor: Any, hook: Any) -> Any:
        number = self._behind(tensor)
        return func(tensor, hook if number is None else HeardInTorch(self.watch, hook, on, number))


def _tensors(things: Any) -> list[Any]:
    """Return the tensors among some arguments or results, also from within lists and tuples."""
    found = []
    for thing in things:
        if isinstance(thing, torch.Tensor):
            found.append(thing)
        elif isinstance(thing, tuple | list):
            found += [item for item in thing if isinstance(item, torch.Tensor)]
    return found


class Watching:
    """One recording that is under way."""

    def __init__(self, story: Story, names: dict[str, Any], frame: FrameType) -> None:
        self.names, self.frame = names, frame
        self.watch = TorchWalk(story, frame)
        self.thread = threading.get_ident()
        self.swaps = Swaps()
        self.calls = Calls(self.watch)
        self.watch.awake = self.calls.awake
        self.swaps.put(torch.autograd, "backward", self._backward(torch.autograd.backward))
        self.swaps.put(torch.autograd, "grad", self._grad(torch.autograd.grad))
        self.handles = [
            modules.register_module_forward_pre_hook(self._enter),
            modules.register_module_forward_hook(self._leave, always_call=True),
        ]
        self.calls.__enter__()

    def _enter(self, module: Any, args: Any) -> None:
        if self._mine():
            self.watch.modules.enter(module)

    def _leave(self, module: Any, args: Any, out: Any) -> None:
        if self._mine():
            self.watch.modules.leave()

    def _mine(self) -> bool:
        return threading.get_ident() == self.thread

    def stop(self, error: BaseException | None) -> None:
        """Leave torch as it was, and finish the story."""
        watch = self.watch
        self.calls.__exit__(None, None, None)
        self.swaps.restore()
        for handle in [*self.handles, *watch.handles]:
            handle.remove()
        watch.flush()
        if error is not None:
            watch.error(error, None)
        for thing in self.names.values():
            if isinstance(thing, torch.Tensor) and thing.grad_fn is not None:
                watch.id_of(thing.grad_fn)
        watch.name_all(self.names, own=True)
        watch.name_all(names_in(self.frame))
        watch.outermost = None
        watch.nodes.clear()
        watch.ids.clear()
        watch.writer.finish()

    def _backward(self, plain: Callable[..., Any]) -> Callable[..., Any]:
        def backward(tensors: Any, grad_tensors: Any = None, *args: Any, **kwargs: Any) -> Any:
            if not self._mine():
                return plain(tensors, grad_tensors, *args, **kwargs)
            names = ("retain_graph", "create_graph", "grad_variables", "inputs")
            given = {**dict(zip(names, args, strict=False)), **kwargs}
            inputs = given.get("inputs")
            return self.watch.passing(
                lambda: plain(tensors, grad_tensors, *args, **kwargs),
                _listed(tensors),
                grad_tensors,
                given.get("retain_graph"),
                given.get("create_graph", False),
                None if inputs is None else _listed(inputs),
            )

        return backward

    def _grad(self, plain: Callable[..., Any]) -> Callable[..., Any]:
        def grad(outputs: Any, inputs: Any, grad_outputs: Any = None, *args: Any, **kwargs: Any) -> Any:
            if not self._mine():
                return plain(outputs, inputs, grad_outputs, *args, **kwargs)
            given = {**dict(zip(("retain_graph", "create_graph"), args, strict=False)), **kwargs}
            return self.watch.passing(
                lambda: plain(outputs, inputs, grad_outputs, *args, **kwargs),
                _listed(outputs),
                grad_outputs,
                given.get("retain_graph"),
                given.get("create_graph", False),
                _listed(inputs),
            )

        return grad


def _listed(things: Any) -> list[Any]:
    return list(things) if isinstance(things, tuple | list) else [things]


def start(story: Story, names: dict[str, Any], frame: FrameType) -> Watching:
    """Begin to watch; `frame` is that of the code around the block."""
    return Watching(story, names, frame)
