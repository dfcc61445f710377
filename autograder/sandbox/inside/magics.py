"""IPython's own lines (``%timeit``, ``!ls``, ``name?``), which nothing in here could run.

This is done where a student's cells run: what looks into a stranger's text should have nothing to lose.
"""

from __future__ import annotations

import re
from types import CodeType

_TIMED = ("%%time", "%%timeit", "%%capture", "%%prun")  # what follows them is Python
_ASSIGNED = re.compile(r"(\s*[A-Za-z_]\w*\s*=)\s*[%!]")


def compiled(text: str, name: str) -> CodeType:
    """Compile a cell; if it is no Python, compile it without the lines that are IPython's.

    Raises
    ------
    SyntaxError, ValueError
        If it does not compile as it is, and without those lines neither.
    """
    try:
        return compile(text, name, "exec", dont_inherit=True)
    except SyntaxError:
        without = without_magics(text)
        if without == text:
            raise
        return compile(without, name, "exec", dont_inherit=True)


def without_magics(text: str) -> str:
    """Leave out IPython's lines; every other line keeps its number."""
    lines = text.split("\n")
    first = next((line.split()[0] for line in lines if line.strip()), "")
    if first.startswith("%%") and first not in _TIMED:
        return ""  # written for another program
    return "\n".join(map(_python, lines))


def _python(line: str) -> str:
    word = line.lstrip()
    indent = line[: len(line) - len(word)]
    if word.startswith("%time ") and word[6:].strip():
        return indent + word[6:].lstrip()
    if word.startswith(("%", "!", "?")) or word.rstrip().endswith("?"):
        return indent + "pass"
    assigned = _ASSIGNED.match(line)
    return f"{assigned[1]} None" if assigned else line
