"""What a node kept, shown under torch's names: ``node._saved_self``, ``node._saved_dim``.

References
----------
.. [1] https://docs.pytorch.org/tutorials/intermediate/autograd_saved_tensors_hooks_tutorial.html
"""

from __future__ import annotations

from typing import Any

from course.nptorch.graph import Node
from course.nptorch.saved import read

#: torch's names where the vjp table has others: by operation ("" for any), what the table says for it
SPELLED = {
    "mat2": {"mm": "other", "mm_laid": "other", "bmm": "other"},
    "index": {"index_select": "tensors"},
    "self_sym_sizes": {"": "shape"},
}

#: The table's names that such nodes do not answer to.
HIDDEN = {(op, own) for by_row in SPELLED.values() for op, own in by_row.items() if op}


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
        name = _spelled(plan.op, word)
        if (plan.op.name, word) in HIDDEN:
            raise AttributeError(f"'{node.name()}' object has no attribute '_saved_{word}'")
        if name in plan.names:
            at = plan.names.index(name)
            return read(node.kept[at], node, plan.saves[at], as_tensor=True)
        if facts and name in facts:
            return facts[name]
        if name in plan.op.tensors and (name in plan.op.inputs[plan.op.arity :] or name in sum(plan.op.words, ())):
            return None
        raise AttributeError(f"'{node.name()}' object has no attribute '_saved_{word}'")

    def raw(node: Any) -> Any:
        plan = node.plan
        name = _spelled(plan.op, word)
        if name not in plan.names or (plan.op.name, word) in HIDDEN:
            raise AttributeError(f"'{node.name()}' object has no attribute '_raw_saved_{word}'")
        from course.nptorch.autograd.raw_saved import raw_saved

        at = plan.names.index(name)
        return raw_saved(node, at, plan.saves[at])

    setattr(ShownSaved, f"_saved_{word}", property(shown))
    setattr(ShownSaved, f"_raw_saved_{word}", property(raw))


def _spelled(op: Any, word: str) -> str:
    """Return what the vjp table calls the `word` of torch."""
    by_row = SPELLED.get(word)
    return word if by_row is None or word in op.tensors else by_row.get(op.name) or by_row.get("", word)


for _word in SPELLED:
    show(_word)
