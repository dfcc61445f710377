"""What torch's constructors take besides dtype and device, and the engine has one answer to.

A program may say ``layout=torch.strided`` or ``pin_memory=False``, which is what every tensor here is.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from course.nptorch._tensor import Tensor
from course.nptorch.absent import absent
from course.nptorch.ops.register import with_words

CONSTRUCTORS = """
arange empty empty_like eye full full_like linspace logspace ones ones_like rand rand_like randint randint_like randn
randn_like normal randperm scalar_tensor tril_indices triu_indices zeros zeros_like
"""
METHODS = "new_empty new_full new_ones new_tensor new_zeros"
ONLY = {
    "layout": (None, "strided"),
    "pin_memory": (None, False),
    "memory_format": (None, "contiguous_format", "preserve_format"),
}


def _plain(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a constructor that takes the words of `ONLY` as well.

    Raises
    ------
    NotImplementedError
        If one of them asks for something that the engine does not have.
    """

    @functools.wraps(function)
    def constructor(*args: Any, **kwargs: Any) -> Any:
        for word, allowed in ONLY.items():
            if word in kwargs:
                value = kwargs.pop(word)
                if value not in allowed:
                    raise absent(f"{function.__name__}({word}={value})")
        return function(*args, **kwargs)

    return with_words(constructor, function, **dict.fromkeys(ONLY))


def accept_layout(functions: dict[str, Callable[..., Any]]) -> None:
    """Make all constructors take ``layout``, ``pin_memory`` and ``memory_format``."""
    for name in CONSTRUCTORS.split():
        functions[name] = _plain(functions[name])
    for name in METHODS.split():
        setattr(Tensor, name, _plain(getattr(Tensor, name)))
