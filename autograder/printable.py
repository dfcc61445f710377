"""Texts of strangers, made fit to be shown: nothing in them moves a cursor, turns the line round, or fills a page.

A browser escapes what is HTML by itself, since these texts are put into notebooks as plain text only.
"""

from __future__ import annotations

import re

_COLOURS = re.compile(r"\x1b\[[0-9;:]*m")


def printable(text: str, most: int) -> str:
    """Keep characters that can be seen, line ends and tabs; show others by their number.

    Colours for terminals are left out, other spaces become plain ones. Invisible are, beside control
    characters, those that turn the direction of writing, and halves of characters, which no file can hold.

    Parameters
    ----------
    text : str
        Any text.
    most : int
        Characters that are kept; ``...`` stands for the rest.
    """
    cut = text[: most + 1].replace("\r\n", "\n").replace("\r", "\n")
    shown = "".join(map(_shown, _COLOURS.sub("", cut)))
    return shown if len(text) <= most and len(shown) <= most else shown[:most] + "..."


def one_line(text: str, most: int = 300) -> str:
    """Do the same, and put all on one line: nobody writes lines into a verdict but the judge."""
    line = " ".join(printable(text, 2 * most).split())
    return line if len(line) <= most else line[:most] + "..."


def _shown(letter: str) -> str:
    if letter.isprintable() or letter in "\n\t":
        return letter
    if letter.isspace():
        return " "
    return f"\\x{ord(letter):02x}" if letter < "\x80" else letter.encode("ascii", "backslashreplace").decode("ascii")
