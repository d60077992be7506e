"""What the tests of grading share: workers that have started already."""

import dask
import pytest
from distributed import LocalCluster


@pytest.fixture(scope="session")
def cluster():
    """The address of a Dask cluster on this machine, for tests that are not about Dask."""
    options = {"threads_per_worker": 1, "host": "127.0.0.1", "dashboard_address": "127.0.0.1:0"}
    with (
        dask.config.set({"distributed.worker.profile.enabled": False}),
        LocalCluster(n_workers=3, silence_logs=50, **options) as here,
    ):
        yield here.scheduler_address
