"""What several test files share."""

import subprocess
import sys

import pytest

collect_ignore = ["tools"]  # commands, not tests; one of them needs PyTorch


@pytest.fixture
def run_python():
    """Give back a function that runs code in a fresh interpreter and returns what it printed."""

    def run(code: str) -> str:
        command = [sys.executable, "-W", "error", "-c", code]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    return run
