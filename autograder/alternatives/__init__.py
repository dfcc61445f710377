"""Other right ways to write each part, which must earn what the reference earns.

A grader that knows one solution only punishes whoever thinks differently. Each lesson has a module
here with at least two versions of each of its parts that are written otherwise than the reference.
"""

from autograder.alternatives.registry import Alternative, alternative, alternatives

__all__ = ["Alternative", "alternative", "alternatives"]
