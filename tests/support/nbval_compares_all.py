"""A pytest plugin: what nbval passes over is compared too, in the outputs it has just got.

nbval compares text and data. Pictures, the order of outputs, their metadata and stored run counts
are compared here, so one run of a notebook shows all that a second one, by
`python tools/refresh.py --check`, would.
"""

import pytest
from nbval.plugin import IPyNbCell
from refresh import difference


# Why: docs/decisions.md#one-run-of-each-notebook-in-the-tests
def pytest_addoption(parser):
    """Let other versions of matplotlib draw in their own way."""
    parser.addoption(
        "--any-picture", action="store_true", help="do not compare the pictures in notebooks"
    )


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item):
    """Let nbval run and compare a cell, then compare the rest."""
    outcome = yield
    if isinstance(item, IPyNbCell):
        what = difference(item.test_outputs, item.cell, item.config.option.any_picture)
        if what:
            item.raise_cell_error("Cell outputs differ", what)
    return outcome
