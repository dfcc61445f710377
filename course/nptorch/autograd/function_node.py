"""The node of one call of a Function: it runs the Function's backward and checks what comes back."""

from __future__ import annotations

from typing import Any

import numpy as np

from course.nptorch._tensor import Tensor
from course.nptorch.engine import current
from course.nptorch.grad_mode import mode
from course.nptorch.graph import FIRST, Node, as_tensor, gradient_edge
from course.nptorch.parts import plugged
from course.nptorch.record import conform
from course.nptorch.saved import RESULT


class FunctionNode(Node):
    """The node of one call of a Function.

    Parameters
    ----------
    ctx : FunctionCtx
        The context of that call; what is not found on the node is looked up there, because in
        torch the two are one object.
    inputs : tuple
        What ``apply`` was given.
    """

    def __new__(cls, ctx: Any, inputs: tuple[Any, ...]) -> Any:
        """Make a node of the class ``<name of the Function>Backward``."""
        function = ctx._function
        kind = vars(function).get("_backward_cls")
        if kind is None:
            kind = function._backward_cls = type(f"{function.__name__}Backward", (FunctionNode,), {})
        return object.__new__(kind)

    def __init__(self, ctx: Any, inputs: tuple[Any, ...]) -> None:
        edges = [gradient_edge(x) for x in inputs if isinstance(x, Tensor)]
        super().__init__(tuple([edge[0] for edge in edges]), tuple([edge[1] for edge in edges]))
        self.ctx = ctx
        self.forms: tuple[Any, ...] = tuple([_form(x) for x in inputs])
        self.output_forms: tuple[Any, ...] = ()
        self.kept: tuple[Any, ...] = ()
        self.kept_at: tuple[int, ...] = ()

    def __getattr__(self, name: str) -> Any:
        ctx = self.__dict__.get("ctx")
        if ctx is None or name not in vars(ctx):
            raise AttributeError(f"'{type(self).__name__}' object has no attribute '{name}'")
        return vars(ctx)[name]

    @property
    def saved_tensors(self) -> tuple[Any, ...]:
        """What ``ctx.save_for_backward`` was given."""
        return read_kept(self)

    @property
    def _raw_saved_tensors(self) -> tuple[Any, ...]:
        from course.nptorch.autograd.raw_saved import all_raw_saved

        return all_raw_saved(self)

    def keeps(self, outputs: tuple[Any, ...]) -> None:
        """Note the forms of the outputs, which gradients are to have."""
        self.outputs = len(outputs)
        self.output_forms = tuple([_form(x) for x in outputs])

    def __repr__(self) -> str:
        return f"<torch.autograd.function.{type(self).__name__} object at {id(self):#x}>"

    def name(self) -> str:
        return type(self).__name__

    def saved(self) -> tuple[Any, ...]:
        return self.kept

    def apply(self, gradients: list[Any]) -> list[Any]:
        ctx = self.ctx
        given = []
        for g, form in zip(gradients, self.output_forms, strict=True):
            if g is None and ctx.materialize_grads and form and (form[2] or ctx._materialize_non_diff_grads):
                g = np.zeros(form[0], form[1])
            given.append(g if g is None else as_tensor(g) if current.backward is None else current.backward.shown(g))
        recorded = mode.enabled
        got = _rule(ctx._function)(ctx, *given)
        mode.enabled = recorded  # what it switched is for it alone
        out = self._checked(got if isinstance(got, tuple) else (got,))
        return out if mode.enabled else [None if g is None else g._data for g in out]

    def _checked(self, got: tuple[Any, ...]) -> list[Any]:
        count = len(self.forms)
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
                    f"function {self.name()} returned a gradient different than None at position "
                    f"{index + 1}, but the corresponding forward input was not a Variable"
                )
            if form is not None:  # only Tensors have an edge
                out.append(None if g is None else self._fitted(index, g, form))
        return out

    def _fitted(self, index: int, g: Any, form: Any) -> Any:
        shape, dtype = form[:2]
        if not isinstance(g, Tensor):
            raise RuntimeError(f"expected Variable or None (got {type(g).__name__})")
        if g._data.shape != shape and not _expandable(shape, g._data.shape):
            raise RuntimeError(
                f"Function {self.name()} returned an invalid gradient at index {index} - got "
                f"{list(g._data.shape)} but expected shape compatible with {list(shape)}"
            )
        return conform(g, shape, dtype)


def read_kept(node: FunctionNode) -> tuple[Any, ...]:
    """Return what a node was told to keep, each checked for in-place changes."""
    return tuple([_read(node, saved, at) for saved, at in zip(node.kept, node.kept_at, strict=True)])


def _read(node: FunctionNode, saved: Any, at: int) -> Any:
    value = saved.unpack()
    if value is None:
        return None
    if saved.version is not None and value._version != saved.version:
        plugged.check_version(saved.version, value, node, at <= RESULT)
    return value.attached_alias(node, RESULT - at) if at <= RESULT else value


def _form(x: Any) -> Any:
    """Return shape and dtype of a Tensor, and whether anything can be differentiated by it."""
    return (x._data.shape, x._data.dtype, x.requires_grad) if isinstance(x, Tensor) else None


def _rule(function: Any) -> Any:
    """Return the backward of a Function, under whichever of its two names it was written."""
    base = plugged.Function
    if function.vjp is base.vjp:
        return function.backward
    if function.backward is not base.backward:
        raise RuntimeError(
            "Implementing both 'backward' and 'vjp' for a custom Function is not allowed. You should "
            "only implement one of them."
        )
    return function.vjp


def _expandable(shape: tuple[int, ...], onto: tuple[int, ...]) -> bool:
    """Return whether `shape` broadcasts to `onto`."""
    if len(shape) > len(onto):
        return False
    return all(n in (1, m) for n, m in zip(reversed(shape), reversed(onto), strict=False))


class Error(Node):
    """Stands behind gradients that cannot be differentiated a second time."""

    def __init__(self, edges: list[Any]) -> None:
        super().__init__(tuple([edge[0] for edge in edges]), tuple([edge[1] for edge in edges]))
        self.sequence_nr = FIRST  # as in torch it comes before anything else, once what leads to it is complete
        self.outputs = len(edges)

    def apply(self, gradients: list[Any]) -> Any:
        raise RuntimeError("trying to differentiate twice a function that was marked with @once_differentiable")

    def name(self) -> str:
        return "torch::autograd::Error"
