"""The command that makes exercises takes the answers out and leaves a notebook that runs."""

import nbformat
import pytest
import release
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from gradcourse.grading.nbgrader_api import CODE_STUB

ANSWER = '''def double(x):
    """Twice x."""
    ### BEGIN SOLUTION
    return 2 * x
    ### END SOLUTION'''
CHECK = """try:
    print("right" if double(3) == 6 else "wrong")
except NotImplementedError:
    print("not attempted yet")
### BEGIN HIDDEN TESTS
assert double(17) == 34
### END HIDDEN TESTS"""


def graded(cell, **roles):
    """Mark a cell as nbgrader does."""
    wanted = {"grade": False, "solution": False, "locked": False, "task": False, **roles}
    cell.metadata["nbgrader"] = {"grade_id": cell.id, "schema_version": 3, **wanted}
    return cell


def write_solution(root, answer=ANSWER):
    path = root / "solutions" / "01_demo" / "01_demo.ipynb"
    path.parent.mkdir(parents=True)
    cells = [
        new_markdown_cell("# Demo", id="title"),
        graded(new_code_cell(answer, id="double"), solution=True),
        graded(new_code_cell(CHECK, id="double-check"), grade=True, locked=True, points=2),
    ]
    nbformat.write(new_notebook(cells=cells), path)


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """A course with one exercise set, released once; used by several tests."""
    root = tmp_path_factory.mktemp("course")
    write_solution(root)
    assert release.main([], root) == 0
    return root


def released_cells(root):
    path = root / "exercises" / "01_demo" / "01_demo.ipynb"
    return {cell.id: cell for cell in nbformat.read(path, as_version=4).cells}


def test_an_answer_becomes_a_place_for_the_learner_s_code(course):
    cell = released_cells(course)["double"]
    assert cell.source == f'def double(x):\n    """Twice x."""\n    {CODE_STUB}'


def test_hidden_tests_are_gone_and_visible_ones_stay(course):
    cell = released_cells(course)["double-check"]
    assert cell.source == CHECK.partition("\n###")[0]


def test_an_untouched_exercise_runs_and_says_that_nothing_was_attempted(course):
    [shown] = released_cells(course)["double-check"].outputs
    assert shown.text == "not attempted yet\n"


def test_what_grading_needs_is_kept(course):
    grading = released_cells(course)["double-check"].metadata.nbgrader
    assert (grading.grade_id, grading.points) == ("double-check", 2)
    assert len(grading.checksum) == 32


def test_nothing_else_is_left_behind(course):
    files = [path.name for path in course.rglob("*") if path.is_file()]
    assert files == ["01_demo.ipynb"] * 2


def test_releasing_again_changes_nothing(course):
    assert release.main(["--check"], course) == 0


def test_a_check_names_the_exercise_that_was_edited_by_hand(tmp_path, course, capsys):
    write_solution(tmp_path)
    target = tmp_path / "exercises" / "01_demo" / "01_demo.ipynb"
    target.parent.mkdir(parents=True)
    made = (course / "exercises" / "01_demo" / "01_demo.ipynb").read_text("utf-8")
    target.write_text(made.replace("# Demo", "# Edited"), "utf-8")
    assert release.main(["--check"], tmp_path) == 1
    assert f"would change: {target}" in capsys.readouterr().out


def test_a_check_makes_nothing(tmp_path):
    write_solution(tmp_path)
    assert release.main(["--check"], tmp_path) == 1
    assert not (tmp_path / "exercises").exists()


def test_an_answer_that_never_ends_is_refused(tmp_path):
    write_solution(tmp_path, ANSWER.replace("### END SOLUTION", ""))
    with pytest.raises(SystemExit, match="01_demo"):
        release.main([], tmp_path)
    assert not list(tmp_path.glob("exercises/*/*.ipynb"))
