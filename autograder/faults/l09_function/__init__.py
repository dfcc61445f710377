"""Lesson 9: wrong ideas about `Function.apply`, and about a convolution with its backward."""

from autograder.faults.l09_function import function  # isort: skip
from autograder.faults.l09_function import conv2d  # isort: skip

__all__ = ["conv2d", "function"]
