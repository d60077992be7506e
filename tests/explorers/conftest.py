"""One explorer for all tests of a file: building one anew for each test takes half of the time."""

import pytest

from gradcourse import explorers


@pytest.fixture(scope="module")
def built(request):
    """The explorer of this file, test_step_size_explorer.py → StepSizeExplorer."""
    words = request.path.stem.split("_")[1:]
    return getattr(explorers, "".join(word.title() for word in words))()


@pytest.fixture
def explorer(built):
    """The explorer as it was in the beginning."""
    built.reset()
    built.wins.clear()
    built.refresh()
    return built
