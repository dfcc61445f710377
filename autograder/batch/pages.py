"""HTML pages of many notebooks that are mostly the same, through nbconvert's own templates."""

from __future__ import annotations

import datetime
import functools
import json
import secrets
from pathlib import Path
from typing import Any, Protocol

from autograder.batch.tidy import tidied

KEPT = 1000  # cells whose HTML is remembered; a lesson has some dozens
AROUND = """{%- extends FILE -%}
{%- block any_cell scoped -%}MARK{{ known(cell) or keep(cell, super()) }}MARK{%- endblock any_cell -%}"""


class Fills(Protocol):
    """Puts scores and comments into a notebook."""

    def fill(self, notebook: Any, resources: Any) -> tuple[Any, Any]:
        """Do it."""


class Pages:
    """Makes the pages of a class.

    A page is what `nbconvert.HTMLExporter` would make of it, to the byte. The time that takes goes into
    rendering cells, and into BeautifulSoup, which reads and writes the whole page once more. Here cells
    pass through both one by one, and those that are the same in all notebooks only once. Validation is
    left out: we wrote these notebooks.

    Parameters
    ----------
    converter : nbgrader.converters.GenerateFeedback
        Says which exporter, template and steps are configured.
    """

    def __init__(self, converter: Any) -> None:
        from nbconvert.exporters import HTMLExporter

        self._exporter: Any = converter.exporter_class(parent=converter, config=converter.config)
        for step in converter.preprocessors:
            self._exporter.register_preprocessor(step)
        # An exporter that makes pages in another way is used as it is.
        self._ours = type(self._exporter).from_notebook_node is HTMLExporter.from_notebook_node
        self._cells: dict[str, Any] = {}
        self._mark = f"<!--{secrets.token_hex(8)}-->"  # nothing that a notebook can contain
        self._told: Fills | None = None
        self._css: Any = None
        self._exporter._preprocess = self._prepare
        if self._ours:
            file = json.dumps(self._exporter.template_file)
            self._exporter.raw_template = AROUND.replace("FILE", file).replace("MARK", self._mark)
            self._exporter.environment.globals.update(known=self._known, keep=self._keep)

    def page(self, file: Path, names: dict[str, str], told: Fills) -> str:
        """Return the page of one notebook.

        Parameters
        ----------
        file : Path
            The graded notebook.
        names : dict
            Student, assignment, notebook: ``resources["nbgrader"]`` of a template.
        told : Fills
            Scores and comments.
        """
        from nbconvert.exporters import TemplateExporter
        from nbformat.notebooknode import from_dict

        self._told = told
        read = _joined(json.loads(file.read_text(encoding="utf-8")))
        notebook: Any = from_dict(read)  # type: ignore[no-untyped-call]
        changed = datetime.datetime.fromtimestamp(file.stat().st_mtime, tz=datetime.UTC)
        resources = {
            "unique_key": file.stem,
            "output_files_dir": f"{file.stem}_files",
            "nbgrader": dict(names),
            "metadata": {
                "name": file.stem,
                "path": str(file.parent),
                "modified_date": f"{changed:%B} {changed.day}, {changed.year}",
            },
        }
        if not self._ours:
            return str(self._exporter.from_notebook_node(notebook, resources)[0])
        self._filters(notebook)
        html, _ = TemplateExporter.from_notebook_node(self._exporter, notebook, resources)
        return self._finished(html)

    def _prepare(self, notebook: Any, resources: Any) -> tuple[Any, Any]:
        """Take the configured steps; this stands in for the exporter's own way, which validates after each."""
        from nbconvert.preprocessors import CSSHTMLHeaderPreprocessor
        from nbgrader.preprocessors import GetGrades

        assert self._told is not None
        for step in self._exporter._preprocessors:
            if type(step) is GetGrades:
                notebook, resources = self._told.fill(notebook, resources)
            elif type(step) is CSSHTMLHeaderPreprocessor and step.enabled:
                if self._css is None:
                    notebook, resources = step(notebook, resources)
                    self._css = resources["inlining"]
                resources["inlining"] = self._css
            else:
                notebook, resources = step(notebook, resources)
        return notebook, resources

    def _filters(self, notebook: Any) -> None:
        """Register what depends on the notebook; see `nbconvert.HTMLExporter.from_notebook_node`."""
        from nbconvert.filters.highlight import Highlight2HTML
        from nbconvert.filters.widgetsdatatypefilter import WidgetsDataTypeFilter

        told = notebook.metadata.get("language_info", {})
        lexer = told.get("pygments_lexer", told.get("name"))
        exporter = self._exporter
        colours = exporter.filters.get("highlight_code")
        if colours is None:
            colours = Highlight2HTML(pygments_lexer=lexer, parent=exporter)  # type: ignore[no-untyped-call]
        exporter.register_filter("highlight_code", colours)
        types = WidgetsDataTypeFilter(  # type: ignore[no-untyped-call]
            notebook_metadata={}, parent=exporter, resources={}
        )
        exporter.register_filter("filter_data_type", types)

    def _known(self, cell: Any) -> Any:
        """Return the HTML of a cell that another student has too."""
        return None if "nbgrader" in cell.metadata else self._cells.get(_text(cell))

    def _keep(self, cell: Any, html: Any) -> Any:
        if "nbgrader" not in cell.metadata:
            self._cells[_text(cell)] = html
        return html

    def _finished(self, html: str) -> str:
        """Pass a page through BeautifulSoup, its cells one by one."""
        head, *pieces, tail = html.lstrip("\r\n").split(self._mark)
        if not pieces:
            return tidied(head)
        frame = tidied(head.rstrip() + self._mark + tail.lstrip()).split(self._mark)
        page, space = [frame[0]], _after(head)
        for n, piece in enumerate(pieces):
            if n % 2 and not piece.strip():  # nothing between two cells
                space += piece
            else:
                page += [_one(space + _before(piece)), _tidy(piece.strip())]
                space = _after(piece)
        return "".join([*page, _one(space + _before(tail)), frame[1]])


def _before(text: str) -> str:
    return text[: len(text) - len(text.lstrip())]


def _after(text: str) -> str:
    return text[len(text.rstrip()) :]


def _one(space: str) -> str:
    """Of white space between two elements BeautifulSoup leaves one character."""
    return "\n" if "\n" in space else " " if space else ""


_tidy = functools.lru_cache(KEPT)(tidied)  # for cells, which many students have in common


def _text(cell: Any) -> str:
    return json.dumps(cell, sort_keys=True)


def _joined(notebook: dict[str, Any]) -> dict[str, Any]:
    """Join the lines of texts, as nbformat does when it reads."""
    for cell in notebook["cells"]:
        cell["source"] = _join(cell["source"])
        for output in cell.get("outputs", ()):
            if "text" in output:
                output["text"] = _join(output["text"])
            output.get("data", {}).update({kind: _join(data) for kind, data in output.get("data", {}).items()})
    return notebook


def _join(text: Any) -> Any:
    return "".join(text) if isinstance(text, list) else text
