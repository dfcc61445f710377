"""A program as plain data: Python statements, one a line, in which ``T`` is the engine."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

#: Names that statements find beside the tensors they make; see `course.fuzz.prelude`.
HELPERS = (
    *("seen", "around", "pack", "unpack", "fresh"),
    *("Scale", "Product", "Exponential", "Same", "Raise", "Pair", "Broken", "Split", "Once", "Set", "Cut"),
)

_WRITTEN = re.compile(
    r"(?<!autograd)\.grad\b| @ |functional\.|\.(to|float|double|type_as|mm|mv|linear|isclose|tensordot|einsum)\("
)
_WALKED = re.compile(r"grad\b|functional\.(jacobian|hessian|vjp|jvp|vhp|hvp)")
_MADE = re.compile(r"^\s*([\w, ]+?),? = ", re.MULTILINE)
_HEADER = "import torch as T  # or: import course.nptorch as T; import course.parts; T.use(**course.parts.reference())"


@dataclass(frozen=True)
class Program:
    """A list of statements, and when the tensors are looked at.

    Attributes
    ----------
    statements : tuple of str
        Python, one statement each.
    patient : bool
        Look at the tensors only after the last statement. Looking is not free of effects: it
        makes a view whose base has changed find its new history.
    """

    statements: tuple[str, ...]
    patient: bool = False

    def to_json(self) -> dict[str, Any]:
        """Return plain data."""
        return {"statements": list(self.statements), "patient": self.patient}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Program:
        """Rebuild what `to_json` wrote."""
        return cls(tuple(data["statements"]), bool(data.get("patient", False)))

    def snippet(self) -> str:
        """Return the program as Python that runs on either engine."""
        used = set().union(*(names(line) for line in self.statements))
        helpers = [name for name in HELPERS if name in used]
        lines = [_HEADER]
        if helpers:
            lines.append("from course.fuzz.prelude import prelude")
            lines += [f'{name} = prelude(T)["{name}"]' for name in helpers]
        if self.patient:
            lines.append("# looked at only after the last statement")
        return "\n".join([*lines, *self.statements])


@lru_cache(maxsize=4096)
def names(statement: str) -> frozenset[str]:
    """Return the names that occur in a statement."""
    return frozenset(node.id for node in ast.walk(ast.parse(statement)) if isinstance(node, ast.Name))


def program(statements: Iterable[str], patient: bool = False) -> Program:
    """Make a program of statements."""
    return Program(tuple(statements), patient)


def written_to(statements: Iterable[str]) -> frozenset[str]:
    """Return the names of tensors that an engine may have written to while they came about.

    Those are gradients, and in torch some products of matrices. How often is nobody's business.
    """
    return _descended(statements, _WRITTEN)


def gradients(statements: Iterable[str]) -> frozenset[str]:
    """Return the names of gradients, and of what was made of them."""
    return _descended(statements, _WALKED)


def made_by(statement: str) -> frozenset[str]:
    """Return the names that a statement gives to what it makes."""
    made = _MADE.search(statement)
    return frozenset(name.strip() for name in made[1].split(",")) if made else frozenset()


def _descended(statements: Iterable[str], origin: re.Pattern[str]) -> frozenset[str]:
    found: set[str] = set()
    for statement in statements:
        made = made_by(statement)
        if made and (origin.search(statement) or found & names(statement)):
            found |= made
    return frozenset(found)
