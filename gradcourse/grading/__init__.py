"""Grade a class: from a folder of submissions to a gradebook, on one machine or a cluster.

    submitted/ ─→ doors/intake ──→ doors/sandbox ─→ doors/output ─→ doors/verdict ─→ points
                  answers only     runs the code    what it says    compares outside

    doors/        the four doors a stranger's data must pass; audit these files
    cells         what a cell is for: an answer, a test, locked
    grade_one     one submission: doors in a row, and a dead kernel's answers run apart
    prepare       before a class: the release, the gradebook, the reference's numbers
    classroom     one task per submission, and one process that writes results down
    class_folder  the files of a class;  result: the value that is written
    pages, table  what a student and an instructor read, and the grades as CSV
    nbgrader_api  nbgrader does the rest: assignments, gradebook, formgrader

It needs the extra `[grading]`.
"""

import sys

# jsonschema, which reads notebooks for nbformat, compiles a grammar of web addresses as soon as it
# is imported, if it finds one: 1.2 s in each process, for a check that no notebook asks for.
if "jsonschema" not in sys.modules:
    sys.modules["rfc3987_syntax"] = None  # type: ignore[assignment]
