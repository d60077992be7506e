"""A dead kernel: who is run again, with whom, and who is to blame."""

import pytest
from nbformat.v4 import new_code_cell, new_notebook
from sandboxed import marked

from gradcourse.grading.doors.intake import Submission
from gradcourse.grading.doors.output import ENDED
from gradcourse.grading.grade_one import Run, _best, _run_apart

N_TESTS = 5
TESTS = [f"check-{number}" for number in range(N_TESTS)]


def submission(extras=()):
    """Five tests, and the student's own cells behind some of them."""
    release = new_notebook(cells=[marked("check()", name) for name in TESTS])
    return Submission(release, {}, {name: ["mine"] for name in extras}, [])


class Kernels:
    """Runs that end wherever `ends` says so; remembers the plans."""

    def __init__(self, ends):
        self.ends, self.plans = ends, []

    def __call__(self, plan):
        self.plans.append(plan)
        metadata = {ENDED: 0} if self.ends(plan) else {}
        return Run(new_notebook(metadata=metadata), dict.fromkeys(TESTS, 0.0))


def test_an_answer_that_ends_its_kernel_costs_two_more_runs():
    run = Kernels(lambda plan: 1 in plan.answers)
    runs, killers = _run_apart(run, submission(), suspect=1)
    assert killers == {1}
    assert [sorted(plan.answers) for plan in run.plans] == [[0, 2, 3, 4, 5], [1]]
    assert not runs[-1].ended


def test_a_cell_of_one_s_own_costs_no_answer():
    run = Kernels(lambda plan: 1 in plan.extras)
    runs, killers = _run_apart(run, submission([TESTS[0]]), suspect=1)
    assert killers == set()
    assert run.plans[-1].answers == {0, 1, 2, 3, 4, 5}
    assert run.plans[-1].extras == {0, 2, 3, 4, 5}
    assert not runs[-1].ended


def test_a_cell_after_the_last_test_costs_nothing():
    run = Kernels(lambda plan: N_TESTS in plan.extras)
    runs, killers = _run_apart(run, submission([TESTS[-1]]), suspect=N_TESTS)
    assert (len(runs), killers, runs[-1].ended) == (1, set(), False)


@pytest.mark.parametrize("culprits", [{0}, {0, 3}, {0, 1, 2, 3, 4}])
def test_where_others_end_it_too_each_runs_alone_and_the_harmless_together(culprits):
    run = Kernels(lambda plan: culprits & plan.answers)
    runs, killers = _run_apart(run, submission(), suspect=3)
    assert killers == culprits
    assert run.plans[-1].answers == set(range(N_TESTS)) - culprits
    assert len(runs) == N_TESTS + 1


def test_the_best_run_is_the_latest_of_those_with_most_points():
    runs = [Run(new_notebook(cells=[new_code_cell()]), {"x": n}) for n in (None, 2.0, 1.0, 2.0)]
    assert _best(runs, "x") is runs[3]


def test_the_section_is_counted_by_the_tests_before():
    cells = [new_code_cell(), marked("a", "a"), new_code_cell(), marked("b", "b")]
    for index, section in enumerate([0, 0, 1, 1]):
        assert Run(new_notebook(cells=cells, metadata={ENDED: index}), {}).ended_in == section
