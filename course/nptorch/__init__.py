"""PyTorch's dynamic autograd in NumPy, under torch's own names.

``import course.nptorch as torch`` and a snippet of a torch tutorial runs, or fails with an error
that says what is missing. What students build (see `parts`) has to be plugged in first:
``torch.load_parts("given")``.
"""

from __future__ import annotations

import math as _math
import warnings as _warnings
from typing import Any

from course.nptorch import accelerator as accelerator
from course.nptorch import autograd as autograd
from course.nptorch import backends as backends
from course.nptorch import cuda as cuda
from course.nptorch import distributions as distributions
from course.nptorch import nn as nn
from course.nptorch import ops as ops
from course.nptorch import optim as optim
from course.nptorch import rules as rules  # the vjp table, before the operations that use it
from course.nptorch import testing as testing
from course.nptorch._tensor import Tensor
from course.nptorch.absent import absent as _absent
from course.nptorch.anomaly import is_anomaly_check_nan_enabled, is_anomaly_enabled, set_anomaly_enabled
from course.nptorch.autograd import function as _function
from course.nptorch.autograd import functional as _functional
from course.nptorch.autograd import grad as _grad
from course.nptorch.autograd import graph as _graph
from course.nptorch.dtypes import ALL as _ALL_DTYPES
from course.nptorch.dtypes import (
    Size,
    device,
    dtype,
    finfo,
    float16,
    float32,
    float64,
    get_default_dtype,
    iinfo,
    int8,
    int16,
    int32,
    int64,
    set_default_dtype,
    uint8,
)
from course.nptorch.dtypes import boolean as bool  # noqa: A004 - torch's names
from course.nptorch.grad_mode import is_grad_enabled, is_inference_mode_enabled
from course.nptorch.loading import load_parts, save_part
from course.nptorch.ops.legacy import typed_constructor as _typed_constructor
from course.nptorch.ops.random import Generator, default_generator
from course.nptorch.ops.register import FUNCTIONS as _FUNCTIONS
from course.nptorch.part_table import parts
from course.nptorch.parts import declare as _declare
from course.nptorch.parts import plugged as _plugged
from course.nptorch.parts import use
from course.nptorch.printing import set_printoptions
from course.nptorch.serialization import load, save
from course.nptorch.settings import (
    are_deterministic_algorithms_enabled,
    get_default_device,
    get_float32_matmul_precision,
    get_num_threads,
    set_float32_matmul_precision,
    set_num_threads,
    use_deterministic_algorithms,
)
from course.nptorch.utils import checkpoint as _checkpoint

__version__ = "2.13.0+numpy"  # the torch whose semantics these are

half, float, double = float16, float32, float64  # noqa: A001
short, int, long = int16, int32, int64  # noqa: A001

# inf and nan come about silently, as in torch
_warnings.filterwarnings("ignore", category=RuntimeWarning, module=r"course\.nptorch")

for _name in ("no_grad", "enable_grad", "set_grad_enabled", "inference_mode"):
    _declare(_name, 4, "switch recording off or on, and put back what was there before")
for _name in ("numerical_vjp",):
    _declare(_name, 1, "estimate a gradient by central differences")
_declare("saved_bytes", 5, "count the bytes a graph keeps for backward")
_declare("count_consumers", 2, "count the edges that lead to each node")
_declare("swish_forward", 10, "compute x * sigmoid(x) in a Function")
_declare("swish_backward", 10, "the gradient of x * sigmoid(x), which can be differentiated again")
_declare("grad", 10, "gradients handed out instead of added to .grad, made of backward alone")
_declare("hvp", 10, "the product of a Hessian with a vector")
_declare("gradient_penalty", 10, "the penalty of WGAN-GP")
_declare("srgan_step", 11, "train the judge, then the maker, on one batch")
_declare("carry_state", 11, "train a recurrent net chunk by chunk; the state goes on, the gradient does not")
_declare("task_pulls", 11, "backward for several losses, and how hard each pulls at what they share")
_declare("reinforce_loss", 11, "the loss whose gradient is that of REINFORCE")
_declare("round_mantissa", 12, "round float32 as a format with a shorter mantissa would")
_declare("measure", 12, "the time that a piece of work takes on a device with a queue")

inf, nan, pi, e = _math.inf, _math.nan, _math.pi, _math.e
newaxis = None
contiguous_format, preserve_format, strided = "contiguous_format", "preserve_format", "strided"
_typed = {d.tensor_type: _typed_constructor(d) for d in _ALL_DTYPES}

_PARTS_AS_NAMES = {"no_grad", "enable_grad", "set_grad_enabled", "inference_mode"}


def __getattr__(name: str) -> Any:
    if name in _FUNCTIONS:
        return _FUNCTIONS[name]
    if name in _PARTS_AS_NAMES:
        return getattr(_plugged, name)
    if name in _typed:
        return _typed[name]
    if name.startswith("__"):
        raise AttributeError(name)
    raise _absent(name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_FUNCTIONS, *_PARTS_AS_NAMES, *_typed})
