import json
import subprocess
import sys
from pathlib import Path

import course as course_tool
import pytest

from gradcourse import progress

COURSE = {
    "00": {"title": "Start here", "predictions": [], "questions": ["00.a"], "points": {}},
    "03": {
        "title": "Descent & <rate>",
        "predictions": ["03.p"],
        "questions": ["03.a", "03.b"],
        "points": {"03.one_step": 2, "03.loop": 4},
    },
}
ROW = "03 Descent & <rate>"


@pytest.fixture(autouse=True)
def data(tmp_path, monkeypatch):
    monkeypatch.setenv("GRADCOURSE_DATA", str(tmp_path / "data"))
    (tmp_path / "course.json").write_text(json.dumps(COURSE))
    monkeypatch.setattr(progress, "COURSE", tmp_path / "course.json")
    return tmp_path / "data"


def answer(key, right):
    progress.record("answer", key, {"answer": "x", "right": right})


def test_a_recorded_value_comes_back():
    assert progress.record("prediction", "03.p", "it diverges — ∞\nyes") == ""
    assert progress.latest("prediction", "03.p") == "it diverges — ∞\nyes"


def test_history_keeps_the_first_try_and_latest_gives_the_last():
    for value in ("a", "b", "c"):
        progress.record("prediction", "03.p", value)
    assert progress.history("prediction", "03.p") == ["a", "b", "c"]
    assert progress.latest("prediction", "03.p") == "c"


def test_kinds_and_keys_are_kept_apart():
    progress.record("points", "03.p", 2)
    assert progress.latest("prediction", "03.p") is None
    assert progress.latest("points", "03.q") is None


def test_an_unknown_kind_is_refused_with_the_kinds_there_are():
    with pytest.raises(ValueError, match=r"kind must be one of prediction, answer, points"):
        progress.record("guess", "03.p", 1)


def test_the_folder_is_the_users_own_unless_named(monkeypatch):
    monkeypatch.delenv("GRADCOURSE_DATA")
    assert progress.folder() == Path(progress.platformdirs.user_data_dir("gradcourse"))


@pytest.mark.parametrize("cut", range(1, 50, 6))
def test_a_line_torn_anywhere_costs_only_itself(data, cut):
    progress.record("points", "03.one_step", 1)
    progress.record("points", "03.one_step", 2)
    file = data / "progress.jsonl"
    whole = file.read_bytes()
    file.write_bytes(whole[: len(whole) - cut])
    progress.record("points", "03.loop", 4)
    assert progress.history("points", "03.loop") == [4]
    assert progress.history("points", "03.one_step")[0] == 1


@pytest.mark.parametrize("junk", [b"\xff\xfe", b"\0" * 50, b"7", b"[]", b'{"kind": []}', b"{}"])
def test_foreign_lines_are_passed_over(data, junk):
    progress.record("points", "03.loop", 3)
    with (data / "progress.jsonl").open("ab") as file:
        file.write(junk)
    progress.record("points", "03.loop", 4)
    assert progress.history("points", "03.loop") == [3, 4]


def test_several_processes_write_at_once_and_nothing_is_lost():
    code = (
        "import sys; from gradcourse import progress\n"
        "for i in range(200): progress.record('points', '03.' + sys.argv[1], i)"
    )
    writers = [subprocess.Popen([sys.executable, "-c", code, name]) for name in "abcd"]
    assert [writer.wait() for writer in writers] == [0] * 4
    for name in "abcd":
        assert progress.history("points", f"03.{name}") == list(range(200))


def test_a_folder_that_cannot_be_made_gives_one_sentence(data):
    data.write_text("a file stands where the folder should be")
    said = progress.record("points", "03.loop", 1)
    assert said.count(". ") == 0
    assert str(data) in said
    assert "set GRADCOURSE_DATA" in said
    assert progress.latest("points", "03.loop") is None
    assert progress.summary()[ROW]["exercise points"] == (0, 6)


