"""Wrong ideas about `VersionCounter` and `check_version`: what counts, and what is compared with what."""

from __future__ import annotations

from typing import Any

from autograder.faults.registry import fault
from course.nptorch import messages
from course.nptorch.grad_mode import mode
from course.parts import l06_versions as right

BEFORE_15 = "https://github.com/pytorch/pytorch/issues/39141"
SRGAN = "https://github.com/leftthomas/SRGAN/issues/89"


@fault(
    "nobody-counts",
    exercise="version-check",
    part="VersionCounter",
    help="bump() must add 1 to self.value: your counter stays where it began.",
)
class NobodyCounts(right.VersionCounter):
    def bump(self) -> None:
        pass


@fault(
    "one-counter-for-all",
    exercise="version-check",
    part="VersionCounter",
    help="Every memory has a count of its own: write self.value in __init__, not a value of the class.",
)
class OneCounterForAll:
    value = 0

    def bump(self) -> None:
        OneCounterForAll.value += 1


@fault(
    "counts-from-one",
    exercise="version-check",
    part="VersionCounter",
    help="A memory that nobody wrote to has version 0: the count begins at 0, not at 1.",
)
class CountsFromOne(right.VersionCounter):
    def __init__(self) -> None:
        self.value = 1


@fault(
    "counts-only-whether",
    exercise="version-check",
    part="VersionCounter",
    help="Count how often it was written to, not only whether: what was saved at version 1 is outdated at version 2.",
)
class CountsOnlyWhether(right.VersionCounter):
    def bump(self) -> None:
        self.value = 1


@fault(
    "flips-instead-of-counting",
    exercise="version-check",
    part="VersionCounter",
    help="After two writes your counter is back where it was: it must go on and on, by one each time.",
)
class FlipsInsteadOfCounting(right.VersionCounter):
    def bump(self) -> None:
        self.value = 1 - self.value


@fault(
    "counts-only-what-is-recorded",
    exercise="version-check",
    part="VersionCounter",
    help="no_grad switches off recording, not memory: a write under no_grad counts like any other.",
    links=[SRGAN],
)
class CountsOnlyWhatIsRecorded(right.VersionCounter):
    def bump(self) -> None:
        if mode.enabled:
            self.value += 1


# --- the check ------------------------------------------------------------------------------------


@fault(
    "never-checked",
    exercise="version-check",
    part="check_version",
    help="Backward went on with changed numbers: raise if the tensor's version is not the one at which it was saved.",
    links=[BEFORE_15, SRGAN],
)
def never_checked(saved_version: int, value: Any, node: Any, is_output: bool) -> None:
    return None


@fault(
    "ever-changed",
    exercise="version-check",
    part="check_version",
    help="A change before saving does no harm: compare with saved_version, not with 0.",
)
def ever_changed(saved_version: int, value: Any, node: Any, is_output: bool) -> None:
    if value._version > 0:
        _refuse(value, node if is_output else value.grad_fn, now=value._version, saved=saved_version)


@fault(
    "one-change-is-let-through",
    exercise="version-check",
    part="check_version",
    help="One write after saving is one too many: any difference between the two versions is an error.",
)
def one_change_is_let_through(saved_version: int, value: Any, node: Any, is_output: bool) -> None:
    if value._version > saved_version + 1:
        right.check_version(saved_version, value, node, is_output)


@fault(
    "leaves-are-let-through",
    exercise="version-check",
    part="check_version",
    help="A weight may be changed under no_grad, but not between forward and backward: check leaves as well.",
    links=[SRGAN],
)
def leaves_are_let_through(saved_version: int, value: Any, node: Any, is_output: bool) -> None:
    if not (value.is_leaf and value.requires_grad):
        right.check_version(saved_version, value, node, is_output)


@fault(
    "plain-tensors-are-let-through",
    exercise="version-check",
    part="check_version",
    help="A factor that needs no gradient itself is still needed for the other's: check it as well.",
)
def plain_tensors_are_let_through(saved_version: int, value: Any, node: Any, is_output: bool) -> None:
    if value.requires_grad or is_output:
        right.check_version(saved_version, value, node, is_output)


@fault(
    "results-are-let-through",
    exercise="version-check",
    part="check_version",
    help="exp and its like need their result: a result that was changed is an error as an input is.",
)
def results_are_let_through(saved_version: int, value: Any, node: Any, is_output: bool) -> None:
    if not is_output:
        right.check_version(saved_version, value, node, is_output)


@fault(
    "inputs-are-let-through",
    exercise="version-check",
    part="check_version",
    help="Not only results: an input that a node has saved may not change either.",
)
def inputs_are_let_through(saved_version: int, value: Any, node: Any, is_output: bool) -> None:
    if is_output:
        right.check_version(saved_version, value, node, is_output)


@fault(
    "check-of-another-type",
    exercise="version-check",
    part="check_version",
    help="torch raises RuntimeError for a modified tensor; callers catch that type.",
)
def check_of_another_type(saved_version: int, value: Any, node: Any, is_output: bool) -> None:
    try:
        right.check_version(saved_version, value, node, is_output)
    except RuntimeError as error:
        raise AssertionError(str(error)) from None


@fault(
    "check-in-own-words",
    exercise="version-check",
    part="check_version",
    help="Say it in torch's words (messages.MODIFIED), so that people find it when they search.",
)
def check_in_own_words(saved_version: int, value: Any, node: Any, is_output: bool) -> None:
    if value._version != saved_version:
        raise RuntimeError(f"version {value._version} is not {saved_version}")


@fault(
    "versions-swapped-in-the-message",
    exercise="version-check",
    part="check_version",
    help="The tensor is at its present version and was expected at the saved one: you name them the other way round.",
)
def versions_swapped_in_the_message(saved_version: int, value: Any, node: Any, is_output: bool) -> None:
    if value._version != saved_version:
        _refuse(value, node if is_output else value.grad_fn, now=saved_version, saved=value._version)


@fault(
    "message-without-the-maker-of-a-result",
    exercise="version-check",
    part="check_version",
    help="A saved result has no grad_fn, since it was kept detached: its maker is the node itself.",
)
def message_without_the_maker_of_a_result(saved_version: int, value: Any, node: Any, is_output: bool) -> None:
    if value._version != saved_version:
        _refuse(value, value.grad_fn, now=value._version, saved=saved_version)


@fault(
    "message-blames-the-reader",
    exercise="version-check",
    part="check_version",
    help="The message names the node that made the tensor, not the one that has saved it; a leaf was made by none.",
)
def message_blames_the_reader(saved_version: int, value: Any, node: Any, is_output: bool) -> None:
    if value._version != saved_version:
        _refuse(value, node, now=value._version, saved=saved_version)


def _refuse(value: Any, maker: Any, now: int, saved: int) -> None:
    which = f", which is output 0 of {messages.short_name(maker)}," if maker is not None else ""
    raise RuntimeError(
        messages.MODIFIED.format(
            type=value.dtype.tensor_type, shape=list(value.shape), which=which, now=now, saved=saved
        )
    )
