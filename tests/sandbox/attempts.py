"""Attempts to get out: for each, the walls that stop it alone, and whether it succeeds where none stands."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Attempt:
    """One attempt.

    Attributes
    ----------
    name : str
        What is attempted.
    code : str
        An expression.
    walls : str
        The walls each of which stops it alone.
    free : bool
        Whether it succeeds without walls on any machine, and may be tried there: then the tests do so.
    """

    name: str
    code: str
    walls: str
    free: bool = True


UNIX = "socket.socket(socket.AF_UNIX).connect"
PTRACE_SEIZE, PRIO_PROCESS, RLIMIT_CORE, IPC_CREAT = 0x4206, 0, 4, 0o1600
FORK = "os._exit(0) if {} == 0 else os.wait()"

ATTEMPTS = (
    # Files
    Attempt("read a file outside", "open(secret).read()", "landlock bubblewrap"),
    Attempt("write a file outside", "open(beside, 'w').write('x')", "landlock bubblewrap"),
    Attempt("make a file outside", "open(beside + '.new', 'w').write('x')", "landlock bubblewrap"),
    Attempt("remove a file outside", "os.remove(beside)", "landlock bubblewrap"),
    Attempt(
        "empty a file opened for reading", "os.open(beside, os.O_RDONLY | os.O_TRUNC)", "landlock seccomp bubblewrap"
    ),
    Attempt("empty a file by its name", "os.truncate(beside, 0)", "landlock seccomp bubblewrap"),
    Attempt("lock others out of a file", "os.chmod(beside, 0)", "seccomp bubblewrap"),
    Attempt("make a file look old", "os.utime(beside, (0, 0))", "seccomp bubblewrap"),
    Attempt("read through a link", "(os.symlink(secret, 'link'), open('link').read())", "landlock seccomp bubblewrap"),
    Attempt("keep a file by a hard link", "os.link(beside, 'kept')", "landlock seccomp bubblewrap"),
    Attempt("make a device", "os.mknod('device', 0o600)", "seccomp"),
    # /proc
    Attempt("read the parent's environment", "open(f'/proc/{parent}/environ').read()", "landlock bubblewrap"),
    Attempt("list the parent's files", "os.listdir(f'/proc/{parent}/fd')", "landlock bubblewrap"),
    Attempt("write the parent's memory", "open(f'/proc/{parent}/mem', 'r+b')", "landlock bubblewrap"),
    Attempt("read the root folder by /proc/self", "os.listdir('/proc/self/root')", "landlock bubblewrap"),
    # Network
    Attempt("connect by TCP", "socket.create_connection(address['tcp'], 2)", "landlock seccomp bubblewrap"),
    Attempt("listen by TCP", "socket.create_server(('127.0.0.1', 0))", "landlock seccomp"),
    Attempt("send by UDP", "echo()", "seccomp bubblewrap"),
    Attempt("connect by a Unix socket", f"{UNIX}(address['unix'])", "seccomp bubblewrap"),
    Attempt("connect by an abstract socket", f"{UNIX}(chr(0) + address['abstract'])", "landlock seccomp bubblewrap"),
    Attempt("listen to the kernel", "socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)", "seccomp"),
    Attempt(
        "send from a pair",
        "socket.socketpair(type=socket.SOCK_DGRAM)[0].sendto(b'x', address['datagram'])",
        "seccomp bubblewrap",
    ),
    Attempt("hand on an open file", "hand_on()", "seccomp"),
    # Processes and programs
    Attempt("fork", FORK.format("os.fork()"), "seccomp"),
    Attempt("clone", FORK.format("call('syscall', CLONE, 17, 0, 0, 0, 0)"), "seccomp"),
    Attempt(
        "clone3",
        FORK.format("call('syscall', 435, ctypes.byref((ctypes.c_uint64 * 8)(0, 0, 0, 0, 17)), 64)"),
        "seccomp",
    ),
    Attempt("spawn", "os.waitpid(os.posix_spawn('/bin/true', ['true'], {}), 0)", "seccomp"),
    Attempt("run a program", "subprocess.run(['/bin/true'], check=True)", "landlock seccomp bubblewrap"),
    Attempt(
        "run a program by another road",
        "subprocess.run([LOADER, '/bin/true'], check=True)",
        "landlock seccomp bubblewrap",
    ),
    Attempt("new namespaces", "call('unshare', 0x10000000)", "seccomp", free=False),
    # Other processes
    Attempt("signal the parent", "os.kill(parent, 0)", "landlock seccomp"),
    Attempt("signal the judge", "os.kill(judge, 0)", "landlock seccomp bubblewrap"),
    Attempt("signal the parent's thread", "call('syscall', TGKILL, parent, parent, 0)", "landlock seccomp"),
    Attempt(
        "signal the parent through a pidfd", "signal.pidfd_send_signal(os.pidfd_open(parent), 0)", "landlock seccomp"
    ),
    Attempt("trace the parent", f"call('ptrace', {PTRACE_SEIZE}, parent, 0, 0)", "landlock seccomp"),
    Attempt("read the parent's memory", "read_memory(parent)", "landlock seccomp"),
    Attempt("limit the parent", f"resource.prlimit(parent, {RLIMIT_CORE}, (0, 0))", "seccomp"),
    Attempt("slow the parent down", f"os.setpriority({PRIO_PROCESS}, parent, 19)", "seccomp"),
    Attempt("schedule the parent last", "os.sched_setscheduler(parent, os.SCHED_IDLE, os.sched_param(0))", "seccomp"),
    Attempt("pin the parent down", "os.sched_setaffinity(parent, {min(os.sched_getaffinity(0))})", "seccomp"),
    Attempt("have the kernel signal the parent", "fcntl.fcntl(0, fcntl.F_SETOWN, parent)", "seccomp"),
    Attempt(
        "have the kernel signal the parent, by ioctl",
        "fcntl.ioctl(socket.socketpair()[0], 0x8901, struct.pack('i', parent))",
        "seccomp",
    ),
    Attempt("choose that signal", "fcntl.fcntl(0, 10, signal.SIGKILL)", "seccomp"),
    Attempt("leave the session", "os.setsid()", "seccomp"),
    Attempt("outlive the parent", "call('prctl', 1, 0)", "seccomp"),
    # What stays, and what is shared
    Attempt("shared memory", f"call('shmget', 4321, 4096, {IPC_CREAT})", "seccomp", free=False),
    Attempt("a message queue", f"call('msgget', 4321, {IPC_CREAT})", "seccomp", free=False),
    Attempt("memory in a file that is none", "os.memfd_create('x')", "seccomp"),
    Attempt("a key in the kernel", "call('syscall', ADD_KEY, b'user', b'x', b'x', 1, -3)", "seccomp", free=False),
    Attempt("watch folders", "call('inotify_init1', 0)", "seccomp"),
    Attempt(
        "asynchronous input and output",
        "call('syscall', IO_SETUP, 65536, ctypes.byref(ctypes.c_ulong()))",
        "seccomp",
        free=False,
    ),
    Attempt("io_uring", "call('syscall', 425, 1, ctypes.byref((ctypes.c_uint8 * 256)()))", "seccomp", free=False),
    Attempt("userfaultfd", "call('syscall', USERFAULTFD, 1)", "seccomp", free=False),
    Attempt(
        "watch the processor",
        "call('syscall', PERF, ctypes.byref((ctypes.c_uint32 * 32)(1, 128, 1)), 0, -1, -1, 0)",
        "seccomp",
        free=False,
    ),
    Attempt("write all disks", "call('syscall', SYNC)", "seccomp"),
    Attempt("a call from the future", "call('syscall', 100000)", "seccomp", free=False),
    Attempt("a call of the other interface", "call('syscall', 0x40000000 + 39)", "seccomp", free=False),
    # Too much
    Attempt("8 GB of memory", "bytearray(8 << 30)", "rlimits", free=False),
    Attempt("a file of 1 GB", "open('large', 'wb').truncate(1 << 30)", "rlimits"),
    Attempt("10 000 open files", "[os.dup(0) for _ in range(10_000)]", "rlimits", free=False),
    Attempt("10 000 timers", "[timer() for _ in range(10_000)]", "rlimits", free=False),
    Attempt("pages that stay in memory", "lock(64 << 20)", "", free=False),
)

#: What the attempts are written with
PRELUDE = """
import ctypes, fcntl, glob, os, platform, resource, signal, socket, struct, subprocess
arm = platform.machine() == "aarch64"
CLONE, TGKILL, ADD_KEY, IO_SETUP = (220, 131, 217, 0) if arm else (56, 234, 248, 206)
USERFAULTFD, PERF, SYNC = (282, 241, 81) if arm else (323, 298, 162)
LOADER = (glob.glob("/lib64/ld-linux*") + glob.glob("/lib/ld-*"))[0]
def echo():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as link:
        link.settimeout(2)
        link.connect(tuple(address["udp"]))
        link.send(b"x")
        link.recv(1)
def hand_on():
    pair = socket.socketpair()
    socket.send_fds(pair[0], [b"x"], [0])
def read_memory(pid):
    room = ctypes.create_string_buffer(8)
    vectors = [(ctypes.c_void_p * 2)(ctypes.addressof(room), 8) for _ in range(2)]
    return call("process_vm_readv", pid, ctypes.byref(vectors[0]), 1, ctypes.byref(vectors[1]), 1, 0)
def timer():
    call("timer_create", 1, None, ctypes.byref(ctypes.c_void_p()))
def lock(size):
    room = ctypes.create_string_buffer(size)
    call("mlock", room, size)
"""


def program(*attempts: Attempt) -> str:
    """Return code that makes these attempts, one after the other."""
    return "\n".join([PRELUDE, *(f"print('TRY', {a.name!r})\nstopped(lambda: {a.code})" for a in attempts)])
