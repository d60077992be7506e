"""Is everything ready? Lesson 00 asks, and so does `gradcourse doctor` in a terminal.

Each check looks at one thing and returns (ok, what it found); what fails is told with its remedy.
Checks import what they need themselves: the doctor still answers where a package is missing.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from importlib import metadata, util
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from packaging.requirements import Requirement

    Check = Callable[[], tuple[bool | None, str]]  # whether all is well, and what was found

OLDEST_PYTHON = (3, 11)


class Finding(NamedTuple):
    """What one check found; `ok` is None for a note that is neither good nor bad."""

    name: str
    ok: bool | None
    detail: str
    remedy: str

    def __str__(self) -> str:
        word = {True: "ok", False: "FAILS", None: "note"}[self.ok]
        remedy = f"\n       Remedy: {self.remedy}." if self.ok is False else ""
        return f"{word:<6} {self.name}: {self.detail}{remedy}"


class Findings(list):
    """All findings. A notebook shows in full what fails, and of the rest only that it is fine.

    Stored output is compared word by word, and versions, paths and optional parts differ between
    healthy machines: those are for the terminal.
    """

    def __repr__(self) -> str:
        lines = [f if f.ok is False else f"ok     {f.name}" for f in self if f.ok is not None]
        return "\n".join(map(str, [*lines, self.verdict()]))

    def verdict(self) -> str:
        """Give the last line."""
        failed = ", ".join(finding.name for finding in self if finding.ok is False)
        return f"To mend: {failed}." if failed else "Everything is ready."


def examine() -> Findings:
    """Run every check; in a notebook, the last line of a cell."""
    return Findings(_find(name, check, remedy) for name, (check, remedy) in CHECKS.items())


def tell() -> int:
    """Print every detail in a terminal and return the exit code: 1 if something fails."""
    findings = examine()
    print(*findings, findings.verdict(), sep="\n")
    return int(any(finding.ok is False for finding in findings))


def _find(name: str, check: Check, remedy: str) -> Finding:
    try:
        ok, detail = check()
    except Exception as error:  # a check that breaks down has failed, and the others still run
        ok, detail = False, f"{type(error).__name__}: {error}"
    return Finding(name, ok, detail, remedy)


def _python() -> tuple[bool, str]:
    return sys.version_info[:2] >= OLDEST_PYTHON, f"{sys.version.split()[0]} at {sys.executable}"


def _packages() -> tuple[bool, str]:
    """Compare what gradcourse asks for with what is installed."""
    from packaging.requirements import Requirement

    asked = map(Requirement, metadata.requires("gradcourse") or [])
    wanted = [one for one in asked if one.marker is None or one.marker.evaluate({"extra": ""})]
    problems = "; ".join(filter(None, map(_problem, wanted)))
    return not problems, problems or f"{len(wanted)} found, all new enough"


def _problem(wanted: Requirement) -> str:
    """Say what is wrong with a package; nothing wrong is ""."""
    try:
        found = metadata.version(wanted.name)
    except metadata.PackageNotFoundError:
        return f"{wanted.name} is missing"
    fits = wanted.specifier.contains(found, prereleases=True)
    return "" if fits else f"{wanted.name} {found} is installed, {wanted.specifier} is needed"


def _kernel() -> tuple[bool | None, str]:
    """See whether notebooks run this Python and find gradcourse from whatever folder."""
    if "ipykernel.kernelapp" in sys.modules:
        return True, "this notebook runs it"
    if sys.platform == "emscripten":
        return None, "not looked at: no process can be started in a web page"
    from jupyter_client.kernelspec import KernelSpecManager

    program = KernelSpecManager().get_kernel_spec("python3").argv[0]
    own_names = ("python", "python3", "python{}.{}".format(*sys.version_info))
    start = [sys.executable if program in own_names else program, "-c"]
    code = "import gradcourse, ipykernel, sys; print(sys.prefix)"
    with tempfile.TemporaryDirectory() as elsewhere:
        run = subprocess.run([*start, code], capture_output=True, text=True, cwd=elsewhere)
    return run.stdout.strip() == sys.prefix, f"`python3` starts {program}"


def _widgets() -> tuple[bool | None, str]:
    """See whether JupyterLab, installed beside us, has the part that draws the widgets."""
    if sys.platform == "emscripten":
        return None, "not looked at: the page itself has JupyterLab and its parts"
    from jupyter_core.paths import jupyter_path

    lab = metadata.version("jupyterlab")
    part = "@jupyter-widgets/jupyterlab-manager/package.json"
    found = [path for path in jupyter_path("labextensions") if Path(path, part).exists()]
    where = found[0] if found else "none of its folders"
    return bool(found), f"JupyterLab {lab}, widgets in {where}"


def _data_folder() -> tuple[bool, str]:
    from gradcourse import progress

    progress.folder().mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=progress.folder()):
        return True, str(progress.folder())


def _grading() -> tuple[None, str]:
    parts = {name: util.find_spec(name) is not None for name in ("nbgrader", "distributed")}
    parts["bubblewrap"] = shutil.which("bwrap") is not None
    missing = ", ".join(name for name, found in parts.items() if not found)
    return None, f"missing: {missing}" if missing else f"{', '.join(parts)} found"


_INSTALL = "run `python -m pip install -r requirements.txt` in the course folder"
CHECKS: dict[str, tuple[Check, str]] = {
    "Python": (_python, "install Python 3.11 or newer and set the course up with it"),
    "packages": (_packages, _INSTALL),
    "kernel": (_kernel, "run `python -m ipykernel install --sys-prefix` and restart JupyterLab"),
    "widgets": (_widgets, f"{_INSTALL}, then start JupyterLab with `python -m jupyter lab`"),
    "data folder": (_data_folder, "set GRADCOURSE_DATA to a folder you may write to"),
    "grading (optional)": (_grading, ""),
}
