"""Lesson 5: wrong ideas about what is kept, what is freed, and when.

Each of them is a part as somebody might write it, whole, so that it can be read on its own.
"""

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


@fault(
    "ignores-retain-graph",
    exercise="release-rule",
    part="release_saved",
    help="Look at retain_graph: when it is true this function must leave everything as it is.",
)
def ignores_retain_graph(node: Any, retain_graph: bool) -> None:
    for saved in node.saved():
        saved.release()


@fault(
    "the-wrong-way-round",
    exercise="release-rule",
    part="release_saved",
    help="retain_graph=True means keep; you free when it is true and keep when it is false.",
)
def the_wrong_way_round(node: Any, retain_graph: bool) -> None:
    if retain_graph:
        for saved in node.saved():
            saved.release()


@fault(
    "frees-nothing",
    exercise="release-rule",
    part="release_saved",
    help="Nothing is ever freed: unless retain_graph is true, call release() on everything in node.saved().",
    links=[FORUM],
)
def frees_nothing(node: Any, retain_graph: bool) -> None:
    return None


@fault(
    "frees-the-next-nodes",
    exercise="release-rule",
    part="release_saved",
    help="A node was released before its own backward ran: free the node you are given, not those behind it.",
)
def frees_the_next_nodes(node: Any, retain_graph: bool) -> None:
    if not retain_graph:
        for one in (node, *(below for below, _ in node.next_functions if below is not None)):
            for saved in one.saved():
                saved.release()


@fault(
    "frees-only-the-first",
    exercise="release-rule",
    part="release_saved",
    help="A node may keep several values (a product keeps both factors): release every one in node.saved().",
)
def frees_only_the_first(node: Any, retain_graph: bool) -> None:
    if not retain_graph:
        for saved in node.saved()[:1]:
            saved.release()


@fault(
    "cuts-the-graph",
    exercise="release-rule",
    part="release_saved",
    help="Free the saved values, not the edges: after backward the graph can still be walked, in torch too.",
)
def cuts_the_graph(node: Any, retain_graph: bool) -> None:
    if not retain_graph:
        for saved in node.saved():
            saved.release()
        if node.edges:
            node.edges = (None,) * len(node.edges)


@fault(
    "throws-the-list-away",
    exercise="release-rule",
    part="release_saved",
    help="Release each saved value instead of emptying the node: only they can say why a second pass fails.",
)
def throws_the_list_away(node: Any, retain_graph: bool) -> None:
    if not retain_graph and node.saved():
        node.kept = ()


def walk(root: Any) -> list[Any]:
    """Every node behind `root`, once: right in all faults that are not about the walk."""
    seen: dict[Any, None] = {}
    stack = [root]
    while stack:
        node = stack.pop()
        if node is not None and node not in seen:
            seen[node] = None
            stack += [below for below, _ in node.next_functions]
    return list(seen)


def alive(node: Any) -> list[Any]:
    """Tensors that a node still keeps: right in all faults that are not about them."""
    found = []
    for saved in node.saved():
        try:
            value = saved.unpack()
        except RuntimeError:
            continue
        if isinstance(value, torch.Tensor):
            found.append(value)
    return found


@fault(
    "counts-every-path",
    exercise="saved-bytes",
    part="saved_bytes",
    help="Remember which nodes you have seen: where two paths meet, a node is counted once for each path.",
)
def counts_every_path(tensor: Any) -> int:
    total, stack = 0, [tensor.grad_fn]
    while stack:
        node = stack.pop()
        if node is not None:
            total += sum(value.nbytes for value in alive(node))
            stack += [below for below, _ in node.next_functions]
    return total


@fault(
    "walks-every-path",
    exercise="saved-bytes",
    part="saved_bytes",
    help="Go on from each node once: without a set of seen nodes the work doubles where two paths meet.",
)
def walks_every_path(tensor: Any) -> int:
    memory: dict[int, int] = {}
    stack = [tensor.grad_fn]
    while stack:
        node = stack.pop()
        if node is not None:
            memory |= {value.data_ptr(): value.nbytes for value in alive(node)}
            stack += [below for below, _ in node.next_functions]
    return sum(memory.values())


