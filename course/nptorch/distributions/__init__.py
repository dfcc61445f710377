"""``torch.distributions``: probabilities with gradients.

References
----------
.. [1] https://docs.pytorch.org/docs/stable/distributions.html
"""

from __future__ import annotations

from course.nptorch.absent import nothing_else_in
from course.nptorch.distributions.categorical import Categorical
from course.nptorch.distributions.distribution import Distribution
from course.nptorch.distributions.normal import Normal

__all__ = ["Categorical", "Distribution", "Normal"]

__getattr__ = nothing_else_in("distributions")
