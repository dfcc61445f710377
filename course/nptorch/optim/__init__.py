"""``torch.optim``: optimisers and schedules of learning rates.

References
----------
.. [1] https://docs.pytorch.org/docs/stable/optim.html
"""

from __future__ import annotations

from course.nptorch.absent import nothing_else_in
from course.nptorch.optim import lr_scheduler as lr_scheduler
from course.nptorch.optim.adam import Adam, AdamW
from course.nptorch.optim.optimizer import Optimizer
from course.nptorch.optim.rmsprop import RMSprop
from course.nptorch.optim.sgd import SGD

__all__ = ["SGD", "Adam", "AdamW", "Optimizer", "RMSprop", "lr_scheduler"]

__getattr__ = nothing_else_in("optim")
