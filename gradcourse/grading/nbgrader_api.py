"""nbgrader, called from Python: release an assignment, grade a submission, open a gradebook."""

import io
import logging
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import nbgrader
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from nbgrader.api import Base, Gradebook
from nbgrader.converters import Autograde, GenerateAssignment, NbGraderException
from nbgrader.coursedir import CourseDirectory
from sqlalchemy import create_engine, inspect
from sqlalchemy.exc import OperationalError, SAWarning
from traitlets.config import Config

# Where nbgrader looks, in the words of its settings; written into each class folder, too.
LAYOUT = {
    "course_id": "gradcourse",
    "source_directory": "solutions",
    "release_directory": "exercises",
}
# Defining a function raises nothing, so an untouched exercise runs to its end; the check calls the
# function, meets this error and says "not attempted yet".
CODE_STUB = "raise NotImplementedError  # your code here"
TEXT_STUB = "Your answer goes here."


def base_config(root: Path, url: str | None = None) -> Config:
    """Return the settings of nbgrader that all class folders share."""
    config = Config()
    config.CourseDirectory.update(LAYOUT)
    config.CourseDirectory.root = str(root)
    config.CourseDirectory.db_url = url or f"sqlite:///{root}/gradebook.db"
    config.ClearSolutions.code_stub = {"python": CODE_STUB}
    config.ClearSolutions.text_stub = TEXT_STUB
    config.GenerateAssignment.force = True
    return config


def release(assignment: str, config: Config) -> None:
    """Call `nbgrader generate_assignment`.

    Raises:     NbGraderException – with the last words of nbgrader's log
    """
    if not config.GenerateAssignment.get("no_database"):
        _mark_as_new(config.CourseDirectory.db_url)
    _call(GenerateAssignment, config, assignment_id=assignment)


def autograde(assignment: str, student: str, config: Config) -> None:
    """Call `nbgrader autograde` on one submission.

    Raises:     NbGraderException – with the last words of nbgrader's log
    """
    _call(Autograde, config, assignment_id=assignment, student_id=student)


def _call(converter: type, config: Config, **ids: str) -> None:
    """Run one of nbgrader's converters quietly, and come back to where we were."""
    said, here = io.StringIO(), os.getcwd()
    log = logging.Logger("nbgrader", logging.ERROR)
    log.addHandler(logging.StreamHandler(said))
    course = CourseDirectory(config=config, log=log, **ids)
    try:
        with _quiet():
            converter(coursedir=course, config=config, log=log).start()
    except NbGraderException as error:
        raise NbGraderException(f"{error} {said.getvalue()[-2_000:]}".strip()) from error
    finally:
        os.chdir(here)
        # SQLAlchemy keeps the SQL it compiled per engine, and nbgrader makes engines for every
        # submission: some 0.15 MiB each time that nobody will ask for again.
        for mapper in Base.registry.mappers:
            getattr(mapper, "_compiled_cache", {}).clear()


@contextmanager
def open_gradebook(url: str, course_id: str = LAYOUT["course_id"]) -> Iterator[Gradebook]:
    """Give a gradebook, and close it after the block.

    Raises:     OSError – the database does not answer
    """
    with _quiet():
        try:
            _mark_as_new(url)
            gradebook = Gradebook(url, course_id)
        except OperationalError as error:
            raise OSError(f"The gradebook {url} does not answer: {error.orig}") from error
        try:
            with gradebook:
                yield gradebook
        finally:
            gradebook.engine.dispose()


def _mark_as_new(url: str) -> None:
    """Write into an empty database which version of nbgrader's tables it will hold.

    nbgrader would ask the program alembic, which takes two seconds of processor time to start and
    has to be on the PATH.
    """
    engine = create_engine(url)
    try:
        with engine.begin() as connection:
            if not inspect(connection).get_table_names():
                migration = MigrationContext.configure(connection)
                migration.stamp(_migrations(), "head")
    finally:
        engine.dispose()


@cache
def _migrations() -> ScriptDirectory:
    return ScriptDirectory(str(Path(nbgrader.__file__).parent / "alembic"))


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep back SQLAlchemy's warnings about the style of nbgrader's own code."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SAWarning)
        yield
