"""``torch.autograd``: gradients of recorded computations.

References
----------
.. [1] https://docs.pytorch.org/docs/stable/autograd.html
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from course.nptorch import messages
from course.nptorch._tensor import Tensor, wrap
from course.nptorch.absent import absent
from course.nptorch.autograd.anomaly_mode import detect_anomaly, set_detect_anomaly
from course.nptorch.autograd.edges import GradientEdge, as_end, refuse_unknown_form
from course.nptorch.autograd.gradcheck import gradcheck, gradgradcheck
from course.nptorch.autograd.raw_saved import SavedTensor
from course.nptorch.autograd.threads import (
    is_multithreading_enabled,
    is_view_replay_enabled,
    set_multithreading_enabled,
)
from course.nptorch.autograd.variable import Variable
from course.nptorch.engine import Pass, Root, nodes_towards
from course.nptorch.graph import AccumulateGrad, Nowhere, gradient_edge
from course.nptorch.parts import declare, plugged

Tensors = Tensor | Sequence[Tensor]


def backward(
    tensors: Any,
    grad_tensors: Any = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    grad_variables: Any = None,
    inputs: Any = None,
) -> None:
    """Add the gradients of `tensors` with respect to the leaves into their ``.grad``.

    Parameters
    ----------
    tensors : Tensor or sequence of Tensor
        The roots.
    grad_tensors : Tensor or sequence of Tensor or None, optional
        Gradient with respect to each root; None where the root has one element.
    retain_graph : bool, optional
        Keep the saved tensors for another pass. Defaults to `create_graph`.
    create_graph : bool
        Record the backward pass itself.
    grad_variables : deprecated
        Old name of `grad_tensors`.
    inputs : Tensor or sequence of Tensor, optional
        Accumulate only into these.

    Raises
    ------
    RuntimeError
        A root without a graph; a gradient of another shape; saved tensors freed or changed.
    """
    if grad_variables is not None:
        warnings.warn(
            "`grad_variables` is deprecated. Use `grad_tensors` instead.",
            FutureWarning,
            stacklevel=2,
        )
        if grad_tensors is not None:
            raise RuntimeError(
                "`grad_tensors` and `grad_variables` (deprecated) arguments both passed to "
                "`backward()`. Please only use `grad_tensors`."
            )
        grad_tensors = grad_variables
    wanted = None if inputs is None else _sequence(inputs)
    if wanted is not None and len(wanted) == 0:
        raise RuntimeError("`inputs` argument to `backward()` cannot be empty.")
    outputs = _sequence(tensors)
    gradients = _one_each(grad_tensors, len(outputs))
    _refuse_others(wanted or ())
    outputs = _ends(outputs, gradients)
    gradients = plugged.make_grads(outputs, gradients)
    if create_graph:
        warnings.warn(
            "Using backward() with create_graph=True will create a reference cycle between the "
            "parameter and its gradient which can cause a memory leak. We recommend using "
            "autograd.grad when creating the graph to avoid this. If you have to use this "
            "function, make sure to reset the .grad fields of your parameters to None after use "
            "to break the cycle and avoid the leak.",
            UserWarning,
            stacklevel=2,
        )
    roots = _roots(outputs, gradients)
    keep = create_graph if retain_graph is None else retain_graph
    needed = None
    if wanted is not None:
        for x in wanted:
            if isinstance(x, Tensor):  # an edge has no .grad to put it in
                _ = x.grad_fn  # torch looks behind a view here, unlike retain_grad
                x.retain_grad()
        wanted = tuple([as_end(x) for x in wanted])
        ends = {edge for edge in (gradient_edge(x)[0] for x in wanted) if edge is not None}
        needed = nodes_towards([node for node, _, _ in roots], ends) | ends
    Pass(keep, create_graph, needed).run(roots)


def grad(
    outputs: Any,
    inputs: Any,
    grad_outputs: Any = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    only_inputs: bool = True,
    allow_unused: bool | None = None,
    is_grads_batched: bool = False,
    materialize_grads: bool = False,
) -> tuple[Any, ...]:
    """Return the gradients of `outputs` with respect to `inputs`; no ``.grad`` of a leaf changes.

    Parameters
    ----------
    outputs, inputs : Tensor or sequence of Tensor
        Where the walk starts, and what is asked for.
    grad_outputs : Tensor or sequence of Tensor or None, optional
        Gradient with respect to each output; None where the output has one element.
    retain_graph : bool, optional
        Keep the saved tensors for another pass. Defaults to `create_graph`.
    create_graph : bool
        Record the backward pass, so that the gradients can be differentiated again.
    allow_unused : bool, optional
        Return None for inputs that were not reached, instead of raising.
    materialize_grads : bool
        Return zeros for inputs that were not reached.

    Returns
    -------
    tuple of Tensor or None
        One per input, of the shape of that input.

    Raises
    ------
    RuntimeError
        As `backward`; or an input that was not used in the graph.
    NotImplementedError
        For ``is_grads_batched=True``: the engine has no vmap.
    """
    if is_grads_batched:
        raise NotImplementedError(
            "course.nptorch has no is_grads_batched=True (torch runs it through vmap): "
            "call autograd.grad once per row instead"
        )
    if materialize_grads and allow_unused is False:
        raise ValueError(
            "Expected allow_unused to be True or not passed when materialize_grads=True, but got: allow_unused=False."
        )
    if allow_unused is None:
        allow_unused = materialize_grads
    wanted = _sequence(inputs)
    ends = _sequence(outputs)
    if not wanted:
        raise RuntimeError("`inputs` argument to `grad()` cannot be empty.")
    given = _one_each(grad_outputs, len(ends))
    if not all(isinstance(x, Tensor | GradientEdge) for x in ends):
        raise AssertionError("Expected output to be a torch.Tensor")
    ends = _ends(ends, given)
    gradients = plugged.make_grads(ends, given)
    roots = _roots(ends, gradients)
    captures: dict[Any, list[tuple[int, int]]] = {}
    edges = [isinstance(x, GradientEdge) for x in wanted]
    _refuse_others(wanted)
    wanted = tuple([as_end(x) for x in wanted])
    for key, x in enumerate(wanted):
        if not x.requires_grad:
            raise RuntimeError("One of the differentiated Tensors does not require grad")
        node, slot = gradient_edge(x)
        captures.setdefault(node, []).append((slot, key))
    towards = nodes_towards([node for node, _, _ in roots], set(captures))
    run = Pass(create_graph if retain_graph is None else retain_graph, create_graph, towards, captures)
    run.run(roots)
    if materialize_grads and any(edge and run.captured.get(key) is None for key, edge in enumerate(edges)):
        raise RuntimeError("materialize_grads cannot be used when the given input is a GradientEdge")
    return tuple(
        _handed_out(run.captured.get(key), x, key, allow_unused, materialize_grads, create_graph)
        for key, x in enumerate(wanted)
    )


def _handed_out(got: Any, x: Tensor, index: int, allow_unused: bool, materialize: bool, create_graph: bool) -> Any:
    if got is not None:
        return got if isinstance(got, Tensor) else wrap(np.asarray(got))  # shared, as torch's may be
    if not allow_unused:
        raise RuntimeError(messages.NOT_USED.format(index=index))
    return wrap(np.zeros(x._data.shape, x._data.dtype)).requires_grad_(create_graph) if materialize else None


def _sequence(tensors: Any) -> tuple[Any, ...]:
    return (tensors,) if isinstance(tensors, Tensor | GradientEdge) else tuple(tensors)


def _refuse_others(inputs: tuple[Any, ...]) -> None:
    for x in inputs:
        if not isinstance(x, Tensor | GradientEdge):
            raise RuntimeError(f"all inputs have to be Tensors or GradientEdges, but got {type(x).__name__}")


def _ends(outputs: tuple[Any, ...], gradients: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return Tensors for the outputs, some of which may be given as edges."""
    for end, gradient in zip(outputs, gradients, strict=True):
        refuse_unknown_form(end, gradient)
    return tuple([as_end(end, gradient) for end, gradient in zip(outputs, gradients, strict=True)])


