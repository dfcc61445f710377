"""``torch.nn.functional``: the operations behind the modules, as functions.

References
----------
.. [1] https://docs.pytorch.org/docs/stable/nn.functional.html
"""

from __future__ import annotations

from typing import Any

from course.nptorch.nn import rules as rules
from course.nptorch.nn.functional.activation import *  # noqa: F403
from course.nptorch.nn.functional.conv import *  # noqa: F403
from course.nptorch.nn.functional.dropout import *  # noqa: F403
from course.nptorch.nn.functional.linear import *  # noqa: F403
from course.nptorch.nn.functional.loss import *  # noqa: F403
from course.nptorch.nn.functional.norm import *  # noqa: F403
from course.nptorch.nn.functional.pad import *  # noqa: F403
from course.nptorch.nn.functional.pooling import *  # noqa: F403


def __getattr__(name: str) -> Any:
    if name.startswith("_"):
        raise AttributeError(name)
    raise NotImplementedError(f"course.nptorch has no torch.nn.functional.{name}")
