"""The sandbox: a Jupyter kernel inside bubblewrap.

A student's code sees the system's programs, Python's packages and one folder of the assignment, all
read-only. It has no network, no environment, no other process, bounded memory, processes and time,
and the library's answers are taken away. Whatever it does ends with its own kernel.

Jupyter calls what starts a kernel a provisioner; `Sandbox` is one, found by its entry point.
"""

import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

import matplotlib
import psutil
from jupyter_client.provisioning.local_provisioner import LocalProvisioner
from traitlets import Dict, Integer, Unicode

import gradcourse
from gradcourse.checks.reports import SEED

NAME = "gradcourse-sandbox"  # the entry point's name
ROOM = "/room"  # where the kernel finds the assignment's folder
HOME = "/tmp"  # the only place where it can write
PACKAGE = Path(gradcourse.__file__).parent
MIB = 1 << 20
ENVIRONMENT = {
    "PATH": "/usr/bin:/bin",
    "HOME": HOME,
    "LANG": "C.UTF-8",
    "IPYTHONDIR": f"{HOME}/ipython",
    "MPLCONFIGDIR": f"{HOME}/matplotlib",
    "MPLBACKEND": "module://matplotlib_inline.backend_inline",
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "NBGRADER_EXECUTION": "autograde",
}
ADVICE = """{problem}

Other people's code is graded behind bubblewrap only. Install it (Debian, Ubuntu: sudo apt install
bubblewrap), or grade in a container that has it, without network and with bounded memory:

  docker build -t gradcourse-grader -f {root}/docs/grader.Dockerfile {root}
  docker run --rm --network none --memory 4g --pids-limit 512 \\
    --cap-add SYS_ADMIN --security-opt apparmor=unconfined --security-opt systempaths=unconfined \\
    -v {course}:/course gradcourse-grader grade {assignment} --course /course

Your own notebook needs neither: gradcourse check NOTEBOOK"""


class NoSandboxError(RuntimeError):
    """Other people's code cannot be run safely on this machine."""


class Sandbox(LocalProvisioner):
    """Starts a kernel in bubblewrap, watches its size, and ends all it has started."""

    folder = Unicode(help="the one folder the kernel sees as /room").tag(config=True)
    scratch = Unicode("/tmp", help="where a folder for sockets is made").tag(config=True)
    instead = Dict(help="file of the library → file shown in its place").tag(config=True)
    seed = Integer(1, help="what gradcourse.checks.seed() answers").tag(config=True)
    memory = Integer(2048, help="MiB, of one process and of all together").tag(config=True)
    cpu = Integer(300, help="seconds of processor time a process may take").tag(config=True)
    processes = Integer(64, help="processes and threads").tag(config=True)
    disk = Integer(64, help="MiB in /tmp").tag(config=True)

    async def pre_launch(self, **options: Any) -> dict[str, Any]:
        """Wrap the kernel's command; its sockets are files, which cross the network's border."""
        self.sockets = Path(tempfile.mkdtemp(prefix="s", dir=self.scratch))
        manager = self.parent
        assert manager is not None
        manager.transport = "ipc"
        manager.ip = f"{self.sockets}/s"
        manager.connection_file = f"{self.sockets}/connection.json"
        options = await super().pre_launch(**options)
        user = _random_uid() if os.getuid() == 0 else None
        if user:
            for path in (self.sockets, *self.sockets.iterdir()):
                os.chown(path, user, user)
        kernel = [sys.executable, "-m", "ipykernel_launcher", "-f", manager.connection_file]
        return options | {
            "cmd": self._command([*kernel, "--HistoryManager.enabled=False"], user),
            "cwd": "/",
            "env": {"PATH": os.environ["PATH"]},
            "stdin": subprocess.DEVNULL,
            "stdout": subprocess.DEVNULL,
            "stderr": subprocess.DEVNULL,
        }

    def _command(self, kernel: list[str], user: int | None) -> list[str]:
        limits = {"as": self.memory * MIB, "fsize": 16 * MIB, "cpu": self.cpu, "core": 0}
        outer = ["prlimit", *(f"--{name}={value}" for name, value in limits.items()), "--"]
        mounts = [*_bind(str(self.sockets), "--bind"), "--ro-bind", self.folder, ROOM]
        for path, shown in self.instead.items():
            mounts += ["--ro-bind", shown, path]
        environment = ["--chdir", ROOM]
        for name, value in {**ENVIRONMENT, SEED: str(self.seed)}.items():
            environment += ["--setenv", name, value]
        bwrap = ["bwrap", *_bwrap_options(self.disk, user), *mounts, *environment, "--"]
        inner = ["prlimit", f"--nproc={self.processes}", "--nofile=256", "--"]
        return [*outer, *bwrap, *_setpriv_command(user), *inner, *kernel]

    async def poll(self) -> int | None:
        """Return None while the kernel runs, else its exit code; end it if it is too big.

        Jupyter asks once a second, which makes this the place to enforce limits that the system
        does not: all processes together, and the files in the folder of sockets.
        """
        status = await super().poll()
        if status is None and self._too_big():
            await self.kill()
        return status

    def end_now(self) -> None:
        """End the kernel and all it has started, without waiting for it."""
        if self.process:
            self.process.kill()  # bubblewrap's processes end with their parent

    def _too_big(self) -> bool:
        sizes = [_size(process) for process in self._processes()]
        written = sum(entry.stat(follow_symlinks=False).st_size for entry in self._entries())
        return sum(sizes) > self.memory * MIB or written > self.disk * MIB

    def _processes(self) -> list[psutil.Process]:
        """Return all processes in the sandbox, parents before children."""
        try:
            return psutil.Process(self.process.pid).children(recursive=True) if self.process else []
        except psutil.Error:
            return []

    def _entries(self) -> list[os.DirEntry]:
        with os.scandir(self.sockets) as entries:
            return list(entries)

    async def send_signal(self, signum: int) -> None:
        """Interrupt the kernel alone: bubblewrap itself would end at SIGINT."""
        if signum != signal.SIGINT:
            await super().send_signal(signum)
            return
        outer = ("bwrap", "prlimit")
        with suppress(psutil.NoSuchProcess):  # it has just ended
            kernel = next((p for p in self._processes() if p.name() not in outer), None)
            if kernel:
                kernel.send_signal(signum)

    async def cleanup(self, restart: bool = False) -> None:
        """Remove the folder of sockets."""
        await super().cleanup(restart)
        shutil.rmtree(self.sockets, ignore_errors=True)


