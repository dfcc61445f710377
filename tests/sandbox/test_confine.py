"""Behind all walls: honest work goes on as ever, and nothing is inherited or left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from autograder.sandbox import bubble, visible
from autograder.sandbox.limits import environment
from tests.sandbox.walls import ROOT, behind, need

AROUND = ("all", "bubblewrap all")
HONEST = {
    "linear algebra": "import numpy as np; a = np.random.default_rng(0).normal(size=(200, 200)); u, s, v = "
    "np.linalg.svd(a); print(np.allclose(u * s @ v, a), np.linalg.solve(a, a[0]).shape == (200,))",
    "numpy's files": "import numpy as np; np.save('a.npy', np.arange(3)); print(np.load('a.npy').sum() == 3, "
    "np.memmap('m', dtype='f4', mode='w+', shape=(9,)).sum() == 0)",
    "threads": "import threading; t = [threading.Thread(target=int) for _ in range(30)]; [x.start() for x in t]; "
    "[x.join() for x in t]; print(True)",
    "a pool of threads": "from concurrent.futures import ThreadPoolExecutor as Pool; "
    "print(sum(Pool(8).map(abs, [1, -2])) == 3)",
    "temporary files": "import tempfile; f = tempfile.TemporaryFile(); f.write(b'x'); "
    "d = tempfile.TemporaryDirectory(); print(d.name.startswith(str(folder))); d.cleanup()",
    "time": "import time; a = time.monotonic(); time.sleep(0.01); print(time.monotonic() > a); "
    "print(time.localtime()[0] > 2020)",
    "asyncio": "import asyncio; print(asyncio.run(asyncio.sleep(0, True)))",
    "abort": "import os, signal; signal.signal(signal.SIGUSR1, lambda *_: print(True)); os.kill(os.getpid(), 10); "
    "signal.raise_signal(10)",
    "an alarm": "import signal, time; signal.signal(signal.SIGALRM, lambda *_: print(True)); "
    "signal.setitimer(0, 0.01); time.sleep(0.1)",
    "modules that load libraries": "import sqlite3, hashlib, lzma, decimal, zlib; "
    "print(sqlite3.connect(':memory:').execute('select 1').fetchone() == (1,), len(hashlib.sha256().digest()) == 32)",
    "random numbers": "import os, random, secrets; print(len(os.urandom(8)) == 8, len(secrets.token_bytes(4)) == 4)",
    "nowhere": "import os; print(open(os.devnull, 'w').write('x') == 1, open(os.devnull).read() == '')",
    "time zones": "import zoneinfo, datetime; print(datetime.datetime.now(zoneinfo.ZoneInfo('UTC')).year > 2020)",
    "a long stack": "f = lambda n: n and 1 + f(n - 1); print(f(900) == 900)",
}


@pytest.mark.parametrize("around", AROUND)
def test_honest_work_goes_on(around: str) -> None:
    code = "".join(f"print('DO', {name!r})\n{work}\n" for name, work in HONEST.items())
    outcome = behind(around, "import numpy\n" + code)
    words = [word for line in outcome.printed[1:] if not line.startswith("DO ") for word in line.split()]
    assert [line[3:] for line in outcome.printed if line.startswith("DO ")] == list(HONEST), outcome.printed
    assert set(words) == {"True"}, outcome.printed
    assert outcome.status == 0


@pytest.mark.parametrize("around", AROUND)
def test_the_environment_is_clean(around: str) -> None:
    code = "import os; print(sorted(os.environ)); print(os.environ['HOME'] == os.getcwd() == str(folder))"
    printed = behind(around, code, env={"SECRET_TOKEN": "x", "LD_PRELOAD": ""}).printed
    assert printed[1:] == [str(sorted(environment("/"))), "True"]


def test_the_server_in_the_bubble_has_no_environment_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    """A child can read its server's first environment in its own memory."""
    monkeypatch.setenv("SECRET_TOKEN", "x")
    printed = behind("bubblewrap", "import os; print('SECRET_TOKEN' in os.environ)").printed
    assert printed == ["False"]


@pytest.mark.parametrize("around", AROUND)
def test_files_are_not_inherited(around: str, tmp_path: Path) -> None:
    """Neither a file nor a folder, from which others could be reached; but what is kept is."""
    (tmp_path / "secret").write_text("the answer")
    reading, folder = os.open(tmp_path / "secret", os.O_RDONLY), os.open(tmp_path, os.O_RDONLY)
    ours, theirs = os.pipe()
    code = (
        f"import os; os.write({theirs}, b'kept')\n"
        f"stopped(lambda: os.read({reading}, 9)); stopped(lambda: os.open('secret', 0, dir_fd={folder}))\n"
        "print(os.read(0, 1) == b'')"
    )
    outcome = behind(around, code, pass_fds=(reading, folder, theirs), keep=(theirs,))
    for descriptor in (reading, folder, theirs):
        os.close(descriptor)
    assert os.read(ours, 9) == b"kept"
    os.close(ours)
    assert [line.split()[0] for line in outcome.printed[1:]] == ["STOPPED", "STOPPED", "True"]
    assert "Bad file descriptor" in outcome.printed[1]


@pytest.mark.parametrize("around", AROUND)
def test_no_core_is_left(around: str) -> None:
    outcome = behind(around, "import os; os.abort()")
    assert outcome.signal == signal.SIGABRT
    assert not os.WCOREDUMP(outcome.status)
    assert outcome.left == []


