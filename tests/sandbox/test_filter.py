"""The filter on system calls, run here step by step: so it is tried for processors that this is not."""

from __future__ import annotations

import pytest

from autograder.sandbox import seccomp
from autograder.sandbox.syscalls import LAST, numbers

PID = 4321
PASS, REFUSED, ABSENT, KILLED = seccomp.ALLOW, seccomp.REFUSE, seccomp.NOT_THERE, seccomp.KILL


def verdict(machine: str, number: int, *arguments: int, audit: int = 0) -> int:
    """Run the filter as the kernel would."""
    words = {0: number, 4: audit or seccomp.AUDIT[machine]}
    for index in range(6):
        value = arguments[index] if index < len(arguments) else 0
        words[16 + 8 * index], words[20 + 8 * index] = value & 0xFFFFFFFF, value >> 32 & 0xFFFFFFFF
    steps = seccomp.program(PID, machine)
    at = held = 0
    while True:
        operation, true, false, constant = steps[at]
        at += 1
        if operation == 0x20:
            held = words[constant]
        elif operation == 0x54:
            held &= constant
        elif operation == 0x15:
            at += true if held == constant else false
        elif operation == 0x25:
            at += true if held > constant else false
        else:
            assert operation == 0x06
            return constant


CASES = [
    ("clone", (0x3D0F00,), PASS),  # the flags with which the C library starts a thread
    ("clone", (17,), REFUSED),
    ("clone", (0x01200011,), REFUSED),  # those with which it forks
    ("kill", (PID, 9), PASS),
    ("kill", (PID + 1, 9), REFUSED),
    ("kill", (0, 9), REFUSED),
    ("kill", (2**64 - 1, 9), REFUSED),
    ("tgkill", (PID, 7, 6), PASS),
    ("tgkill", (1, 1, 9), REFUSED),
    ("prlimit64", (0, 7), PASS),
    ("prlimit64", (PID, 7), PASS),
    ("prlimit64", (1, 7), REFUSED),
    ("socketpair", (1, 1 | 0o2000000), PASS),
    ("socketpair", (1, 2), REFUSED),
    ("socketpair", (2, 1), REFUSED),
    ("sendto", (3, 4096, 1, 0, 0, 0), PASS),
    ("sendto", (3, 4096, 1, 0, 4096, 16), REFUSED),
    ("sendto", (3, 4096, 1, 0, 1 << 40, 16), REFUSED),
    ("sendto", (3, 4096, 1, 0x4001), REFUSED),
    ("sendto", (3, 4096, 1, 0x4000), PASS),
    ("fcntl", (3, 3), PASS),
    ("fcntl", (3, 8, 1), REFUSED),
    ("fcntl", (3, 1031), REFUSED),
    ("ioctl", (3, 0x5401), PASS),
    ("ioctl", (3, 0x5412), REFUSED),
    ("ioctl", (3, 1 << 32 | 0x5412), REFUSED),  # the kernel reads 32 bits
    ("prctl", (15,), PASS),
    ("prctl", (1, 0), REFUSED),
    ("openat", (3, 4096, 0o1101), PASS),
    ("openat", (3, 4096, 0o1000), REFUSED),
    ("openat", (3, 4096, 0), PASS),
    ("clone3", (), ABSENT),
    ("openat2", (), ABSENT),
    ("setsockopt", (3, 1, 26), REFUSED),
    ("setsockopt", (3, 1, 7), PASS),
]


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
@pytest.mark.parametrize(("call", "arguments", "expected"), CASES)
def test_calls_that_depend_on_their_arguments(
    machine: str, call: str, arguments: tuple[int, ...], expected: int
) -> None:
    assert verdict(machine, numbers(machine)[call], *arguments) == expected


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_calls_that_are_refused(machine: str) -> None:
    known = numbers(machine)
    names = [name for family in seccomp.REFUSED.values() for name in family.split()]
    assert len(names) == len(set(names)) > 120
    assert {verdict(machine, known[name]) for name in names if name in known} == {REFUSED}


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_all_others_pass_up_to_the_last_that_is_known(machine: str) -> None:
    named = set(numbers(machine).values())
    others = [number for number in range(LAST + 1) if number not in named]
    assert len(others) > 250
    assert {verdict(machine, number) for number in others} == {PASS}
    for number in (LAST + 1, 1 << 20, 0x40000000 | 39, 2**32 - 1):
        assert verdict(machine, number) == ABSENT


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_another_architecture_is_the_end(machine: str) -> None:
    assert verdict(machine, 39, audit=0x40000003) == KILLED


def test_every_name_has_a_number() -> None:
    """A name that is misspelt would be let through in silence."""
    everywhere = set(numbers("x86_64")) | set(numbers("aarch64"))
    names = {name for family in seccomp.REFUSED.values() for name in family.split()}
    names |= set(seccomp.ABSENT.split()) | {rule.call for rule in seccomp.rules(PID)}
    assert names == everywhere
