"""A filter on system calls: what no honest exercise calls is refused, whatever the process may do.

The filter is a table in two parts: calls that are refused, by what they could do, and calls that are
refused for some arguments. https://www.kernel.org/doc/html/latest/userspace-api/seccomp_filter.html
"""

from __future__ import annotations

import ctypes
import errno
import functools
import os
import platform
import struct
import sys
from dataclasses import dataclass

from autograder.sandbox.libc import prctl
from autograder.sandbox.syscalls import LAST, numbers

#: Refused with "Operation not permitted". Sockets that are open already can still be read and written.
REFUSED = {
    "make a connection": "socket connect bind listen accept accept4",
    "hand on open files": "sendmsg sendmmsg",
    "start a program or a process": "fork vfork execve execveat",
    "reach into another process": "ptrace process_vm_readv process_vm_writev process_madvise process_mrelease kcmp"
    " pidfd_open pidfd_getfd pidfd_send_signal get_robust_list move_pages migrate_pages",
    "send another process a signal": "tkill rt_sigqueueinfo rt_tgsigqueueinfo",
    "slow another process down": "sched_setparam sched_setscheduler sched_setattr setpriority ioprio_set sync syncfs",
    "become somebody else": "setsid setpgid setuid setgid setreuid setregid setresuid setresgid setfsuid setfsgid"
    " setgroups capset personality",
    "see other files": "unshare setns mount umount2 pivot_root chroot open_tree move_mount fsopen fsconfig fsmount"
    " fspick mount_setattr name_to_handle_at open_by_handle_at",
    # Landlock has no say in these: they would work on any file of the same user.
    "change files without opening them": "chmod fchmod fchmodat fchmodat2 chown fchown lchown fchownat setxattr"
    " lsetxattr fsetxattr removexattr lremovexattr fremovexattr utime utimes futimesat utimensat truncate",
    "lay traps in a folder": "mknod mknodat link linkat symlink symlinkat",
    "leave behind what outlives a process, or hold memory that is not counted": "shmget shmat shmctl semget semop"
    " semctl semtimedop msgget msgsnd msgrcv msgctl mq_open mq_unlink mq_timedsend mq_timedreceive mq_notify"
    " mq_getsetattr memfd_create memfd_secret add_key request_key keyctl",
    "use up what all processes share": "inotify_init inotify_init1 inotify_add_watch fanotify_init fanotify_mark"
    " io_setup io_submit",
    "use parts of the kernel that were often broken": "io_uring_setup io_uring_enter io_uring_register userfaultfd"
    " perf_event_open bpf vmsplice seccomp landlock_create_ruleset modify_ldt uselib _sysctl lookup_dcookie nfsservctl",
    "administer the machine": "acct adjtimex clock_adjtime clock_settime settimeofday sethostname setdomainname"
    " syslog vhangup reboot swapon swapoff quotactl quotactl_fd iopl ioperm init_module finit_module delete_module"
    " kexec_load kexec_file_load",
}

#: Said not to exist, upon which the C library takes the older call, whose arguments a filter can read.
ABSENT = "clone3 openat2"

ALLOW, KILL = 0x7FFF0000, 0x80000000
REFUSE, NOT_THERE = 0x00050000 | errno.EPERM, 0x00050000 | errno.ENOSYS
AUDIT = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}

CLONE_THREAD = 0x10000
AF_UNIX, SOCK_STREAM, SOCK_TYPES = 1, 1, 0xF
MSG_OOB = 1
O_ACCMODE, O_TRUNC = 0o3, 0o1000
# fcntl: who gets a signal and which, watch a folder, lease a file, enlarge a pipe
FCNTL = (8, 10, 15, 1024, 1026, 1031)
# ioctl: who gets a signal (twice), type into a terminal, take it over, its line discipline, virtual consoles
IOCTL = (0x8901, 0x8902, 0x5412, 0x540E, 0x5423, 0x541C)
# prctl: live on after the parent, be traceable, give the kernel a filter, move one's own memory map
PRCTL = (1, 4, 22, 35)
# setsockopt: give the kernel a program that looks at packets
SETSOCKOPT = (26, 50, 51, 52)


@dataclass(frozen=True)
class Test:
    """One look at an argument: the low 32 bits of argument ``index``, of which ``mask``, are one of ``values``."""

    index: int
    values: tuple[int, ...]
    mask: int = 0xFFFFFFFF
    high: bool = False


@dataclass(frozen=True)
class Rule:
    """A call that depends on its arguments: allowed if all tests hold, or refused if they do."""

    call: str
    tests: tuple[Test, ...]
    allow: bool = True


