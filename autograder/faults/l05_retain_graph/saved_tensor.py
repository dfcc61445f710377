"""Wrong ideas about `SavedTensor`: what to keep, how, and how to let go."""

from __future__ import annotations

import weakref
from typing import Any

import course.nptorch as torch
from autograder.faults.registry import fault

SECOND_TIME = torch.autograd.graph.SECOND_TIME
FORUM = "https://discuss.pytorch.org/t/6795"


def version_of(value: Any) -> int:
    """The version to note, right in all faults that are not about it."""
    return value._version if isinstance(value, torch.Tensor) else 0


class Right:
    """A right `SavedTensor`, for the faults that spoil one method of it."""

    def __init__(self, value: Any, is_output: bool = False) -> None:
        self.version = version_of(value)
        self.value = value.detach() if is_output else value
        self.released = False

    def unpack(self) -> Any:
        if self.released:
            raise RuntimeError(SECOND_TIME)
        return self.value

    def release(self) -> None:
        self.value = None
        self.released = True


@fault(
    "never-released",
    exercise="saved-tensor",
    part="SavedTensor",
    help="release() must let go of the value and remember that it did; unpack() must refuse from then on.",
    links=[FORUM],
)
class NeverReleased(Right):
    def release(self) -> None:
        pass


@fault(
    "none-after-release",
    exercise="saved-tensor",
    part="SavedTensor",
    help="After release() your unpack() hands out None; it must raise RuntimeError(SECOND_TIME) instead.",
)
class NoneAfterRelease(Right):
    def unpack(self) -> Any:
        return self.value


@fault(
    "freed-when-read",
    exercise="saved-tensor",
    part="SavedTensor",
    help="unpack() only reads; it must not let go, or retain_graph=True has nothing left to retain.",
)
class FreedWhenRead(Right):
    def unpack(self) -> Any:
        value = super().unpack()
        self.release()
        return value


@fault(
    "keeps-its-own-output",
    exercise="saved-tensor",
    part="SavedTensor",
    help="An output points to the node that keeps it: keep output.detach(), or the two keep each other alive.",
    links=["https://github.com/pytorch/pytorch/issues/25340"],
)
class KeepsItsOwnOutput(Right):
    def __init__(self, value: Any, is_output: bool = False) -> None:
        super().__init__(value)


@fault(
    "detaches-inputs",
    exercise="saved-tensor",
    part="SavedTensor",
    help="unpack() of an input gave a tensor without its grad_fn; keep inputs as they are.",
)
class DetachesInputs(Right):
    def __init__(self, value: Any, is_output: bool = False) -> None:
        super().__init__(value, is_output=isinstance(value, torch.Tensor))


@fault(
    "detaches-the-wrong-way-round",
    exercise="saved-tensor",
    part="SavedTensor",
    help="is_output=True means: this is the node's own output. That is the case in which to detach.",
)
class DetachesTheWrongWayRound(Right):
    def __init__(self, value: Any, is_output: bool = False) -> None:
        super().__init__(value, is_output=isinstance(value, torch.Tensor) and not is_output)


@fault(
    "keeps-a-copy",
    exercise="saved-tensor",
    part="SavedTensor",
    help="Keep the tensor, not a copy: a copy costs memory, and hides it when somebody changes the tensor.",
)
class KeepsACopy(Right):
    def __init__(self, value: Any, is_output: bool = False) -> None:
        super().__init__(value.clone() if isinstance(value, torch.Tensor) else value, is_output)


@fault(
    "keeps-the-bare-array",
    exercise="saved-tensor",
    part="SavedTensor",
    help="Keep the Tensor, not its NumPy array: whoever unpacks it expects a Tensor with its history.",
)
class KeepsTheBareArray(Right):
    def __init__(self, value: Any, is_output: bool = False) -> None:
        super().__init__(value, is_output)
        if isinstance(self.value, torch.Tensor):
            self.value = self.value.detach().numpy()


@fault(
    "wrong-exception",
    exercise="saved-tensor",
    part="SavedTensor",
    help="torch raises RuntimeError here; raise that type, because callers catch that type.",
)
class WrongException(Right):
    def unpack(self) -> Any:
        if self.released:
            raise ValueError(SECOND_TIME)
        return self.value


@fault(
    "own-words",
    exercise="saved-tensor",
    part="SavedTensor",
    help="Raise torch's own text, torch.autograd.graph.SECOND_TIME, so that people find it when they search.",
)
class OwnWords(Right):
    def unpack(self) -> Any:
        if self.released:
            raise RuntimeError("this tensor is gone")
        return self.value


