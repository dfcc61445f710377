"""What is meant to go on after the submission was graded."""

from __future__ import annotations

from tests.hostile.case import RIGHT, Case, harms, talks

FAMILY = "what is left running"

CASES = (
    harms(
        "daemon-threads",
        "threads that go on",
        """
        import threading, time
        for _ in range(5):
            threading.Thread(target=time.sleep, args=(10**6,)).start()
        """,
    ),
    harms(
        "timers",
        "timers",
        """
        import threading, signal
        threading.Timer(0.01, print, ['x']).start()
        signal.signal(signal.SIGALRM, lambda *a: None)
        signal.setitimer(signal.ITIMER_REAL, 0.01, 0.01)
        """,
    ),
    harms(
        "alarm-that-kills",
        "an alarm that ends the process in the middle",
        """
        import signal
        signal.setitimer(signal.ITIMER_REAL, 30)
        """,
    ),
    harms(
        "at-exit",
        "functions for the end",
        """
        import atexit, weakref, sys
        atexit.register(lambda: open('/tmp/x', 'w'))
        class Late:
            def __del__(self):
                while True: pass
        kept = Late()
        weakref.finalize(sys, print)
        """,
    ),
    harms(
        "double-fork",
        "a daemon",
        """
        import os
        def daemon():
            if os.fork() == 0:
                os.setsid()
                if os.fork() == 0:
                    while True: pass
                os._exit(0)
        tried(daemon)
        """,
    ),
    harms(
        "own-session",
        "a session of its own",
        """
        import os
        tried(os.setsid)
        tried(lambda: os.setpgid(0, 0))
        """,
    ),
    harms(
        "outlive-the-parent",
        "live on when the parent dies",
        """
        import ctypes
        libc = ctypes.CDLL(None, use_errno=True)
        def outlive():
            if libc.prctl(1, 0, 0, 0, 0):
                raise OSError
        tried(outlive)
        """,
    ),
    harms(
        "thread-by-the-library",
        "a process by the C library",
        """
        import ctypes
        libc = ctypes.CDLL(None, use_errno=True)
        def clone():
            if libc.syscall(56, 17, 0, 0, 0, 0) < 0:
                raise OSError
            return 1
        tried(clone)
        """,
    ),
    talks(
        "thread-that-answers",
        "a thread that writes answers at any moment",
        """
        import threading
        def flood():
            while True:
                try:
                    value(40)
                except BaseException:
                    return
        def evil(what, content):
            if what == 'fresh':
                threading.Thread(target=flood, daemon=True).start()
        """,
        seconds=15,
    ),
    Case(
        "kept-alive",
        "an object that refuses to die",
        {
            "saved-bytes": "kept = []\nclass Never:\n    def __del__(self):\n        kept.append(self)\nNever()\n"
            + RIGHT["saved-bytes"]
        },
        RIGHT,
        {"saved-bytes": 3.0},
    ),
)