def test_the_summary_counts_what_is_done_of_what_there_is():
    progress.record("prediction", "03.p", "a")
    progress.record("prediction", "03.p", "b")
    answer("03.a", True)
    answer("03.b", False)
    progress.record("points", "03.one_step", 1.5)
    assert progress.summary()[ROW] == {
        "predictions": (1, 1),
        "questions right": (1, 2),
        "exercise points": (1.5, 6),
    }


def test_once_right_stays_right_and_the_best_points_count():
    answer("03.a", True)
    answer("03.a", False)
    progress.record("points", "03.loop", 4)
    progress.record("points", "03.loop", 0)
    row = progress.summary()[ROW]
    assert row["questions right"] == (1, 2)
    assert row["exercise points"] == (4, 6)


def test_keys_the_course_does_not_have_and_points_beyond_the_maximum_do_not_count():
    progress.record("prediction", "03.gone", "a")
    progress.record("points", "03.loop", 40)
    row = progress.summary()[ROW]
    assert row["predictions"] == (0, 1)
    assert row["exercise points"] == (4, 6)


def test_text_with_an_empty_folder_is_constant():
    assert repr(progress.show()) == (
        "00 Start here: predictions 0 of 0, questions right 0 of 1, exercise points 0 of 0\n"
        "03 Descent & <rate>: predictions 0 of 1, questions right 0 of 2, exercise points 0 of 6"
    )


def test_the_table_has_a_labelled_bar_for_each_column_a_lesson_has():
    answer("03.a", True)
    html = progress.show()._repr_html_()
    assert html.count("<progress") == 4  # 00 has questions only
    assert (
        "<progress value='1' max='2' aria-label='03 Descent &amp; &lt;rate&gt;: questions" in html
    )
    assert "</progress> 1&nbsp;of&nbsp;2<" in html


def test_forgetting_asks_first_and_keeps_every_backup(data):
    assert progress.forget(yes=True) == "There are no records yet."
    progress.record("points", "03.loop", 1)
    assert "progress.forget(yes=True)" in progress.forget()
    assert progress.latest("points", "03.loop") == 1
    assert "progress-backup-1.jsonl" in progress.forget(yes=True)
    assert progress.latest("points", "03.loop") is None
    progress.record("points", "03.loop", 2)
    assert "progress-backup-2.jsonl" in progress.forget(yes=True)
    kept = [json.loads(path.read_text())["value"] for path in sorted(data.glob("*backup*"))]
    assert kept == [1, 2]


def test_the_course_table_is_what_the_notebooks_hold():
    stored = json.loads(course_tool.COURSE.read_text(encoding="utf-8"))
    assert stored == course_tool.course(), "run: python tools/course.py"


def test_no_key_is_used_twice_and_each_names_its_lesson():
    for number, plan in course_tool.course().items():
        keys = [*plan["predictions"], *plan["questions"], *plan["points"]]
        assert len(keys) == len(set(keys))
        assert [key for key in keys if not key.startswith(f"{number}.")] == []


def test_the_course_table_is_read_from_lessons_and_solutions(tmp_path):
    notebook = course_tool.nbformat.v4
    lesson = notebook.new_notebook(
        cells=[
            notebook.new_markdown_cell("# 03 · Gradient descent\nwords"),
            notebook.new_code_cell("%magic"),
            notebook.new_code_cell('Explorer(predict=quiz.predict("03.p", "?", ["a", "b"]))'),
            notebook.new_code_cell('quiz.choice("03.a", "?", {})\nnumber("03.b", "?", 2)'),
        ]
    )
    graded = notebook.new_code_cell("set03.one_step.check(one_step)")
    graded.metadata["nbgrader"] = {"grade": True, "points": 2}
    free = notebook.new_code_cell("set03.loop.check(loop)")
    for folder, name, nb in (
        ("lessons", "03_x.ipynb", lesson),
        ("solutions/03_x", "03_x.ipynb", notebook.new_notebook(cells=[graded, free])),
    ):
        (tmp_path / folder).mkdir(parents=True)
        course_tool.nbformat.write(nb, tmp_path / folder / name)
    assert course_tool.course(tmp_path) == {
        "03": {
            "title": "Gradient descent",
            "predictions": ["03.p"],
            "questions": ["03.a", "03.b"],
            "points": {"03.one_step": 2},
        }
    }
