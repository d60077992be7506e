"""What tests and notebooks share: empty data folders, ports for their kernels, an order.

This file stands at the root because the notebooks in lessons/, solutions/ and exercises/ are tests
too, and pytest asks only the conftest files above a test.
"""

import os
import tempfile
from functools import cache
from pathlib import Path

import pytest
from jupyter_client.connect import LocalPortCache
from kernel_ports import port_finder

pytest_plugins = ["nbval_compares_all"]
FOLDER = pytest.StashKey[str]()

# A worker gets a file at a time. The longest come first, the shortest last: so both end together.
# Why: docs/decisions.md#test-files-are-put-in-order-by-hand
LONGEST_FIRST = (
    "tests/grading/test_hostile.py",
    "tests/grading/test_classroom.py",
    "tests/explorers/test_all_explorers.py",
    "tests/checks/test_sets.py",
    "tests/notebooks/test_browser.py",
    "tests/grading/",
    "lessons/",
    "solutions/",
    "exercises/",
)

LocalPortCache.find_available_port = port_finder(os.environ.get("PYTEST_XDIST_WORKER", ""))


def pytest_configure(config):
    """Make the folder that holds all data folders, and remove it at the end."""
    base = tempfile.TemporaryDirectory(prefix="gradcourse-tests-", ignore_cleanup_errors=True)
    config.add_cleanup(base.cleanup)
    config.stash[FOLDER] = base.name


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items):
    """Put the files that take longest first; within a file, nothing moves."""
    items.sort(key=lambda item: place(item.nodeid))


def place(test: str) -> int:
    """Where in the order a test stands: the number in LONGEST_FIRST, or after all of them."""
    named = (number for number, start in enumerate(LONGEST_FIRST) if test.startswith(start))
    return next(named, len(LONGEST_FIRST))


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
