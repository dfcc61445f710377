"""Too much of everything: memory, disk, output, processes, threads, depth."""

from __future__ import annotations

from tests.hostile.case import RIGHT, Case, harms, lies

FAMILY = "bombs: memory, output, processes"

CASES = (
    harms(
        "memory-of-lists",
        "memory without end, in lists",
        """
        def fill():
            all = []
            while True:
                all.append(bytes(1 << 24))
        tried(fill)
        """,
    ),
    harms(
        "memory-of-arrays",
        "an array of 80 GB",
        """
        import numpy
        tried(lambda: numpy.ones(10**10))
        """,
    ),
    harms(
        "memory-mapped",
        "memory mapped, and locked",
        """
        import mmap, ctypes
        tried(lambda: mmap.mmap(-1, 1 << 40))
        """,
    ),
    lies(
        "memory-in-a-part",
        "memory without end, in a part",
        """
        def saved_bytes(tensor):
            all = []
            while True:
                all.append(bytes(1 << 24))
        """,
        student="MemoryError",
    ),
    harms(
        "number-of-thousands-of-digits",
        "a number that takes for ever to print",
        """
        x = 10 ** 1_000_000
        tried(lambda: str(x))
        """,
    ),
    harms(
        "prints-100-mb",
        "100 MB of output",
        """
        for _ in range(1000):
            print('x' * 100_000)
        """,
    ),
    harms("prints-one-line", "one line of 20 MB", "print('y' * 20_000_000)"),
    harms(
        "prints-to-the-descriptor",
        "output past Python",
        """
        import os
        for _ in range(1000):
            os.write(1, b'x' * 100_000); os.write(2, b'x' * 100_000)
        """,
    ),
    harms(
        "warns",
        "a hundred thousand warnings",
        """
        import warnings
        for n in range(100_000):
            warnings.warn('x' * 100 + str(n))
        """,
        seconds=15,
    ),
    lies(
        "warns-in-a-part",
        "warnings of a megabyte each",
        """
        import warnings
        def saved_bytes(tensor):
            for n in range(30):
                warnings.warn('x' * 1_000_000 + str(n))
            return 0
        """,
    ),
    lies(
        "error-of-100-mb",
        "an error's text of 100 MB",
        """
        def saved_bytes(tensor):
            raise ValueError('x' * 100_000_000)
        """,
        student="raises ValueError: xxx",
    ),
    lies(
        "result-of-200-mb",
        "an array of 200 MB as a result",
        """
        import numpy
        def saved_bytes(tensor):
            return numpy.ones(25_000_000)
        """,
        student="yours",
    ),
    lies(
        "result-of-many-parts",
        "a million objects as a result",
        """
        def saved_bytes(tensor):
            return [object() for _ in range(300_000)]
        """,
        seconds=15,
    ),
    lies(
        "result-of-depth",
        "lists in lists, a thousand deep",
        """
        def saved_bytes(tensor):
            a = []
            for _ in range(1000):
                a = [a, a]
            return a
        """,
    ),
    lies(
        "result-holds-itself",
        "a list that holds itself, twice",
        """
        def saved_bytes(tensor):
            a = []
            a += [a, a]
            return a
        """,
    ),
    harms(
        "forks",
        "processes without end",
        """
        import os
        def fork():
            while os.fork():
                pass
        tried(fork)
        """,
    ),
    harms(
        "programs",
        "another program",
        """
        import subprocess
        tried(lambda: subprocess.run(['sleep', '100']))
        import os
        tried(lambda: os.system('sleep 100') == 0 or 1 / 0)
        """,
    ),
    harms(
        "pools",
        "a pool of processes",
        """
        import multiprocessing
        tried(lambda: multiprocessing.Process(target=print).start())
        tried(lambda: multiprocessing.get_context('spawn').Process(target=print).start())
        """,
    ),
    harms(
        "threads",
        "threads without end",
        """
        import threading, time
        def start():
            while True:
                threading.Thread(target=time.sleep, args=(100,), daemon=True).start()
        tried(start)
        """,
    ),
    harms(
        "descriptors",
        "open files without end",
        """
        import os
        tried(lambda: [os.dup(0) for _ in range(10_000)])
        """,
    ),
    harms(
        "pipes",
        "pipes full of data",
        """
        import os
        kept = []
        try:
            while True:
                kept.append(os.pipe())
        except OSError:
            pass
        for one in kept:
            os.set_blocking(one[1], False)
            os.write(one[1], bytes(60_000))
        """,
    ),
    Case(
        "recursion-in-a-part",
        "recursion without end",
        {"saved-bytes": "def saved_bytes(tensor):\n    return saved_bytes(tensor)"},
        RIGHT,
        {"saved-bytes": 0.0},
        student="RecursionError",
    ),
    lies(
        "recursion-in-c",
        "recursion that overflows the stack",
        """
        import sys, functools
        sys.setrecursionlimit(10**8)
        def saved_bytes(tensor):
            return functools.reduce(lambda a, b: saved_bytes(a), [tensor, tensor])
        """,
        student="ended the process",
    ),
    Case(
        "text-nested",
        "a text that is nested a hundred thousand deep",
        {"saved-bytes": "x = " + "(" * 90_000 + ")" * 90_000},
        RIGHT,
        {"saved-bytes": 0.0},
        student="cell does not run",
    ),
    Case(
        "text-of-signs",
        "a text that overflows the compiler's stack",
        {"saved-bytes": "x = " + "-" * 190_000 + "1"},
        RIGHT,
        {"saved-bytes": 0.0},
        student="e",
    ),
    Case(
        "text-folded",
        "a constant that takes for ever to fold",
        {"saved-bytes": "x = 9 ** 9 ** 9 ** 9"},
        RIGHT,
        {"saved-bytes": 0.0},
        student="did not end",
    ),
    Case(
        "text-too-long",
        "a megabyte of text",
        {"saved-bytes": RIGHT["saved-bytes"] + "\n#" + "x" * 1_000_000},
        RIGHT,
        {"saved-bytes": 0.0},
        student="not defined",
        instructor="longer than 200000",
    ),
    Case(
        "text-of-magics",
        "ten thousand lines for IPython",
        {"saved-bytes": "!ls\n%timeit 1\nx = !ls\nlen?\n" * 5000 + RIGHT["saved-bytes"]},
        RIGHT,
        {"saved-bytes": 3.0},
    ),
    Case(
        "text-of-one-magic",
        "a cell written for another program",
        {"saved-bytes": "%%bash\nrm -rf /"},
        RIGHT,
        {"saved-bytes": 0.0},
        student="not defined",
    ),
    lies(
        "regular-expression",
        "a regular expression without end",
        """
        import re
        def saved_bytes(tensor):
            return re.match('(a+)+$', 'a' * 60 + 'b')
        """,
        student="did not end",
    ),
)