def _one_each(gradients: Any, count: int) -> tuple[Any, ...]:
    """Return one given gradient or None per root."""
    if gradients is None:
        return (None,) * count
    given = (gradients,) if isinstance(gradients, Tensor) else tuple(gradients)
    if len(given) < count:
        raise RuntimeError(f"got {count} tensors and {len(given)} gradients")
    return given[:count]  # torch looks at no more than it needs


def _roots(outputs: tuple[Any, ...], gradients: Any) -> list[Root]:
    roots = []
    for index, (output, gradient) in enumerate(zip(outputs, gradients, strict=True)):
        node, slot = gradient_edge(output)
        if node is None or isinstance(node, Nowhere):
            raise RuntimeError(messages.NOT_REQUIRED.format(index=index))
        if gradient._data.dtype != output._data.dtype:
            gradient = gradient._cast(output._data.dtype)
        roots.append((node, slot, gradient))
    return roots


def __getattr__(name: str) -> Any:
    if name in ("Function", "no_grad", "enable_grad", "set_grad_enabled", "inference_mode"):
        return getattr(plugged, name)
    if name.startswith("__"):
        raise AttributeError(name)
    raise absent(f"autograd.{name}")


declare("make_grads", 2, "the gradients a backward pass starts with: given ones checked, or ones")

__all__ = ["AccumulateGrad", "Variable", "backward", "grad", "gradcheck", "gradgradcheck"]
