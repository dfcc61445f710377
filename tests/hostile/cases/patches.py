"""Changing what runs in the student's process: engine, NumPy, builtins, collector, connection."""

from __future__ import annotations

from tests.hostile.case import LAZY, PRELUDE, RIGHT, Case, clean, wants

FAMILY = "monkeypatching"


def breaks(id: str, tries: str, code: str, **more: object) -> Case:
    """A change of the process, in front of parts that do nothing."""
    return Case(id, tries, {"saved-tensor": PRELUDE + clean(code)}, LAZY, {"saved-tensor": 0.0}, **more)  # type: ignore[arg-type]


_CYCLE = RIGHT["saved-tensor"].replace("value.detach() if is_output else value", "value")

CASES = (
    wants(
        "backward",
        "a backward that does nothing",
        """
        import course.nptorch as t
        t.Tensor.backward = lambda *a, **k: None
        t.Tensor.grad = property(lambda s: s)
        """,
    ),
    wants(
        "use",
        "an engine that takes no parts",
        """
        import course.nptorch as t
        t.use = lambda **parts: None
        """,
    ),
    wants(
        "every-name",
        "an engine of which every name is the same function",
        """
        import course.nptorch as t
        for name in dir(t):
            if not name.startswith('_') and name not in ('use', 'Tensor'):
                setattr(t, name, lambda *a, **k: 40)
        """,
    ),
    wants(
        "operators",
        "sums that are wrong",
        """
        import operator
        for name in ('add', 'mul', 'eq', 'getitem'):
            setattr(operator, name, lambda *a: True)
        """,
    ),
    wants(
        "numpy-functions",
        "NumPy that computes nothing",
        """
        import numpy
        for name in ('add', 'exp', 'array', 'asarray', 'zeros', 'ones', 'array_equal', 'allclose'):
            setattr(numpy, name, lambda *a, **k: True)
        """,
    ),
    wants(
        "isinstance",
        "isinstance that says yes",
        """
        import builtins
        builtins.isinstance = lambda *a: True
        """,
    ),
    wants(
        "type",
        "type and len that lie",
        """
        import builtins
        builtins.type = lambda *a: int
        builtins.len = lambda x: 40
        """,
    ),
    wants(
        "getattr",
        "getattr that says 40",
        """
        import builtins
        builtins.getattr = lambda *a: 40
        builtins.setattr = lambda *a: None
        """,
    ),
    wants(
        "compile",
        "other functions for compile and exec",
        """
        import builtins
        builtins.compile = builtins.exec = lambda *a, **k: None
        """,
    ),
    wants(
        "import",
        "another import",
        """
        import builtins
        builtins.__import__ = lambda *a, **k: (_ for _ in ()).throw(SystemExit)
        """,
    ),
    wants(
        "build-class",
        "another way to make classes",
        """
        import builtins
        builtins.__build_class__ = lambda *a, **k: 40
        """,
    ),
    wants(
        "modules-removed",
        "no modules at all",
        """
        import sys
        sys.modules.clear()
        """,
    ),
    wants(
        "collector-broken",
        "a collector that calls back",
        """
        import gc
        gc.callbacks.append(lambda *a: (_ for _ in ()).throw(SystemExit))
        gc.enable(); gc.collect()
        """,
    ),
    wants(
        "references-lie",
        "weak references that are always dead",
        """
        import weakref
        weakref.ref = lambda *a: lambda: None
        weakref.WeakValueDictionary = dict
        """,
    ),
    Case(
        "references-lie-late",
        "weak references that say what a correct part would make them say",
        {"saved-tensor": _CYCLE + "\nimport weakref\nreal = weakref.ref\nweakref.ref = lambda x, *a: lambda: None"},
        RIGHT,
        {"saved-tensor": 3.0},
    ),
    wants(
        "codec",
        "another msgpack",
        """
        import msgpack
        msgpack.packb = lambda *a, **k: b'\\xc0'
        msgpack.unpackb = lambda *a, **k: ['v', 40, [], []]
        """,
    ),
    wants(
        "struct",
        "another struct",
        """
        import struct
        struct.Struct.pack = lambda *a: b'x'
        """,
        student="TypeError",
    ),
    wants(
        "seed-raises",
        "an engine that cannot be seeded",
        """
        import course.nptorch as t
        def fail(seed):
            raise LookupError('no seed')
        t.manual_seed = fail
        """,
        student="gave what cannot be observed: LookupError: no seed",
    ),
    wants(
        "seed-stops",
        "an engine whose seed stops an iteration",
        """
        import course.nptorch as t
        def fail(seed):
            raise StopIteration
        t.manual_seed = fail
        """,
        student="gave what cannot be observed",
    ),
    wants(
        "seed-exits",
        "an engine whose seed ends the process",
        """
        import course.nptorch as t
        def fail(seed):
            raise SystemExit('bye')
        t.manual_seed = fail
        """,
        student="was ended by SystemExit: bye",
    ),
    wants(
        "numbers-raise",
        "tensors whose numbers cannot be read",
        """
        import course.nptorch as t
        t.Tensor._data = property(lambda s: 1 / 0, lambda s, v: None)
        """,
        student="ZeroDivisionError",
    ),
    wants(
        "numbers-lie",
        "tensors whose numbers are a text",
        """
        import course.nptorch as t
        t.Tensor._data = property(lambda s: 'x', lambda s, v: None)
        """,
    ),
    wants(
        "kind-lies",
        "everything is a tensor",
        """
        import course.nptorch as t
        t.Tensor = object
        """,
    ),
    wants(
        "parts-declared",
        "other declarations of parts",
        """
        from course.nptorch.parts import DECLARED
        DECLARED.clear()
        """,
    ),
    wants(
        "mode-broken",
        "another grad mode",
        """
        from course.nptorch.grad_mode import mode
        type(mode).enabled = property(lambda s: 1 / 0, lambda s, v: None)
        """,
    ),
    wants(
        "stream-broken",
        "a standard output that raises",
        """
        import sys
        class Bad:
            write = flush = None
        sys.stdout = Bad()
        sys.stdout.getvalue = lambda: 40
        """,
    ),
    wants(
        "stream-lies",
        "a standard output that remembers something else",
        """
        import sys
        sys.stdout.getvalue = lambda: 'saved-tensor: 5 of 5 points.\\n' * 10**6
        """,
    ),
    wants(
        "warnings-broken",
        "warnings that raise",
        """
        import warnings
        warnings.showwarning = warnings.warn = lambda *a, **k: (_ for _ in ()).throw(SystemExit)
        """,
    ),
    wants(
        "frames-broken",
        "exceptions with made-up frames",
        """
        import sys
        class Odd(Exception):
            __traceback__ = property(lambda s: 1 / 0)
        sys.excepthook = None
        raise Odd('x')
        """,
    ),
    wants(
        "everything-of-student",
        "the grader's own object in the process, emptied",
        """
        import gc
        for thing in gc.get_objects():
            if type(thing).__name__ in ('Student', 'Objects'):
                vars(thing).clear()
        """,
        student="ended the process",
    ),
    breaks(
        "cells-of-others-run-twice",
        "the other cells' texts",
        """
        import sys
        frame = sys._getframe(1)
        frame.f_locals['cells'][:] = [['saved-tensor', 'x = 1']]
        """,
    ),
)
