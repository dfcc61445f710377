"""A worker process: judges what it is told to, one submission after the other, until its input ends.

``python -m autograder.batch.hand COURSE LESSON`` reads one request a line and writes one answer a line,
in JSON. If whoever started it is killed, it finishes what it has begun, keeps the result, and ends.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from autograder.batch.marker import Marker
from autograder.batch.result import plain
from autograder.sandbox.inside.wire import Broken
from autograder.sandbox.transplant import Carried


def carried_from(data: Mapping[str, Any]) -> Carried:
    """Rebuild texts that travelled as JSON."""
    return Carried(dict(data["texts"]), tuple(data["flags"]), data["unreadable"])


def main(course: Path, lesson: str) -> None:
    """Serve until the input ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the one who decides what then happens
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # whatever is printed from here on is no answer

    def answer(what: dict[str, Any]) -> None:
        answers.write(json.dumps(what) + "\n")
        answers.flush()

    try:
        marker = Marker(course, lesson)
        marker.warm()
    except (Broken, OSError) as error:
        answer({"error": str(error)})
        return
    with marker:
        answer({"ready": True})
        for line in sys.stdin:
            try:
                request = json.loads(line)
                result = marker.mark(carried_from(request["carried"]), request["key"])
            except (Broken, OSError, ArithmeticError, LookupError, RuntimeError, TypeError, ValueError) as error:
                answer({"error": f"{type(error).__name__}: {error}"})
            else:
                answer({"result": plain(result)})


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