def rules(pid: int) -> tuple[Rule, ...]:
    """Return the rules for the process ``pid``: what it may do to itself it may not do to others."""
    itself = Test(0, (pid,))
    itself_or_zero = Test(0, (0, pid))
    return (
        Rule("clone", (Test(0, (CLONE_THREAD,), CLONE_THREAD),)),  # threads, no processes
        Rule("kill", (itself,)),
        Rule("tgkill", (itself,)),  # abort() and signals between one's own threads
        Rule("prlimit64", (itself_or_zero,)),  # else it could set another's CPU time to nothing
        Rule("sched_setaffinity", (itself_or_zero,)),
        # asyncio cannot do without. Streams only: a datagram socket can be made to send to anybody.
        Rule("socketpair", (Test(0, (AF_UNIX,)), Test(1, (SOCK_STREAM,), SOCK_TYPES))),
        # To no address, and nothing out of band, which has been a way into the kernel.
        Rule("sendto", (Test(4, (0,)), Test(4, (0,), high=True), Test(3, (0,), MSG_OOB))),
        Rule("setsockopt", (Test(2, SETSOCKOPT),), allow=False),
        Rule("fcntl", (Test(1, FCNTL),), allow=False),
        Rule("ioctl", (Test(1, IOCTL),), allow=False),
        Rule("prctl", (Test(0, PRCTL),), allow=False),
        # Landlock before version 3 lets a file that may be read be emptied so.
        Rule("open", (Test(1, (O_TRUNC,), O_TRUNC | O_ACCMODE),), allow=False),
        Rule("openat", (Test(2, (O_TRUNC,), O_TRUNC | O_ACCMODE),), allow=False),
    )


# BPF: load a word of the description of the call, and with a constant, jump, return
_LOAD, _AND, _EQUAL, _GREATER, _RETURN = 0x20, 0x54, 0x15, 0x25, 0x06
_NUMBER, _ARCHITECTURE, _ARGUMENTS = 0, 4, 16
Step = tuple[int, int, int, int]


def program(pid: int, machine: str) -> list[Step]:
    """Write the filter: operation, steps to skip if true, steps to skip if false, constant."""
    known = numbers(machine)
    steps: list[Step] = [
        (_LOAD, 0, 0, _ARCHITECTURE),
        (_EQUAL, 1, 0, AUDIT[machine]),
        (_RETURN, 0, 0, KILL),
        (_LOAD, 0, 0, _NUMBER),
        (_GREATER, 0, 1, LAST),  # also the calls of the x32 interface
        (_RETURN, 0, 0, NOT_THERE),
    ]
    plain = {name: REFUSE for names in REFUSED.values() for name in names.split()}
    plain |= dict.fromkeys(ABSENT.split(), NOT_THERE)
    for name, answer in plain.items():
        if name in known:
            steps += [(_EQUAL, 0, 1, known[name]), (_RETURN, 0, 0, answer)]
    for rule in rules(pid):
        if rule.call in known:
            body = _compiled(rule)
            steps += [(_EQUAL, 0, len(body), known[rule.call]), *body]
    return [*steps, (_RETURN, 0, 0, ALLOW)]


def _compiled(rule: Rule) -> list[Step]:
    """Write the steps that end in the rule's verdict."""
    held, failed = (ALLOW, REFUSE) if rule.allow else (REFUSE, ALLOW)
    steps: list[Step] = [(_RETURN, 0, 0, held), (_RETURN, 0, 0, failed)]
    for test in reversed(rule.tests):
        to_failed = len(steps) - 1
        count = len(test.values)
        compare = [
            (_EQUAL, count - 1 - at, to_failed if at == count - 1 else 0, value) for at, value in enumerate(test.values)
        ]
        load = (_LOAD, 0, 0, _ARGUMENTS + 8 * test.index + 4 * test.high)
        mask = [] if test.mask == 0xFFFFFFFF else [(_AND, 0, 0, test.mask)]
        steps = [load, *mask, *compare, *steps]
    return steps


def machine() -> str:
    """Return "x86_64" or "aarch64" where there is a filter for this process, else ""."""
    found = platform.machine() if sys.platform == "linux" and sys.maxsize > 2**32 else ""
    return found if found in AUDIT and sys.byteorder == "little" else ""


_SOMEBODY = 0x5EC0B9F1  # stands in the packed filter where the process's own number goes


@functools.cache
def packed() -> bytes:
    """Return the filter as the kernel reads it, but for the number of the process; worth doing before a fork."""
    return b"".join(struct.pack("=HBBI", *step) for step in program(_SOMEBODY, machine()))


_PR_SET_SECCOMP, _MODE_FILTER = 22, 2


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("steps", ctypes.c_char_p))


def restrict() -> None:
    """Put the filter over this thread and all that it starts.

    Raises
    ------
    OSError
        If the kernel or the processor knows no such filter, or ``no_new_privileges`` was not called.
    """
    if not machine():
        raise OSError(f"there is no filter for {sys.platform} on {platform.machine() or 'this processor'}")
    steps = packed().replace(struct.pack("=I", _SOMEBODY), struct.pack("=I", os.getpid()))
    described = _Program(len(steps) // 8, steps)
    prctl(_PR_SET_SECCOMP, _MODE_FILTER, ctypes.cast(ctypes.pointer(described), ctypes.c_void_p))
