"""Grade everyone: one task per submission on one machine or many, one place that writes down.

Each result is written the moment it comes, so a run may be stopped at any time: the next one grades
what is new, has changed, or was not reached.
"""

import hashlib
import logging
import os
import signal
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from itertools import islice
from pathlib import Path

import dask
from distributed import Client, Future, LocalCluster, as_completed

from gradcourse import require
from gradcourse.grading.class_folder import ClassFolder
from gradcourse.grading.doors.sandbox import require_sandbox
from gradcourse.grading.grade_one import Assignment, grade_one
from gradcourse.grading.prepare import prepare
from gradcourse.grading.result import Result

PATIENCE = 10  # seconds in which a scheduler has to answer


@dataclass(frozen=True)
class Job:
    """A submission to be graded: whose, and the fingerprint of all that its result depends on."""

    student: str
    fingerprint: str


def grade(
    assignment: str,
    course: str | Path = ".",
    *,
    scheduler: str | None = None,
    workers: int | None = None,
    seed: int = 1,
    timeout: int = 30,
    gradebook: str | None = None,
    again: bool = False,
    say: Callable[[str], None] = print,
) -> list[Result]:
    """Grade what is new or changed of one assignment; return everyone's current result.

    Parameters: assignment – the name of a folder in solutions/
                course     – the class folder, see `gradcourse.grading.class_folder`
                scheduler  – address of a Dask scheduler, "tcp://host:8786"; without it the
                             processors of this machine are used
                workers    – how many submissions are graded at once on this machine
                seed       – chooses the hidden inputs, 1 or more; change it for a new term
                timeout    – seconds that one cell may take
                gradebook  – a database's address, "postgresql://…"; by default gradebook.db
                again      – grade everyone, not only what is new or changed
                say        – is called with every line of progress
    Raises:     NoSandboxError, FileNotFoundError, ValueError, OSError – each with one sentence
    """
    for name, value in {"seed": seed, "timeout": timeout, "workers": workers or 1}.items():
        require.whole(name, value)
    require_sandbox(course, assignment)
    folder = ClassFolder.open(course, gradebook)
    with tempfile.TemporaryDirectory(prefix=f"gradcourse-{os.getpid()}-", dir="/tmp") as scratch:
        prepared = prepare(folder, assignment, seed, timeout, scratch)
        todo = list(_todo(folder, prepared, again))
        _announce(say, folder, prepared, len(todo))
        try:
            _grade(folder, prepared, todo, partial(_workers, scheduler, workers), say)
        finally:  # also after Ctrl-C: what is finished is reported
            results = folder.write_pages(assignment)
    return results


def _grade(
    folder: ClassFolder,
    assignment: Assignment,
    todo: list[Job],
    workers: Callable[[], AbstractContextManager[Client]],
    say: Callable[[str], None],
) -> None:
    """Grade what there is to do, and write down every result as it comes."""
    if not todo:
        return
    with workers() as client:
        results = _results(client, folder, assignment, todo)
        for number, (result, texts) in enumerate(results, start=1):
            result = folder.save(assignment.name, result, texts)
            say(f"[{number}/{len(todo)}] {result.student}: {_in_short(result)}")


def _todo(folder: ClassFolder, assignment: Assignment, again: bool) -> Iterator[Job]:
    """Yield what is new, changed, or was graded with another reference or seed."""
    basis = repr((assignment.releases, assignment.reference, assignment.seed)).encode()
    for student in folder.students(assignment.name):
        files = folder.handed_in(student, assignment.name, list(assignment.releases))
        fingerprint = hashlib.sha256(basis + repr(files).encode()).hexdigest()
        before = folder.result(student, assignment.name)
        if again or before is None or before.fingerprint != fingerprint:
            yield Job(student, fingerprint)


def _announce(
    say: Callable[[str], None], folder: ClassFolder, assignment: Assignment, n_todo: int
) -> None:
    students = folder.students(assignment.name)
    say(f"{assignment.name}: {len(students)} handed in, {n_todo} to grade, seed {assignment.seed}")
    reports = [item for notebook in assignment.reference.values() for item in notebook.items()]
    if silent := [cell for cell, report in reports if not report]:
        say(f"The tests in {', '.join(silent)} report nothing: there a person has to decide.")


@contextmanager
def _workers(scheduler: str | None, n_workers: int | None) -> Iterator[Client]:
    """Give a Dask client: of the scheduler at an address, or of processes on this machine."""
    if scheduler:
        try:
            client = Client(scheduler, timeout=PATIENCE)
        except (OSError, ValueError) as error:
            raise OSError(f"No Dask scheduler answers at {scheduler} ({error}).") from None
        with client:
            yield client
        return
    options = {"threads_per_worker": 1, "dashboard_address": "127.0.0.1:0", "host": "127.0.0.1"}
    with (  # Dask's profiles of its workers, which nobody reads, would grow for an hour
        dask.config.set({"distributed.worker.profile.enabled": False}),
        LocalCluster(n_workers or os.cpu_count(), silence_logs=logging.CRITICAL, **options) as here,
        Client(here) as client,
    ):
        client.run(_leave_ctrl_c_to_us)
        yield client


def _leave_ctrl_c_to_us() -> None:
    """Let a worker pass over Ctrl-C: the terminal sends it to every process, one has to answer."""
    signal.signal(signal.SIGINT, lambda *args: None)


def _results(
    client: Client, folder: ClassFolder, assignment: Assignment, todo: list[Job]
) -> Iterator[tuple[Result, dict[str, str]]]:
    """Yield results as they come; few files are on their way at once, so memory stays flat."""
    shared = client.scatter(assignment, broadcast=True)
    names = list(assignment.releases)
    queue = iter(todo)
    jobs: dict[str, Job] = {}
    completed = as_completed()

    def start(how_many: int) -> None:
        for job in islice(queue, how_many):
            files = folder.handed_in(job.student, assignment.name, names)
            task = (grade_one, shared, job.student, files, job.fingerprint)
            future = client.submit(*task, key=f"{job.student}-{job.fingerprint}", retries=1)
            jobs[str(future.key)] = job
            completed.add(future)

    start(2 * len(client.scheduler_info(n_workers=-1)["workers"]))
    for future in completed:
        yield _result(future, jobs.pop(str(future.key)))
        start(1)


def _result(future: Future, job: Job) -> tuple[Result, dict[str, str]]:
    """Return a task's result; a task that failed, whatever happened, is one for a person."""
    error = future.exception()
    if error is None:
        return future.result()
    reason = f"The grader could not finish this one ({type(error).__name__}: {error})"[:300]
    when = datetime.now(UTC).isoformat(timespec="seconds")
    return Result(job.student, "needs a person", reason, when=when), {}


def _in_short(result: Result) -> str:
    points = f"{result.points:g} of {result.max_points:g} points"
    return points if result.status == "graded" else f"{result.status}: {result.reason}"
