"""What stands behind `autograd.Function`: the context, and the node that runs its backward.

References
----------
.. [1] https://docs.pytorch.org/docs/stable/notes/extending.html
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from course.nptorch import messages
from course.nptorch._tensor import Tensor
from course.nptorch.grad_mode import mode, recording
from course.nptorch.graph import Node, as_tensor, gradient_edge
from course.nptorch.parts import plugged
from course.nptorch.record import conform
from course.nptorch.saved import RESULT, keep
from course.nptorch.views import as_view

__all__ = ["FunctionCtx", "FunctionNode", "once_differentiable", "recording"]


class FunctionCtx:
    """What ``forward`` is given as ``ctx`` when nothing is recorded."""

    def __init__(self, function: Any, inputs: tuple[Any, ...]) -> None:
        self.function = function
        self.inputs = inputs
        self.inputs_given = len(inputs)
        self.needs_input_grad = tuple(isinstance(x, Tensor) and x.requires_grad for x in inputs)
        self.to_save: tuple[Any, ...] = ()
        self.dirty: tuple[Any, ...] = ()
        self.not_differentiable: tuple[Any, ...] = ()
        self.materialize_grads = True

    def save_for_backward(self, *tensors: Any) -> None:
        """Keep Tensors (or None) for ``ctx.saved_tensors``; other things go on ``ctx`` itself."""
        for x in tensors:
            if x is not None and not isinstance(x, Tensor):
                raise TypeError(
                    f"save_for_backward can only save variables, but argument 0 is of type {type(x).__name__}"
                )
        self.to_save = tensors

    def mark_dirty(self, *tensors: Any) -> None:
        """Say which inputs ``forward`` changed in place."""
        self.dirty = tensors

    def mark_non_differentiable(self, *tensors: Any) -> None:
        """Say which outputs have no gradient."""
        self.not_differentiable = tensors

    def set_materialize_grads(self, value: bool) -> None:
        """Choose whether missing gradients reach ``backward`` as zeros (the default) or None."""
        self.materialize_grads = value

    @property
    def saved_tensors(self) -> tuple[Any, ...]:
        """What `save_for_backward` was given."""
        return self.to_save

    def finish(self, outputs: tuple[Any, ...]) -> tuple[Any, ...]:
        """Return the outputs without a history: nothing is recorded."""
        self.count_writes()
        return tuple(self._stand_in(slot, x) for slot, x in enumerate(outputs))

    def count_writes(self) -> None:
        """Count one write to every input marked as dirty, besides those made in ``forward``."""
        for x in self.dirty:
            x._counter().bump()

    def _stand_in(self, slot: int, x: Any) -> Any:
        """Return an alias of an input that ``forward`` returned as it is; other outputs stay."""
        if not any(x is y for y in self.inputs) or not isinstance(x, Tensor):
            return x
        if any(x is y for y in self.dirty) and not x.requires_grad:
            return x
        alias = x.detach_alias()
        if mode.enabled:
            as_view(x, alias, lambda t: t)._made = "no_grad"  # as torch makes it
        return alias


class FunctionNode(FunctionCtx, Node):
    """The node of one call of a Function; it is also the ``ctx`` of that call, as in torch."""

    def __init__(self, function: Any, inputs: tuple[Any, ...]) -> None:
        FunctionCtx.__init__(self, function, inputs)
        edges = [gradient_edge(x) for x in inputs if isinstance(x, Tensor)]
        Node.__init__(self, tuple(edge[0] for edge in edges), tuple(edge[1] for edge in edges))
        self.forms: tuple[Any, ...] = tuple(
            (x._data.shape, x._data.dtype) if isinstance(x, Tensor) else None for x in inputs
        )
        self.kept: tuple[Any, ...] = ()
        self.kept_at: tuple[int, ...] = ()

    def finish(self, outputs: tuple[Any, ...]) -> tuple[Any, ...]:
        """Give the outputs their history, and keep what was saved.

        Raises
        ------
        RuntimeError
            If an input that was changed in place is a leaf that requires grad.
        """
        self.count_writes()
        made = tuple(self._output(slot, x) for slot, x in enumerate(outputs))
        self.outputs = len(made)
        self.output_forms = tuple((x._data.shape, x._data.dtype) if isinstance(x, Tensor) else None for x in made)
        kept, at = [], []
        for x in self.to_save:
            is_output = any(x is y for y in (*made, *outputs)) and x is not None
            fresh = is_output and not any(x is y for y in self.inputs)
            kept.append(keep(x, fresh))
            slot = next((i for i, y in enumerate(outputs) if y is x), 0)
            at.append(RESULT - slot if fresh else 0)
        self.kept, self.kept_at = tuple(kept), tuple(at)
        self.to_save = self.inputs = ()
        return made

    def _output(self, slot: int, x: Any) -> Any:
        if not isinstance(x, Tensor) or any(x is y for y in self.not_differentiable):
            return x
        if any(x is y for y in self.dirty):
            return self._rewritten(slot, x)
        x = self._stand_in(slot, x)
        if x.dtype.is_floating_point:
            x._grad_fn, x._output_nr, x._requires_grad = self, slot, False
        if x._base is not None:
            x._made = f"{slot}{messages.OF_FUNCTION}{self.function.__name__}"
        return x

    def _rewritten(self, slot: int, x: Any) -> Any:
        """Make this node the history of an input that was changed in place."""
        from course.nptorch.ops.write import refuse_leaf

        if x.requires_grad and x._grad_fn is None and (x._base is None or x._made == "no_grad"):
            raise RuntimeError(messages.LEAF_MARKED_DIRTY)
        refuse_leaf(x)
        plugged.rebase_history(x, self)
        x._output_nr = slot
        return x

    def saved(self) -> tuple[Any, ...]:
        return self.kept

    @property
    def saved_tensors(self) -> tuple[Any, ...]:
        """What `save_for_backward` was given, each checked for in-place changes."""
        return tuple(self._read(saved, at) for saved, at in zip(self.kept, self.kept_at, strict=True))

    def _read(self, saved: Any, at: int) -> Any:
        value = saved.unpack()
        if value is None:
            return None
        if saved.version is not None and value._version != saved.version:
            plugged.check_version(saved.version, value, self, at <= RESULT)
        if at <= RESULT:
            value = value.attached_alias(self)
            value._output_nr = RESULT - at
        return value

    def apply(self, gradients: list[Any]) -> list[Any]:
        tracked = any(isinstance(g, Tensor) for g in gradients)
        given = [
            self._zeros(form) if g is None and self.materialize_grads and form else g
            for g, form in zip(gradients, self.output_forms, strict=True)
        ]
        got = self.function.backward(self, *[None if g is None else as_tensor(g) for g in given])
        out = self._checked(got if isinstance(got, tuple) else (got,))
        return out if tracked else [None if g is None else g._data for g in out]

    @staticmethod
    def _zeros(form: Any) -> Any:
        import numpy as np

        return np.zeros(*form)

    def _checked(self, got: tuple[Any, ...]) -> list[Any]:
        count = self.inputs_given
        while len(got) > count and got[-1] is None:
            got = got[:-1]
        if len(got) != count:
            raise RuntimeError(
                f"function {self.name()} returned an incorrect number of gradients (expected {count}, got {len(got)})"
            )
        out = []
        for index, (g, form) in enumerate(zip(got, self.forms, strict=True)):
            if g is not None and form is None:
                raise RuntimeError(
                    f"function {self.name()} returned a gradient different from None at position "
                    f"{index + 1}, but the corresponding forward input was not a Variable"
                )
            if form is not None:  # only Tensors have an edge
                out.append(None if g is None else self._fitted(index, g, form))
        return out

    def _fitted(self, index: int, g: Any, form: Any) -> Any:
        shape = form[0]
        if not isinstance(g, Tensor):
            raise TypeError(f"{self.name()}: expected Variable or None (got {type(g).__name__})")
        if g._data.shape != shape and not _expandable(shape, g._data.shape):
            raise RuntimeError(
                f"Function {self.name()} returned an invalid gradient at index {index} - got "
                f"{list(g._data.shape)} but expected shape compatible with {list(shape)}"
            )
        return conform(g, *form)

    def name(self) -> str:
        return f"{self.function.__name__}Backward"


def _expandable(shape: tuple[int, ...], onto: tuple[int, ...]) -> bool:
    """Return whether `shape` broadcasts to `onto`."""
    if len(shape) > len(onto):
        return False
    return all(n in (1, m) for n, m in zip(reversed(shape), reversed(onto), strict=False))


class _Once(Node):
    """Stands behind gradients that cannot be differentiated a second time."""

    def apply(self, gradients: list[Any]) -> Any:
        raise RuntimeError("trying to differentiate twice a function that was marked with @once_differentiable")


def once_differentiable(fn: Callable[..., Any]) -> Callable[..., Any]:
    """Mark a ``backward`` that is not written in recorded operations.

    Differentiating its result raises, instead of silently giving a wrong number.
    """

    @functools.wraps(fn)
    def wrapper(ctx: Any, *args: Any) -> Any:
        with recording(False):
            outputs = fn(ctx, *args)
        sources = [g for g in args if isinstance(g, Tensor) and g.requires_grad]
        if not sources:
            return outputs
        edges = [gradient_edge(g) for g in sources]
        error = _Once(tuple(e[0] for e in edges), tuple(e[1] for e in edges))
        several = outputs if isinstance(outputs, tuple) else (outputs,)
        made = []
        for x in several:
            if isinstance(x, Tensor):
                x = x.detach_alias()
                x._grad_fn = error
            made.append(x)
        return tuple(made) if isinstance(outputs, tuple) else made[0]

    return wrapper