@fault(
    "attribute-deleted",
    exercise="saved-tensor",
    part="SavedTensor",
    help="After del self.value your unpack() fails with AttributeError; raise RuntimeError(SECOND_TIME) yourself.",
)
class AttributeDeleted(Right):
    def unpack(self) -> Any:
        return self.value

    def release(self) -> None:
        if hasattr(self, "value"):
            del self.value


@fault(
    "asks-if-the-value-is-true",
    exercise="saved-tensor",
    part="SavedTensor",
    help="'if not self.value' asks the numbers whether they are zero; keep a flag, or test 'is None'.",
)
class AsksIfTheValueIsTrue(Right):
    def unpack(self) -> Any:
        if not self.value:
            raise RuntimeError(SECOND_TIME)
        return self.value


@fault(
    "one-place-for-all",
    exercise="saved-tensor",
    part="SavedTensor",
    help="The value belongs to the object: write self.value, not SavedTensor.value, or the last one saved wins.",
)
class OnePlaceForAll(Right):
    shared: Any = None

    def __init__(self, value: Any, is_output: bool = False) -> None:
        super().__init__(value, is_output)
        OnePlaceForAll.shared, self.value = self.value, None

    def unpack(self) -> Any:
        super().unpack()
        return OnePlaceForAll.shared


@fault(
    "no-version",
    exercise="saved-tensor",
    part="SavedTensor",
    help="Note self.version = value._version when you save; the engine reads it when the value is unpacked.",
)
class NoVersion(Right):
    def __init__(self, value: Any, is_output: bool = False) -> None:
        super().__init__(value, is_output)
        del self.version


@fault(
    "tensors-only",
    exercise="saved-tensor",
    part="SavedTensor",
    help="In x * 3 or x ** 2 the value to keep is a plain number, which has no _version; note 0 for it.",
)
class TensorsOnly(Right):
    def __init__(self, value: Any, is_output: bool = False) -> None:
        self.version = value._version
        super().__init__(value, is_output)


@fault(
    "marks-the-tensor",
    exercise="saved-tensor",
    part="SavedTensor",
    help="What is freed is this saved value, not the tensor: a new forward pass must be able to save it again.",
)
class MarksTheTensor(Right):
    freed: dict[int, Any] = {}  # noqa: RUF012 - that all of them share it is the fault

    def unpack(self) -> Any:
        mark = self.freed.get(id(self.value))
        if mark is not None and mark() is self.value:
            raise RuntimeError(SECOND_TIME)
        return self.value

    def release(self) -> None:
        if isinstance(self.value, torch.Tensor):
            self.freed[id(self.value)] = weakref.ref(self.value)


@fault(
    "keeps-a-weak-reference",
    exercise="saved-tensor",
    part="SavedTensor",
    help="In x.exp().sum() only the node holds the result of exp: keep output.detach(), not a weak reference.",
)
class KeepsAWeakReference(Right):
    def __init__(self, value: Any, is_output: bool = False) -> None:
        super().__init__(value)
        if is_output:
            self.value = weakref.ref(value)

    def unpack(self) -> Any:
        value = super().unpack()
        return value() if isinstance(value, weakref.ref) else value


@fault(
    "released-only-once",
    exercise="saved-tensor",
    part="SavedTensor",
    help="A second release() must do nothing; only unpack() raises.",
)
class ReleasedOnlyOnce(Right):
    def release(self) -> None:
        self.unpack()
        super().release()


@fault(
    "reads-the-version-later",
    exercise="saved-tensor",
    part="SavedTensor",
    help="Note the version when you save: read later, value._version also counts what was written since.",
)
class ReadsTheVersionLater(Right):
    def __init__(self, value: Any, is_output: bool = False) -> None:
        self.original = value.detach() if isinstance(value, torch.Tensor) else value
        super().__init__(value, is_output)

    @property
    def version(self) -> int:
        return version_of(self.original)

    @version.setter
    def version(self, noted: int) -> None:
        pass


@fault(
    "no-version-for-numbers",
    exercise="saved-tensor",
    part="SavedTensor",
    help="The version of a plain number is 0, so that nobody who compares versions needs a special case.",
)
class NoVersionForNumbers(Right):
    def __init__(self, value: Any, is_output: bool = False) -> None:
        super().__init__(value, is_output)
        self.version: Any = getattr(value, "_version", None)


@fault(
    "numbers-become-tensors",
    exercise="saved-tensor",
    part="SavedTensor",
    help="The number of x * 3 must come back as the number 3: do not make a tensor of it.",
)
class NumbersBecomeTensors(Right):
    def __init__(self, value: Any, is_output: bool = False) -> None:
        super().__init__(value if isinstance(value, torch.Tensor) else torch.tensor(value), is_output)
