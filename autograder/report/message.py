"""What a grade cell printed, taken apart again, so that a page can lay it out.

The words are made by `autograder.verdict`; this is the other direction. A line that is not understood is
kept as a note, so nothing that a student would read in the notebook gets lost.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

LABELS = ("torch", "expected", "yours", "with the inputs", "raised in")
UNWRITTEN = "This is not written yet: "


@dataclass
class Message:
    """One thing that is wrong.

    Attributes
    ----------
    question : str
        What the scenario asks, or a sentence that says why nothing could be run.
    place : str
        What to look at.
    said : list of tuple of str
        Pairs such as ``("torch", "True")`` and ``("yours", "False")``.
    ideas : list of str
        Likely causes.
    hint : str
        A hint, where no cause is known.
    command : str
        What to run to see it.
    unwritten : str
        What is still to be written, if that is all.
    notes : list of str
        Everything else.
    """

    question: str
    place: str = ""
    said: list[tuple[str, str]] = field(default_factory=list)
    ideas: list[str] = field(default_factory=list)
    hint: str = ""
    command: str = ""
    unwritten: str = ""
    notes: list[str] = field(default_factory=list)

    @property
    def ran(self) -> bool:
        """Whether this is about something that ran, and not about why nothing could."""
        return bool(self.place or self.said or self.unwritten or self.command or self.trouble)

    @property
    def trouble(self) -> str:
        """What became of the part, if it gave nothing to compare."""
        return next((note for note in self.notes if note.startswith("Your part ")), "")


@dataclass
class Said:
    """All that one grade cell said.

    Attributes
    ----------
    text : str
        As it was printed.
    head : str
        The first line: points and checks.
    messages : list of Message
        What is wrong, at most a few.
    notes : list of str
        What belongs to none of them.
    """

    text: str = ""
    head: str = ""
    messages: list[Message] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def ideas(self) -> list[str]:
        """Likely causes, the likeliest first."""
        return [idea for message in self.messages for idea in message.ideas]

    @property
    def unwritten(self) -> str:
        """What is still to be written, if that is what is wrong."""
        return self.messages[0].unwritten if self.messages else ""

    @property
    def first(self) -> str:
        """What went wrong, in one sentence; empty if nothing did."""
        if not self.messages:
            return ""
        message = self.messages[0]
        if message.unwritten:
            return f"Not written yet: {message.unwritten.removeprefix('write ')}."
        if self.ideas:
            return self.ideas[0]
        return message.trouble or (f"Differs from torch: {message.question}" if message.ran else message.question)


def parse(text: str) -> Said:
    """Take apart what a grade cell printed."""
    said = Said(text)
    several = False
    for line in text.splitlines():
        body = line.strip()
        indent = len(line) - len(line.lstrip(" "))
        if not body:
            continue
        if line.startswith("- "):
            said.messages.append(Message(line[2:].strip()))
            several = False
        elif indent == 0 or not said.messages:
            if said.head:
                said.notes.append(body.removeprefix("(").removesuffix(")") if body.startswith("(") else body)
            else:
                said.head = body
        else:
            several = _add(said.messages[-1], body, indent, several)
    return said


def _add(message: Message, body: str, indent: int, several: bool) -> bool:
    """Add a line to a message; return whether likely causes follow."""
    label, colon, rest = body.partition(": ")
    if several and indent >= 6:
        message.ideas.append(body)
        return True
    if body == "Likely cause, one of:":
        return True
    if indent >= 6 and colon and label in LABELS:
        message.said.append((label, rest))
    elif place := re.fullmatch(r"Look at '(.*)':", body) or re.fullmatch(r'Look at "(.*)":', body):
        message.place = place[1]
    elif label == "Likely cause":
        message.ideas.append(rest)
    elif label == "Hint":
        message.hint = rest
    elif body.startswith(UNWRITTEN):
        message.unwritten = body.removeprefix(UNWRITTEN)
    elif label in ("See it beside torch", "Run it yourself"):
        message.command = rest
    else:
        message.notes.append(body)
    return False
