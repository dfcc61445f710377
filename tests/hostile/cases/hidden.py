"""Reading what is not meant to be read, and carrying it out."""

from __future__ import annotations

from tests.hostile.case import LAZY, PRELUDE, Case, harms, talks, wants

FAMILY = "reading what is hidden"

_WALK = """
import os
names = []
for top, folders, files in os.walk(PLACE):
    names += [os.path.join(top, name) for name in files if any(word in name for word in WORDS)]
if names:
    print("WENT THROUGH", names[:3])
"""

#: While one exercise is judged, the author's solutions of the others are in there: what gets out of them?
_COMPANIONS = """
import sys
frame = sys._getframe()
while not hasattr(frame.f_locals.get("self"), "wire"):
    frame = frame.f_back
ME = frame.f_locals["self"]
def plug(mine, others):
    raise RuntimeError("\\n".join(others))
ME._tables["plug"] = plug
"""

CASES = (
    harms(
        "source-notebook",
        "the author's notebook",
        """
        tried(lambda: open('COURSE/source/l05_retain_graph/l05_retain_graph.ipynb').read())
        """,
    ),
    harms(
        "source-above",
        "the same, three folders up",
        """
        tried(lambda: open('../../../source/l05_retain_graph/l05_retain_graph.ipynb').read())
        """,
    ),
    harms("gradebook-read", "the gradebook", "tried(lambda: open('COURSE/gradebook.db').read())"),
    harms(
        "secret-of-the-course",
        "the secret that chooses inputs",
        """
        tried(lambda: open('COURSE/.gradschool/secret').read())
        """,
    ),
    harms(
        "other-submissions",
        "what others handed in",
        """
        import os
        tried(lambda: os.listdir('COURSE/submitted'))
        """,
    ),
    harms("passwords", "the machine's accounts", "tried(lambda: open('/etc/passwd').read())"),
    harms(
        "parts-imported",
        "the author's parts, by import",
        """
        for name in ('course.parts', 'course.parts.l05_retain_graph', 'autograder.hidden', 'autograder.oracles',
                     'autograder.faults', 'course.scenarios', 'autograder.exercises', 'course.lessons'):
            tried(lambda: __import__(name))
        """,
    ),
    harms(
        "parts-as-files",
        "records, faults, hidden scenarios and solutions, as files in view",
        _WALK.replace("PLACE", "'/gradschool'").replace(
            "WORDS", "('l05', 'hidden', 'oracle', '.json', '.ipynb', 'scenario')"
        ),
    ),
    harms(
        "whole-disk",
        "the same on the whole disk",
        _WALK.replace("PLACE", "'/'").replace("WORDS", "('gradebook', 'oracles', '.ipynb', 'l05_retain')"),
        seconds=20,
    ),
    harms(
        "objects-in-memory",
        "expected values and solutions among the objects in memory",
        """
        import gc
        for thing in gc.get_objects():
            if type(thing).__name__ in ('Scenario', 'Observation', 'Exercise', 'Difference', 'Trial', 'Fault'):
                print('WENT THROUGH', type(thing))
            if isinstance(thing, type) and thing.__name__ == 'SavedTensor' and 'nptorch' not in thing.__module__:
                print('WENT THROUGH', thing)
        """,
    ),
    harms(
        "frames-above",
        "the frames that called the cell",
        """
        import sys
        frame = sys._getframe()
        while frame:
            if 'judge' in frame.f_code.co_filename or 'expected' in frame.f_locals:
                print('WENT THROUGH', frame)
            frame = frame.f_back
        """,
    ),
    harms(
        "other-processes",
        "the memory of the process above",
        """
        import os
        tried(lambda: open(f'/proc/{os.getppid()}/mem', 'rb').read(1))
        tried(lambda: os.listdir('/proc'))
        """,
    ),
    harms(
        "environment",
        "secrets in the environment",
        """
        import os
        for name in os.environ:
            if any(w in name for w in ('NBGRADER', 'TOKEN', 'KEY', 'SECRET', 'JUPYTER', 'VIRTUAL')):
                print('WENT THROUGH', name)
        """,
    ),
    harms(
        "command-line",
        "the server's command line",
        """
        import sys
        if any('COURSE' in word or 'source' in word for word in sys.argv + sys.orig_argv):
            print('WENT THROUGH')
        """,
    ),
    harms(
        "open-files",
        "files that the server has open",
        """
        import os
        found = []
        for n in range(256):
            try:
                os.fstat(n)
            except OSError:
                continue
            found.append(n)
        print(len(found))
        if len(found) > 5:
            print('WENT THROUGH', found)
        """,
    ),
    harms(
        "descriptors-sent",
        "ask the judge for an open file",
        """
        import socket, array
        rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array('i', [0]))]
        tried(lambda: socket.socketpair()[0].sendmsg([b'x'], rights))
        """,
    ),
    Case(
        "solutions-in-a-message",
        "the author's solutions of the other exercises, in an error message",
        {"saved-tensor": PRELUDE + _COMPANIONS + LAZY["saved-tensor"]},
        student="The engine does not take this part",
    ),
    talks(
        "solutions-in-a-print",
        "the same, as printed text",
        """
        def evil(what, content):
            if what == 'cells':
                print('x')
            if what == 'plug':
                value([['saved-tensor', str(content)[:20000], []]])
                return True
        """,
    ),
    wants(
        "own-solution-from-a-companion",
        "the part under test among the author's companions",
        """
        import sys
        frame = sys._getframe()
        while not hasattr(frame.f_locals.get('self'), 'wire'):
            frame = frame.f_back
        me = frame.f_locals['self']
        right = me._tables['plug']
        def plug(mine, others):
            found = {'__name__': 'x'}
            for text in others:
                try:
                    exec(text, found)
                except BaseException:
                    pass
            for name in mine:
                if name in found:
                    me.names[name] = found[name]
            return right(mine, others)
        me._tables['plug'] = plug
        """,
    ),
)
