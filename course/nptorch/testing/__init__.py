"""``torch.testing``: are two results close enough?

Which tolerance a dtype gets, and which elements are close under it, say two parts of lesson 12.

References
----------
.. [1] https://docs.pytorch.org/docs/stable/testing.html
"""

from __future__ import annotations

from course.nptorch.absent import nothing_else_in
from course.nptorch.testing.close import assert_close

__all__ = ["assert_close"]

__getattr__ = nothing_else_in("testing")
