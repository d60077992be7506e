"""Checks of the exercises, one module per exercise set: `gradcourse.checks.set01` and so on."""
