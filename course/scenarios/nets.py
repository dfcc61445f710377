"""What the scenarios about layers share: known weights, and all gradients at once."""

from __future__ import annotations

from typing import Any

from course.scenarios.draw import Draw
from course.scenarios.registry import Yields


def known(T: Any, draw: Draw, module: Any) -> Any:
    """Give every parameter and float buffer of a module drawn numbers, in the dtype of the run.

    Layers start with random weights, which no two libraries draw alike.
    """
    module.to(T.tensor(draw.array(0.0)).dtype)
    with T.no_grad():
        for parameter in module.parameters():
            parameter.copy_(T.tensor(draw.normal(*parameter.shape)))
    return module


def passed(T: Any, draw: Draw, module: Any, *inputs: Any) -> Yields:
    """Run arrays through a module and back; yield the output and the gradient of everything.

    Whole numbers are inputs without a gradient. The gradient of the output is drawn, so that no
    two elements stand for each other.
    """
    tensors = [T.tensor(one, requires_grad=one.dtype.kind == "f") for one in inputs]
    y = module(*tensors)
    yield "output", y
    y.backward(T.tensor(draw.normal(*y.shape)))
    for number, x in enumerate(tensors):
        if x.requires_grad:
            yield f"gradient of input {number}", x.grad
    for name, parameter in module.named_parameters():
        yield f"gradient of {name}", parameter.grad
