"""Lesson 8: wrong ideas about hooks, by exercise."""

from autograder.faults.l08_hooks import handle  # isort: skip
from autograder.faults.l08_hooks import tensor_hooks  # isort: skip
from autograder.faults.l08_hooks import node_hooks  # isort: skip
from autograder.faults.l08_hooks import kept_gradients  # isort: skip
from autograder.faults.l08_hooks import names  # isort: skip

__all__ = ["handle", "kept_gradients", "names", "node_hooks", "tensor_hooks"]
