"""One of a number of classes.

References
----------
.. [1] https://docs.pytorch.org/docs/stable/distributions.html#categorical
"""

from __future__ import annotations

from typing import Any

import numpy as np

from course.nptorch._tensor import Tensor, wrap
from course.nptorch.distributions.distribution import Distribution, sizes_of
from course.nptorch.grad_mode import recording
from course.nptorch.ops.register import FUNCTIONS


class Categorical(Distribution):
    """A class drawn with given probabilities.

    Parameters
    ----------
    probs : Tensor, optional
        Weights of the classes along the last axis; they are divided by their sum.
    logits : Tensor, optional
        Or their logarithms, up to a constant.
    validate_args : bool, optional
        Whether values are checked (they are, unless this is False).

    Raises
    ------
    ValueError
        If not exactly one of the two is given, or it has no axes, or a weight is negative.
    """

    def __init__(
        self,
        probs: Tensor | None = None,
        logits: Tensor | None = None,
        validate_args: bool | None = None,
    ) -> None:
        if (probs is None) == (logits is None):
            raise ValueError("Either `probs` or `logits` must be specified, but not both.")
        self._checked = validate_args is not False
        given = probs if probs is not None else logits
        assert given is not None
        if given.dim() < 1:
            name = "probs" if probs is not None else "logits"
            raise ValueError(f"`{name}` parameter must be at least one-dimensional.")
        if probs is not None:
            self.probs = probs / probs.sum(-1, keepdim=True)
        else:
            self.logits = given - given.logsumexp(-1, keepdim=True)
        self._num_events = given.shape[-1]
        super().__init__(given.shape[:-1])
        if self._checked:
            self._check(given, probs is not None)

    def _check(self, given: Tensor, is_probs: bool) -> None:
        data = self.probs._data if is_probs else given._data
        fine = not np.isnan(data).any()
        if is_probs:
            fine = fine and bool(np.all(data >= 0) and np.all(np.abs(data.sum(-1) - 1) < 1e-6))
        if not fine:
            name, what = ("probs", "Simplex()") if is_probs else ("logits", "IndependentConstraint(Real(), 1)")
            raise ValueError(
                f"Expected parameter {name} (Tensor of shape {tuple(data.shape)}) of distribution "
                f"{self!r} to satisfy the constraint {what}, but found invalid values:\n{getattr(self, name)}"
            )

    def __getattr__(self, name: str) -> Any:
        # of probs and logits, the one that was not given is computed when it is first asked for
        if name == "logits":
            eps = np.finfo(self.probs._data.dtype).eps
            self.logits = self.probs.clamp(eps, 1 - eps).log()
            return self.logits
        if name == "probs" and "logits" in self.__dict__:
            self.probs = self.logits.softmax(-1)
            return self.probs
        return super().__getattr__(name)

    @property
    def param_shape(self) -> Any:
        """Shape of the probabilities."""
        return (self.probs if "probs" in self.__dict__ else self.logits).shape

    @property
    def mode(self) -> Tensor:
        """The most probable class."""
        return self.probs.argmax(-1)  # type: ignore[no-any-return]

    def sample(self, sample_shape: Any = ()) -> Tensor:
        """Draw classes; of shape ``(*sample_shape, *batch_shape)``."""
        asked = sizes_of(sample_shape)
        with recording(False):
            rows = self.probs.reshape(-1, self._num_events)
            drawn = FUNCTIONS["multinomial"](rows, int(np.prod(asked, dtype=int)), True).T
        return drawn.reshape((*asked, *self.batch_shape))  # type: ignore[no-any-return]

    def log_prob(self, value: Tensor) -> Tensor:
        """Return the log-probability of each class in `value`, broadcast against the batch.

        Raises
        ------
        ValueError
            If a class does not exist, or the shape does not fit.
        """
        last = self._num_events - 1
        support = f"IntegerInterval(lower_bound=0, upper_bound={last})"
        self._check_value(value, support, lambda data: (data >= 0) & (data <= last) & (data == np.floor(data)))
        data = value._data
        shape = np.broadcast_shapes(data.shape, tuple(self.batch_shape))
        index = wrap(np.broadcast_to(np.asarray(data, np.int64), shape)[..., None].copy())
        logits = self.logits.expand((*shape, self._num_events))
        return logits.gather(-1, index).squeeze(-1)  # type: ignore[no-any-return]

    def entropy(self) -> Tensor:
        """Return the entropy of each distribution."""
        least = np.finfo(self.logits._data.dtype).min
        return -(self.logits.clamp(min=float(least)) * self.probs).sum(-1)  # type: ignore[no-any-return]

    def __repr__(self) -> str:
        known = {name: self.__dict__[name] for name in ("probs", "logits") if name in self.__dict__}
        shown = [f"{name}: {x if x.numel() == 1 else x.shape}" for name, x in known.items()]
        return f"Categorical({', '.join(shown)})"
