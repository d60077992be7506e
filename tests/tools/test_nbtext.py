"""A notebook as text shows what a person would look for in a diff."""

import nbformat
from nbtext import to_lines


def notebook(tmp_path, *cells):
    path = tmp_path / "x.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=list(cells)), path)
    return path


def code_cell(*outputs):
    return nbformat.v4.new_code_cell("1 + 1", id="sum", execution_count=1, outputs=list(outputs))


def test_cells_are_named_by_kind_and_id(tmp_path):
    cell = nbformat.v4.new_markdown_cell("Look.", id="look", metadata={"tags": ["instructor"]})
    assert to_lines(notebook(tmp_path, cell)) == ["\n---- look [markdown] instructor", "Look."]


def test_text_outputs_are_shown_indented(tmp_path):
    output = nbformat.v4.new_output("execute_result", {"text/plain": "2"}, execution_count=1)
    assert to_lines(notebook(tmp_path, code_cell(output)))[-1] == "    | 2"


def test_printed_lines_are_shown_one_by_one(tmp_path):
    output = nbformat.v4.new_output("stream", text="a\nb\n")
    assert to_lines(notebook(tmp_path, code_cell(output)))[-2:] == ["    | a", "    | b"]


def test_another_picture_has_another_fingerprint(tmp_path):
    lines = []
    for picture in ["iVBO", "iVBP"]:
        output = nbformat.v4.new_output("display_data", {"image/png": picture})
        lines.append(to_lines(notebook(tmp_path, code_cell(output)))[-1])
    assert lines[0].startswith("    | [image/png 4 bytes, ")
    assert lines[0] != lines[1]


def test_points_are_shown(tmp_path):
    cell = nbformat.v4.new_code_cell("", id="check", metadata={"nbgrader": {"points": 2.0}})
    assert to_lines(notebook(tmp_path, cell))[0] == "\n---- check [code points=2]"
