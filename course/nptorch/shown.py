"""What a node kept, shown under torch's names: ``node._saved_self``, ``node._saved_dim``.

References
----------
.. [1] https://docs.pytorch.org/tutorials/intermediate/autograd_saved_tensors_hooks_tutorial.html
"""

from __future__ import annotations

from typing import Any

from course.nptorch.graph import Node
from course.nptorch.saved import read


class ShownSaved(Node):
    """A node with one property for each name that occurs in the vjp table.

    There is no ``__getattr__``, because it would slow down every read of every attribute.
    """

    __slots__ = ()


def show(word: str) -> None:
    """Let nodes answer to ``_saved_<word>``.

    A node raises AttributeError where its operation has no such name, gives None where nobody
    needed the tensor this time, and RuntimeError where it has been freed.
    """

    def shown(node: Any) -> Any:
        plan, facts = node.plan, node.facts
        if word in plan.names:
            at = plan.names.index(word)
            return read(node.kept[at], node, plan.saves[at], as_tensor=True)
        if facts and word in facts:
            return facts[word]
        if word in plan.op.tensors:
            return None
        raise AttributeError(f"'{node.name()}' object has no attribute '_saved_{word}'")

    def raw(node: Any) -> Any:
        plan = node.plan
        if word not in plan.names:
            raise AttributeError(f"'{node.name()}' object has no attribute '_raw_saved_{word}'")
        from course.nptorch.autograd.raw_saved import raw_saved

        at = plan.names.index(word)
        return raw_saved(node, at, plan.saves[at])

    setattr(ShownSaved, f"_saved_{word}", property(shown))
    setattr(ShownSaved, f"_raw_saved_{word}", property(raw))
