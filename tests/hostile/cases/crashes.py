"""The process ends, in every way a process can end."""

from __future__ import annotations

from tests.hostile.case import RIGHT, Case, clean, lies, talks

FAMILY = "crashes"


def cell(id: str, tries: str, code: str, student: str = "ended the process") -> Case:
    """A cell that ends the process."""
    return Case(
        id, tries, {"saved-bytes": clean(code)}, RIGHT, {"release-rule": 3.0, "saved-bytes": 0.0}, student=student
    )


_ONE = RIGHT["saved-bytes"] + (
    "\nright = saved_bytes\ndef saved_bytes(tensor):\n    if 'float32' in str(tensor.dtype):\n"
    "        ENDS\n    return right(tensor)"
)

CASES = (
    cell(
        "exit",
        "os._exit",
        """
        import os
        os._exit(0)
        """,
    ),
    cell(
        "segfault",
        "a null pointer",
        """
        import ctypes
        ctypes.string_at(0)
        """,
    ),
    cell(
        "abort",
        "abort",
        """
        import os
        os.abort()
        """,
    ),
    cell(
        "killed",
        "kill itself",
        """
        import os, signal
        os.kill(os.getpid(), signal.SIGKILL)
        """,
    ),
    cell(
        "kills-the-group",
        "kill everybody",
        """
        import os, signal
        for pid in (0, -1, 1, os.getppid()):
            try:
                os.kill(pid, signal.SIGKILL)
            except OSError as error:
                print('stopped')
        os._exit(0)
        """,
    ),
    cell(
        "closes-its-line",
        "close the connection",
        """
        import os
        os.closerange(3, 64)
        """,
    ),
    cell(
        "interpreter-ended",
        "sys.exit in a cell",
        """
        import sys
        sys.exit(0)
        """,
        "SystemExit",
    ),
    cell("interrupts-itself", "KeyboardInterrupt", "raise KeyboardInterrupt", "KeyboardInterrupt"),
    cell(
        "own-end",
        "an exception that is none",
        """
        class End(BaseException): pass
        raise End('</pre><script>')
        """,
        "End: </pre><script>",
    ),
    cell("generator-exit", "GeneratorExit", "raise GeneratorExit", "GeneratorExit"),
    cell(
        "error-without-a-text",
        "an exception whose str() raises",
        """
        class Bad(Exception):
            def __str__(self): raise SystemExit
        raise Bad
        """,
        "Bad: (no text: str() raises SystemExit)",
    ),
    cell(
        "error-that-loops",
        "an exception whose str() never ends",
        """
        class Bad(Exception):
            def __str__(self):
                while True: pass
        raise Bad
        """,
        "did not end",
    ),
    cell(
        "error-group",
        "a group of exceptions",
        """
        raise ExceptionGroup('x', [ValueError(1), ExceptionGroup('y', [TypeError(2)])])
        """,
        "ExceptionGroup: x",
    ),
    cell("codec-error", "an exception that takes five arguments", "b'\\xff'.decode()", "UnicodeDecodeError"),
    cell(
        "syntax-error",
        "no Python",
        """
        def saved_bytes(tensor):
          return 1
         return 2
        """,
        "IndentationError",
    ),
    cell(
        "syntax-error-made-up",
        "a SyntaxError with a text and a line of its own",
        """
        raise SyntaxError('x', ('f', 'not a number', 1, 'text'))
        """,
        "SyntaxError",
    ),
    Case(
        "null-character",
        "a text with a null character",
        {"saved-bytes": "x = 1\0"},
        RIGHT,
        {"saved-bytes": 0.0},
        student="null bytes",
    ),
    lies(
        "crash-in-one-case",
        "a crash in one case",
        _ONE.replace("ENDS", "import os; os._exit(3)"),
        points=2.77,
        student="ended the process",
    ),
    lies(
        "exit-in-one-case",
        "sys.exit in one case",
        _ONE.replace("ENDS", "raise SystemExit(1)"),
        points=2.77,
        student="was ended by SystemExit: 1",
    ),
    lies(
        "interrupt-in-one-case",
        "KeyboardInterrupt in one case",
        _ONE.replace("ENDS", "raise KeyboardInterrupt"),
        points=2.77,
        student="was ended by KeyboardInterrupt",
    ),
    lies(
        "segfault-in-each-case",
        "a crash in every case",
        """
        def saved_bytes(tensor):
            import ctypes
            ctypes.string_at(0)
        """,
        student="ended the process",
    ),
    lies(
        "raises-in-each-case",
        "an error in every case",
        """
        def saved_bytes(tensor):
            raise ZeroDivisionError('no')
        """,
        student="raises ZeroDivisionError: no",
    ),
    lies(
        "stops-an-iteration",
        "StopIteration in every case",
        """
        def saved_bytes(tensor):
            raise StopIteration(0)
        """,
    ),
    lies(
        "not-implemented",
        "NotImplemented as a result",
        """
        def saved_bytes(tensor):
            return NotImplemented
        """,
    ),
    talks(
        "line-used-as-a-file",
        "another file in place of the connection",
        """
        import os
        def evil(what, content):
            os.dup2(os.open('x', os.O_CREAT | os.O_RDWR), LINE.fileno())
        """,
        student="ended the process",
    ),
    talks(
        "line-shut",
        "half of the connection shut",
        """
        import socket
        def evil(what, content):
            LINE.shutdown(socket.SHUT_WR)
        """,
        student="ended the process",
    ),
)
