"""What is left of ``Variable``: since torch 0.4 every Tensor is one.

References
----------
.. [1] https://docs.pytorch.org/docs/stable/autograd.html#variable-deprecated
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

from course.nptorch._tensor import Tensor
from course.nptorch.engine import current

VOLATILE = "volatile was removed and now has no effect. Use `with torch.no_grad():` instead."


class _AnyTensor(type):
    """Makes every Tensor an instance of ``Variable``."""

    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, Tensor)


class ExecutionEngine:
    """What programs reach for as ``Variable._execution_engine``."""

    def queue_callback(self, callback: Callable[[], Any]) -> None:
        """Call `callback` when the backward pass that is running in this thread has ended.

        Raises
        ------
        RuntimeError
            If none is running.
        """
        if current.backward is None:
            raise RuntimeError("Final callbacks can only be installed during backward pass.")
        current.backward.callbacks.append(callback)


class Variable(metaclass=_AnyTensor):
    """``Variable(t)`` returns a Tensor on the memory of `t`.

    Parameters
    ----------
    data : Tensor
        The values.
    requires_grad : bool
        Whether operations on it are recorded.
    volatile : bool
        Without effect; warns. Use `no_grad`.
    """

    _execution_engine = ExecutionEngine()

    def __new__(cls, data: Tensor, requires_grad: bool = False, volatile: bool = False) -> Any:
        if volatile:
            warnings.warn(VOLATILE, UserWarning, stacklevel=2)
        made = data.data
        made._version_counter = data._counter()
        if requires_grad:
            made.requires_grad_()
        return made


def _volatile(self: Tensor) -> bool:
    """Return False: nothing is volatile any more."""
    return False


def _set_volatile(self: Tensor, value: bool) -> None:
    warnings.warn(VOLATILE, UserWarning, stacklevel=2)


def reinforce(self: Tensor, *args: Any, **kwargs: Any) -> None:
    """Refuse, as torch does since 0.4.

    Raises
    ------
    RuntimeError
        Always; it says what to write instead.
    """
    raise RuntimeError(
        "reinforce() was removed.\nUse torch.distributions instead.\n"
        "See https://pytorch.org/docs/main/distributions.html\n\nInstead of:\n\n"
        "probs = policy_network(state)\naction = probs.multinomial()\n"
        "next_state, reward = env.step(action)\naction.reinforce(reward)\naction.backward()\n\n"
        "Use:\n\nprobs = policy_network(state)\n"
        "# NOTE: categorical is equivalent to what used to be called multinomial\n"
        "m = torch.distributions.Categorical(probs)\naction = m.sample()\n"
        "next_state, reward = env.step(action)\nloss = -m.log_prob(action) * reward\n"
        "loss.backward()\n"
    )


Tensor.volatile = property(_volatile, _set_volatile)  # type: ignore[attr-defined]
Tensor.reinforce = reinforce  # type: ignore[attr-defined]
