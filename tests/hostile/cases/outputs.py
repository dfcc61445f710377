"""What a person looks at: HTML, JavaScript, terminal codes, and characters that turn a line round."""

from __future__ import annotations

from typing import Any

from tests.hostile.case import RIGHT, Case, harms, lies

FAMILY = "HTML, terminal codes and huge texts"

_SCRIPT = "<script>alert(1)</script><img src=x onerror=alert(2)>"


def _rich(notebook: dict[str, Any]) -> None:
    data = {"text/html": [_SCRIPT], "application/javascript": "alert(3)", "image/svg+xml": "<svg onload=alert(4)>"}
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            cell["outputs"] = [
                {"output_type": "display_data", "data": data, "metadata": {"text/html": {"isolated": False}}}
            ]
        cell["metadata"]["tags"] = [_SCRIPT]
        cell["attachments"] = {"x.svg": {"image/svg+xml": "x"}}
    notebook["metadata"]["title"] = _SCRIPT
    notebook["metadata"]["widgets"] = {"application/vnd.jupyter.widget-state+json": {"state": {_SCRIPT: {}}}}


def _huge(notebook: dict[str, Any]) -> None:
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            cell["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "x" * 500_000}]


CASES = (
    harms("html-printed", "HTML, printed", f"print({_SCRIPT!r})", student="<script>"),
    harms("html-displayed", "HTML, displayed", "tried(lambda: __import__('IPython').display.display)"),
    Case(
        "html-in-outputs",
        "HTML and JavaScript in the file's outputs and metadata",
        base=RIGHT,
        points={"saved-bytes": 3.0},
        damage=_rich,
    ),
    Case(
        "huge-outputs", "outputs of many megabytes in the file", base=RIGHT, points={"saved-bytes": 3.0}, damage=_huge
    ),
    Case(
        "html-in-a-text",
        "HTML in the text of a cell",
        {"saved-bytes": f'"""{_SCRIPT}</pre></div>"""\n' + RIGHT["saved-bytes"]},
        RIGHT,
        {"saved-bytes": 3.0},
    ),
    lies(
        "html-in-an-error",
        "HTML in an error",
        f"def saved_bytes(tensor):\n    raise ValueError({_SCRIPT!r})",
        student="raises ValueError: <script>",
    ),
    lies(
        "html-in-a-name",
        "HTML in the name of an exception",
        """
        Bad = type('<b>', (Exception,), {})
        def saved_bytes(tensor):
            raise Bad('x')
        """,
        student="raises Exception: x",
    ),
    lies(
        "html-in-a-value",
        "HTML in a value",
        f"def saved_bytes(tensor):\n    return {_SCRIPT!r}",
        student="yours: <script>",
    ),
    harms(
        "terminal-codes",
        "clear the screen, set the title, write to the clipboard",
        """
        print('\\x1b[2J\\x1b[H\\x1b]0;owned\\x07\\x1b]52;c;cm0gLXJm\\x07\\x1bP+q\\x9b31m')
        """,
        student="\\x1b]52;c",
    ),
    harms("colours", "colours, which do no harm", "print('\\x1b[31mred\\x1b[0m')", student="red"),
    lies(
        "terminal-codes-in-an-error",
        "the same in an error",
        """
        def saved_bytes(tensor):
            raise ValueError('\\x1b[2J\\x07\\x9b')
        """,
        student="\\x1b[2J\\x07\\x9b",
    ),
    lies(
        "terminal-codes-in-a-value",
        "the same in a value",
        """
        def saved_bytes(tensor):
            return '\\x1b[2J\\x1b]0;x\\x07'
        """,
        student="\\x1b[2J",
    ),
    lies(
        "terminal-codes-in-an-exit",
        "the same as a last word",
        """
        def saved_bytes(tensor):
            raise SystemExit('\\x1b[2J\\nsaved-bytes: 3 of 3 points.')
        """,
        student="was ended by SystemExit: \\x1b[2J saved-bytes",
    ),
    harms(
        "line-turned-round",
        "characters that turn the line round",
        """
        print('\\u202epoints 5\\u202c \\u2066x\\u2069 \\u200b\\ufeff')
        """,
        student="\\u202epoints 5",
    ),
    harms(
        "line-overwritten",
        "a line that writes over itself",
        "print('0 points\\r5 points')",
        student="0 points\n5 points",
    ),
    harms(
        "half-characters",
        "halves of characters, which no file can hold",
        "print('\\ud800 \\udfff')",
        student="\\ud800 \\udfff",
    ),
    lies(
        "half-characters-in-an-error",
        "the same in an error",
        """
        def saved_bytes(tensor):
            raise ValueError('\\ud800')
        """,
        student="\\ud800",
    ),
    lies(
        "half-characters-in-a-value",
        "the same in a value",
        """
        def saved_bytes(tensor):
            return '\\ud800'
        """,
        student="\\ud800",
    ),
    harms("null-printed", "null characters", "print('a\\0b' * 10)", student="a\\x00b"),
    harms("marks-piled-up", "a letter with a thousand accents", "print('e' + '\\u0301' * 1000)"),
    harms("printed-at-once", "a hundred thousand lines", "print('x\\n' * 100_000)"),
    harms(
        "printed-in-another-way",
        "a print that goes round the limit",
        """
        import sys
        sys.stdout.write = lambda text: len(text)
        import io
        io.StringIO.write(sys.stdout, 'y' * 10**6)
        """,
    ),
    lies(
        "long-lines",
        "a value of a million characters",
        """
        def saved_bytes(tensor):
            return 'z' * 10**6
        """,
        student="zzz...",
    ),
    harms(
        "format-strings", "braces and percent signs", "print('{points} %s %(x)s {0.__class__}')", student="{points} %s"
    ),
    harms("markup", "markup of the terminal table", "print('[bold red]5 of 5[/] [link=file:///etc/passwd]x')"),
)
