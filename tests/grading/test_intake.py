"""Intake: whatever a file says, out comes the release with answers in it, or one sentence."""

import json
import os

import nbformat
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from gradcourse.grading.doors.intake import MAX_CELLS, Plan, Refused, find_file, read_file, take_in

STUB = "raise NotImplementedError  # your code here"


def graded(cell, grade_id=None, **roles):
    wanted = {"grade": False, "solution": False, "locked": False, "task": False, **roles}
    cell.metadata["nbgrader"] = {"grade_id": grade_id or cell.id, "schema_version": 3, **wanted}
    return cell


def make_release():
    return new_notebook(
        cells=[
            new_markdown_cell("# Doubles", id="title"),
            new_code_cell("import numpy as np", id="imports"),
            graded(new_code_cell(f"def double(x):\n    {STUB}", id="double"), solution=True),
            graded(
                new_code_cell("check(double)", id="double-check"), grade=True, locked=True, points=2
            ),
            graded(
                new_markdown_cell("Why?", id="why"),
                "why-it-works",
                solution=True,
                grade=True,
                points=1,
            ),
            graded(new_code_cell(f"def halve(x):\n    {STUB}", id="halve"), solution=True),
            graded(
                new_code_cell("check(halve)", id="halve-check"), grade=True, locked=True, points=3
            ),
        ]
    )


RELEASE = make_release()
DOUBLE, HALVE = "def double(x):\n    return x + x", "def halve(x):\n    return x / 2"
IDS = [cell.metadata.get("nbgrader", {}).get("grade_id", cell.id) for cell in RELEASE.cells]


@pytest.fixture
def nb():
    """The release with both answers filled in."""
    notebook = make_release()
    notebook.cells[2].source, notebook.cells[5].source = DOUBLE, HALVE
    return notebook


def taken(notebook, **options):
    raw = notebook if isinstance(notebook, bytes) else json.dumps(notebook).encode()
    return take_in(raw, RELEASE).notebook(**options)


def sources(notebook):
    return [cell.source for cell in notebook.cells if cell.cell_type == "code"]


PLAIN = ["import numpy as np", DOUBLE, "check(double)", HALVE, "check(halve)"]


def test_answers_are_taken_over(nb):
    assert sources(taken(nb)) == PLAIN


def test_nothing_else_is_taken_over(nb):
    nb.metadata["evil"] = True
    nb.cells[3].source = "print('2.0')"
    nb.cells[3].metadata.nbgrader["points"] = 99
    nb.cells[3]["outputs"] = [nbformat.v4.new_output("stream", text="2.0")]
    nb.cells[2].metadata.nbgrader["schema_version"] = "x"
    built = taken(nb)
    assert sources(built) == PLAIN
    assert [cell.metadata for cell in built.cells] == [cell.metadata for cell in RELEASE.cells]
    assert built.metadata == RELEASE.metadata


def test_an_untouched_notebook_is_the_release():
    assert sources(taken(RELEASE)) == sources(RELEASE)


def test_a_student_s_own_cells_stay_in_their_places(nb):
    nb.cells.insert(3, new_code_cell("helper = 1"))
    nb.cells.insert(6, new_code_cell("scratch = 2"))
    nb.cells.insert(0, new_code_cell("first = 0"))
    assert sources(taken(nb)) == [
        "first = 0",
        "import numpy as np",
        DOUBLE,
        "helper = 1",
        "check(double)",
        "scratch = 2",
        HALVE,
        "check(halve)",
    ]


def test_an_import_added_to_a_released_cell_is_kept(nb):
    nb.cells[1].source += "\nimport math"
    assert sources(taken(nb))[:2] == ["import numpy as np", "import numpy as np\nimport math"]


def test_cells_may_be_deleted_or_moved(nb):
    nb.cells = [nb.cells[5], nb.cells[2]]
    assert sources(taken(nb)) == PLAIN


def test_of_a_copied_answer_the_last_version_counts(nb):
    nb.cells.append(nb.cells[2].copy())
    nb.cells[-1].source = "def double(x):\n    return 2 * x"
    submission = take_in(json.dumps(nb).encode(), RELEASE)
    assert sources(submission.notebook())[1:3] == [DOUBLE, nb.cells[-1].source]
    assert submission.notes == ["The answer double was found 2 times; the last one counts."]


def test_an_untouched_copy_takes_nothing_away(nb):
    nb.cells.append(RELEASE.cells[2])
    assert sources(taken(nb)) == PLAIN


