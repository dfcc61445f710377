"""Batches of submissions, judged by a program of its own: what a worker of a cluster starts.

``python -m autograder.batch.bench COURSE LESSON`` reads one batch a line and writes its results as one line,
in JSON: ``[[key, texts], ...]`` comes in, ``{"results": [...]}`` or ``{"error": ...}`` goes out.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

from autograder.batch.hand import carried_from
from autograder.batch.pool import Pool, PoolError
from autograder.batch.result import Result, plain


def main(course: Path, lesson: str) -> None:
    """Serve until the input ends."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # whatever is printed from here on is no answer
    with Pool(course, lesson, 1) as pool:
        for line in sys.stdin:
            found: list[Result] = []
            try:
                pool.run({key: carried_from(carried) for key, carried in json.loads(line)}, found.append)
            except PoolError as error:
                answer: dict[str, Any] = {"error": str(error)}
            else:
                answer = {"results": [plain(result) for result in found]}
            try:
                answers.write(json.dumps(answer) + "\n")
                answers.flush()
            except BrokenPipeError:  # the worker is gone, and somebody else judges this batch
                os._exit(0)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
