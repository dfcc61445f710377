"""Objects that say yes to everything, or are not what they seem."""

from __future__ import annotations

from tests.hostile.case import RIGHT, Case, lies

FAMILY = "lying objects"

_YES = (
    "__eq__ = lambda s, o: True\n    __ne__ = lambda s, o: False\n    __hash__ = lambda s: 0\n"
    "    __bool__ = lambda s: True"
)

CASES = (
    lies(
        "yes-float",
        "a float that equals everything",
        f"class Yes(float):\n    {_YES}\ndef saved_bytes(tensor):\n    return Yes(1)",
    ),
    lies(
        "yes-int",
        "an int that equals everything",
        (
            f"class Yes(int):\n    {_YES}\n    __int__ = __index__ = lambda s: 40\n"
            f"def saved_bytes(tensor):\n    return Yes(1)"
        ),
    ),
    lies(
        "yes-text",
        "a text that equals everything",
        f"class Yes(str):\n    {_YES}\n    __str__ = lambda s: '40'\ndef saved_bytes(tensor):\n    return Yes('x')",
    ),
    lies(
        "yes-object",
        "an object that is everything",
        (
            f"class Yes:\n    {_YES}\n    __getattr__ = lambda s, n: s\n"
            f"    __call__ = lambda s, *a, **k: s\n    __int__ = __index__ = lambda s: 40\n"
            f"    __float__ = lambda s: 40.0\n    __iter__ = lambda s: iter([s])\n"
            f"    __len__ = lambda s: 40\ndef saved_bytes(tensor):\n    return Yes()"
        ),
    ),
    lies(
        "yes-array",
        "an ndarray of a class of its own",
        """
        import numpy
        class Yes(numpy.ndarray):
            __array_priority__ = 1e9
            __eq__ = lambda s, o: True
            tobytes = lambda s: b'x'
            dtype = numpy.dtype('O')
        def saved_bytes(tensor):
            return numpy.zeros(1).view(Yes)
        """,
    ),
    lies(
        "yes-tensor",
        "a Tensor of a class of its own",
        """
        import course.nptorch as t
        class Yes(t.Tensor):
            __eq__ = lambda s, o: True
            __getattribute__ = lambda s, n: 40
        def saved_bytes(tensor):
            return Yes(1)
        """,
    ),
    lies(
        "class-that-lies",
        "an object that says it is an int",
        """
        class Yes:
            __class__ = int
            __index__ = lambda s: 40
        def saved_bytes(tensor):
            return Yes()
        """,
    ),
    lies(
        "type-that-lies",
        "a type that is an instance of everything",
        """
        class Meta(type):
            __instancecheck__ = __subclasscheck__ = lambda s, o: True
            __name__ = 'int'
        class Yes(metaclass=Meta): pass
        def saved_bytes(tensor):
            return Yes()
        """,
    ),
    lies(
        "dtype-that-lies",
        "something called dtype",
        """
        class dtype:
            __str__ = lambda s: 'torch.float64' * 10**6
        def saved_bytes(tensor):
            return dtype()
        """,
    ),
    lies(
        "size-that-lies",
        "something called Size",
        """
        class Size(tuple):
            __iter__ = lambda s: iter([40] * 10**5)
            __len__ = lambda s: -1
        def saved_bytes(tensor):
            return Size([1])
        """,
    ),
    lies(
        "dictionary-that-lies",
        "a dictionary of a class of its own",
        """
        class Yes(dict):
            items = lambda s: 1 / 0
        def saved_bytes(tensor):
            return Yes(a=1)
        """,
    ),
    lies(
        "a-text",
        "the number as a text",
        """
        def saved_bytes(tensor):
            return '40'
        """,
    ),
    lies(
        "true",
        "True",
        """
        def saved_bytes(tensor):
            return True
        """,
    ),
    lies(
        "nothing",
        "None",
        """
        def saved_bytes(tensor):
            return None
        """,
    ),
    lies(
        "not-a-number",
        "NaN",
        """
        def saved_bytes(tensor):
            return float('nan')
        """,
    ),
    lies(
        "infinite",
        "infinity",
        """
        def saved_bytes(tensor):
            return float('inf')
        """,
    ),
    lies(
        "nan-with-a-payload",
        "NaN with other bits",
        """
        import struct
        def saved_bytes(tensor):
            return struct.unpack('d', b'\\xff' * 8)[0]
        """,
    ),
    lies(
        "complex",
        "a complex number",
        """
        def saved_bytes(tensor):
            return 40j
        """,
    ),
    lies(
        "exact-fraction",
        "a number of another kind",
        """
        from fractions import Fraction
        def saved_bytes(tensor):
            return Fraction(10**4000, 3)
        """,
    ),
    lies(
        "thousands-of-digits",
        "a number of a hundred thousand digits",
        """
        def saved_bytes(tensor):
            return 10 ** 100_000
        """,
    ),
    lies(
        "array-of-objects",
        "an array of objects",
        """
        import numpy
        def saved_bytes(tensor):
            return numpy.array([object()])
        """,
    ),
    lies(
        "array-of-records",
        "an array of records",
        """
        import numpy
        def saved_bytes(tensor):
            return numpy.zeros(1, [('a', 'f8', (1000,))])
        """,
    ),
    lies(
        "array-of-dates",
        "an array of dates",
        """
        import numpy
        def saved_bytes(tensor):
            return numpy.zeros(1, 'M8[ns]')
        """,
    ),
    lies(
        "array-of-nothing",
        "an array without elements and of many dimensions",
        """
        import numpy
        def saved_bytes(tensor):
            return numpy.zeros((0,) + (2**20,) * 2)
        """,
    ),
    lies(
        "array-masked",
        "a masked array",
        """
        import numpy
        def saved_bytes(tensor):
            return numpy.ma.masked_all(3)
        """,
    ),
    lies(
        "array-of-long-doubles",
        "an array of a kind that does not travel",
        """
        import numpy
        def saved_bytes(tensor):
            return numpy.ones(1, 'g')
        """,
    ),
    lies(
        "bytes",
        "bytes",
        """
        def saved_bytes(tensor):
            return bytes(40)
        """,
    ),
    lies(
        "function",
        "a function as a result",
        """
        def saved_bytes(tensor):
            return lambda: 40
        """,
    ),
    lies(
        "iterator",
        "an iterator without end",
        """
        import itertools
        def saved_bytes(tensor):
            return itertools.count()
        """,
    ),
    lies(
        "generator-part",
        "a generator",
        """
        def saved_bytes(tensor):
            yield 40
        """,
    ),
    lies(
        "coroutine",
        "a coroutine",
        """
        async def saved_bytes(tensor):
            return 40
        """,
    ),
    lies(
        "class-as-part",
        "a class in place of a function",
        """
        class saved_bytes:
            def __init__(self, tensor): pass
            __int__ = lambda s: 40
        """,
    ),
    lies("number-as-part", "a number in place of a function", "saved_bytes = 40"),
    Case(
        "proxy-as-part",
        "a class that answers for SavedTensor",
        {
            "saved-tensor": (
                "class SavedTensor:\n    def __init__(self, *a): pass\n"
                "    def __getattr__(self, name): return self\n    def __call__(self, *a): return self\n"
                "    __eq__ = lambda s, o: True\n    __array__ = lambda s, *a: 1 / 0"
            )
        },
        RIGHT,
        {"saved-tensor": 0.0},
    ),
)
