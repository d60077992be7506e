"""What several test files share."""

import os
import subprocess
import sys

import pytest
from hypothesis import settings

# No test measures time: on a busy machine any of them may take long.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")

# Commands, one of which needs PyTorch, and answers that other tests read.
collect_ignore = ["support", "wrong_answers", "right_answers"]


def pytest_configure(config):
    """Register our marks."""
    config.addinivalue_line("markers", "sandbox: grades other people's work, which needs Linux")


def pytest_runtest_setup(item):
    """Pass over what needs a sandbox where there can be none, but never in CI."""
    if item.get_closest_marker("sandbox") and "CI" not in os.environ:
        from gradcourse.grading.doors.sandbox import problem

        if found := problem():
            pytest.skip(found)


@pytest.fixture
def run_python():
    """Give back a function that runs code in a fresh interpreter and returns what it printed."""

    def run(code: str) -> str:
        command = [sys.executable, "-W", "error", "-c", code]
        run = subprocess.run(command, capture_output=True, text=True)
        assert run.returncode == 0, run.stderr
        return run.stdout.strip()

    return run
