"""What `autograd.functional` asks of its arguments and results, and how it packs and unpacks them.

Every text is torch's own, since people search for it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from course.nptorch._tensor import Tensor

Tuple = tuple[Any, ...]

NOT_TENSOR = "The {what} given to {name} must be either a Tensor or a tuple of Tensors but the {where} has type {type}."
NEEDS_SCALAR_OUTPUT = (
    "The vector v can only be None if the user-provided function returns a single Tensor with a single element."
)
NEEDS_SCALAR_INPUT = (
    "The vector v can only be None if the input to the user-provided function is a single Tensor with a single element."
)
NOT_ALLOWED = "This is not allowed in strict mode."
NOT_ALLOWED_TWICE = "This is not allowed in strict mode when create_graph=True."

NO_HISTORY = {
    "outputs": "Output {i} of the user-provided function does not require gradients. The outputs must be computed "
    "in a differentiable manner from the input when running in strict mode.",
    "grad_inputs": "The gradient with respect to input {i} is independent of the inputs of the user-provided "
    "function. " + NOT_ALLOWED,
    "jacobian": "While computing the hessian, found that the jacobian of the user-provided function with respect "
    "to input {i} is independent of the input. " + NOT_ALLOWED + " You should ensure that your function is twice "
    "differentiable and that the jacobian depends on the inputs (this would be violated by a linear function for "
    "example).",
}

INDEPENDENT = {
    "back": "The output of the user-provided function is independent of input {i}. " + NOT_ALLOWED,
    "back_trick": "The gradient with respect to the input is independent of entry {i} in the grad_outputs when "
    "using the double backward trick to compute forward mode gradients. " + NOT_ALLOWED,
    "double_back": "The jacobian of the user-provided function is independent of input {i}. " + NOT_ALLOWED,
    "double_back_trick": "The hessian of the user-provided function is independent of entry {i} in the "
    "grad_jacobian. This is not allowed in strict mode as it prevents from using the double backward trick to "
    "replace forward mode AD.",
}


def as_tuple(given: Any, what: str, name: str) -> tuple[bool, Tuple]:
    """Return whether `given` is a tuple, and a tuple of Tensors in either case.

    Raises
    ------
    TypeError
        If something in it is no Tensor.
    """
    several = isinstance(given, tuple)
    values = given if several else (given,)
    for i, value in enumerate(values):
        if not isinstance(value, Tensor):
            where = f"value at index {i}" if several else f"given {what}"
            raise TypeError(NOT_TENSOR.format(what=what, name=name, where=where, type=type(value)))
    return several, values


def unpack(result: Tuple, several: bool) -> Any:
    """Undo `as_tuple`: return a tuple where one was given, else its only item."""
    return result if several else result[0]


def apart(given: Tuple, create_graph: bool, requires_grad: bool) -> Tuple:
    """Return new Tensors on the same memory, so that uses of the given ones elsewhere do not count.

    They lead back to the given ones only with `create_graph`.
    """
    return tuple(
        [x.view_as(x) if create_graph and x.requires_grad else x.detach().requires_grad_(requires_grad) for x in given]
    )


def without_history(results: Tuple, create_graph: bool) -> Tuple:
    """Return Tensors, or tuples of them, with their history only if it was asked for."""
    if create_graph:
        return results
    return tuple([without_history(x, False) if isinstance(x, tuple) else x.detach() for x in results])


def check_v(v: Tuple, other: Tuple, several: bool) -> None:
    """Refuse a `v` that has not the number and shapes of `other`.

    Raises
    ------
    RuntimeError
        If it has not.
    """
    if len(other) != len(v):
        if several:
            raise RuntimeError(f"v is a tuple of invalid length: should be {len(other)} but got {len(v)}.")
        raise RuntimeError("The given v should contain a single Tensor.")
    for i, (mine, shape) in enumerate(zip(v, [x.shape for x in other], strict=True)):
        if mine.shape != shape:
            entry = f"Entry {i} in " if several else ""
            raise RuntimeError(f"{entry}v has invalid size: should be {shape} but got {mine.shape}.")


def check_history(tensors: Iterable[Any], kind: str, strict: bool) -> None:
    """In strict mode, refuse what does not depend on the inputs.

    Parameters
    ----------
    tensors : iterable of Tensor or None
        What should.
    kind : str
        Which of the texts in `NO_HISTORY` says so.
    strict : bool
        False allows everything.

    Raises
    ------
    RuntimeError
        If one of them does not require grad.
    """
    if not strict:
        return
    for i, x in enumerate(tensors):
        if x is None:
            raise RuntimeError(INDEPENDENT["back"].format(i=i))
        if not x.requires_grad:
            raise RuntimeError(NO_HISTORY[kind].format(i=i))


def zeros_for_none(gradients: Tuple, like: Tuple, strict: bool, create_graph: bool, stage: str) -> Tuple:
    """Return the gradients with zeros in the place of None, which strict mode refuses.

    Parameters
    ----------
    gradients : tuple of Tensor or None
        What a backward pass found.
    like : tuple of Tensor
        Their shapes and dtypes.
    strict, create_graph : bool
        As the user said.
    stage : str
        Which pass it was: a key of `INDEPENDENT`.

    Raises
    ------
    RuntimeError
        In strict mode, if a gradient is missing or (with `create_graph`) is a constant.
    """
    filled = []
    for i, (g, x) in enumerate(zip(gradients, like, strict=True)):
        if g is None and strict:
            raise RuntimeError(INDEPENDENT[stage].format(i=i))
        if g is not None and strict and create_graph and not g.requires_grad:
            what = "hessian" if "double" in stage else "jacobian"
            raise RuntimeError(
                f"The {what} of the user-provided function is independent of input {i}. {NOT_ALLOWED_TWICE}"
            )
        filled.append(x.new_zeros(x.shape) if g is None else g)
    return tuple(filled)


def refuse_forward_mode(create_graph: bool, strict: bool, vectorize: bool) -> None:
    """Say why there is no ``strategy="forward-mode"``: in torch's words where torch refuses as well."""
    together = 'and `strategy="forward-mode"` are not supported together (yet). Please either set '
    if create_graph:
        raise NotImplementedError(
            f"torch.autograd.functional.jacobian: `create_graph=True` {together}"
            '`create_graph=False` or `strategy="reverse-mode"`.'
        )
    if strict:
        raise RuntimeError(
            f'torch.autograd.functional.jacobian: `strict=True` {together}`strict=False` or `strategy="reverse-mode"`.'
        )
    if not vectorize:
        raise NotImplementedError(
            "Computing Jacobian using forward-AD or forward-over-reverse Hessian is"
            "only implemented for `vectorize=True`."
        )
    raise NotImplementedError(
        'course.nptorch has no strategy="forward-mode" (torch runs it through forward-mode derivatives): '
        'use strategy="reverse-mode"'
    )


def refuse_vectorize(strict: bool) -> None:
    """Say why there is no ``vectorize=True``: in torch's words where torch refuses as well."""
    if strict:
        raise RuntimeError(
            "torch.autograd.functional.jacobian: `strict=True` and `vectorized=True` are not supported together. "
            "Please either set `strict=False` or `vectorize=False`."
        )
    raise NotImplementedError(
        "course.nptorch has no vectorize=True (torch runs it through vmap): use vectorize=False, "
        "which gives the same numbers"
    )
