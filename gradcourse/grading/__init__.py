"""Grade a class: from a folder of submissions to a gradebook, on one machine or a cluster.

    intake      rebuilds a submission from the released notebook: only answers are taken over
    sandbox     runs it in bubblewrap: no network, no files, bounded memory and time
    score       decides outside, from numbers that the hidden tests reported
    classroom   one task per submission, one merger; whatever is finished stays finished
    pages       what a student and an instructor read

nbgrader does the rest: assignments, gradebook, formgrader. It needs the extra `[grading]`.
"""