@pytest.mark.parametrize("keeps_metadata", [True, False])
def test_a_split_answer_is_put_together_again(nb, keeps_metadata):
    head, tail = DOUBLE.split("\n")
    nb.cells[2].source = head
    part = nb.cells[2].copy() if keeps_metadata else new_code_cell()
    nb.cells.insert(3, part | {"source": tail})
    assert sources(taken(nb)) == PLAIN


def test_ids_alone_are_enough(nb):
    for cell in nb.cells:
        cell["metadata"] = {}
    assert sources(taken(nb)) == PLAIN


def test_metadata_alone_is_enough(nb):
    for cell in nb.cells:
        del cell["id"]
    assert sources(taken(nb)) == PLAIN


def test_without_both_an_answer_is_known_by_its_name(nb):
    nb.cells = [new_code_cell(cell.source) for cell in nb.cells if cell.cell_type == "code"]
    assert sources(taken(nb))[:3] == ["import numpy as np", DOUBLE, "check(double)"]
    assert HALVE in sources(taken(nb))


def test_an_answer_made_to_another_type_of_cell_is_still_an_answer(nb):
    nb.cells[2]["cell_type"] = "raw"
    assert sources(taken(nb)) == PLAIN


def test_words_given_twice_are_all_kept(nb):
    nb.cells[4].source = "Because."
    nb.cells.append(nb.cells[4].copy())
    nb.cells[-1].source = "And also."
    assert taken(nb).cells[4].source == "Because.\n\nAnd also."


def test_version_3_is_read(nb):
    sheet = [
        {"cell_type": "code", "input": cell.source, "metadata": dict(cell.metadata)}
        for cell in nb.cells
    ]
    assert sources(taken({"nbformat": 3, "worksheets": [{"cells": sheet}]})) == PLAIN


@pytest.mark.parametrize("prefix", [b"\xef\xbb\xbf", b"\n  "])
def test_a_byte_order_mark_and_white_space_do_no_harm(nb, prefix):
    assert sources(taken(prefix + json.dumps(nb).encode())) == PLAIN


def test_lone_surrogates_and_line_ends_become_plain_text(nb):
    nb.cells[2].source = DOUBLE.replace("\n", "\r\n") + "  # \ud800"
    assert sources(taken(nb))[1] == DOUBLE + "  # ?"


def test_sections_can_be_left_out(nb):
    nb.cells.insert(2, new_code_cell("helper = 1"))
    others, everything = frozenset({1, 2}), frozenset({0, 1, 2})
    assert sources(taken(nb, plan=Plan(others, others))) == [
        "import numpy as np",
        RELEASE.cells[2].source,
        "check(double)",
        HALVE,
        "check(halve)",
    ]
    assert sources(taken(nb, plan=Plan(everything, others))) == PLAIN


@pytest.mark.parametrize(
    ("raw", "sentence"),
    [
        (b"", "empty"),
        (b'{"cells": [', "not valid JSON"),
        (b"[1, 2]", "not a notebook"),
        (b"null", "not a notebook"),
        (b"{}", "not a notebook"),
        ("{}".encode("utf-16"), "not UTF-8"),
        (b'{"nbformat": 99, "cells": []}', "format number"),
        (b'{"nbformat": [], "cells": []}', "format number"),
        (b'{"nbformat": 4, "cells": []}', "No answer cell"),
        (b'{"nbformat": 4, "cells": {"a": 1}}', "No answer cell"),
        (b'{"cells": [null, 3, {"source": null, "metadata": 7, "id": []}]}', "No answer cell"),
        (b"[" * 200_000, "not valid JSON"),
        (b'{"nbformat": 1' + b"0" * 6_000 + b"}", "not valid JSON"),
        (json.dumps({"cells": [{}] * (MAX_CELLS + 1)}).encode(), "more than 400"),
    ],
)
def test_what_is_no_notebook_is_refused_in_one_sentence(raw, sentence):
    with pytest.raises(Refused, match=sentence) as caught:
        take_in(raw, RELEASE)
    assert "\n" not in str(caught.value)


# ---- files and folders -------------------------------------------------------------------------
@pytest.fixture
def student(tmp_path):
    (tmp_path / "A").mkdir()
    return tmp_path


def test_the_released_name_comes_first(student):
    for name in ("A.ipynb", "A-Copy1.ipynb"):
        (student / "A" / name).touch()
    assert find_file(student, "A", "A").name == "A.ipynb"


def test_a_single_file_may_have_another_name(student):
    (student / "A" / "A (1).ipynb").touch()
    assert find_file(student, "A", "A").name == "A (1).ipynb"


