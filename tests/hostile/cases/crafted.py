"""Answers that are well formed and still mean no good: each one alone would be sent by nobody honest."""

from __future__ import annotations

from tests.hostile.case import RIGHT, Case, clean, lies
from tests.hostile.cases.protocol import answers, says

FAMILY = "answers that are crafted"

_ENDED = "ended the process"

#: Wrong, and endless on the inputs with which feedback shows most simply what is wrong.
_HIDES = (
    RIGHT["saved-tensor"]
    + "\n\n"
    + clean(
        """
        class Hiding(SavedTensor):
            def unpack(self, *rest):
                value = super().unpack(*rest)
                data = getattr(value, "_data", None)
                if data is not None and data.size > 1 and (data == data.flat[0]).all():
                    while True:
                        pass
                return value

            def release(self):
                pass

        SavedTensor = Hiding
        """
    )
)

CASES = (
    answers(
        "keys-that-are-nan", "keys that are not equal to themselves", "['D', [[float('nan'), n] for n in range(9)]]", ""
    ),
    answers("keys-that-are-arrays", "a key that is an array", "['D', [[['a', ['<f8', [1], bytes(8)]], 1]]]"),
    answers("keys-that-are-lists", "a key that is a list", "['D', [[['l', []], 1]]]"),
    answers("keys-that-are-objects", "keys that are objects", "['D', [[['h', n, 'o', ''], 1] for n in range(9)]]", ""),
    answers("pairs-of-three", "pairs of three things", "['D', [[1, 2, 3]]]"),
    answers("handle-number-true", "an object whose number is True", "['h', True, 't', '']", "", "call"),
    answers("handle-below-zero", "an object whose number is below zero", "['h', -2 ** 63, 't', '']", "", "call"),
    answers("handle-changes-kind", "an object that is a dtype the second time", "['h', 1, 'd', 'float64']", "", "get"),
    answers("dtype-for-numbers", "a dtype where there should be a tensor", "['h', 5, 'd', 'float64']", "", "call"),
    answers("function-number-nan", "a function whose number is nan", "['f', float('nan')]"),
    answers("function-number-list", "a function whose number is a list", "['f', [1]]"),
    answers("integer-of-bytes", "a number made of bytes", "['i', b'12']", "", "call"),
    answers("integer-with-underscores", "a number with a space, a sign and an underscore", "['i', ' -1_0 ']", "", "op"),
    answers("infinity-for-a-count", "infinity for a count", "float('inf')", "", "op"),
    answers("complex-numbers", "complex numbers for a tensor's", "['a', ['<c16', [1], bytes(16)]]", "", "read"),
    answers(
        "nothing-of-a-giant-shape", "no numbers, in a giant shape", "['a', ['<f8', [0, 2 ** 62], b'']]", "", "read"
    ),
    answers("size-true", "an array whose size is True", "['a', ['<f8', [True], bytes(8)]]", _ENDED),
    says(
        "answers-twice",
        "each answer twice",
        """
        HONEST(ME, [what, [], *content])
        value(None)
        """,
        when="call",
    ),
    says(
        "calls-and-does-not-wait",
        "a call back, and the answer without waiting for what comes of it",
        """
        send(['c', -1, ['t', [1, 'send', 2]], ['D', []], []])
        value(None)
        """,
    ),
    says(
        "calls-by-numbers", "a call with names that are numbers", "send(['c', 1, ['t', []], ['D', [[1, 2]]], []])", ""
    ),
    says("calls-number-true", "a call of the function with number True", "send(['c', True, ['t', []], ['D', []], []])"),
    says(
        "stops-while-read",
        "the end of an iteration, where numbers should come",
        "send(['x', 'StopIteration', None, [], True, [], []])",
        when="read",
    ),
    says(
        "stops-while-called",
        "the end of an iteration, where a scenario calls",
        "send(['x', 'StopIteration', None, [], True, [], []])",
        when="call",
    ),
    says(
        "text-of-half-characters",
        "an exception whose text is half a character",
        "send(['x', 'ValueError', '\\udc80' * 9, ['\\ud800'], True, [['UserWarning', '\\udfff']], []])",
        "ValueError",
    ),
    says(
        "drops-below-zero",
        "let go of functions less than no times",
        "send(['v', None, [], [[n, -(2 ** 62)] for n in range(9)]])",
    ),
    Case(
        "hides-from-the-simplest-input",
        "no end on the inputs that feedback would show",
        {"saved-tensor": _HIDES},
        RIGHT,
        {"saved-tensor": 0.56},
        "let go",
        seconds=40.0,
    ),
    lies(
        "class-that-is-asked",
        "a number whose class is another each time it is asked",
        """
        class Turncoat:
            asked = 0
            @property
            def __class__(self):
                Turncoat.asked += 1
                return (int, float, str, bool)[Turncoat.asked % 4]
        def saved_bytes(tensor):
            return Turncoat()
        """,
    ),
    lies(
        "descriptor-that-answers",
        "a number that is found by a descriptor of its class",
        """
        class Answers:
            def __get__(self, thing, owner=None):
                return lambda *rest: 40
            def __set__(self, thing, value):
                raise SystemExit
        class Thing:
            __index__ = __int__ = __float__ = __array__ = __eq__ = __hash__ = __len__ = __bool__ = Answers()
        def saved_bytes(tensor):
            return Thing()
        """,
    ),
    lies(
        "array-that-calls-back",
        "an object that runs for ever when it is made an array of",
        """
        class Thing:
            def __array__(self, *rest, **named):
                return saved_bytes(None)
            __array_interface__ = property(lambda self: 1 / 0)
        def saved_bytes(tensor):
            return Thing()
        """,
    ),
)
