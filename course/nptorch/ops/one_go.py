"""What torch calls the nodes of gradients that it computes in one go, where the engine's rules take several steps.

A recorded backward pass shows them: ``x.grad`` is printed with ``grad_fn=<SelectBackwardBackward0>``. So the last
step of such a rule is recorded under the name that torch has for the whole.

References
----------
.. [1] https://github.com/pytorch/pytorch/blob/main/tools/autograd/derivatives.yaml
"""

from __future__ import annotations

from typing import Any

from course.nptorch._tensor import Tensor
from course.nptorch.grad_mode import mode
from course.nptorch.ops.register import recorded
from course.nptorch.record import OPS, share

#: By the node whose rule runs: what its gradient is made by, where that is not called after the node itself.
MADE_BY = {
    "GatherBackward0": "ScatterAddBackward0",
    "IndexBackward0": "IndexPutImplBackward0",
    "IndexCopyBackward0": "IndexFillBackward0",
    "IndexFillBackward0": "IndexFillBackward0",
    "IndexFillBackward1": "IndexFillBackward0",
    "IndexPutBackward0": "IndexPutBackward0",
    "IndexSelectBackward0": "IndexAddBackward0",
    "MaskedSelectBackward0": "MaskedScatterBackward0",
    "MaxBackward0": "ScatterBackward0",
    "MedianBackward1": "ScatterBackward0",
    "MinBackward0": "ScatterBackward0",
    "NativeGroupNormBackward0": "ViewBackward0",
    "ReluBackward0": "ThresholdBackwardBackward0",
    "ScatterBackward0": "ScatterBackward1",
    "ScatterBackward1": "ScatterBackward1",
    "SortBackward0": "ScatterBackward0",
    "SortBackward1": "ScatterBackward0",
    "TakeBackward0": "PutBackward0",
    "TopkBackward0": "ScatterBackward0",
    "TraceBackward0": "ViewBackward0",
}


def in_one_go(row: str, inputs: tuple[Any, ...], values: Any, facts: dict[str, Any] | None = None) -> Tensor:
    """Return a Tensor of `values`, recorded as `row` of the vjp table under torch's name for the gradient."""
    if mode.enabled and mode.rule:
        again = mode.rule.endswith("BackwardBackward0")
        name = MADE_BY.get(mode.rule) or (mode.rule if again else mode.rule[:-1] + "Backward0")
        named = f"{row} as {name}"
        if named not in OPS:
            share(named, row, node_name=name)
        row = named
    return recorded(row, inputs, values, facts)