@pytest.mark.parametrize("names", [[], ["x.ipynb", "y.ipynb"]])
def test_none_or_several_are_refused(student, names):
    for name in names:
        (student / "A" / name).touch()
    with pytest.raises(Refused, match=r"no A\.ipynb"):
        find_file(student, "A", "A")


@pytest.mark.sandbox
def test_a_linked_folder_is_refused(student):
    (student / "B").symlink_to(student / "A")
    with pytest.raises(Refused, match="link"):
        find_file(student, "B", "A")


def test_a_file_in_the_place_of_a_folder_is_refused(student):
    (student / "B").touch()
    with pytest.raises(Refused, match="not a folder"):
        find_file(student, "B", "A")


@pytest.mark.sandbox
def test_a_plain_file_is_read(tmp_path):
    (tmp_path / "A.ipynb").write_bytes(b"{}")
    assert read_file(tmp_path / "A.ipynb") == b"{}"


@pytest.mark.sandbox
def test_a_link_is_refused(tmp_path):
    (tmp_path / "A.ipynb").symlink_to("/etc/passwd")
    with pytest.raises(Refused, match="link"):
        read_file(tmp_path / "A.ipynb")


@pytest.mark.sandbox
def test_a_pipe_is_refused_and_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "A.ipynb")
    with pytest.raises(Refused, match="not a plain file"):
        read_file(tmp_path / "A.ipynb")


@pytest.mark.sandbox
def test_a_folder_is_refused(tmp_path):
    with pytest.raises(Refused, match="not a plain file"):
        read_file(tmp_path)


@pytest.mark.sandbox
def test_a_large_file_is_refused_with_the_remedy(tmp_path):
    (tmp_path / "A.ipynb").write_bytes(b" " * (6 << 20))
    with pytest.raises(Refused, match=r"6\.0 MiB, more than 5; clear all outputs"):
        read_file(tmp_path / "A.ipynb")


# ---- any notebook in, the release's structure or one sentence out ------------------------------
json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(IDS),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=6,
)
texts = st.text(max_size=40) | st.sampled_from([DOUBLE, HALVE, "    return 1", "x = 1"])
claims = st.sampled_from([*IDS, "other", "../../x"]) | json_values
metadata = st.fixed_dictionaries(
    {}, optional={"nbgrader": st.fixed_dictionaries({}, optional={"grade_id": claims}) | claims}
)
cells = st.fixed_dictionaries(
    {},
    optional={
        "cell_type": st.sampled_from(["code", "markdown", "raw", 3]),
        "source": texts | st.lists(texts | json_values, max_size=3) | json_values,
        "id": claims,
        "metadata": metadata | json_values,
        "outputs": json_values,
    },
)
notebooks = st.fixed_dictionaries(
    {"cells": st.lists(cells | json_values, max_size=8)},
    optional={
        "nbformat": st.sampled_from([4, 3, 4.0, True]) | json_values,
        "metadata": json_values,
    },
)


def test_json_of_any_kind(nb):
    @settings(max_examples=400, deadline=None)
    @given(st.one_of(notebooks, json_values))
    def any_json(document):
        look_at(json.dumps(document).encode("utf-8"))

    any_json()


def test_bytes_of_any_kind():
    @settings(max_examples=200, deadline=None)
    @given(st.binary(max_size=200))
    def any_bytes(raw):
        look_at(raw)

    any_bytes()


def look_at(raw):
    sentence, submission = "Fine.", None
    try:
        submission = take_in(raw, RELEASE)
    except Refused as reason:
        sentence = str(reason)
    assert sentence.endswith(".")
    assert "\n" not in sentence
    if submission:
        has_the_release_s_structure(submission)


def has_the_release_s_structure(submission):
    for sections in (frozenset(), frozenset({1, 2}), submission.sections):
        built = submission.notebook(Plan(sections, sections))
        nbformat.validate(built)
        ours = [cell for cell in built.cells if cell.metadata.get("nbgrader")]
        theirs = [cell for cell in RELEASE.cells if cell.metadata.get("nbgrader")]
        assert [cell.metadata for cell in ours] == [cell.metadata for cell in theirs]
        assert [c.source for c in ours if c.metadata.nbgrader.locked] == [
            c.source for c in theirs if c.metadata.nbgrader.locked
        ]
        assert [cell.id for cell in built.cells if cell.id in IDS] == [
            cell.id for cell in RELEASE.cells if cell.id in IDS
        ]
