"""``torch.nn``: layers, losses and what holds them together.

References
----------
.. [1] https://docs.pytorch.org/docs/stable/nn.html
"""

from __future__ import annotations

from typing import Any

from course.nptorch.absent import nothing_else_in
from course.nptorch.nn import functional as functional
from course.nptorch.nn import init as init
from course.nptorch.nn import utils as utils
from course.nptorch.nn.activation import *  # noqa: F403
from course.nptorch.nn.container import ModuleDict, ModuleList, Sequential
from course.nptorch.nn.conv import Conv2d, ConvTranspose2d, PixelShuffle, PixelUnshuffle
from course.nptorch.nn.dropout import Dropout, Dropout1d, Dropout2d
from course.nptorch.nn.linear import Identity, Linear
from course.nptorch.nn.loss import (
    BCELoss,
    BCEWithLogitsLoss,
    CrossEntropyLoss,
    HuberLoss,
    KLDivLoss,
    L1Loss,
    MSELoss,
    NLLLoss,
    SmoothL1Loss,
)
from course.nptorch.nn.module import Module
from course.nptorch.nn.norm import BatchNorm1d, BatchNorm2d, GroupNorm, InstanceNorm2d, LayerNorm
from course.nptorch.nn.padding import (
    ConstantPad2d,
    Flatten,
    ReflectionPad2d,
    ReplicationPad2d,
    Unflatten,
    ZeroPad2d,
)
from course.nptorch.nn.parameter import Buffer, Parameter
from course.nptorch.nn.parameter_list import ParameterList
from course.nptorch.nn.pooling import (
    AdaptiveAvgPool2d,
    AdaptiveMaxPool2d,
    AvgPool2d,
    MaxPool2d,
    Upsample,
    UpsamplingNearest2d,
)
from course.nptorch.nn.rnn import RNN, RNNCell
from course.nptorch.nn.sparse import Embedding

__all__ = [
    "RNN",
    "AdaptiveAvgPool2d",
    "AdaptiveMaxPool2d",
    "AvgPool2d",
    "BCELoss",
    "BCEWithLogitsLoss",
    "BatchNorm1d",
    "BatchNorm2d",
    "Buffer",
    "ConstantPad2d",
    "Conv2d",
    "ConvTranspose2d",
    "CrossEntropyLoss",
    "Dropout",
    "Dropout1d",
    "Dropout2d",
    "Embedding",
    "Flatten",
    "GroupNorm",
    "HuberLoss",
    "Identity",
    "InstanceNorm2d",
    "KLDivLoss",
    "L1Loss",
    "LayerNorm",
    "Linear",
    "MSELoss",
    "MaxPool2d",
    "Module",
    "ModuleDict",
    "ModuleList",
    "NLLLoss",
    "Parameter",
    "ParameterList",
    "PixelShuffle",
    "PixelUnshuffle",
    "RNNCell",
    "ReflectionPad2d",
    "ReplicationPad2d",
    "Sequential",
    "SmoothL1Loss",
    "Unflatten",
    "Upsample",
    "UpsamplingNearest2d",
    "ZeroPad2d",
    "functional",
    "init",
    "utils",
]

__getattr__ = nothing_else_in("nn")
