"""The proof that the grader grades: right parts get everything, wrong ones lose, and wrong ideas are named."""

from autograder.prove.proof import Proof, prove

__all__ = ["Proof", "prove"]
