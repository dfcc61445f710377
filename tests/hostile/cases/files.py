"""Files and the gradebook: writing, removing, filling, and what is hard to remove again."""

from __future__ import annotations

from tests.hostile.case import harms

FAMILY = "files and the gradebook"

CASES = (
    harms(
        "gradebook-written",
        "write into the gradebook",
        """
        tried(lambda: open('COURSE/gradebook.db', 'a').write('100'))
        """,
    ),
    harms(
        "gradebook-locked",
        "lock the gradebook",
        """
        import sqlite3
        tried(lambda: sqlite3.connect('COURSE/gradebook.db').execute('BEGIN EXCLUSIVE'))
        """,
    ),
    harms(
        "course-removed",
        "remove the course",
        """
        import os, shutil
        shutil.rmtree('COURSE', ignore_errors=True)
        tried(lambda: os.rmdir('COURSE'))
        """,
    ),
    harms(
        "neighbour-removed",
        "remove what a neighbour handed in",
        """
        import shutil
        tried(lambda: shutil.rmtree('COURSE/submitted/honest'))
        """,
    ),
    harms(
        "engine-written",
        "change the engine for those who come after",
        """
        import course.nptorch as t
        tried(lambda: open(t.__file__, 'a').write('x'))
        tried(lambda: open('/gradschool/course/nptorch/engine.py', 'w').write('x'))
        """,
    ),
    harms(
        "numpy-written",
        "change NumPy for those who come after",
        """
        import numpy
        tried(lambda: open(numpy.__file__, 'a').write('x'))
        """,
    ),
    harms(
        "module-planted",
        "plant a module for those who come after",
        """
        tried(lambda: open('/tmp/numpy.py', 'w').write('x'))
        tried(lambda: open('/gradschool/msgpack.py', 'w').write('x'))
        open('numpy.py', 'w').write('raise SystemExit')
        """,
    ),
    harms(
        "bytecode-planted",
        "plant compiled code",
        """
        import py_compile
        tried(lambda: py_compile.compile('/gradschool/course/nptorch/engine.py', doraise=True))
        """,
    ),
    harms(
        "link-planted",
        "a link to the gradebook",
        """
        import os
        tried(lambda: os.symlink('COURSE/gradebook.db', 'link'))
        tried(lambda: os.link('/etc/passwd', 'hard'))
        """,
    ),
    harms(
        "fifo-planted",
        "a pipe that whoever opens it waits for",
        """
        import os
        tried(lambda: os.mkfifo('pipe'))
        """,
    ),
    harms(
        "device-made",
        "a device of one's own",
        """
        import os, stat
        tried(lambda: os.mknod('disk', 0o600 | stat.S_IFBLK, os.makedev(8, 0)))
        """,
    ),
    harms(
        "one-large-file",
        "a file that fills the disk",
        """
        def fill():
            with open('large', 'wb') as f:
                for _ in range(100):
                    f.write(bytes(1 << 20))
        import signal
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        tried(fill)
        """,
    ),
    harms(
        "many-large-files",
        "files that fill the disk together",
        """
        def fill():
            for n in range(8):
                open(str(n), 'wb').write(bytes(50 << 20))
        tried(fill)
        """,
        seconds=20,
    ),
    harms(
        "many-small-files",
        "ten thousand files",
        """
        for n in range(10_000):
            open(str(n), 'w').close()
        """,
    ),
    harms(
        "deep-folders",
        "a folder three thousand deep",
        """
        import os
        for _ in range(3000):
            os.mkdir('d'); os.chdir('d')
        open('f', 'w').close()
        """,
    ),
    harms(
        "closed-folders",
        "folders that nobody may enter",
        """
        import os
        os.makedirs('a/b')
        open('a/b/c', 'w').close()
        os.mkdir('a/x', 0)
        tried(lambda: os.chmod('a', 0))
        """,
    ),
    harms(
        "odd-names",
        "names that no terminal can show",
        """
        for name in (b'\\xff\\xfe', b'a\\nb', b'\\x1b[2J', b'-rf', b' ', b'*', b'x' * 255):
            open(name, 'w').close()
        """,
    ),
    harms(
        "sparse-file",
        "a file of a terabyte that has nothing in it",
        """
        import os, signal
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        tried(lambda: os.truncate(os.open('f', os.O_CREAT | os.O_RDWR), 1 << 40))
        """,
    ),
    harms(
        "home-left",
        "leave the folder and write elsewhere",
        """
        import os
        os.chdir('/')
        tried(lambda: open('x', 'w'))
        tried(lambda: open('/tmp/x', 'w'))
        tried(lambda: open('/var/tmp/x', 'w'))
        tried(lambda: open('/dev/shm/x', 'w'))
        """,
    ),
    harms(
        "folder-removed",
        "remove the folder it stands in",
        """
        import os
        here = os.getcwd()
        tried(lambda: os.rmdir(here))
        tried(lambda: os.rename(here, here + 'x'))
        """,
    ),
)
