"""What leaves a kernel: small, harmless, within one budget, and nonsense breaks nothing."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jupyter_client.session import Session
from nbformat.v4 import new_code_cell
from sandboxed import marked, run

from gradcourse.checks.reports import REPORT
from gradcourse.grading.doors.output import (
    ENDED,
    OUTPUT,
    REPORTS,
    TEXT,
    BoundedSession,
    SandboxedExecute,
)

needs_linux = pytest.mark.sandbox
PUBLISH = "from IPython.display import publish_display_data\n"


def report_of(size):
    return f"publish_display_data({{'{REPORT}': 'x' * {size}}})"


def sizes(cell):
    return [len(output.data[REPORT]) for output in cell.outputs if REPORT in output.data]


# ---- in the sandbox ----------------------------------------------------------------------------
@needs_linux
def test_a_large_output_is_cut_and_html_left_out(tmp_path):
    html = "from IPython.display import HTML; HTML('<script>')"
    first, second = run(tmp_path, "print('x' * 10**6)", html).cells
    assert len(first.outputs[0].text) == TEXT.cell - OUTPUT
    assert set(second.outputs[0].data) == {"text/plain"}


@needs_linux
def test_a_notebook_s_texts_share_one_budget(tmp_path):
    cells = run(tmp_path, *["print('x' * 10**6)"] * 20).cells
    assert sum(len(output.text) for cell in cells for output in cell.outputs) < TEXT.notebook


@needs_linux
def test_reports_of_one_test_share_one_budget(tmp_path):
    first, second = run(
        tmp_path,
        marked(f"{PUBLISH}for _ in range(9): {report_of(REPORTS.cell // 2)}"),
        marked(report_of(REPORTS.cell // 2)),
    ).cells
    assert sum(sizes(first)) <= REPORTS.cell
    assert len(sizes(second)) == 1


@needs_linux
def test_a_report_from_a_cell_beside_is_not_kept(tmp_path):
    beside, test = run(tmp_path, PUBLISH + report_of(10), marked(report_of(20))).cells
    assert beside.outputs == []
    assert sizes(test) == [20]


@needs_linux
def test_a_flood_ends_the_kernel(tmp_path):
    notebook = run(tmp_path, f"{PUBLISH}while True: {report_of(4_900_000)}", "print('never')")
    assert notebook.metadata[ENDED] == 0
    assert notebook.cells[1].outputs == []


@needs_linux
def test_errors_and_the_names_of_streams_are_cut_too(tmp_path):
    send = "k.session.send(k.iopub_socket, kind, content, parent=k.get_parent())"
    shout = (
        "k, long = get_ipython().kernel, 'x' * 1_000_000\n"
        "for kind, content in {'stream': {'name': long, 'text': 'y'}, "
        f"'error': dict(ename=long, evalue=long, traceback=[long] * 30)}}.items(): {send}\n"
        "raise type(long, (Exception,), {})(long)"
    )
    [cell] = run(tmp_path, shout).cells
    assert {output.output_type for output in cell.outputs} == {"stream", "error"}
    assert len(json.dumps(cell.outputs)) < TEXT.cell


@needs_linux
def test_a_cell_that_ends_the_kernel_is_remembered_and_the_rest_left_alone(tmp_path):
    notebook = run(tmp_path, "1", "import os; os._exit(1)", "print('never')")
    assert notebook.metadata[ENDED] == 1
    assert notebook.cells[2].outputs == []


@needs_linux
def test_an_endless_cell_is_interrupted_and_the_next_one_runs(tmp_path):
    notebook = run(tmp_path, "while True: pass", "print('on')", timeout=2)
    assert ENDED not in notebook.metadata
    assert notebook.cells[1].outputs[0].text == "on\n"


@needs_linux
def test_an_error_of_the_grader_s_own_is_not_a_kernel_that_ended(tmp_path, monkeypatch):
    def fails(*args):
        raise DeprecationWarning("a library's, raised as an error")

    monkeypatch.setattr(SandboxedExecute, "_kept", fails)
    with pytest.raises(DeprecationWarning):
        run(tmp_path, "1")


# ---- messages, one by one ----------------------------------------------------------------------
@pytest.fixture
def session():
    return BoundedSession(key=b"secret")


def packed(session, content, kind="stream"):
    message = session.msg(kind, content, parent=session.msg_header("execute_request"))
    return Session.serialize(session, message)[1:]


def test_a_message_is_read_as_jupyter_reads_it(session):
    read = session.deserialize(packed(session, {"name": "stdout", "text": "hello"}))
    assert read["content"] == {"name": "stdout", "text": "hello"}
    assert read["parent_header"]["msg_type"] == "execute_request"


def test_too_much_ends_the_kernel_whatever_it_was(session):
    ended = []
    session.end_kernel, session.left = lambda: ended.append(True), 5_000
    for _ in range(4):
        session.deserialize([b"nonsense"])
    assert not ended
    session.deserialize([b"nonsense"])
    assert ended


def test_of_a_reply_only_the_error_is_passed_on_and_cut(session):
    content = {"status": "error", "ename": "E" * 10**6, "evalue": 7, "payload": ["x"]}
    read = session.deserialize(packed(session, content, "execute_reply"))["content"]
    assert read == {"status": "error", "ename": "E" * 100, "evalue": "", "traceback": []}


def test_nonsense_is_a_message_that_nobody_waits_for():
    @settings(max_examples=200, deadline=None)
    @given(st.lists(st.binary(max_size=20) | st.sampled_from([b"[]", b"{}", b"7"]), max_size=7))
    def any_parts(parts):
        session = BoundedSession(key=b"")  # without a key anything is taken for signed
        for message in (parts, session.feed_identities(parts)[1]):
            read = session.deserialize(message)
            assert isinstance(read["parent_header"], dict)
            assert isinstance(read["content"], dict)

    any_parts()


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3)
    ),
    max_leaves=5,
)
FIELDS = ("execution_state", "execution_count", "name", "text", "ename", "traceback", "data")
KINDS = ("status", "execute_input", "stream", "error", "display_data", "execute_result", "comm_msg")


def test_any_content_becomes_plain_text_or_nothing():
    execute = SandboxedExecute()

    @settings(max_examples=150, deadline=None)
    @given(st.sampled_from(KINDS), st.dictionaries(st.sampled_from(FIELDS), json_values))
    def any_content(kind, content):
        execute._text, execute._reports = TEXT, REPORTS
        kept = execute._kept(kind, content, new_code_cell())
        if kept is not None:
            known = {*FIELDS, "evalue", "metadata"}
            assert set(kept) <= known
            assert all(isinstance(kept.get(name, ""), str) for name in ("name", "text", "ename"))

    any_content()
