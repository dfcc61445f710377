"""Faults: wrong parts with a name and one sentence of help, and what each of them gets wrong.

A fault's *signature* is the set of ``(scenario, label, what)`` in which it departs from torch. A
submission that gets the same things wrong probably holds the same wrong idea.
"""

from autograder.faults.lookup import ideas
from autograder.faults.registry import Fault, fault, faults
from autograder.faults.signatures import FaultReport, check, compute, read, report, write

__all__ = ["Fault", "FaultReport", "check", "compute", "fault", "faults", "ideas", "read", "report", "write"]
