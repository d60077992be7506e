"""Ports for the kernels of the tests, so that no two test processes choose the same one.

A kernel's ports are chosen first and opened half a second later. Among those that any connection
may be given in between, about one kernel in 400 found its port taken, and hung. So each test
process has a range of its own, below the ports that the system hands out.
"""

import socket
from collections.abc import Callable
from itertools import cycle
from pathlib import Path

from jupyter_client.connect import LocalPortCache

LOWEST = 10_000
USUAL = 32_768  # where Linux begins; Windows and macOS begin higher
PROCESSES = 17  # pytest -n 16, and one that runs alone
SYSTEM = Path("/proc/sys/net/ipv4/ip_local_port_range")


def first_of_the_system() -> int:
    """The lowest port that the system gives to a connection that asks for none."""
    found = int(SYSTEM.read_text().split()[0]) if SYSTEM.exists() else USUAL
    return found if found > 2 * LOWEST else USUAL  # a system that gives away all: the usual ones


def ports_of(worker: str) -> range:
    """The ports of one test process, by its name in pytest-xdist ("gw0", or "" for one alone)."""
    number = int(worker.removeprefix("gw")) + 1 if worker else 0
    if number >= PROCESSES:
        raise ValueError(f"No ports are left for {worker}; use at most -n {PROCESSES - 1}.")
    share = (first_of_the_system() - LOWEST) // PROCESSES
    return range(LOWEST + number * share, LOWEST + (number + 1) * share)


# Why: docs/decisions.md#test-kernels-have-ports-of-their-own
def port_finder(worker: str) -> Callable[[LocalPortCache, str], int]:
    """What a test process puts in place of jupyter_client's own choice of a port."""
    ports = cycle(ports_of(worker))

    def find_available_port(cache: LocalPortCache, ip: str) -> int:
        """Return the next port of this process at which nobody listens."""
        return next(port for port in ports if is_free(ip, port))

    return find_available_port


def is_free(ip: str, port: int) -> bool:
    """Whether nobody answers at a port."""
    with socket.socket() as trial:
        return trial.connect_ex((ip, port)) != 0
