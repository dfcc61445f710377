"""Recurrent layers.

References
----------
.. [1] https://docs.pytorch.org/docs/stable/generated/torch.nn.RNN.html
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from course.nptorch._tensor import Tensor, wrap
from course.nptorch.dtypes import dtype as dtype_type
from course.nptorch.nn import functional as F
from course.nptorch.nn import init
from course.nptorch.nn.linear import blank
from course.nptorch.nn.module import Module
from course.nptorch.ops.register import FUNCTIONS


def _activation(nonlinearity: str) -> Callable[[Tensor], Tensor]:
    return F.tanh if nonlinearity == "tanh" else F.relu


class _Recurrent(Module):
    """Fills all parameters evenly within ``1 / sqrt(hidden_size)``."""

    hidden_size: int

    def reset_parameters(self) -> None:
        """Fill the parameters with random numbers."""
        bound = 1.0 / math.sqrt(self.hidden_size) if self.hidden_size > 0 else 0
        for parameter in self.parameters():
            init.uniform_(parameter, -bound, bound)


class RNNCell(_Recurrent):
    """One step of a recurrent network: ``tanh(x @ W_ih.T + b_ih + h @ W_hh.T + b_hh)``.

    Parameters
    ----------
    input_size, hidden_size : int
        Extents of the last axis of x and of h.
    bias : bool
        Whether there are biases.
    nonlinearity : {"tanh", "relu"}
        What is applied to the sum.

    Attributes
    ----------
    weight_ih, weight_hh : Parameter
        Of shapes ``(hidden_size, input_size)`` and ``(hidden_size, hidden_size)``.
    bias_ih, bias_hh : Parameter or None
        Of shape ``(hidden_size,)``.
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        nonlinearity: str = "tanh",
        device: Any = None,
        dtype: dtype_type | None = None,
    ) -> None:
        super().__init__()
        self.input_size = input_size
        self.hidden_size = hidden_size
        self.bias = bias
        self.nonlinearity = nonlinearity
        self.weight_ih = blank(hidden_size, input_size, dtype=dtype)
        self.weight_hh = blank(hidden_size, hidden_size, dtype=dtype)
        for name in ("bias_ih", "bias_hh"):
            self.register_parameter(name, blank(hidden_size, dtype=dtype) if bias else None)
        self.reset_parameters()

    def forward(self, input: Tensor, hx: Tensor | None = None) -> Tensor:
        """Return the next hidden state; `hx` is the last one, zeros without it.

        Raises
        ------
        RuntimeError, ValueError
            If shapes or the nonlinearity do not fit.
        """
        if self.nonlinearity not in ("tanh", "relu"):
            raise RuntimeError(f"Unknown nonlinearity: {self.nonlinearity}")
        if input.ndim not in (1, 2):
            raise ValueError(f"RNNCell: Expected input to be 1D or 2D, got {input.ndim}D instead")
        if input.shape[-1] != self.input_size:
            raise RuntimeError(f"input has inconsistent input_size: got {input.shape[-1]} expected {self.input_size}")
        if hx is None:
            hx = wrap(np.zeros((*input.shape[:-1], self.hidden_size), input._data.dtype))
        if input.ndim == 2 and hx.ndim == 2 and hx.shape[0] != input.shape[0]:
            raise RuntimeError(f"Input batch size {input.shape[0]} doesn't match hidden0 batch size {hx.shape[0]}")
        if hx.shape[-1] != self.hidden_size:
            raise RuntimeError(f"hidden0 has inconsistent hidden_size: got {hx.shape[-1]}, expected {self.hidden_size}")
        hidden: Any = F.linear(hx, self.weight_hh, self.bias_hh)
        total = hidden + F.linear(input, self.weight_ih, self.bias_ih)
        return _activation(self.nonlinearity)(total)

    def extra_repr(self) -> str:
        text = f"{self.input_size}, {self.hidden_size}"
        if not self.bias:
            text += f", bias={self.bias}"
        if self.nonlinearity != "tanh":
            text += f", nonlinearity={self.nonlinearity}"
        return text


