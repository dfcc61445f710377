"""Attacks on the judge itself, through what the student's process sends it."""

from __future__ import annotations

from tests.hostile.case import LAZY, RIGHT, WIRE, Case, clean, talks

FAMILY = "attacks on the judge through the connection"

_ENDED = "ended the process"


def says(id: str, tries: str, code: str, student: str = "", when: str = "fresh", seconds: float = 12.0) -> Case:
    """A process that says this, in place of an answer, when it is asked for something."""
    body = "\n".join("        " + line for line in clean(code).splitlines())
    text = f"def evil(what, content):\n    if what == {when!r}:\n{body}\n        return True"
    return talks(id, tries, text, student=student, seconds=seconds)


def answers(id: str, tries: str, value: str, student: str = _ENDED, when: str = "fresh") -> Case:
    """A process that gives this value."""
    return says(id, tries, f"value({value})", student, when)


_TUPLES = """
M = 2 ** 64
P1, P2, P5 = 11400714785074694791, 14029467366897019727, 2870177450012600261
INVERSE = pow(P2, -1, M)
def rotated(x):
    return ((x << 31) | (x >> 33)) % M
def colliding(count):
    found, first = [], 0
    while len(found) < count:
        first += 1
        lane = rotated((P5 + first * P2) % M) * P1 % M
        second = (12345 - lane) * INVERSE % M
        signed = second - M if second >= M // 2 else second
        if abs(signed) < 2 ** 61 - 1 and signed not in (-1, -2):
            found.append([["t", [first, signed]], None])
    return found
"""

