"""Carrying something from one exercise, or one student, to the next."""

from __future__ import annotations

from tests.hostile.case import harms, talks

FAMILY = "carrying something over"

_CARRY = (
    "import os, sys, builtins\nfor name in ('left', 'numpy.py'):\n"
    "    if os.path.exists(name):\n        print('WENT THROUGH', name)\n"
)

CASES = (
    harms(
        "files-for-later",
        "files, for the next process",
        _CARRY
        + (
            "for place in ('.', '..', '/tmp', '/var/tmp'):\n    try:\n"
            "        open(place + '/left', 'w').write('x')\n    except OSError:\n        pass\n"
            "if os.path.exists('/tmp/left') or os.path.exists('../left'):\n    print('WENT THROUGH')"
        ),
    ),
    harms(
        "names-for-later",
        "names in modules, for the next process",
        """
        import builtins, numpy
        if hasattr(builtins, 'left') or hasattr(numpy, 'left'):
            print('WENT THROUGH')
        builtins.left = numpy.left = 1
        """,
    ),
    harms(
        "environment-for-later",
        "the environment, for the next process",
        """
        import os
        if 'LEFT' in os.environ:
            print('WENT THROUGH')
        os.environ['LEFT'] = '1'
        """,
    ),
    harms(
        "given-parts-for-later",
        "other parts of earlier lessons, for the next student",
        """
        from course.nptorch.parts import plugged
        import course.nptorch as t
        if getattr(t, 'left', 0):
            print('WENT THROUGH')
        t.left = 1
        t.Tensor.left = 1
        """,
    ),
    harms(
        "neighbours-folders",
        "the folders of other processes",
        """
        import os
        found = os.listdir(os.path.dirname(os.getcwd())) if os.access(os.path.dirname(os.getcwd()), os.R_OK) else []
        if len(found) > 1:
            print('WENT THROUGH', found)
        """,
    ),
    harms(
        "random-numbers",
        "a known state of random numbers",
        """
        import random, numpy
        random.seed(0)
        numpy.random.seed(0)
        numpy.random.get_state = None
        """,
    ),
    talks(
        "seed-echoed",
        "the seed of the inputs, in the feedback",
        """
        def evil(what, content):
            if what == 'fresh':
                send(['x', 'ValueError', f'seed {content[0]}', [], True, [], []])
                return True
        """,
        student="seed ",
    ),
)
