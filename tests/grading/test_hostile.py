"""Hostile and broken submissions, graded among honest classmates."""

import hashlib
import os
import socket
from pathlib import Path

import psutil
import pytest
from classes import Class
from hostile_submissions import CANARY, CASES

from gradcourse.grading.classroom import grade

pytestmark = pytest.mark.sandbox
A = "03_gradient_descent"
OURS = ("autograded", "feedback", "reports", ".gradcourse", "gradebook.db")


class Room:
    """A class of all submissions of the corpus, and an honest one after every tenth."""

    def __init__(self, folder: Path):
        self.work = Class(folder)
        self.doors = listen()
        self.work.port = self.doors.getsockname()[1]
        (folder / "notes.txt").write_text(CANARY)
        self.before = fingerprint(folder)

    def hand_in(self, waits):
        """Hand in the cases that wait, or all others, and honest work among them."""
        honest = self.work.honest()
        honest.cells[0].source += f"\n{CANARY}"
        for number, case in enumerate(CASES):
            if number % 10 == 0 and waits == (number == 0):
                path = self.work.hand_in(f"{number:03}-honest", honest)
                self.before |= fingerprint(path.parents[1])
            if case.waits == waits:
                student = self.work.folder / "submitted" / f"{number:03}"
                (student / A).mkdir(parents=True)
                made = case.make(self.work, student / A)
                if made is not None:
                    self.work.hand_in(student.name, made)
                self.before |= fingerprint(student)

    def grade(self, cluster):
        """Grade what waits for its end with little time, and all others with plenty of it.

        So a busy machine does not harm the others, and nobody waits longer than needed.
        """
        os.environ["SECRET_TOKEN"] = CANARY
        try:
            for waits, timeout in ((True, 3), (False, 30)):
                self.hand_in(waits)
                quiet = {"scheduler": cluster, "say": lambda line: None}
                records = grade(A, self.work.folder, timeout=timeout, **quiet)
        finally:
            del os.environ["SECRET_TOKEN"]
        self.records = {record.student: record for record in records}
        return self

    def record(self, case):
        return self.records[f"{CASES.index(case):03}"]

    def honest(self):
        return {name: record for name, record in self.records.items() if name.endswith("-honest")}


def listen():
    """A server on this machine that remembers whether anybody called."""
    door = socket.create_server(("127.0.0.1", 0))
    door.settimeout(0.2)
    return door


def fingerprint(folder: Path) -> dict:
    """What every file in a course holds that grading has no business with.

    Of a link counts where it leads, not what stands there: /etc/passwd is not ours, and changes
    whenever a test beside this one gives PostgreSQL a user.
    """
    files = {}
    for path in folder.rglob("*"):
        if path.relative_to(folder).parts[0] in OURS:
            continue
        if path.is_symlink():
            files[str(path)] = f"link to {os.readlink(path)}"
        elif path.is_file():
            files[str(path)] = hashlib.sha256(path.read_bytes()).hexdigest()
    return files


@pytest.fixture(scope="module")
def room(tmp_path_factory, cluster):
    room = Room(tmp_path_factory.mktemp("hostile"))
    with room.doors:
        yield room.grade(cluster)


each_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)


@each_case
def test_it_earns_what_it_should(room, case):
    record = room.record(case)
    assert (record.status, record.points) == (case.status, case.points), record.reason


def test_no_honest_classmate_is_harmed(room):
    assert len(room.honest()) > len(CASES) / 10
    assert {name: (r.status, r.points) for name, r in room.honest().items()} == dict.fromkeys(
        room.honest(), ("graded", 10)
    )


def test_nothing_outside_its_folder_is_changed(room):
    after = fingerprint(room.work.folder)
    made = {"nbgrader_config.py", f"exercises/{A}/{A}.ipynb"}
    assert set(after) == set(room.before) | {f"{room.work.folder}/{name}" for name in made}
    assert {path: after[path] for path in room.before} == room.before


def is_ours(pid: int) -> bool:
    """Whether a process, whatever it calls itself, sees a folder of this run mounted."""
    try:
        mounts = Path(f"/proc/{pid}/mountinfo").read_text()
    except OSError:
        return False
    return f"gradcourse-{os.getpid()}-" in mounts


def test_no_process_is_left(room):
    assert [p.info for p in psutil.process_iter(["pid", "name"]) if is_ours(p.pid)] == []
    names = [child.name() for child in psutil.Process().children(recursive=True)]
    assert "bwrap" not in names


def test_no_folder_is_left(room):
    assert not list(Path("/tmp").glob(f"gradcourse-{os.getpid()}-*"))


def test_nobody_called(room):
    with pytest.raises(TimeoutError):
        room.doors.accept()


def pages(room):
    return [*room.work.folder.glob("feedback/*/*/*.html"), *room.work.folder.glob("reports/*/*.*")]


def test_no_secret_and_no_script_reaches_a_page(room):
    assert len(pages(room)) > len(CASES)
    for page in pages(room):
        text = page.read_text("utf-8")
        for secret in (CANARY, ".report(", "BEGIN SOLUTION", "root:x:0", "<script", "alert(1)"):
            assert secret not in text, (page, secret)


def test_what_formgrader_shows_is_small_and_runs_nothing(room):
    for path in room.work.folder.glob("autograded/*/*/*.ipynb"):
        text = path.read_text("utf-8")
        assert len(text) < 1_000_000
        assert '"text/html": "<script' not in text
        assert "application/javascript" not in text


def test_no_record_holds_a_secret(room):
    for path in room.work.folder.glob(f".gradcourse/{A}/*.json"):
        assert CANARY not in path.read_text("utf-8")


def test_the_corpus_is_large_and_its_names_differ():
    assert len(CASES) >= 100
    assert len({case.name for case in CASES}) == len(CASES)
    assert {case.status for case in CASES} == {"graded", "refused"}
