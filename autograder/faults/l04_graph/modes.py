"""Wrong ideas about `no_grad`: when to switch, what to put back, and what a decorator does."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterator
from typing import Any

from autograder.faults.registry import fault
from course.nptorch.grad_mode import mode
from course.parts import l04_graph as right

LEAK = ["https://github.com/Project-MONAI/MONAI/pull/8810", "https://github.com/pytorch/pytorch/issues/113298"]


@fault(
    "mode-lost-in-an-exception",
    exercise="grad-modes",
    part="no_grad",
    help="An exception left recording off: put the mode back in __exit__, or in `finally` if you use yield.",
    links=LEAK,
)
class ModeLostInAnException(right.no_grad):
    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        if kind is None:
            super().__exit__(kind, error, trace)


@fault(
    "mode-always-back-on",
    exercise="grad-modes",
    part="no_grad",
    help="When the block ends put back the mode that you found: inside another no_grad that is False, not True.",
)
class ModeAlwaysBackOn(right.no_grad):
    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        mode.enabled = True


@fault(
    "mode-never-back",
    exercise="grad-modes",
    part="no_grad",
    help="After the block recording is still off: remember in __enter__ what you found, and put it back in __exit__.",
)
class ModeNeverBack(right.no_grad):
    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        pass


@fault(
    "no-grad-switches-nothing",
    exercise="grad-modes",
    part="no_grad",
    help="Inside the block operations are still recorded: set the flag that the engine reads to False.",
)
class NoGradSwitchesNothing(right.no_grad):
    def switch(self) -> None:
        pass


@fault(
    "switched-when-made",
    exercise="grad-modes",
    part="no_grad",
    help="no_grad() alone must switch nothing; switch in __enter__, when the block begins.",
)
class SwitchedWhenMade(right.no_grad):
    def __init__(self) -> None:
        self._before = mode.enabled, mode.inference
        self.switch()

    def __enter__(self) -> None:
        pass


@fault(
    "one-memory-for-all-blocks",
    exercise="grad-modes",
    part="no_grad",
    help="Each block must remember what it found: keep it in the object, not in the class or a global variable.",
)
class OneMemoryForAllBlocks(right.no_grad):
    found: Any = None

    def __enter__(self) -> None:
        OneMemoryForAllBlocks.found = mode.enabled, mode.inference
        self.switch()

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        mode.enabled, mode.inference = OneMemoryForAllBlocks.found


@fault(
    "swallows-exceptions",
    exercise="grad-modes",
    part="no_grad",
    help="A true result of __exit__ makes Python forget the exception: return None, so that the caller sees it.",
)
class SwallowsExceptions(right.no_grad):
    def __exit__(self, kind: Any, error: Any, trace: Any) -> bool:  # type: ignore[override]
        super().__exit__(kind, error, trace)
        return True


@fault(
    "block-only",
    exercise="grad-modes",
    part="no_grad",
    help="no_grad must serve as a decorator too: give it __call__, which wraps a function in the block.",
)
class BlockOnly:
    def __enter__(self) -> None:
        self._before = mode.enabled
        mode.enabled = False

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        mode.enabled = self._before


@fault(
    "parentheses-needed",
    exercise="grad-modes",
    part="no_grad",
    help="@no_grad without parentheses must work too: then the function comes where the object is made.",
)
class ParenthesesNeeded(right.GradModeSwitch):
    def switch(self) -> None:
        mode.enabled = False


@contextlib.contextmanager
def _block() -> Iterator[None]:
    before = mode.enabled
    mode.enabled = False
    try:
        yield
    finally:
        mode.enabled = before


@fault(
    "used-up-after-one-block",
    exercise="grad-modes",
    part="no_grad",
    help="What contextlib.contextmanager makes can be entered once; a no_grad object must serve again and again.",
)
def used_up_after_one_block(function: Any = None) -> Any:
    return _block() if function is None else _block()(function)


@fault(
    "decorator-forgets-generators",
    exercise="grad-modes",
    part="no_grad",
    help="A decorated generator runs after the call that made it has ended: switch whenever it is resumed.",
)
class DecoratorForgetsGenerators(right.no_grad):
    def __call__(self, function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def inside(*args: Any, **kwargs: Any) -> Any:
            with self.again():
                return function(*args, **kwargs)

        return inside


@fault(
    "generator-leaks-its-mode",
    exercise="grad-modes",
    part="no_grad",
    help="Between two yields the mode belongs to whoever iterates: put it back each time the generator pauses.",
)
class GeneratorLeaksItsMode(right.no_grad):
    def _around_generator(self, function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def inside(*args: Any, **kwargs: Any) -> Any:
            with self.again():
                return (yield from function(*args, **kwargs))

        return inside


@fault(
    "generator-is-only-iterated",
    exercise="grad-modes",
    part="no_grad",
    help="A generator may be sent values and exceptions, and returns one: hand all of them on, not only next().",
)
class GeneratorIsOnlyIterated(right.no_grad):
    def _around_generator(self, function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def inside(*args: Any, **kwargs: Any) -> Any:
            running = function(*args, **kwargs)
            while True:
                with self.again():
                    try:
                        value = next(running)
                    except StopIteration:
                        return
                yield value

        return inside


@fault(
    "decorated-result-lost",
    exercise="grad-modes",
    part="no_grad",
    help="Your wrapper runs the function but returns None: return what the function returns.",
)
class DecoratedResultLost(right.no_grad):
    def __call__(self, function: Callable[..., Any]) -> Callable[..., Any]:
        whole = super().__call__(function)

        @functools.wraps(function)
        def inside(*args: Any, **kwargs: Any) -> Any:
            whole(*args, **kwargs)

        return inside if "generator" not in type(function).__name__ else whole


@fault(
    "decorated-names-lost",
    exercise="grad-modes",
    part="no_grad",
    help="Your wrapper takes no arguments by name: pass on *args and **kwargs, both.",
)
class DecoratedNamesLost(right.no_grad):
    def __call__(self, function: Callable[..., Any]) -> Callable[..., Any]:
        whole = super().__call__(function)

        @functools.wraps(function)
        def inside(*args: Any) -> Any:
            return whole(*args)

        return inside


@fault(
    "wrapper-without-the-name",
    exercise="grad-modes",
    part="no_grad",
    help="A decorated function keeps its name and docstring: use functools.wraps on your wrapper.",
)
class WrapperWithoutTheName(right.no_grad):
    def __call__(self, function: Callable[..., Any]) -> Callable[..., Any]:
        whole = super().__call__(function)
        return lambda *args, **kwargs: whole(*args, **kwargs)


@fault(
    "decorating-switches",
    exercise="grad-modes",
    part="no_grad",
    help="Decorating a function must switch nothing; only its calls do, and each puts back what it found.",
)
class DecoratingSwitches(right.no_grad):
    def __call__(self, function: Callable[..., Any]) -> Callable[..., Any]:
        mode.enabled = False
        return super().__call__(function)


@fault(
    "same-object-for-every-call",
    exercise="grad-modes",
    part="no_grad",
    help="A decorated function may call itself: each call needs a block of its own, or it forgets what it found.",
)
class SameObjectForEveryCall(right.no_grad):
    def again(self) -> Any:
        return self