def require_sandbox(course: str | Path, assignment: str) -> None:
    """Do nothing if bubblewrap works here; otherwise say what to do.

    Raises:     NoSandboxError – bubblewrap is missing or forbidden, with the command of a container
    """
    if found := problem():
        names = {"root": PACKAGE.parent, "course": Path(course).resolve(), "assignment": assignment}
        raise NoSandboxError(ADVICE.format(problem=found, **names))


@cache
def problem() -> str:
    """Return why bubblewrap cannot be used here, or "" if it can."""
    missing = [name for name in ("bwrap", "prlimit", "setpriv") if not shutil.which(name)]
    if missing:
        return f"{missing[0]} is not installed (it is a program of Linux)."
    user = _random_uid() if os.getuid() == 0 else None
    trial = ["bwrap", *_bwrap_options(1, user), "--", *_setpriv_command(user)]
    trial += [sys.executable, "-c", "import zmq"]
    run = subprocess.run(trial, capture_output=True, text=True)
    return f"bubblewrap cannot start here: {run.stderr.strip()[-300:]}" if run.returncode else ""


def _bwrap_options(disk: int, user: int | None) -> list[str]:
    """Return bubblewrap's options for what is cut off and what is shown read-only."""
    return [*_cut_off(user), *_system(disk), *_python(), *_font_list()]


def _cut_off(user: int | None) -> list[str]:
    options = ["--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts"]
    options += ["--unshare-cgroup-try", "--die-with-parent", "--clearenv"]
    if user is None:
        return [*options, "--unshare-user"]
    # root keeps two rights, just long enough to become someone else
    return [*options, "--cap-drop", "ALL", "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]


def _system(disk: int) -> list[str]:
    options = ["--ro-bind", "/usr", "/usr"]
    for target, link in {"usr/bin": "/bin", "usr/lib": "/lib", "usr/lib64": "/lib64"}.items():
        options += ["--symlink", target, link]
    options += ["--proc", "/proc", "--dev", "/dev", *_tmpfs("/dev/shm", 16)]
    return [*options, "--remount-ro", "/dev", *_tmpfs("/tmp", disk)]


def _python() -> list[str]:
    """Show Python, its packages and the course, but not the compiled answers."""
    options = []
    for path in dict.fromkeys([sys.base_prefix, sys.prefix, str(PACKAGE)]):
        options += _bind(path, "--ro-bind")
    compiled = PACKAGE / "checks" / "__pycache__"
    if compiled.exists():
        options += ["--tmpfs", str(compiled)]
    return options


def _tmpfs(path: str, mib: int) -> list[str]:
    return ["--perms", "1777", "--size", str(mib * MIB), "--tmpfs", path]


def _bind(path: str, option: str) -> list[str]:
    """Show one folder in its place; bubblewrap would make the folders above it unreadable."""
    if path.startswith("/usr/"):
        return []
    options = []
    for parent in reversed(Path(path).parents):
        if str(parent) not in ("/", "/tmp"):
            options += ["--perms", "0755", "--dir", str(parent)]
    return [*options, option, path, path]


def _font_list() -> list[str]:
    """Show matplotlib its list of fonts; making it anew takes seconds."""
    lists = Path(matplotlib.get_cachedir()).glob("fontlist-*.json")
    home = ENVIRONMENT["MPLCONFIGDIR"]
    return [part for path in lists for part in ("--ro-bind", str(path), f"{home}/{path.name}")]


def _setpriv_command(user: int | None) -> list[str]:
    """Return the command that turns root into someone without rights."""
    if user is None:
        return []
    ids = [f"--reuid={user}", f"--regid={user}", "--clear-groups"]
    return ["setpriv", *ids, "--no-new-privs", "--inh-caps=-all", "--"]


def _random_uid() -> int:
    """Return a user id of its own for every kernel: limits on processes count per user."""
    return 1_000_000 + secrets.randbelow(1_000_000)


def _size(process: psutil.Process) -> int:
    try:
        return process.memory_info().rss
    except psutil.Error:
        return 0
