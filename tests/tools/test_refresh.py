"""The command that runs and writes notebooks changes nothing where nothing changed."""

import base64
import io
from pathlib import Path

import nbformat
import pytest
import refresh
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from PIL import Image

FIGURE = """import matplotlib.pyplot as plt
fig, ax = plt.subplots(figsize=(2, 1))
ax.plot([0, 1])
plt.show()"""
SLIDER = "import ipywidgets\nipywidgets.IntSlider(value=3)"
FOLDER = (
    "import os\nprint(os.path.basename(os.getcwd()), os.listdir(os.environ['GRADCOURSE_DATA']))"
)


@pytest.fixture(scope="module")
def notebook(tmp_path_factory):
    """A notebook with text, a picture and a slider, refreshed once; used by several tests."""
    path = tmp_path_factory.mktemp("lessons") / "demo.ipynb"
    cells = [new_markdown_cell("# Demo", id="title")]
    sources = {"sum": "1 + 1", "figure": FIGURE, "slider": SLIDER, "folder": FOLDER}
    cells += [new_code_cell(source, id=name) for name, source in sources.items()]
    nbformat.write(new_notebook(cells=cells), path)
    assert refresh.main([str(path)]) == 0
    return path


def outputs(path: Path, cell_id: str) -> list:
    cells = {cell.id: cell for cell in nbformat.read(path, as_version=4).cells}
    return cells[cell_id].outputs


def picture(color: tuple, size: tuple = (4, 3)) -> str:
    file = io.BytesIO()
    Image.new("RGB", size, color).save(file, "png")
    return base64.b64encode(file.getvalue()).decode()


def test_running_it_again_changes_nothing(notebook, capsys):
    before = notebook.read_bytes()
    assert refresh.main(["--check", str(notebook)]) == 0
    assert refresh.main([str(notebook)]) == 0
    assert notebook.read_bytes() == before
    assert "0 changed" in capsys.readouterr().out


def test_a_check_names_the_notebook_whose_number_is_stale_and_leaves_it_alone(
    notebook, tmp_path, capsys
):
    stale = tmp_path / "stale.ipynb"
    stale.write_text(notebook.read_text("utf-8").replace('"2"', '"3"'), "utf-8")
    before = stale.read_bytes()
    assert refresh.main(["--check", str(stale)]) == 1
    assert f"would change: {stale}" in capsys.readouterr().out
    assert stale.read_bytes() == before


def test_run_counts_are_kept_in_order(notebook):
    cells = nbformat.read(notebook, as_version=4).cells
    assert [c.execution_count for c in cells if c.cell_type == "code"] == [1, 2, 3, 4]


def test_a_slider_leaves_text_but_no_live_widget(notebook):
    [shown] = outputs(notebook, "slider")
    assert list(shown.data) == ["text/plain"]
    assert "widgets" not in nbformat.read(notebook, as_version=4).metadata


def test_pictures_are_kept(notebook):
    [shown] = outputs(notebook, "figure")
    assert refresh.pixels(shown.data["image/png"]).shape[2] == 4


def test_the_kernel_starts_beside_the_notebook_with_an_empty_data_folder(notebook):
    [shown] = outputs(notebook, "folder")
    assert shown.text.startswith(notebook.parent.name)
    assert "progress" not in shown.text


def test_volatile_metadata_is_dropped_and_grading_kept():
    kept = {"tags": ["x"], "nbgrader": {"grade_id": "a"}}
    cell = new_code_cell("1", id="a", metadata={**kept, "execution": {}, "collapsed": True})
    nb = refresh.normalize(new_notebook(cells=[cell], metadata={"widgets": {}, "vscode": 1}))
    assert nb.cells[0].metadata == kept
    assert nb.metadata == refresh.NOTEBOOK_METADATA


def test_an_output_that_was_only_a_live_widget_is_dropped():
    live = new_output("display_data", {refresh.WIDGET: {"model_id": "1"}})
    printed = new_output("stream", text="seen")
    assert list(refresh.normal_outputs([live, printed])) == [printed]


def test_an_unseen_difference_keeps_the_old_picture():
    assert refresh.look_the_same(picture((100, 100, 100)), picture((100, 110, 100)))


@pytest.mark.parametrize("other", [picture((100, 120, 100)), picture((100, 100, 100), (5, 3))])
def test_a_visible_difference_is_another_picture(other):
    assert not refresh.look_the_same(picture((100, 100, 100)), other)


def test_a_failing_cell_is_named_and_nothing_is_written(tmp_path):
    path = tmp_path / "broken.ipynb"
    nbformat.write(new_notebook(cells=[new_code_cell("1 / 0", id="broken")]), path)
    before = path.read_bytes()
    with pytest.raises(SystemExit, match="ZeroDivisionError"):
        refresh.main([str(path)])
    assert path.read_bytes() == before


def test_only_the_form_is_mended_without_a_run(tmp_path):
    path = tmp_path / "form.ipynb"
    cell = new_code_cell("1 / 0", id="a", metadata={"collapsed": True})
    nbformat.write(new_notebook(cells=[cell]), path)
    assert refresh.main(["--no-run", str(path)]) == 0
    assert nbformat.read(path, as_version=4).cells[0].metadata == {}


def test_jupyter_s_own_copies_are_left_out(tmp_path):
    (tmp_path / ".ipynb_checkpoints").mkdir()
    for name in [".ipynb_checkpoints/a-checkpoint.ipynb", "b.ipynb"]:
        (tmp_path / name).touch()
    assert refresh.find_notebooks([tmp_path]) == [tmp_path / "b.ipynb"]


def test_a_notebook_that_is_not_there_is_named(tmp_path, capsys):
    with pytest.raises(SystemExit):
        refresh.main([str(tmp_path / "gone.ipynb")])
    assert "gone.ipynb" in capsys.readouterr().err
