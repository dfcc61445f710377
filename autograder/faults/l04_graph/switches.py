"""Wrong ideas about `enable_grad` and `set_grad_enabled`: when to switch, and what to put back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from autograder.faults.l04_graph.modes import LEAK
from autograder.faults.registry import fault
from course.nptorch.grad_mode import mode
from course.parts import l04_graph as right


@fault(
    "enable-grad-switches-nothing",
    exercise="grad-modes",
    part="enable_grad",
    help="Inside no_grad your enable_grad leaves recording off: it must switch it on for its block.",
)
class EnableGradSwitchesNothing(right.enable_grad):
    def switch(self) -> None:
        pass


@fault(
    "enable-grad-stays-on",
    exercise="grad-modes",
    part="enable_grad",
    help="After an enable_grad block inside no_grad recording must be off again, as it was found.",
)
class EnableGradStaysOn(right.enable_grad):
    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        pass


@fault(
    "enable-grad-switches-off-at-its-end",
    exercise="grad-modes",
    part="enable_grad",
    help="The end of enable_grad must put back what it found, which is often True, not switch recording off.",
)
class EnableGradSwitchesOffAtItsEnd(right.enable_grad):
    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        mode.enabled = False


@fault(
    "enable-grad-ends-inference",
    exercise="grad-modes",
    part="enable_grad",
    help="Inside inference_mode nothing is recorded whoever asks: enable_grad has to look at the inference flag.",
)
class EnableGradEndsInference(right.enable_grad):
    def switch(self) -> None:
        mode.enabled = True


# --- set_grad_enabled -----------------------------------------------------------------------------


@fault(
    "set-grad-enabled-waits-for-with",
    exercise="grad-modes",
    part="set_grad_enabled",
    help="set_grad_enabled(False) acts at once, as a plain statement too, not only at the beginning of a block.",
)
class SetGradEnabledWaitsForWith(right.GradModeSwitch):
    def __init__(self, mode: Any) -> None:
        if not isinstance(mode, bool):
            raise TypeError(f"set_grad_enabled(): argument 'enabled' must be bool, not {type(mode).__name__}")
        self._wanted = mode

    def switch(self) -> None:
        mode.enabled = self._wanted

    def again(self) -> Any:
        return type(self)(self._wanted)


@fault(
    "set-grad-enabled-looks-too-late",
    exercise="grad-modes",
    part="set_grad_enabled",
    help="You remember the mode after you have switched it: note what you found before the call changes it.",
)
class SetGradEnabledLooksTooLate(right.set_grad_enabled):
    def __enter__(self) -> None:
        self._before = mode.enabled, mode.inference


@fault(
    "set-grad-enabled-never-back",
    exercise="grad-modes",
    part="set_grad_enabled",
    help="As a block, set_grad_enabled puts back the mode from before it at the end, also after an exception.",
    links=LEAK,
)
class SetGradEnabledNeverBack(right.set_grad_enabled):
    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        if kind is not None:
            return
        super().__exit__(kind, error, trace)


@fault(
    "set-grad-enabled-the-wrong-way-round",
    exercise="grad-modes",
    part="set_grad_enabled",
    help="set_grad_enabled(True) means: record; yours switches recording off when it is given True.",
)
class SetGradEnabledTheWrongWayRound(right.set_grad_enabled):
    def switch(self) -> None:
        mode.enabled = not self._wanted


@fault(
    "set-grad-enabled-flips-at-the-end",
    exercise="grad-modes",
    part="set_grad_enabled",
    help="The end of a block puts back what was there before, which need not be the opposite of what you set.",
)
class SetGradEnabledFlipsAtTheEnd(right.set_grad_enabled):
    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        mode.enabled = not self._wanted


@fault(
    "set-grad-enabled-leaks-as-decorator",
    exercise="grad-modes",
    part="set_grad_enabled",
    help="@set_grad_enabled(False) must not switch the mode of the module it stands in: put it back when decorating.",
)
class SetGradEnabledLeaksAsDecorator(right.set_grad_enabled):
    def __call__(self, function: Callable[..., Any]) -> Callable[..., Any]:
        return right.GradModeSwitch.__call__(self, function)


@fault(
    "set-grad-enabled-takes-anything",
    exercise="grad-modes",
    part="set_grad_enabled",
    help="What is not a bool is a mistake, and the text 'no' is true: refuse it with TypeError, as torch does.",
)
class SetGradEnabledTakesAnything(right.set_grad_enabled):
    def __init__(self, mode: Any) -> None:
        super().__init__(bool(mode))


@fault(
    "set-grad-enabled-undone-when-forgotten",
    exercise="grad-modes",
    part="set_grad_enabled",
    help="As a plain statement the call must last: yours is undone as soon as nobody holds the object any more.",
)
class SetGradEnabledUndoneWhenForgotten(right.set_grad_enabled):
    def __init__(self, mode: Any) -> None:
        super().__init__(mode)
        self._last = True

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        super().__exit__(kind, error, trace)
        self._last = False

    def __call__(self, function: Callable[..., Any]) -> Callable[..., Any]:
        self._last = False
        return super().__call__(function)

    def __del__(self) -> None:
        if getattr(self, "_last", False):
            mode.enabled, mode.inference = self._before
