"""Give every test file, and every notebook, an empty data folder of its own.

This file stands at the root because the notebooks in lessons/, solutions/ and exercises/ are tests
too, and pytest asks only the conftest files above a test.
"""

import os
import socket
import tempfile
from functools import cache
from itertools import cycle
from pathlib import Path

import pytest
from jupyter_client.connect import LocalPortCache

FOLDER = pytest.StashKey[str]()


# A kernel's ports are chosen first and opened half a second later. Among those that any connection
# may be given in between, about one kernel in 400 found its port taken, and hung. So here each test
# process has ports of its own, below the system's.
WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw2")[2:]) % 3
PORTS = cycle(range(10_000 + 7_000 * WORKER, 17_000 + 7_000 * WORKER))


def find_available_port(self, ip):
    """Return the next port of this process that nobody uses."""
    for port in PORTS:
        with socket.socket() as trial:
            if trial.connect_ex((ip, port)):
                return port


LocalPortCache.find_available_port = find_available_port


def pytest_configure(config):
    """Make the folder that holds all data folders, and remove it at the end."""
    base = tempfile.TemporaryDirectory(prefix="gradcourse-tests-", ignore_cleanup_errors=True)
    config.add_cleanup(base.cleanup)
    config.stash[FOLDER] = base.name


@cache
def data_folder(base: str, test_file: Path) -> str:
    """A fresh folder, the same one for all tests or cells of one file."""
    return tempfile.mkdtemp(prefix=f"{test_file.stem}-", dir=base)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item):
    """Keep the learner's own progress, and IPython's history, out of the tests."""
    folder = data_folder(item.config.stash[FOLDER], item.path)
    os.environ["GRADCOURSE_DATA"] = folder
    os.environ["IPYTHONDIR"] = os.path.join(folder, "ipython")
    os.environ["PYDEVD_DISABLE_FILE_VALIDATION"] = "1"  # no word about frozen modules on stderr
