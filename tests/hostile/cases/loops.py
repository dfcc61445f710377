"""What never comes to an end, whatever is done about it."""

from __future__ import annotations

from tests.hostile.case import RIGHT, Case, clean, lies

FAMILY = "endless loops"


def cell(id: str, tries: str, code: str) -> Case:
    """An endless cell."""
    return Case(id, tries, {"saved-bytes": clean(code)}, RIGHT, {"saved-bytes": 0.0}, student="did not end within")


CASES = (
    cell("loop", "a loop", "while True: pass"),
    cell(
        "loop-that-swallows",
        "a loop that swallows interrupts",
        """
        while True:
            try:
                while True: pass
            except BaseException: pass
        """,
    ),
    cell(
        "loop-without-signals",
        "a loop that ignores every signal",
        """
        import signal
        for n in range(1, 65):
            try:
                signal.signal(n, signal.SIG_IGN)
            except (OSError, ValueError):
                pass
        while True: pass
        """,
    ),
    cell(
        "loop-with-signals-blocked",
        "a loop with every signal blocked",
        """
        import signal
        signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))
        while True: pass
        """,
    ),
    cell("loop-in-c", "a loop outside Python", "sum(range(10**14))"),
    cell(
        "sleep",
        "sleep",
        """
        import time
        time.sleep(10**6)
        """,
    ),
    cell(
        "lock",
        "wait for a lock",
        """
        import threading
        a = threading.Lock()
        a.acquire(); a.acquire()
        """,
    ),
    cell(
        "stop",
        "stop the process",
        """
        import os, signal
        os.kill(os.getpid(), signal.SIGSTOP)
        """,
    ),
    cell(
        "select",
        "wait for nothing",
        """
        import select
        select.select([], [], [])
        """,
    ),
    cell(
        "generator",
        "a generator without end",
        """
        import itertools
        list(x for x in itertools.count() if x < 0)
        """,
    ),
    Case("input", "wait for the keyboard", {"saved-bytes": "input()"}, RIGHT, {"saved-bytes": 0.0}, student="EOFError"),
    lies(
        "loop-in-a-part",
        "a loop in a part",
        """
        def saved_bytes(tensor):
            while True: pass
        """,
        student="did not end within",
    ),
    lies(
        "loop-in-one-scenario",
        "a loop in one case",
        RIGHT["saved-bytes"]
        + (
            "\nright = saved_bytes\ndef saved_bytes(tensor):\n    if 'float32' in str(tensor.dtype):\n"
            "        while True: pass\n    return right(tensor)"
        ),
        points=2.77,
        student="did not end within",
    ),
    lies(
        "slow-in-every-scenario",
        "just fast enough, each time",
        """
        import time
        def saved_bytes(tensor):
            time.sleep(0.9)
            return 0
        """,
    ),
    lies(
        "slow-and-crashing",
        "slow cells and a crash in each case",
        """
        import os, time
        time.sleep(1.2)
        def saved_bytes(tensor):
            os._exit(0)
        """,
    ),
    lies(
        "loop-when-it-dies",
        "a loop in __del__",
        """
        class Late:
            def __del__(self):
                while True: pass
        def saved_bytes(tensor):
            Late()
            return 0
        """,
        student="did not end within",
    ),
    lies(
        "loop-when-it-is-plugged",
        "a loop as a part is plugged in",
        """
        class Slow(type):
            def __getattribute__(cls, name):
                while True: pass
        class saved_bytes(metaclass=Slow): pass
        """,
    ),
    lies(
        "loop-in-a-thread",
        "threads that take all the time",
        (
            "import threading\ndef spin():\n    while True: pass\nfor _ in range(8):\n"
            "    threading.Thread(target=spin, daemon=True).start()\n"
            "def saved_bytes(tensor):\n    return 0"
        ),
    ),
)
