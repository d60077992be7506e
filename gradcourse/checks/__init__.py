"""Checks of the exercises, one module per exercise set: `gradcourse.checks.set01` and so on.

`report` and `seed` are for hidden tests that a class grader reads.
"""

from gradcourse.checks.reports import report, seed

__all__ = ["report", "seed"]
