"""Lesson 4, written otherwise: blocks made of generators, of plain classes, of stacks; detach by hand."""

from __future__ import annotations

import contextlib
import functools
import inspect
from collections.abc import Callable, Iterator
from typing import Any

import course.nptorch as torch
from autograder.alternatives.registry import alternative
from course.nptorch.grad_mode import mode
from course.nptorch.messages import DETACHED_VIEW

# --- detach -----------------------------------------------------------------------------------------


@alternative(part="detach", how="by .data and the shared counter")
def detach_by_data(tensor: Any) -> Any:
    alone = tensor.data
    if not tensor.is_inference():
        alone._version_counter = tensor._counter()
    return alone


@alternative(part="detach", how="by a bare object, field by field")
def detach_by_fields(tensor: Any) -> Any:
    made = torch.Tensor.__new__(torch.Tensor)
    made._data = tensor._array
    made._inference = tensor._inference
    if not made._inference:
        made._version_counter = tensor._counter()
    return made


@alternative(part="detach_", how="field by field, the check last")
def detach_in_place(tensor: Any) -> Any:
    if tensor._base is None:
        for name, value in (("_requires_grad", False), ("_grad_fn", None), ("_output_nr", 0)):
            setattr(tensor, name, value)
        return tensor
    raise RuntimeError(DETACHED_VIEW)


@alternative(part="detach_", how="by becoming what detach() returns")
def detach_in_place_by_detach(tensor: Any) -> Any:
    if tensor._is_view():
        raise RuntimeError("Can't detach views in-place. Use detach() instead")
    cut = tensor.detach()
    for name in ("_grad_fn", "_output_nr", "_requires_grad", "_data"):
        setattr(tensor, name, getattr(cut, name))
    return tensor


# --- modes as functions that return blocks made of generators ---------------------------------------


@contextlib.contextmanager
def _set(enabled: bool, inference: bool | None = None) -> Iterator[None]:
    found = mode.enabled, mode.inference
    mode.enabled = enabled
    if inference is not None:
        mode.inference = inference
    try:
        yield
    finally:
        mode.enabled, mode.inference = found


def _wrap(function: Callable[..., Any], block: Callable[[], Any]) -> Callable[..., Any]:
    """Run a function, or each piece of a generator, in a fresh block."""
    if not inspect.isgeneratorfunction(function):

        def plain(*args: Any, **kwargs: Any) -> Any:
            with block():
                return function(*args, **kwargs)

        return functools.wraps(function)(plain)

    def pieces(*args: Any, **kwargs: Any) -> Any:
        running = function(*args, **kwargs)
        try:
            with block():
                value = next(running)
            while True:
                try:
                    sent = yield value
                except GeneratorExit:
                    with block():
                        running.close()
                    raise
                except BaseException as error:
                    with block():
                        value = running.throw(error)
                else:
                    with block():
                        value = running.send(sent)
        except StopIteration as stop:
            return stop.value

    return functools.wraps(function)(pieces)


class _Block:
    """A block that can be entered again and again: it keeps a stack of what it has opened."""

    def __init__(self, make: Callable[[], Any]) -> None:
        self.make = make
        self.opened: list[Any] = []

    def __enter__(self) -> None:
        self.opened.append(self.make())
        self.opened[-1].__enter__()

    def __exit__(self, *error: Any) -> None:
        self.opened.pop().__exit__(None, None, None)

    def __call__(self, function: Callable[..., Any]) -> Callable[..., Any]:
        return _wrap(function, self.make)


@alternative(part="no_grad", how="a function, with contextmanager and a stack")
def no_grad(function: Any = None) -> Any:
    block = _Block(lambda: _set(False))
    return block if function is None else block(function)


@alternative(part="enable_grad", how="a function, with contextmanager and a stack")
def enable_grad(function: Any = None) -> Any:
    block = _Block(lambda: _set(not mode.inference))
    return block if function is None else block(function)


@alternative(part="inference_mode", how="a function, with contextmanager and a stack")
def inference_mode(mode: Any = True) -> Any:
    if callable(mode):
        return inference_mode()(mode)
    return _Block(lambda: _set(not mode, bool(mode)))


@alternative(part="set_grad_enabled", how="a function that returns a block")
def set_grad_enabled(wanted: Any) -> Any:
    if wanted is not True and wanted is not False:
        raise TypeError(
            "set_grad_enabled(): argument 'enabled' (position 1) must be bool, not " + type(wanted).__name__
        )
    found = mode.enabled
    mode.enabled = wanted and not mode.inference

    class Switched:
        def __enter__(self) -> None:
            pass

        def __exit__(self, *error: Any) -> None:
            mode.enabled = found

        def __call__(self, function: Callable[..., Any]) -> Callable[..., Any]:
            mode.enabled = found
            return _wrap(function, lambda: _set(wanted and not mode.inference))

    return Switched()


# --- modes as plain classes, each whole in itself ---------------------------------------------------


@alternative(part="no_grad", how="one plain class with a stack")
class PlainNoGrad:
    def __new__(cls, function: Any = None) -> Any:
        return object.__new__(cls) if function is None else _wrap(function, cls)

    def __init__(self) -> None:
        self.found: list[bool] = []

    def __enter__(self) -> None:
        self.found.append(mode.enabled)
        mode.enabled = False

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        mode.enabled = self.found.pop()

    def __call__(self, function: Callable[..., Any]) -> Callable[..., Any]:
        return _wrap(function, type(self))


@alternative(part="enable_grad", how="set_grad_enabled(True), later")
class LaterEnableGrad(contextlib.AbstractContextManager[None]):
    def __enter__(self) -> None:
        self.switched = torch.set_grad_enabled(True)

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        self.switched.__exit__(kind, error, trace)

    def __call__(self, function: Callable[..., Any]) -> Callable[..., Any]:
        return _wrap(function, LaterEnableGrad)

    def __new__(cls, function: Any = None) -> Any:
        return object.__new__(cls) if function is None else object.__new__(cls)(function)


@alternative(part="set_grad_enabled", how="one plain class that remembers how to undo itself")
class PlainSetGradEnabled:
    def __init__(self, mode: bool) -> None:
        if type(mode) is not bool:
            raise TypeError("set_grad_enabled(): argument 'enabled' must be bool, not something else")
        self.wanted = mode
        self.undo = functools.partial(setattr, flags(), "enabled", flags().enabled)
        flags().enabled = self.now()

    def now(self) -> bool:
        return self.wanted and not torch.is_inference_mode_enabled()

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        self.undo()

    def __call__(self, function: Callable[..., Any]) -> Callable[..., Any]:
        self.undo()
        return _wrap(function, lambda: _set(self.now()))


def flags() -> Any:
    """The flags, where a parameter has their name."""
    return mode


@alternative(part="inference_mode", how="one plain class on top of no_grad")
class PlainInferenceMode:
    def __new__(cls, mode: Any = True) -> Any:
        made = object.__new__(cls)
        made.wanted = callable(mode) or bool(mode)
        made.found = []
        return made(mode) if callable(mode) else made

    def __enter__(self) -> None:
        self.found.append((mode.inference, mode.enabled))
        mode.inference = self.wanted
        mode.enabled = not self.wanted

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        mode.inference, mode.enabled = self.found.pop()

    def __call__(self, function: Callable[..., Any]) -> Callable[..., Any]:
        wanted = self.wanted
        return _wrap(function, lambda: PlainInferenceMode(wanted))

    wanted: bool
    found: list[tuple[bool, bool]]
