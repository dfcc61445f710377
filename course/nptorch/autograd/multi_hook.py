"""One hook for the gradients of several tensors."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any

from course.nptorch._tensor import Tensor
from course.nptorch.engine import Pass, current, reachable
from course.nptorch.graph import Node, gradient_edge

MODES = ("all", "any")


class MultiHandle:
    """Takes a hook away from all its tensors."""

    def __init__(self, handles: list[Any]) -> None:
        self.handles = handles

    def remove(self) -> None:
        """Take the hook away; a second call changes nothing."""
        for handle in self.handles:
            handle.remove()

    def __enter__(self) -> MultiHandle:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.remove()


def register_multi_grad_hook(tensors: Sequence[Tensor], fn: Callable[[Any], None], *, mode: str = "all") -> MultiHandle:
    """Call `fn` once in each backward pass, for several tensors.

    Parameters
    ----------
    tensors : sequence of Tensor
        Whose gradients to wait for.
    fn : function
        With ``mode="all"`` it gets the list of gradients, None for tensors that the pass does not
        reach, as soon as the last one is known; with ``"any"`` it gets the first gradient.
    mode : {"all", "any"}
        Which of the two.

    Returns
    -------
    handle
        ``handle.remove()`` takes the hook away.

    Raises
    ------
    ValueError
        For another mode.
    AssertionError
        If a tensor does not require grad, with ``mode="all"``; ``"any"`` leaves it out.

    References
    ----------
    .. [1] https://docs.pytorch.org/docs/stable/autograd.html#torch.autograd.graph.register_multi_grad_hook
    """
    if mode not in MODES:
        raise ValueError(f"Expects mode to be one of {MODES} but got {mode}")
    nodes = [gradient_edge(t)[0] for t in tensors]  # as they are now: what is written later has others
    lock = threading.Lock()
    # per backward pass, which may be running in several threads at once: what has arrived
    arrived: weakref.WeakKeyDictionary[Pass, dict[int, Any]] = weakref.WeakKeyDictionary()

    def note(index: int, gradient: Any) -> dict[int, Any]:
        backward = current.backward
        assert backward is not None
        with lock:
            got = arrived.setdefault(backward, {})
            got[index] = gradient
            return got

    def wait_for_all(index: int) -> Callable[[Any], None]:
        def hook(gradient: Any) -> None:
            backward = current.backward
            assert backward is not None
            got = note(index, gradient)
            if len(got) == sum(node is not None and _counts(backward, node) for node in nodes):
                del arrived[backward]
                fn([got.get(i) for i in range(len(tensors))])

        return hook

    def first_only(index: int) -> Callable[[Any], None]:
        def hook(gradient: Any) -> None:
            if len(note(index, gradient)) == 1:
                fn(gradient)

        return hook

    if mode == "any":
        return MultiHandle([t.register_hook(first_only(i)) for i, t in enumerate(tensors) if t.requires_grad])
    if not all(t.requires_grad for t in tensors):
        raise AssertionError("Expected gradient function to be set")
    return MultiHandle([t.register_hook(wait_for_all(i)) for i, t in enumerate(tensors)])


def _counts(backward: Pass, node: Node) -> bool:
    """Return whether torch waits for this node in a pass.

    Raises
    ------
    RuntimeError
        If the node is that of a leaf whose gradient `autograd.grad` asks for.
    """
    if backward.roots == [node]:
        return False  # torch does not see the one node where a pass starts
    if not backward.will_run(node) or node not in reachable(backward.roots):
        return False
    if node in backward.captures and not node.edges:
        raise RuntimeError(
            "A leaf node was passed to _will_engine_execute_node but we are currently running "
            "autograd.grad(). This is currently not supported."
        )
    return True
