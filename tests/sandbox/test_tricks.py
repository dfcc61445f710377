"""Ways round the walls, rather than through them."""

from __future__ import annotations

import platform
import signal
from pathlib import Path

import pytest

from tests.sandbox.attempts import PRELUDE
from tests.sandbox.walls import behind

AROUND = ("all", "bubblewrap all")

#: Machine code that asks for a process id through the interface for 32-bit programs
INT_80 = (
    "import mmap\ncode = mmap.mmap(-1, 4096, prot=7)\n"
    "code.write(b'\\xb8\\x14\\x00\\x00\\x00\\xcd\\x80\\xc3')\n"
    "ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(code)))()\n"
)
TRICKS = {
    "open a descriptor again by /proc": "open('/proc/self/fd/1', 'w')",
    "read the file system by another root": "os.open('/proc/1/root/etc/passwd', 0)",
    "read the own memory map": "open('/proc/self/maps').read()",
    "shared memory by its folder": "open('/dev/shm/x', 'w')",
    "shared memory by the library": "shared_memory.SharedMemory('x', create=True, size=9)",
    "the terminal": "os.open('/dev/tty', os.O_RDWR)",
    "a terminal of one's own": "os.openpty()",
    "move the folder away": "os.rename(folder, '/tmp/elsewhere')",
    "move something in": "os.rename(beside, 'mine')",
    "climb out": "open('../../../../../../../../etc/passwd').read()",
    "write beside the folder": "open('../x', 'w')",
    "write to the folder of temporary files": "open('/tmp/x', 'w')",
    "swap a file for one outside": "call('renameat2', -100, b'planted.py', -100, beside.encode(), 2)",
    "a file without a name, outside": "os.open('/var/tmp', os.O_TMPFILE | os.O_RDWR)",
    "send out of band": "PAIR[0].send(b'x', socket.MSG_OOB)",
    "look at the parent's limits": "resource.prlimit(parent, resource.RLIMIT_CPU)",
    "kill the group": "os.kill(0, signal.SIGKILL)",
    "kill everybody": "os.kill(-1, signal.SIGKILL)",
    "join the parent's group": "os.setpgid(0, os.getpgid(parent))",
    "raise a limit": "resource.setrlimit(resource.RLIMIT_NOFILE, (9999, 9999))",
    "raise a limit, softly": "resource.setrlimit(resource.RLIMIT_CPU, (999, 999))",
    "become faster": "os.nice(-10)",
    "run in real time": "os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))",
    "be root again": "os.seteuid(0)",
    "a key for the next one": "call('syscall', 217 if arm else 248, b'user', b'x', b'x', 1, -4)",
    "large pipes": "fcntl.fcntl(os.pipe()[1], 1031, 1 << 20)",
    "a program in the kernel": "socket.socketpair()[0].setsockopt(socket.SOL_SOCKET, 26, bytes(16))",
    "another filter": "call('prctl', 22, 2, 0)",
    "be traceable": "call('prctl', 4, 1)",
    "connect a pair to somebody": "socket.socketpair()[0].connect(address['unix'])",
    "name a pair": "socket.socketpair()[0].bind('name')",
    "a handle instead of a name": "call('name_to_handle_at', -100, b'/', None, None, 0)",
    "another thread out of the walls": "os.unshare(0x400)",
    "watch a folder by signals": "fcntl.fcntl(os.open('.', 0), 1026, 0x80000000 | 4)",
    "stop whoever opens a file": "fcntl.fcntl(os.open('.', 0), 1024, 0)",
    "many watches": "[__import__('ctypes').CDLL(None).inotify_init() for _ in range(9)].index(3)",
    "code beside the program": "__import__('planted')",
}


@pytest.mark.parametrize("around", AROUND)
def test_tricks(around: str, beside: Path, address: object) -> None:
    planted = "from multiprocessing import shared_memory\nPAIR = socket.socketpair()\n"
    planted += "open('planted.py', 'w').write('x = 1')\n"
    lines = [f"print('TRY', {name!r})\nstopped(lambda: {trick})" for name, trick in TRICKS.items()]
    outcome = behind(around, PRELUDE + planted + "\n".join(lines), beside=beside, address=address)
    assert outcome.tried == list(TRICKS), outcome
    assert outcome.went_through == []
    assert outcome.left == ["planted.py"]
    assert beside.read_text() == "grades"


@pytest.mark.skipif(platform.machine() != "x86_64", reason="the other interface is that of x86")
def test_the_interface_for_32_bits() -> None:
    """Its numbers mean other calls, so a filter that does not look would let all through."""
    outcome = behind("bubblewrap all", PRELUDE + INT_80 + "print('came back')")
    assert outcome.signal == signal.SIGSYS
    assert "came back" not in outcome.printed


def test_the_folder_takes_only_so_much() -> None:
    """Files that are small enough each do not fill the machine's memory together."""
    code = "stopped(lambda: [open(str(n), 'wb').write(bytes(60 << 20)) for n in range(6)])"
    assert "No space left" in behind("bubblewrap all", code).printed[1]


def test_a_folder_thousands_deep_is_cleared_away() -> None:
    code = "import os\nfor _ in range(3000):\n    os.mkdir('d'); os.chdir('d')\nopen('f', 'w').close()"
    outcome = behind("bubblewrap all", code)
    assert (outcome.left, outcome.parent, outcome.status) == (["d"], "alive", 0)


@pytest.mark.parametrize("around", AROUND)
def test_a_process_that_stops_itself_can_be_killed(around: str) -> None:
    """By its server, which the walls do not keep from doing so."""
    code = (
        "import os, signal\nfrom autograder.sandbox import scratch\n"
        "from autograder.sandbox.confine import confine\n"
        "mine = scratch.make()\n"
        "pid = os.fork()\n"
        "if pid == 0:\n    confine(mine, readable); os.kill(os.getpid(), signal.SIGSTOP)\n"
        "os.waitpid(pid, os.WUNTRACED); os.kill(pid, signal.SIGKILL)\n"
        "print(os.WTERMSIG(os.waitpid(pid, 0)[1])); scratch.discard(mine)"
    )
    assert behind(around.removesuffix("all").strip(), code).printed == ["9"]
