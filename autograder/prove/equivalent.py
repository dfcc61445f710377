"""Mutants that nobody can tell from the reference, each with its reason.

The key is what `gradschool prove --mutants` prints.
"""

from __future__ import annotations

EQUIVALENT: dict[str, str] = {}