@pytest.mark.parametrize("around", AROUND)
def test_processor_time_ends(around: str) -> None:
    """Also for what will not listen to signals."""
    code = (
        "import signal\nfor n in range(1, 32):\n    n in (9, 19) or signal.signal(n, signal.SIG_IGN)\nwhile True: pass"
    )
    started = time.monotonic()
    outcome = behind(around, code, limit={"cpu": 1})
    assert outcome.signal == signal.SIGKILL
    assert time.monotonic() - started < 30


def test_thousands_of_threads() -> None:
    """Root has no limit on threads, so it becomes another user, which it can in the bubble."""
    code = (
        "import threading, time\nthreads = []\n"
        "def many():\n    threading.stack_size(32768)\n    for _ in range(2000):\n"
        "        t = threading.Thread(target=time.sleep, args=(0.2,)); t.start(); threads.append(t)\n"
        "stopped(many)\nprint(len(threads))"
    )
    outcome = behind("bubblewrap all", code)
    assert outcome.printed[1].startswith("STOPPED RuntimeError"), outcome
    assert int(outcome.printed[2]) <= 64


def test_root_becomes_a_user_of_its_own() -> None:
    if os.geteuid() != 0:
        need("bubblewrap")
        assert "UP rlimits" in behind("bubblewrap all", "").printed[0]
        return
    outcome = behind(
        "bubblewrap all",
        "import os; print(os.getresuid()[0] > 60_000, len(set(os.getresuid() + os.getresgid())), os.getgroups())\n"
        "stopped(lambda: os.setuid(0)); open('mine', 'w').close()",
    )
    assert outcome.printed[0].split()[:2] == ["UP", "user"]
    assert outcome.printed[1] == "True 1 []"
    assert outcome.printed[2].startswith("STOPPED PermissionError")
    assert outcome.left == ["mine"]  # and the server could remove it


@pytest.mark.parametrize("end", ["by itself", "killed"])
def test_what_is_left_running_dies_with_the_bubble(end: str) -> None:
    """A process that left its session holds a pipe open: when it dies, the pipe ends."""
    need("bubblewrap")
    ours, theirs = os.pipe()
    code = (
        "import os, time\n"
        "if os.fork() == 0:\n    os.setsid()\n    if os.fork() == 0: time.sleep(600)\n    os._exit(0)\n"
        f"os.wait(); os.write({theirs}, b'up'); time.sleep({0 if end == 'by itself' else 600})"
    )
    process = bubble.start([visible.python(), "-I", "-S", "-c", code], descriptors=[theirs])
    os.close(theirs)
    assert os.read(ours, 2) == b"up"
    if end == "killed":
        process.kill()
    process.wait(30)
    assert os.read(ours, 1) == b""  # blocks for ever if somebody still holds the other end
    os.close(ours)


def test_a_child_dies_with_its_server() -> None:
    """Also without a bubble."""
    need("rlimits", "landlock", "seccomp")
    ours, theirs = os.pipe()
    code = (
        f"import os, sys, time; sys.path.insert(0, {str(ROOT)!r})\n"
        "from autograder.sandbox import confine, scratch\n"
        f"folder = scratch.make({tempfile.gettempdir()!r})\n"
        f"if os.fork() == 0:\n    confine.confine(folder, [], keep=[{theirs}]); os.write({theirs}, b'up')\n"
        "    time.sleep(600)\n"
        f"os.close({theirs}); time.sleep(600)"
    )
    with subprocess.Popen([sys.executable, "-c", code], pass_fds=[theirs]) as server:
        os.close(theirs)
        assert os.read(ours, 2) == b"up"
        server.kill()
    assert os.read(ours, 1) == b""
    os.close(ours)


def test_a_wall_that_is_needed_and_missing_ends_the_child() -> None:
    code = (
        "import errno\nfrom autograder.sandbox import confine, seccomp, scratch\n"
        "def gone(): raise OSError('taken away')\n"
        "seccomp.restrict = gone\n"
        "try: confine.confine(folder, [], keep=[1], needed=['landlock', 'seccomp'])\n"
        "except confine.SandboxMissing as error: print(error)\n"
    )
    need("landlock")
    assert behind("", code).printed == ["seccomp could not be put up: taken away"]


@pytest.mark.parametrize(("ready", "seen"), [("pass", "read"), ("confine.prepare()", "refused")])
def test_the_server_cannot_be_looked_into_by_its_own_user(ready: str, seen: str) -> None:
    """Not even where no other wall stands: not its environment, memory or open files."""
    code = (
        f"import os, sys; sys.path.insert(0, {str(ROOT)!r})\n"
        "from autograder.sandbox import confine, privileges\n"
        f"privileges.drop_capabilities(); {ready}\n"
        "if os.fork(): os.wait(); sys.exit()\n"
        "parent = os.getppid()\n"
        "for attempt in (lambda: open(f'/proc/{parent}/environ').read(), lambda: open(f'/proc/{parent}/mem', 'r+b'),"
        " lambda: os.readlink(f'/proc/{parent}/fd/1')):\n"
        "    try: attempt()\n"
        "    except PermissionError: print('refused')\n"
        "    else: print('read')\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert set(done.stdout.split()) == {seen}, done
    assert len(done.stdout.split()) == 3