class RNN(_Recurrent):
    """A recurrent network run over sequences, layer upon layer.

    Parameters
    ----------
    input_size, hidden_size : int
        Extents of the last axis of the input and of the hidden states.
    num_layers : int
        How many layers.
    nonlinearity : {"tanh", "relu"}
        What is applied at each step.
    bias : bool
        Whether there are biases.
    batch_first : bool
        Whether the batch, not time, is the first axis.
    dropout : float
        Probability of dropping between layers, in training.
    bidirectional : bool
        Whether each layer also runs from the end.

    Attributes
    ----------
    weight_ih_l0, weight_hh_l0, bias_ih_l0, bias_hh_l0, ...
        Parameters by layer, those that run from the end with the suffix ``_reverse``.
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        nonlinearity: str = "tanh",
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        device: Any = None,
        dtype: dtype_type | None = None,
        **others: Any,
    ) -> None:
        super().__init__()
        if "proj_size" in others:
            raise ValueError("proj_size argument is only supported for LSTM, not RNN or GRU")
        if others:
            raise TypeError(f"RNNBase.__init__() got an unexpected keyword argument '{next(iter(others))}'")
        if nonlinearity not in ("tanh", "relu"):
            raise ValueError(f"Unknown nonlinearity '{nonlinearity}'. Select from 'tanh' or 'relu'.")
        self._refuse_numbers(input_size, hidden_size, num_layers, dropout)
        if dropout > 0 and num_layers == 1:
            warnings.warn(
                "dropout option adds dropout after all but last recurrent layer, so non-zero dropout "
                f"expects num_layers greater than 1, but got dropout={dropout} and "
                f"num_layers={num_layers}",
                stacklevel=2,
            )
        self.mode = f"RNN_{nonlinearity.upper()}"
        self.input_size = input_size
        self.hidden_size = hidden_size
        self.num_layers = num_layers
        self.nonlinearity = nonlinearity
        self.bias = bias
        self.batch_first = batch_first
        self.dropout = float(dropout)
        self.bidirectional = bidirectional
        for layer, suffix in self._runs():
            width = input_size if layer == 0 else hidden_size * (1 + bidirectional)
            setattr(self, f"weight_ih{suffix}", blank(hidden_size, width, dtype=dtype))
            setattr(self, f"weight_hh{suffix}", blank(hidden_size, hidden_size, dtype=dtype))
            if bias:
                setattr(self, f"bias_ih{suffix}", blank(hidden_size, dtype=dtype))
                setattr(self, f"bias_hh{suffix}", blank(hidden_size, dtype=dtype))
        self.reset_parameters()

    @staticmethod
    def _refuse_numbers(input_size: Any, hidden_size: Any, num_layers: Any, dropout: Any) -> None:
        if not 0 <= float(dropout) <= 1 or isinstance(dropout, bool):
            raise ValueError(
                "dropout should be a number in range [0, 1] representing the probability of an element being zeroed"
            )
        for name, n in (("input_size", input_size), ("hidden_size", hidden_size)):
            if not isinstance(n, int):
                raise TypeError(f"{name} should be of type int, got: {type(n).__name__}")
        for name, n in (("input_size", input_size), ("hidden_size", hidden_size), ("num_layers", num_layers)):
            if n <= 0:
                raise ValueError(f"{name} must be greater than zero")

    def _runs(self) -> list[tuple[int, str]]:
        """Return, in order of the hidden states, the layer and name suffix of every run."""
        ways = ("", "_reverse") if self.bidirectional else ("",)
        return [(layer, f"_l{layer}{way}") for layer in range(self.num_layers) for way in ways]

    def forward(self, input: Tensor, hx: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Run over sequences.

        Parameters
        ----------
        input : Tensor
            Of shape ``(time, batch, input_size)``, ``(batch, time, input_size)`` if
            ``batch_first``, or ``(time, input_size)``.
        hx : Tensor, optional
            Hidden states at the start, of shape ``(layers * directions, batch, hidden_size)``.

        Returns
        -------
        output : Tensor
            The last layer's hidden states at all times.
        h_n : Tensor
            All hidden states at the end, of the shape of `hx`.

        Raises
        ------
        RuntimeError, ValueError
            If shapes do not fit.
        """
        if input.dim() not in (2, 3):
            raise ValueError(f"RNN: Expected input to be 2D or 3D, got {input.ndim}D tensor instead")
        single = input.ndim == 2
        if hx is not None and hx.ndim != input.ndim:
            kind = "unbatched 2-D" if single else "batched 3-D"
            raise RuntimeError(f"For {kind} input, hx should also be {input.ndim}-D but got {hx.ndim}-D tensor")
        mine = self.weight_ih_l0.dtype
        if input.dtype != mine:
            raise ValueError(
                f"RNN input dtype ({input.dtype}) does not match weight dtype ({mine}). Convert input: "
                f"input.to({mine}), or convert model: model.to({input.dtype})"
            )
        if input.shape[-1] != self.input_size:
            raise RuntimeError(
                f"input.size(-1) must be equal to input_size. Expected {self.input_size}, got {input.shape[-1]}"
            )
        axis = 1 if self.batch_first else 0
        x = input.unsqueeze(1) if single else input.transpose(0, axis)
        batch = x.shape[1]
        runs = self._runs()
        if hx is None:
            hx = wrap(np.zeros((len(runs), batch, self.hidden_size), input._data.dtype))
        elif single:
            hx = hx.unsqueeze(1)
        if tuple(hx.shape) != (len(runs), batch, self.hidden_size):
            wanted = (len(runs), batch, self.hidden_size)
            raise RuntimeError(f"Expected hidden size {wanted}, got {list(hx.shape)}")
        if not x.shape[0]:
            raise RuntimeError("Expected sequence length to be larger than 0 in RNN")
        if hx.dtype != mine:
            kinds = [one.dtype.tensor_type.removesuffix("Tensor") for one in (hx, self.weight_ih_l0)]
            raise RuntimeError(f"mat1 and mat2 must have the same dtype, but got {' and '.join(kinds)}")
        outputs, x = self._layers(x, hx)
        ends = FUNCTIONS["stack"](outputs, 0)
        if single:
            return x.squeeze(1), ends.squeeze(1)
        return x.transpose(0, axis), ends

    def _layers(self, x: Tensor, hx: Tensor) -> tuple[list[Tensor], Tensor]:
        ways = 1 + self.bidirectional
        ends: list[Tensor] = []
        runs = self._runs()
        for layer in range(self.num_layers):
            made = []
            for way in range(ways):
                number = layer * ways + way
                states = self._run(x, hx.select(0, number), runs[number][1], way == 1)
                ends.append(states[-1])
                made.append(FUNCTIONS["stack"](states[::-1] if way else states, 0))
            x = made[0] if ways == 1 else FUNCTIONS["cat"](made, -1)
            if self.dropout and layer < self.num_layers - 1:
                x = F.dropout(x, self.dropout, self.training)
        return ends, x

    def _run(self, x: Tensor, h: Tensor, suffix: str, backwards: bool) -> list[Tensor]:
        """Return the hidden states in the order in which they were computed."""
        w_ih, w_hh = getattr(self, f"weight_ih{suffix}"), getattr(self, f"weight_hh{suffix}")
        b_ih, b_hh = (getattr(self, f"bias_{way}{suffix}", None) for way in ("ih", "hh"))
        seen = list(F.linear(x, w_ih, b_ih).unbind(0))
        activate = _activation(self.nonlinearity)
        states = []
        for part in reversed(seen) if backwards else seen:
            h = activate(F.linear(h, w_hh, b_hh).add(part))
            states.append(h)
        return states

    def extra_repr(self) -> str:
        text = f"{self.input_size}, {self.hidden_size}"
        if self.num_layers != 1:
            text += f", num_layers={self.num_layers}"
        if not self.bias:
            text += f", bias={self.bias}"
        if self.batch_first:
            text += f", batch_first={self.batch_first}"
        if self.dropout:
            text += f", dropout={self.dropout}"
        if self.bidirectional:
            text += f", bidirectional={self.bidirectional}"
        return text
