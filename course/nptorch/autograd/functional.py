"""``torch.autograd.functional``: Jacobians, Hessians, and their products with vectors.

Everything here is made of `autograd.grad`. A Jacobian is one backward pass per element of the
output; a product ``J v`` is the double-backward trick: ``v -> v J`` is linear, so the gradient of
that backward pass with respect to the vector it started with is the other product.

References
----------
.. [1] https://docs.pytorch.org/docs/stable/autograd.html#functional-higher-level-api
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from course.nptorch.autograd import grad
from course.nptorch.autograd.functional_checks import (
    NEEDS_SCALAR_INPUT,
    NEEDS_SCALAR_OUTPUT,
    NOT_ALLOWED,
    NOT_ALLOWED_TWICE,
    Tuple,
    apart,
    as_tuple,
    check_history,
    check_v,
    refuse_forward_mode,
    refuse_vectorize,
    unpack,
    without_history,
    zeros_for_none,
)
from course.nptorch.grad_mode import mode, recording
from course.nptorch.ops.join import stack

__all__ = ["hessian", "hvp", "jacobian", "jvp", "vhp", "vjp"]

Function = Callable[..., Any]
OUTPUTS = "outputs of the user-provided function"
STRATEGIES = ("forward-mode", "reverse-mode")


def vjp(func: Function, inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False) -> Any:
    """Return ``func(*inputs)`` and the product of `v` and its Jacobian.

    Parameters
    ----------
    func : function
        Takes Tensors and returns a Tensor or a tuple of Tensors.
    inputs : Tensor or tuple of Tensor
        Where.
    v : Tensor or tuple of Tensor, optional
        Of the form of the outputs; may be left out for a single output of one element.
    create_graph : bool
        Let the results lead back to those `inputs` that require grad.
    strict : bool
        Raise where an input has no influence, instead of returning zeros.

    Returns
    -------
    output, product : Tensor or tuple of Tensor
        The outputs; one product per input, of its shape and dtype.

    Raises
    ------
    TypeError
        If inputs, outputs or `v` are no Tensors.
    RuntimeError
        If `v` does not fit, or in strict mode.
    """
    with _recorded():
        several_in, xs = as_tuple(inputs, "inputs", "vjp")
        xs = apart(xs, create_graph, requires_grad=True)
        several_out, ys = _call(func, xs, "vjp", strict)
        if v is not None:
            v = apart(as_tuple(v, "v", "vjp")[1], create_graph, requires_grad=False)
            check_v(v, ys, several_out)
        elif len(ys) != 1 or ys[0].numel() != 1:
            raise RuntimeError(NEEDS_SCALAR_OUTPUT)
    product = zeros_for_none(_grad(ys, xs, v, create_graph), xs, strict, create_graph, "back")
    return _results(ys, several_out, product, several_in, create_graph)


def jvp(func: Function, inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False) -> Any:
    """Return ``func(*inputs)`` and the product of its Jacobian and `v`, by going back twice.

    Parameters
    ----------
    func : function
        Takes Tensors and returns a Tensor or a tuple of Tensors.
    inputs : Tensor or tuple of Tensor
        Where.
    v : Tensor or tuple of Tensor, optional
        Of the form of `inputs`; may be left out for a single input of one element.
    create_graph, strict : bool
        As for `vjp`.

    Returns
    -------
    output, product : Tensor or tuple of Tensor
        The outputs; one product per output, of its shape and dtype.

    Raises
    ------
    TypeError, RuntimeError
        As `vjp`.
    """
    with _recorded():
        xs, v, _ = _point("jvp", inputs, v, create_graph)
        several_out, ys = _call(func, xs, "jvp", strict)
        starts = _zero_starts(ys)
        gradients = _grad(ys, xs, starts, create_graph=True)
        check_history(gradients, "grad_inputs", strict)
        product = _grad(gradients, starts, v, create_graph)
    product = zeros_for_none(product, ys, strict, create_graph, "back_trick")
    return _results(ys, several_out, product, several_out, create_graph)


def vhp(func: Function, inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False) -> Any:
    """Return ``func(*inputs)``, one number, and the product of `v` and its Hessian.

    Parameters
    ----------
    func : function
        Takes Tensors and returns a Tensor of one element.
    inputs : Tensor or tuple of Tensor
        Where.
    v : Tensor or tuple of Tensor, optional
        Of the form of `inputs`; may be left out for a single input of one element.
    create_graph, strict : bool
        As for `vjp`.

    Returns
    -------
    output : Tensor
        The one output.
    product : Tensor or tuple of Tensor
        One product per input, of its shape and dtype.

    Raises
    ------
    TypeError, RuntimeError
        As `vjp`; or `func` returns more than one element.
    """
    with _recorded():
        xs, v, several = _point("vhp", inputs, v, create_graph)
        ys, gradients = _value_and_gradient(func, xs, "vhp", strict)
    product = zeros_for_none(_grad(gradients, xs, v, create_graph), xs, strict, create_graph, "double_back")
    return _results(ys, False, product, several, create_graph)


def hvp(func: Function, inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False) -> Any:
    """Return ``func(*inputs)``, one number, and the product of its Hessian and `v`.

    The Hessian of a smooth function is symmetric, and then `vhp` gives the same with one pass less.

    Parameters
    ----------
    func : function
        Takes Tensors and returns a Tensor of one element.
    inputs : Tensor or tuple of Tensor
        Where.
    v : Tensor or tuple of Tensor, optional
        Of the form of `inputs`; may be left out for a single input of one element.
    create_graph, strict : bool
        As for `vjp`.

    Returns
    -------
    output : Tensor
        The one output.
    product : Tensor or tuple of Tensor
        One product per input, of its shape and dtype.

    Raises
    ------
    TypeError, RuntimeError
        As `vhp`.
    """
    with _recorded():
        xs, v, several = _point("hvp", inputs, v, create_graph)
        ys, gradients = _value_and_gradient(func, xs, "hvp", strict)
        starts = _zero_starts(xs)
        twice = _grad(gradients, xs, starts, create_graph=True)
    product = zeros_for_none(_grad(twice, starts, v, create_graph), xs, strict, create_graph, "double_back_trick")
    return _results(ys, False, product, several, create_graph)


def jacobian(
    func: Function,
    inputs: Any,
    create_graph: bool = False,
    strict: bool = False,
    vectorize: bool = False,
    strategy: str = "reverse-mode",
) -> Any:
    """Return all derivatives of `func`, by one backward pass per element of its outputs.

    Parameters
    ----------
    func : function
        Takes Tensors and returns a Tensor or a tuple of Tensors.
    inputs : Tensor or tuple of Tensor
        Where.
    create_graph, strict : bool
        As for `vjp`.
    vectorize : bool
        True is refused.
    strategy : {"reverse-mode", "forward-mode"}
        The latter is refused.

    Returns
    -------
    jacobian : Tensor or nested tuple of Tensor
        ``jacobian[i][j]`` has the shape of output `i` followed by that of input `j`, and the dtype
        of input `j`; there is no tuple over outputs, or inputs, where there was none.

    Raises
    ------
    TypeError, RuntimeError
        As `vjp`.
    NotImplementedError
        For ``vectorize=True`` and ``strategy="forward-mode"``: the engine has neither vmap nor
        forward-mode derivatives.
    """
    if strategy not in STRATEGIES:
        raise AssertionError(
            'Expected strategy to be either "forward-mode" or "reverse-mode". Hint: If your function has more '
            'outputs than inputs, "forward-mode" tends to be more performant. Otherwise, prefer to use "reverse-mode".'
        )
    if strategy == "forward-mode":
        refuse_forward_mode(create_graph, strict, vectorize)
    with _recorded():
        several_in, xs = as_tuple(inputs, "inputs", "jacobian")
        xs = apart(xs, create_graph, requires_grad=True)
        several_out, ys = _call(func, xs, "jacobian", strict)
        if vectorize:
            refuse_vectorize(strict)
        rows = tuple([_derivatives(i, y, xs, create_graph, strict) for i, y in enumerate(ys)])
    rows = without_history(rows, create_graph)
    return unpack(tuple([unpack(row, several_in) for row in rows]), several_out)


def hessian(
    func: Function,
    inputs: Any,
    create_graph: bool = False,
    strict: bool = False,
    vectorize: bool = False,
    outer_jacobian_strategy: str = "reverse-mode",
) -> Any:
    """Return all second derivatives of a function with one number as result: the Jacobian of its Jacobian.

    Parameters
    ----------
    func : function
        Takes Tensors and returns a Tensor of one element.
    inputs : Tensor or tuple of Tensor
        Where.
    create_graph, strict : bool
        As for `vjp`.
    vectorize : bool
        True is refused.
    outer_jacobian_strategy : {"reverse-mode", "forward-mode"}
        The latter is refused.

    Returns
    -------
    hessian : Tensor or tuple of tuple of Tensor
        ``hessian[i][j]`` has the shape of input `i` followed by that of input `j`; there are no
        tuples where `inputs` was none.

    Raises
    ------
    TypeError, RuntimeError, NotImplementedError
        As `jacobian`; or `func` returns more than one element.
    """
    several, xs = as_tuple(inputs, "inputs", "hessian")
    if outer_jacobian_strategy not in STRATEGIES:
        raise AssertionError('Expected strategy to be either "forward-mode" or "reverse-mode".')

    def single(*at: Any) -> Any:
        several_out, ys = _call(func, at, "hessian", strict)
        _refuse_several(ys, several_out, "hessian")
        return ys[0].squeeze()

    def gradient(*at: Any) -> Any:
        found = jacobian(single, at, create_graph=True)
        check_history(found, "jacobian", strict)
        return found

    rows = jacobian(gradient, xs, create_graph, strict, vectorize, outer_jacobian_strategy)
    return unpack(tuple([unpack(row, several) for row in rows]), several)


def _recorded() -> recording:
    """Record what follows, whatever the mode; in inference mode there is nothing to be done."""
    return recording(not mode.inference)


def _call(func: Function, xs: Tuple, name: str, strict: bool) -> tuple[bool, Tuple]:
    several, ys = as_tuple(func(*xs), OUTPUTS, name)
    check_history(ys, "outputs", strict)
    return several, ys


def _point(name: str, inputs: Any, v: Any, create_graph: bool) -> tuple[Tuple, Tuple | None, bool]:
    """Return the inputs and a `v` of their form, both apart from what the user holds."""
    several, xs = as_tuple(inputs, "inputs", name)
    xs = apart(xs, create_graph, requires_grad=True)
    if v is not None:
        v = apart(as_tuple(v, "v", name)[1], create_graph, requires_grad=False)
        check_v(v, xs, several)
    elif len(xs) != 1 or xs[0].numel() != 1:
        raise RuntimeError(NEEDS_SCALAR_INPUT)
    return xs, v, several


def _value_and_gradient(func: Function, xs: Tuple, name: str, strict: bool) -> tuple[Tuple, Tuple]:
    """Return the single output of `func`, in a tuple, and its gradients with a graph."""
    several, ys = _call(func, xs, name, strict)
    _refuse_several(ys, several, name)
    gradients = _grad(ys, xs, None, create_graph=True)
    check_history(gradients, "jacobian", strict)
    return ys, gradients


def _refuse_several(ys: Tuple, several: bool, name: str) -> None:
    if several:
        raise RuntimeError(f"The function given to {name} should return a single Tensor")
    if ys[0].numel() != 1:
        raise RuntimeError(f"The Tensor returned by the function given to {name} should contain a single element")


def _grad(outputs: Tuple, inputs: Tuple, starts: Tuple | None, create_graph: bool, retain: bool | None = None) -> Tuple:
    """Do what `autograd.grad` does with those outputs that have a graph; None for inputs not reached."""
    gs = (None,) * len(outputs) if starts is None else starts
    found = [(y, g) for y, g in zip(outputs, gs, strict=True) if y is not None and y.requires_grad]
    if not found:
        return (None,) * len(inputs)
    ends, gs = zip(*found, strict=True)
    return grad(ends, inputs, gs, retain_graph=retain, create_graph=create_graph, allow_unused=True)


def _zero_starts(like: Tuple) -> Tuple:
    """Return zeros to start a backward pass with, which is then linear in them."""
    return tuple([x.new_zeros(x.shape, requires_grad=True) for x in like])


def _derivatives(i: int, y: Any, xs: Tuple, create_graph: bool, strict: bool) -> Tuple:
    """Return, per input, the Jacobian of output number `i`."""
    rows: list[list[Any]] = [[] for _ in xs]
    for j in range(y.numel()):
        for at, (x, g) in enumerate(zip(xs, _grad((y.reshape(-1)[j],), xs, None, create_graph, True), strict=True)):
            if g is None and strict:
                raise RuntimeError(
                    f"Output {i} of the user-provided function is independent of input {at}. {NOT_ALLOWED}"
                )
            if g is not None and strict and create_graph and not g.requires_grad:
                raise RuntimeError(
                    f"The jacobian of the user-provided function is independent of input {i}. {NOT_ALLOWED_TWICE}"
                )
            rows[at].append(x.new_zeros(x.shape) if g is None else g)
    return tuple([stack(row).view((*y.shape, *x.shape)) for row, x in zip(rows, xs, strict=True)])


def _results(ys: Tuple, several_ys: bool, product: Tuple, several: bool, create_graph: bool) -> tuple[Any, Any]:
    return (
        unpack(without_history(ys, create_graph), several_ys),
        unpack(without_history(product, create_graph), several),
    )