@fault(
    "looks-at-one-node",
    exercise="saved-bytes",
    part="saved_bytes",
    help="Go on from the last node along next_functions: the whole graph behind the tensor counts.",
)
def looks_at_one_node(tensor: Any) -> int:
    return sum({value.data_ptr(): value.nbytes for value in alive(tensor.grad_fn)}.values())


@fault(
    "follows-the-first-input",
    exercise="saved-bytes",
    part="saved_bytes",
    help="A node has one entry in next_functions for each input: follow all of them, not only the first.",
)
def follows_the_first_input(tensor: Any) -> int:
    memory: dict[int, int] = {}
    node = tensor.grad_fn
    while node is not None:
        memory |= {value.data_ptr(): value.nbytes for value in alive(node)}
        node = node.next_functions[0][0] if node.next_functions else None
    return sum(memory.values())


@fault(
    "counts-shared-memory-twice",
    exercise="saved-bytes",
    part="saved_bytes",
    help="Two nodes may keep the same memory: count each address, value.data_ptr(), once.",
)
def counts_shared_memory_twice(tensor: Any) -> int:
    return sum(value.nbytes for node in walk(tensor.grad_fn) for value in alive(node))


@fault(
    "tells-tensors-apart-by-identity",
    exercise="saved-bytes",
    part="saved_bytes",
    help="Objects that share memory are counted apart: a view or detach() is another object; compare data_ptr().",
)
def tells_tensors_apart_by_identity(tensor: Any) -> int:
    found = [value for node in walk(tensor.grad_fn) for value in alive(node)]
    return sum({id(value): value.nbytes for value in found}.values())


@fault(
    "counts-elements",
    exercise="saved-bytes",
    part="saved_bytes",
    help="Count bytes, not numbers: value.nbytes, which is numel() times the size of one element.",
)
def counts_elements(tensor: Any) -> int:
    found = [value for node in walk(tensor.grad_fn) for value in alive(node)]
    return sum({value.data_ptr(): value.numel() for value in found}.values())


@fault(
    "stumbles-over-freed-values",
    exercise="saved-bytes",
    part="saved_bytes",
    help="unpack() raises RuntimeError for what was released: catch it and count nothing for that value.",
)
def stumbles_over_freed_values(tensor: Any) -> int:
    memory: dict[int, int] = {}
    for node in walk(tensor.grad_fn):
        for saved in node.saved():
            value = saved.unpack()
            if isinstance(value, torch.Tensor):
                memory[value.data_ptr()] = value.nbytes
    return sum(memory.values())


@fault(
    "stumbles-over-numbers",
    exercise="saved-bytes",
    part="saved_bytes",
    help="A node may keep a plain number, which has no nbytes: count Tensors only.",
)
def stumbles_over_numbers(tensor: Any) -> int:
    memory: dict[int, int] = {}
    for node in walk(tensor.grad_fn):
        for saved in node.saved():
            try:
                value = saved.unpack()
            except RuntimeError:
                continue
            memory[value.data_ptr()] = value.nbytes
    return sum(memory.values())


@fault(
    "counts-the-result-too",
    exercise="saved-bytes",
    part="saved_bytes",
    help="Count what nodes keep, not the tensor you start from: that one is yours, whatever the graph does.",
)
def counts_the_result_too(tensor: Any) -> int:
    found = [value for node in walk(tensor.grad_fn) for value in alive(node)]
    return sum({value.data_ptr(): value.nbytes for value in [tensor, *found]}.values())


@fault(
    "walks-by-recursion",
    exercise="saved-bytes",
    part="saved_bytes",
    help="A graph is as deep as the training loop is long: walk it with a list of nodes, not by recursion.",
)
def walks_by_recursion(tensor: Any) -> int:
    memory: dict[int, int] = {}
    seen = set()

    def visit(node: Any) -> None:
        if node is None or node in seen:
            return
        seen.add(node)
        memory.update((value.data_ptr(), value.nbytes) for value in alive(node))
        for below, _ in node.next_functions:
            visit(below)

    visit(tensor.grad_fn)
    return sum(memory.values())
