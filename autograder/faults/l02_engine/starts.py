"""Wrong ideas about the gradient with which a walk starts."""

from __future__ import annotations

from typing import Any

import course.nptorch as torch
from autograder.faults.registry import fault

STARTS = "make-grads"


def checked(output: Any, gradient: Any) -> Any:
    """What right code makes of one output and its gradient, for the faults that spoil one case."""
    if isinstance(gradient, torch.Tensor):
        if gradient.shape != output.shape:
            raise RuntimeError(f"Mismatch in shape: {gradient.shape} and {output.shape}")
        return gradient
    if gradient is not None:
        raise TypeError("gradients can be either Tensors or None")
    if not output.requires_grad:
        return None
    if output.numel() != 1:
        raise RuntimeError("grad can be implicitly created only for scalar outputs")
    return torch.ones_like(output)


@fault(
    "starts-from-ones-anyway",
    exercise=STARTS,
    part="make_grads",
    help="Made-up ones for several elements are the gradient of their sum, which nobody asked for: raise instead.",
)
def starts_from_ones_anyway(outputs: Any, gradients: Any) -> Any:
    return [
        torch.ones_like(output) if gradient is None and output.requires_grad else checked(output, gradient)
        for output, gradient in zip(outputs, gradients, strict=True)
    ]


@fault(
    "starts-only-without-dimensions",
    exercise=STARTS,
    part="make_grads",
    help="A loss of shape (1,) or (1, 1) has one element too: ask numel(), not how many dimensions there are.",
)
def starts_only_without_dimensions(outputs: Any, gradients: Any) -> Any:
    starts = []
    for output, gradient in zip(outputs, gradients, strict=True):
        if gradient is None and output.requires_grad and output.ndim:
            raise RuntimeError("grad can be implicitly created only for scalar outputs")
        starts.append(checked(output, gradient))
    return starts


@fault(
    "starts-with-any-shape",
    exercise=STARTS,
    part="make_grads",
    help="A gradient has the shape of its output: compare the two and raise RuntimeError where they differ.",
)
def starts_with_any_shape(outputs: Any, gradients: Any) -> Any:
    return [
        gradient if isinstance(gradient, torch.Tensor) else checked(output, gradient)
        for output, gradient in zip(outputs, gradients, strict=True)
    ]


@fault(
    "starts-where-the-size-fits",
    exercise=STARTS,
    part="make_grads",
    help="(3, 2) and (6,) have as many elements as (2, 3) and are other shapes all the same: compare shapes.",
)
def starts_where_the_size_fits(outputs: Any, gradients: Any) -> Any:
    starts = []
    for output, gradient in zip(outputs, gradients, strict=True):
        fits = isinstance(gradient, torch.Tensor) and gradient.numel() == output.numel()
        starts.append(gradient if fits else checked(output, gradient))
    return starts


@fault(
    "starts-where-it-broadcasts",
    exercise=STARTS,
    part="make_grads",
    help="Do not stretch a gradient to the shape of the output: torch refuses every other shape.",
)
def starts_where_it_broadcasts(outputs: Any, gradients: Any) -> Any:
    starts = []
    for output, gradient in zip(outputs, gradients, strict=True):
        if isinstance(gradient, torch.Tensor) and gradient.shape != output.shape:
            try:
                gradient = gradient.expand(*output.shape)
            except (RuntimeError, ValueError, TypeError):
                gradient = checked(output, gradient)
        starts.append(checked(output, gradient))
    return starts


@fault(
    "starts-from-numbers-too",
    exercise=STARTS,
    part="make_grads",
    help="torch does not make a Tensor of a number or a list here: raise TypeError for all but Tensors and None.",
)
def starts_from_numbers_too(outputs: Any, gradients: Any) -> Any:
    given = [g if g is None or isinstance(g, torch.Tensor) else torch.tensor(g) for g in gradients]
    return [checked(output, gradient) for output, gradient in zip(outputs, given, strict=True)]


@fault(
    "starts-asking-if-it-is-true",
    exercise=STARTS,
    part="make_grads",
    help="'if not gradient' asks a Tensor for its numbers: ask 'gradient is None'.",
)
def starts_asking_if_it_is_true(outputs: Any, gradients: Any) -> Any:
    return [
        checked(output, gradient if gradient else None) for output, gradient in zip(outputs, gradients, strict=True)
    ]


@fault(
    "starts-in-double-precision",
    exercise=STARTS,
    part="make_grads",
    help="The ones have the dtype of the output: torch.ones_like(output) has it, torch.ones(shape) has not.",
)
def starts_in_double_precision(outputs: Any, gradients: Any) -> Any:
    starts = [checked(output, gradient) for output, gradient in zip(outputs, gradients, strict=True)]
    return [
        torch.ones(start.shape, dtype=torch.float64) if given is None and start is not None else start
        for start, given in zip(starts, gradients, strict=True)
    ]


@fault(
    "starts-without-dimensions",
    exercise=STARTS,
    part="make_grads",
    help="The ones have the shape of the output too, which may be (1,) or (1, 1).",
)
def starts_without_dimensions(outputs: Any, gradients: Any) -> Any:
    starts = [checked(output, gradient) for output, gradient in zip(outputs, gradients, strict=True)]
    return [
        torch.tensor(1.0, dtype=start.dtype) if given is None and start is not None else start
        for start, given in zip(starts, gradients, strict=True)
    ]


@fault(
    "starts-with-a-copy",
    exercise=STARTS,
    part="make_grads",
    help="Take the gradient that was given as it is; whoever stores it makes the copy.",
)
def starts_with_a_copy(outputs: Any, gradients: Any) -> Any:
    starts = [checked(output, gradient) for output, gradient in zip(outputs, gradients, strict=True)]
    return [
        start.clone() if given is not None and start is not None else start
        for start, given in zip(starts, gradients, strict=True)
    ]


@fault(
    "starts-at-the-first-output",
    exercise=STARTS,
    part="make_grads",
    help="backward() may start at several outputs: return one gradient for each of them.",
)
def starts_at_the_first_output(outputs: Any, gradients: Any) -> Any:
    return [checked(output, gradient) for output, gradient in list(zip(outputs, gradients, strict=True))[:1]]


@fault(
    "starts-without-a-graph-too",
    exercise=STARTS,
    part="make_grads",
    help="An output that does not require grad starts nothing: return None in its place.",
)
def starts_without_a_graph_too(outputs: Any, gradients: Any) -> Any:
    starts = []
    for output, gradient in zip(outputs, gradients, strict=True):
        if gradient is None and output.numel() != 1:
            raise RuntimeError("grad can be implicitly created only for scalar outputs")
        starts.append(torch.ones_like(output) if gradient is None else checked(output, gradient))
    return starts


@fault(
    "starts-with-the-output",
    exercise=STARTS,
    part="make_grads",
    help="The gradient of a loss with respect to itself is 1, whatever the value of the loss is.",
)
def starts_with_the_output(outputs: Any, gradients: Any) -> Any:
    starts = [checked(output, gradient) for output, gradient in zip(outputs, gradients, strict=True)]
    return [
        output * 1 if given is None and start is not None else start
        for output, start, given in zip(outputs, starts, gradients, strict=True)
    ]
