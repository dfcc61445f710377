"""From docstrings to Markdown."""

from __future__ import annotations

import inspect
import re
from fnmatch import fnmatch
from typing import Any

from docstring_parser import Docstring, DocstringStyle, parse

from course.apidocs.glossary import shared_meaning
from course.apidocs.links import link
from course.apidocs.names import Entry
from course.nptorch.table import OPS

_PLAIN = (bool, int, float, str, tuple, type(None))


def parsed(entry: Entry) -> Docstring:
    """Return the docstring in its sections."""
    return parse(entry.doc, DocstringStyle.NUMPYDOC)


def described(doc: Docstring, kind: str = "param") -> dict[str, tuple[str, str]]:
    """Return type and meaning of the parameters (or attributes) that a docstring has a section for."""
    found = {}
    for one in doc.params:
        if one.args[0] == kind:
            for name in one.arg_name.split(","):
                found[name.strip().lstrip("*")] = one.type_name or "", _line(one.description)
    return found


def meaning(entry: Entry, doc: Docstring, name: str) -> str | None:
    """Return what a parameter means, as ``" (type): text"``; "" if the text says it, None if nothing does."""
    for pattern, told in described(doc).items():
        if fnmatch(name, pattern):
            return _typed(*told)
    if name in _words_in_code(entry.doc):
        return ""
    shared = shared_meaning(entry.area.path, name)
    return f": {shared}" if shared else None


def signature(entry: Entry) -> str:
    """Return how it is called: names and defaults, without types."""
    if not callable(entry.object):
        return entry.path
    pieces, star = [], False
    for one in entry.parameters:
        if one.kind is one.VAR_POSITIONAL:
            star = True
        if one.kind is one.KEYWORD_ONLY and not star:
            pieces.append("*")
            star = True
        prefix = "*" * (one.kind is one.VAR_POSITIONAL) + "**" * (one.kind is one.VAR_KEYWORD)
        pieces.append(f"{prefix}{one.name}{_default(one.default)}")
    return f"{entry.path}({', '.join(pieces)})"


def section(entry: Entry, level: int = 3) -> str:
    """Return everything about one name."""
    doc = parsed(entry)
    lines = [f"{'#' * level} {_short(entry)}", "", f"    {signature(entry)}", "", doc.short_description or "", ""]
    if doc.long_description:
        lines += [doc.long_description, ""]
    lines += _parameters(entry, doc) + _results(doc) + _examples(doc) + _recorded(entry) + _reference(entry)
    return "\n".join([*lines, *(section(one, level + 1) for one in entry.members)])


def row(entry: Entry) -> str:
    """Return one line of a table, for a name whose summary says it all."""
    address = link(entry)
    name = f"`{signature(entry).removeprefix('torch.')}`".replace("|", "\\|")
    says = _line(parsed(entry).short_description).replace("|", "\\|")
    return f"| {name} | {says} | {f'[torch]({address})' if address else ''} |\n"


def shared(listed: list[Entry]) -> str:
    """Return what the parameters mean that stand in a table of names."""
    said: dict[str, str | None] = {}
    for entry in listed:
        doc = parsed(entry)
        said |= {name: meaning(entry, doc, name) for name in entry.arguments}
    lines = [f"- `{name}`{text}\n" for name, text in sorted(said.items()) if text]
    return "".join(["\nParameters, where the summary does not speak of them:\n\n", *lines]) if lines else ""


def needs_room(entry: Entry) -> bool:
    """Return whether a docstring has more than a summary."""
    doc = parsed(entry)
    return bool(doc.long_description or doc.params or doc.raises or doc.returns)


def _short(entry: Entry) -> str:
    return entry.path.removeprefix("torch.") if entry.area.path else entry.path


def _parameters(entry: Entry, doc: Docstring) -> list[str]:
    lines = []
    for one in entry.parameters:
        by_name = one.name in entry.arguments or one.name in described(doc)
        said = meaning(entry, doc, one.name) if by_name else ""
        if said:
            lines.append(f"- `{one.name}`{said}")
    attributes = [f"- `{name}`{_typed(*told)}" for name, told in described(doc, "attribute").items()]
    titled = [(lines, "Parameters"), (attributes, "Attributes")]
    return [text for some, title in titled if some for text in (f"{title}:", "", *some, "")]


def _results(doc: Docstring) -> list[str]:
    lines = []
    for one in doc.many_returns:
        name = f"`{one.return_name}`" if one.return_name else ""
        lines.append(f"Returns {name}{_typed(one.type_name or '', _line(one.description))}")
    for error in doc.raises:
        lines.append(f"Raises {error.type_name}: {_line(error.description)}".rstrip(": "))
    return [text for line in lines for text in (line, "")]


def _examples(doc: Docstring) -> list[str]:
    code = [
        line.partition("  # doctest:")[0].rstrip() for one in doc.examples for line in (one.snippet or "").splitlines()
    ]
    return ["```python", *code, "```", ""] if code else []


def _recorded(entry: Entry) -> list[str]:
    """Say what the graph gets of an operation, as far as the vjp table tells."""
    op = OPS.get(entry.name) if entry.area.path in ("", "Tensor", "nn.functional") else None
    if op is None:
        return []
    kept = sorted({word for words in op.words for word in words if word in op.tensors})
    keeps = ", ".join(f"`{'input' if name == 'self' and entry.area.path != 'Tensor' else name}`" for name in kept)
    return [f"Recorded as `{op.node_name}`, which may keep {keeps or 'no tensor'}.", ""]


def _reference(entry: Entry) -> list[str]:
    address = link(entry)
    return [f"In torch: [{entry.path}]({address})", ""] if address else ["The course's own; torch has none.", ""]


def _typed(kind: str, text: str) -> str:
    return f" ({kind})" * bool(kind) + f": {text}" * bool(text)


def _words_in_code(text: str) -> set[str]:
    return {word for piece in re.findall(r"`+([^`]+)`+", text) for word in re.findall(r"\w+", piece)}


def _line(text: str | None) -> str:
    return " ".join((text or "").split())


def _default(value: Any) -> str:
    if value is inspect.Parameter.empty:
        return ""
    if isinstance(value, _PLAIN):
        return f"={value!r}"
    return f"={getattr(value, '__name__', None) or str(value)}" if "0x" not in str(value) else "=..."
