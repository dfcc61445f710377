"""``Parameter``: a leaf that a `Module` finds by itself.

References
----------
.. [1] https://docs.pytorch.org/docs/stable/generated/torch.nn.parameter.Parameter.html
"""

from __future__ import annotations

from typing import Any

import numpy as np

from course.nptorch import messages
from course.nptorch._tensor import Tensor, wrap
from course.nptorch.dtypes import get_default_dtype


class Parameter(Tensor):
    """A tensor that becomes part of a module when it is assigned to an attribute of it.

    Parameters
    ----------
    data : Tensor, optional
        Values; the parameter shares their memory and their version counter.
    requires_grad : bool
        Whether operations on it are recorded, also when it is made under ``no_grad``.

    Raises
    ------
    RuntimeError
        If gradients are asked for and the dtype is not floating point.
    """

    def __init__(self, data: Any = None, requires_grad: bool = True) -> None:
        if data is None:
            data = wrap(np.zeros(0, get_default_dtype().numpy))
        if not isinstance(data, Tensor):
            data = data.detach()  # which numbers, lists and arrays have not got, as torch says as well
        flag: Any = requires_grad
        if not isinstance(flag, bool):
            what = f"must be bool, not {type(flag).__name__}"
            raise TypeError(f"_make_subclass(): argument 'require_grad' (position 3) {what}")
        self._data = data._array
        if data._inference:
            self._inference = True
        else:
            self._version_counter = data._counter()
        if requires_grad and not self.dtype.is_floating_point:
            raise RuntimeError(messages.ONLY_FLOATS)
        self.requires_grad_(requires_grad)

    def __deepcopy__(self, memo: dict[int, Any]) -> Parameter:
        if id(self) not in memo:
            memo[id(self)] = type(self)(wrap(np.array(self._array)), self.requires_grad)
        return memo[id(self)]  # type: ignore[no-any-return]

    def __reduce_ex__(self, protocol: Any) -> Any:
        return (type(self), (wrap(self._array), self.requires_grad))


class Buffer(Tensor):
    """A tensor that becomes part of a module's state when it is assigned to an attribute of it.

    Parameters
    ----------
    data : Tensor, optional
        Values; the buffer shares their memory.
    persistent : bool
        Whether it appears in the module's ``state_dict``.
    """

    persistent: bool

    def __init__(self, data: Any = None, *, persistent: bool = True) -> None:
        if data is None:
            data = wrap(np.zeros(0, get_default_dtype().numpy))
        self._data = data._array
        self._version_counter = data._counter()
        self.persistent = persistent
