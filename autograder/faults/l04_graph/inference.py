"""Wrong ideas about `inference_mode`: two flags, both put back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from autograder.faults.registry import fault
from course.nptorch.grad_mode import mode
from course.parts import l04_graph as right

OTHER = "https://github.com/pytorch/pytorch/issues/113298"


@fault(
    "inference-is-no-grad",
    exercise="inference-mode",
    part="inference_mode",
    help="Recording off is not enough: set the inference flag too, so that tensors made inside know their origin.",
)
class InferenceIsNoGrad(right.inference_mode):
    def switch(self) -> None:
        mode.enabled = not self._wanted


@fault(
    "inference-goes-on-recording",
    exercise="inference-mode",
    part="inference_mode",
    help="The inference flag alone does not stop recording: switch that off as well.",
)
class InferenceGoesOnRecording(right.inference_mode):
    def switch(self) -> None:
        mode.inference = self._wanted


@fault(
    "inference-flag-stays",
    exercise="inference-mode",
    part="inference_mode",
    help="After the block recording is back but the inference flag is not: put both back.",
)
class InferenceFlagStays(right.inference_mode):
    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        mode.enabled = self._before[0]


@fault(
    "inference-recording-stays-off",
    exercise="inference-mode",
    part="inference_mode",
    help="After the block the inference flag is back but recording is still off: put both back.",
)
class InferenceRecordingStaysOff(right.inference_mode):
    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        mode.inference = self._before[1]


@fault(
    "inference-lost-in-an-exception",
    exercise="inference-mode",
    part="inference_mode",
    help="An exception left the inference mode on: put both flags back however the block ends.",
    links=[OTHER],
)
class InferenceLostInAnException(right.inference_mode):
    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        if kind is None:
            super().__exit__(kind, error, trace)


@fault(
    "inference-always-back-on",
    exercise="inference-mode",
    part="inference_mode",
    help="At the end put back what you found: inside no_grad, or another inference_mode, that is not recording.",
)
class InferenceAlwaysBackOn(right.inference_mode):
    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        mode.enabled, mode.inference = True, False


@fault(
    "inference-ignores-its-argument",
    exercise="inference-mode",
    part="inference_mode",
    help="inference_mode(False) switches the mode off for its block: look at the argument.",
)
class InferenceIgnoresItsArgument(right.inference_mode):
    def switch(self) -> None:
        mode.enabled, mode.inference = False, True


@fault(
    "inference-false-does-nothing",
    exercise="inference-mode",
    part="inference_mode",
    help="inference_mode(False) inside inference_mode must bring recording back, not leave everything as it is.",
)
class InferenceFalseDoesNothing(right.inference_mode):
    def switch(self) -> None:
        if self._wanted:
            mode.enabled, mode.inference = False, True


@fault(
    "inference-false-does-not-record",
    exercise="inference-mode",
    part="inference_mode",
    help="inference_mode(False) ends the inference mode but nothing is recorded: it has to switch recording on too.",
)
class InferenceFalseDoesNotRecord(right.inference_mode):
    def switch(self) -> None:
        mode.inference = self._wanted
        if self._wanted:
            mode.enabled = False


@fault(
    "inference-needs-parentheses",
    exercise="inference-mode",
    part="inference_mode",
    help="@inference_mode without parentheses must work too: then the function comes in place of the mode.",
)
class InferenceNeedsParentheses(right.GradModeSwitch):
    def __init__(self, mode: Any = True) -> None:
        self._wanted = bool(mode)

    def switch(self) -> None:
        mode.enabled, mode.inference = not self._wanted, self._wanted

    def again(self) -> Any:
        return type(self)(self._wanted)


@fault(
    "inference-forgets-its-argument-as-decorator",
    exercise="inference-mode",
    part="inference_mode",
    help="As a decorator inference_mode(False) acts like inference_mode(): hand the argument on to each call's block.",
)
class InferenceForgetsItsArgumentAsDecorator(right.inference_mode):
    def again(self) -> Any:
        return right.inference_mode()


@fault(
    "inference-block-only",
    exercise="inference-mode",
    part="inference_mode",
    help="inference_mode must serve as a decorator too, as no_grad does.",
)
class InferenceBlockOnly(right.inference_mode):
    def __call__(self, function: Callable[..., Any]) -> Callable[..., Any]:
        raise TypeError("'inference_mode' object is not callable")