CASES = (
    says("nil", "no message", "raw(b'\\xc0')", _ENDED),
    says("empty", "an empty message", "raw(b'')", _ENDED),
    says("short", "a message without its parts", "send(['v'])", _ENDED),
    says("unknown", "a message of an unknown kind", "send(['z', 1, [], []])", _ENDED),
    says("rubbish", "bytes that are no message", "raw(b'\\xff\\xc1\\x91')", _ENDED),
    says("two-in-one", "two messages in one", "raw(b'\\x90\\x90')", _ENDED),
    says("four-gigabytes", "a message of four gigabytes, announced", "LINE.sendall(b'\\xff\\xff\\xff\\xff')", _ENDED),
    says("two-megabytes", "a message of two megabytes", "raw(bytes(2 ** 21))", _ENDED),
    says(
        "half-a-message",
        "a message that never ends",
        """
        LINE.sendall(b'\\0\\0\\0\\x09abc')
        time.sleep(60)
        """,
        "did not end",
    ),
    says(
        "drop-by-drop",
        "a message of which a byte comes now and then",
        """
        for _ in range(600):
            LINE.sendall(b'\\0')
            time.sleep(0.1)
        """,
    ),
    says("nothing-at-all", "no answer", "time.sleep(60)", "did not end"),
    says(
        "not-reading",
        "not reading what is sent",
        """
        import signal, os
        os.kill(os.getpid(), signal.SIGSTOP)
        """,
        "did not end",
    ),
    says(
        "answers-in-advance",
        "ten thousand answers before they are asked for",
        """
        for _ in range(10_000):
            value(40)
        """,
    ),
    says(
        "too-much-in-all",
        "many messages that are too much together",
        """
        while True:
            send(['c', 1, ['t', []], ['D', []], []])
            raw(b'\\xc6\\0\\x0f\\xff\\0' + bytes(0xfff00))
        """,
        _ENDED,
    ),
    says("nested-messages", "lists in lists, by the hundred thousand", "raw(b'\\x91' * 100_000 + b'\\xc0')", _ENDED),
    answers(
        "nested-values",
        "values in values, a hundred deep",
        "__import__('functools').reduce(lambda a, _: ['l', [a]], range(100), 1)",
    ),
    answers("many-values", "a hundred thousand values", "['l', [0] * 100_000]"),
    says(
        "many-empty-lists",
        "a million empty lists",
        """
        raw(b'\\x94\\xa1v\\xdd\\0\\x0f\\x42\\x40' + b'\\x90' * 1_000_000 + b'\\x90\\x90')
        """,
        _ENDED,
    ),
    says("maps", "a map where there are only lists", "send({'v': 1})", _ENDED),
    answers("map-as-a-value", "a map as a value", "{1: 2}"),
    says("extensions", "a type of its own", "raw(b'\\x94\\xa1v\\xd6\\xff\\0\\0\\0\\0\\x90\\x90')", _ENDED),
    says(
        "moments", "a date that is none", "raw(b'\\x94\\xa1v\\xc7\\x0c\\xff' + b'\\xff' * 12 + b'\\x90\\x90')", _ENDED
    ),
    Case(
        "hash-collisions",
        "keys that all have the same hash",
        talks(
            "x",
            "",
            _TUPLES
            + (
                "def evil(what, content):\n    if what == 'fresh':\n"
                "        value(['D', colliding(10_000)])\n        return True"
            ),
        ).texts,
        LAZY,
        {"saved-tensor": 0.0},
        student=_ENDED,
    ),
    answers("unknown-tag", "a value of an unknown kind", "['q', 1]"),
    answers("unfinished-value", "a value without its parts", "['h']"),
    answers("bare-list", "a list that is none", "[[], []]"),
    answers("handle-of-a-kind", "an object of an unknown kind", "['h', 5, ['x'] * 10, 'x']"),
    answers("handle-of-nothing", "an object that there is not", "['h', 2 ** 62, 't', '']", "", "call"),
    answers(
        "handles-without-end",
        "ten thousand objects that there are not",
        "['l', [['h', n, 'o', ''] for n in range(10_000)]]",
        "",
        "call",
    ),
    answers("functions-never-given", "a function that it was never given", "['f', 99]"),
    answers("array-of-objects-sent", "an array of objects", "['a', ['|O', [1], bytes(8)]]"),
    answers(
        "array-of-a-long-kind",
        "an array of a record with a hundred thousand fields",
        "['a', ['i4,' * 100_000, [1], bytes(8)]]",
    ),
    answers("array-of-strings", "an array of a kind that does not travel", "['a', ['<U9', [1], bytes(36)]]"),
    answers("array-too-short", "an array with too few bytes", "['a', ['<f8', [1000], bytes(8)]]"),
    answers("array-of-a-negative-size", "an array of a negative size", "['a', ['<f8', [-1], bytes(8)]]"),
    answers("array-of-a-giant-size", "an array of a giant size", "['a', ['<f8', [2 ** 62, 2 ** 62], bytes(8)]]"),
    answers("array-of-many-dimensions", "an array of a thousand dimensions", "['a', ['<f8', [1] * 1000, bytes(8)]]"),
    answers("number-of-letters", "a number that is none", "['i', 'x' * 100]"),
    answers("number-of-lists", "a number that is a list", "['i', [1, 2]]"),
    answers("one-number-kind", "one number that is many", "['n', ['<f8', [3], bytes(24)]]", "", "read"),
    says(
        "calls-what-is-not-there",
        "call a function that there is not",
        "send(['c', 99, ['t', []], ['D', []], []])",
        _ENDED,
    ),
    says("calls-with-rubbish", "call with arguments that are none", "send(['c', -1, 5, 7, []])", _ENDED),
    says(
        "calls-without-end",
        "calls back without end",
        """
        while True:
            send(['c', -1, ['t', [1, 'send', 2]], ['D', []], []])
            ME.wire.receive()
        """,
    ),
    says(
        "steps-through-a-thing",
        "step through an object as if it were a generator",
        """
        send(['c', -1, ['t', [['h', 1, 'o', ''], 'close', None]], ['D', []], []])
        """,
    ),
    says(
        "forgets-what-is-not-there",
        "let go of what there is not",
        """
        send(['v', None, [], [[1, 10 ** 9], ['x'], [[], 1]]])
        """,
        _ENDED,
    ),
    says("forgets-rubbish", "let go of rubbish", "send(['v', None, [], 5])", _ENDED),
    says("warns-of-rubbish", "warnings that are none", "send(['v', None, [[1], 2, 'x'], []])", _ENDED),
    says("warns-without-end", "ten thousand warnings", "send(['v', None, [['UserWarning', 'x' * 50]] * 10_000, []])"),
    says(
        "warns-by-another-name",
        "a warning that is called like something else",
        """
        send(['v', None, [['SystemExit', '\\x1b[2J'], ['KeyboardInterrupt', 'x'], ['open', 'x']], []])
        """,
    ),
    *(
        says(
            f"raises-{name.lower()}",
            f"an exception called {name}",
            f"send(['x', {name!r}, 'text', [], {ordinary}, [], []])",
            student,
        )
        for name, ordinary, student in (
            ("KeyboardInterrupt", True, "KeyboardInterrupt: text"),
            ("SystemExit", False, "was ended by SystemExit: text"),
            ("GeneratorExit", True, "GeneratorExit: text"),
            ("TimeIsUp", True, "TimeIsUp: text"),
            ("Broken", True, "Broken: text"),
            ("Stopped", True, "Stopped: text"),
            ("MemoryError", True, "MemoryError: text"),
            ("RecursionError", True, "RecursionError: text"),
            ("StopAsyncIteration", True, "text"),
            ("BaseExceptionGroup", True, "text"),
            ("__import__", True, "__import__: text"),
        )
    ),
    says(
        "raises-a-type-with-a-null",
        "a type whose name has a null in it",
        """
        send(['x', 'a\\0b', 'text', [], True, [], []])
        """,
        "Exception: text",
    ),
    says(
        "raises-a-type-of-html",
        "a type whose name is HTML",
        "send(['x', '<script>', 'text', [], True, [], []])",
        "Exception: text",
    ),
    says("raises-a-list", "a type whose name is a list", "send(['x', [[[]]], 'text', [], True, [], []])", _ENDED),
    says("raises-without-frames", "frames that are none", "send(['x', 'ValueError', 'text', 5, True, [], []])", _ENDED),
    says(
        "stops-with-rubbish",
        "the end of an iteration, with rubbish in it",
        """
        send(['x', 'StopIteration', ['q'], [], True, [], []])
        """,
        _ENDED,
    ),
    answers("engine-of-nothing", "no engine", "None", _ENDED, "engine"),
    answers("engine-of-numbers", "an array for an engine", "['a', ['<f8', [1], bytes(8)]]", _ENDED, "engine"),
    answers("plugged-a-number", "a number for the parts that are missing", "5", "not defined", "plug"),
    answers("plugged-an-object", "an object for the parts that are missing", "['h', 1, 'o', '']", "", "plug"),
    answers("numbers-of-text", "a text for a tensor's numbers", "'x'", "", "read"),
    answers("truth-of-an-object", "an object for a truth, again and again", "['h', 1, 'o', '']", "", "op"),
    answers("length-without-end", "a length beyond all numbers", "['i', '9' * 4000]", "", "op"),
    answers("length-below-zero", "a length below zero", "-1", "", "op"),
    answers("text-for-everything", "a text for everything", "'40'", "", "call"),
    answers("true-for-everything", "True for everything", "True", "", "call"),
    answers("object-for-everything", "the same object for everything", "['h', 1, 't', '']", "", "get"),
    answers("value-that-nobody-waits-for", "a value where nobody waits for one", "['h', 5, 't', '']", "", "make"),
    Case(
        "numbers-before-they-are-asked-for",
        "numbers that are none, before they are asked for",
        {
            "saved-tensor": RIGHT["saved-tensor"]
            + WIRE
            + clean(
                """
                def evil(what, content):
                    if what == 'get' and content[1].startswith('_saved'):
                        value(['h', 5, 't', '', ['|O', [1], bytes(8)]])
                        return True
                """
            )
        },
        RIGHT,
        {"saved-tensor": 0.0},
        student=_ENDED,
    ),
)
