"""``torch.nn.functional``: the operations behind the modules, as functions.

References
----------
.. [1] https://docs.pytorch.org/docs/stable/nn.functional.html
"""

from __future__ import annotations

from course.nptorch.absent import nothing_else_in
from course.nptorch.nn import rules as rules
from course.nptorch.nn.functional.activation import *  # noqa: F403
from course.nptorch.nn.functional.conv import *  # noqa: F403
from course.nptorch.nn.functional.dropout import *  # noqa: F403
from course.nptorch.nn.functional.linear import *  # noqa: F403
from course.nptorch.nn.functional.loss import *  # noqa: F403
from course.nptorch.nn.functional.norm import *  # noqa: F403
from course.nptorch.nn.functional.pad import *  # noqa: F403
from course.nptorch.nn.functional.pooling import *  # noqa: F403
from course.nptorch.ops.register import FUNCTIONS

# torch has these at its top as well
AT_THE_TOP = """
bilinear celu conv1d conv2d conv_transpose2d cosine_similarity pixel_shuffle pixel_unshuffle prelu selu
"""
FUNCTIONS.update({_name: globals()[_name] for _name in AT_THE_TOP.split() if _name in globals()})

__getattr__ = nothing_else_in("nn.functional")
