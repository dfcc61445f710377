"""``torch.utils``: what does not belong anywhere else.

References
----------
.. [1] https://docs.pytorch.org/docs/stable/utils.html
"""

from __future__ import annotations

from course.nptorch.absent import nothing_else_in
from course.nptorch.utils import checkpoint as checkpoint
from course.nptorch.utils import data as data

__getattr__ = nothing_else_in("utils")
