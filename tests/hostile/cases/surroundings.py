"""Environment, limits and settings of the process, which those who come after would inherit."""

from __future__ import annotations

from tests.hostile.case import harms

FAMILY = "environment and settings"

CASES = (
    harms(
        "environment-changed",
        "other environment variables",
        """
        import os
        os.environ.clear()
        os.environ.update(PYTHONPATH='/x', LD_PRELOAD='/x.so', OMP_NUM_THREADS='99')
        """,
    ),
    harms(
        "folder-changed",
        "another working folder",
        """
        import os
        os.chdir('/')
        """,
    ),
    harms(
        "limits-raised",
        "higher limits",
        """
        import resource
        tried(lambda: resource.setrlimit(resource.RLIMIT_AS, (-1, -1)))
        tried(lambda: resource.setrlimit(resource.RLIMIT_CPU, (999, 999)))
        """,
    ),
    harms(
        "limits-of-the-server",
        "limits of the process above",
        """
        import os, resource
        tried(lambda: resource.prlimit(os.getppid(), resource.RLIMIT_CPU, (1, 1)))
        """,
    ),
    harms(
        "path-changed",
        "another sys.path",
        """
        import sys
        sys.path[:] = []
        sys.meta_path.clear()
        """,
    ),
    harms(
        "recursion",
        "recursion without limit",
        """
        import sys
        sys.setrecursionlimit(10**9)
        """,
    ),
    harms(
        "collector",
        "another garbage collector's settings",
        """
        import gc
        gc.enable(); gc.set_threshold(1); gc.unfreeze(); gc.set_debug(gc.DEBUG_SAVEALL)
        gc.set_debug(0); gc.disable()
        """,
    ),
    harms(
        "tracing",
        "trace every line",
        """
        import sys, threading
        sys.setprofile(lambda *a: None)
        threading.setprofile(lambda *a: None)
        """,
    ),
    harms(
        "warnings-as-errors",
        "warnings that are errors",
        """
        import warnings
        warnings.simplefilter('error')
        """,
    ),
    harms(
        "float-errors",
        "floating point errors that raise",
        """
        import numpy
        numpy.seterr(all='raise')
        """,
    ),
    harms(
        "signals",
        "other handlers of signals",
        """
        import signal
        for n in range(1, 32):
            try:
                signal.signal(n, signal.SIG_IGN)
            except OSError:
                pass
        """,
    ),
    harms(
        "standard-output",
        "no standard output",
        """
        import sys, os
        sys.stdout = sys.stderr = sys.stdin = None
        os.close(0); os.close(1); os.close(2)
        """,
    ),
    harms(
        "locale",
        "another locale and clock",
        """
        import os, time, decimal
        os.environ['TZ'] = 'Asia/Tokyo'; time.tzset(); decimal.getcontext().prec = 1
        """,
    ),
    harms(
        "another-user",
        "become root",
        """
        import os
        tried(lambda: os.setuid(0))
        tried(lambda: os.setresuid(0, 0, 0))
        tried(lambda: os.chroot('.'))
        """,
    ),
    harms(
        "another-namespace",
        "a world of one's own",
        """
        import ctypes, os
        libc = ctypes.CDLL(None, use_errno=True)
        def unshare():
            if libc.unshare(0x10000000):
                raise OSError(ctypes.get_errno())
        tried(unshare)
        """,
    ),
    harms(
        "audit",
        "an audit hook that raises",
        """
        import sys
        sys.addaudithook(lambda name, args: (_ for _ in ()).throw(SystemExit) if name == 'nothing' else None)
        """,
    ),
)
