"""Lesson 4: who gets a gradient, and how to say that someone shall not."""

from __future__ import annotations

import functools
import inspect
import warnings
from collections.abc import Callable
from types import TracebackType
from typing import Any

from course.nptorch import messages
from course.nptorch.grad_mode import mode as flags


class GradModeSwitch:
    """A switch that is a context manager and a decorator, and puts back what it found.

    As a decorator of a generator function it is switched only while the generator runs, so the
    mode never leaks to whoever is iterating.
    """

    def switch(self) -> None:
        """Set the mode of this thread: each kind of switch says how, so nothing is to be written here."""

    def __enter__(self) -> None:
        """Begin a block."""
        self._before = flags.enabled, flags.inference
        self.switch()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End a block; `error` is the exception that ends it, if one does."""
        flags.enabled, flags.inference = self._before

    def again(self) -> Any:
        """Return a fresh switch of the same kind, so that calls may nest."""
        return type(self)()

    def __call__(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return a function of the same name whose every call runs in a block of its own.

        A class may be decorated too: calling it is a call, and torch warns of it, with
        ``FutureWarning`` and the text ``messages.DECORATED_CLASS``.
        """
        if inspect.isgeneratorfunction(function):
            return self._around_generator(function)
        if inspect.isclass(function):
            warnings.warn(messages.DECORATED_CLASS, FutureWarning, stacklevel=2)

        @functools.wraps(function)
        def inside(*args: Any, **kwargs: Any) -> Any:
            with self.again():
                return function(*args, **kwargs)

        return inside

    def _around_generator(self, function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def inside(*args: Any, **kwargs: Any) -> Any:
            generator = function(*args, **kwargs)
            resume, value = generator.send, None
            while True:
                try:
                    with self.again():
                        got = resume(value)
                except StopIteration as stop:
                    return stop.value
                try:
                    resume, value = generator.send, (yield got)
                except GeneratorExit:
                    with self.again():
                        generator.close()
                    raise
                except BaseException as error:  # handed on to the generator, as the caller meant
                    resume, value = generator.throw, error

        return inside


class no_grad(GradModeSwitch):  # noqa: N801 - torch's own name
    """Inside, operations are not recorded: results do not require grad."""

    def __new__(cls, function: Any = None) -> Any:
        """Serve ``@no_grad`` without parentheses, as torch does."""
        made = super().__new__(cls)
        return made if function is None else made(function)

    def switch(self) -> None:
        """Stop recording."""
        flags.enabled = False


class enable_grad(GradModeSwitch):  # noqa: N801 - torch's own name
    """Inside, operations are recorded again, also within `no_grad`."""

    def __new__(cls, function: Any = None) -> Any:
        """Serve ``@enable_grad`` without parentheses, as torch does."""
        made = super().__new__(cls)
        return made if function is None else made(function)

    def switch(self) -> None:
        """Start recording, save in inference mode, where it stays off."""
        flags.enabled = not flags.inference


class set_grad_enabled(GradModeSwitch):  # noqa: N801 - torch's own name
    """Switch recording on or off from here on, or inside a ``with`` block only.

    Parameters
    ----------
    mode : bool
        Whether to record.

    Raises
    ------
    TypeError
        If `mode` is no bool: ``set_grad_enabled(): argument 'enabled' (position 1) must be bool, not str``.
    """

    def __init__(self, mode: Any) -> None:
        if not isinstance(mode, bool):
            kind = type(mode).__name__
            raise TypeError(f"set_grad_enabled(): argument 'enabled' (position 1) must be bool, not {kind}")
        self._wanted = mode
        self._before = flags.enabled, flags.inference
        self.switch()

    def __enter__(self) -> None:
        """Leave the mode as the constructor set it."""

    def __call__(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Decorate a function; the mode that the constructor switched is put back at once."""
        flags.enabled, flags.inference = self._before  # a decorator changes nothing by itself
        return super().__call__(function)

    def switch(self) -> None:
        """Record, or do not, as the constructor was told; in inference mode never."""
        flags.enabled = self._wanted and not flags.inference

    def again(self) -> Any:
        """Return a fresh switch with the same argument."""
        return set_grad_enabled(self._wanted)


class inference_mode(GradModeSwitch):  # noqa: N801 - torch's own name
    """Like `no_grad`; and tensors made inside can never be kept for a backward pass.

    Parameters
    ----------
    mode : bool
        True for a block in inference mode; False for one that is not, and that records.
    """

    def __new__(cls, mode: Any = True) -> Any:
        """Serve ``@inference_mode`` without parentheses, as torch does."""
        made = super().__new__(cls)
        made._wanted = True
        return made(mode) if callable(mode) else made

    def __init__(self, mode: bool = True) -> None:
        self._wanted = bool(mode)

    def switch(self) -> None:
        """Set both flags."""
        flags.enabled, flags.inference = not self._wanted, self._wanted

    def again(self) -> Any:
        """Return a fresh switch with the same argument."""
        return inference_mode(self._wanted)


def detach(tensor: Any) -> Any:
    """Return a tensor on the same memory that is not part of any graph.

    It shares the version counter, so a change through it is still noticed at backward.

    Parameters
    ----------
    tensor : Tensor
        Any tensor; it stays as it is.

    Returns
    -------
    Tensor
        A new one: a leaf that does not require grad and has no ``.grad``.
    """
    return tensor.detach_alias()


def detach_(tensor: Any) -> Any:
    """Cut `tensor` out of its graph, in place; what was computed from it keeps its path.

    Parameters
    ----------
    tensor : Tensor
        Any tensor; it becomes a leaf that does not require grad, and keeps its ``.grad``.

    Returns
    -------
    Tensor
        The same one.

    Raises
    ------
    RuntimeError
        If `tensor` is a view: its base would still be part of the graph.
    """
    if tensor._is_view():
        raise RuntimeError(messages.DETACHED_VIEW)
    tensor._grad_fn = None
    tensor._output_nr = 0
    tensor._requires_grad = False
    return tensor
