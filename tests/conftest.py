"""What several test files share."""

import subprocess
import sys

import pytest

# Commands, one of which needs PyTorch, and answers that other tests read.
collect_ignore = ["tools", "wrong_answers", "right_answers"]


@pytest.fixture
def run_python():
    """Give back a function that runs code in a fresh interpreter and returns what it printed."""

    def run(code: str) -> str:
        command = [sys.executable, "-W", "error", "-c", code]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    return run
