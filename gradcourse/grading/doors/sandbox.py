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
from functools import cache
from pathlib import Path

import matplotlib
import psutil
from jupyter_client.provisioning import LocalProvisioner
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

    async def pre_launch(self, **options: object) -> dict:
        """Wrap the kernel's command; its sockets are files, which cross the network's border."""
        self.sockets = Path(tempfile.mkdtemp(prefix="s", dir=self.scratch))
        manager = self.parent
        manager.transport, manager.ip = "ipc", f"{self.sockets}/s"
        manager.connection_file = f"{self.sockets}/connection.json"
        options = await super().pre_launch(**options)
        user = _someone() if os.getuid() == 0 else None
        if user:
            for path in (self.sockets, *self.sockets.iterdir()):
                os.chown(path, user, user)
        kernel = [sys.executable, "-m", "ipykernel_launcher", "-f", manager.connection_file]
        command = self._command([*kernel, "--HistoryManager.enabled=False"], user)
        quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL}
        env = {"PATH": os.environ["PATH"]}
        return {
            **options,
            **quiet,
            "stderr": subprocess.DEVNULL,
            "cmd": command,
            "cwd": "/",
            "env": env,
        }

    def _command(self, kernel: list[str], user: int | None) -> list[str]:
        limits = {"as": self.memory * MIB, "fsize": 16 * MIB, "cpu": self.cpu, "core": 0}
        bounds = [f"--{name}={value}" for name, value in limits.items()]
        mounts = [
            *_show(str(self.sockets), "--bind"),
            *("--ro-bind", self.folder, ROOM, "--chdir", ROOM),
            *(part for pair in self.instead.items() for part in ("--ro-bind", *reversed(pair))),
        ]
        env = ENVIRONMENT | {SEED: str(self.seed)}
        settings = [part for pair in env.items() for part in ("--setenv", *pair)]
        inner = ["prlimit", f"--nproc={self.processes}", "--nofile=256", "--", *kernel]
        walls = [*_walls(self.disk, user), *mounts, *settings, "--"]
        return ["prlimit", *bounds, "--", "bwrap", *walls, *_become(user), *inner]

    async def poll(self) -> int | None:
        """Ask whether the kernel lives; one that has grown too big does not any longer."""
        status = await super().poll()
        if status is None and self._too_big():
            await self.kill()
        return status

    def _too_big(self) -> bool:
        sizes = [_size(process) for process in _family(self.process.pid)]
        written = sum(entry.stat(follow_symlinks=False).st_size for entry in self._entries())
        return sum(sizes) > self.memory * MIB or written > self.disk * MIB

    def _entries(self) -> list[os.DirEntry]:
        with os.scandir(self.sockets) as entries:
            return list(entries)

    async def send_signal(self, signum: int) -> None:
        """Interrupt the kernel alone: bubblewrap itself would end at SIGINT."""
        if signum != signal.SIGINT:
            await super().send_signal(signum)
        elif self.process:
            kernels = [p for p in _family(self.process.pid) if p.name() not in ("bwrap", "prlimit")]
            for kernel in kernels[:1]:
                kernel.send_signal(signum)

    async def cleanup(self, restart: bool = False) -> None:
        """Remove the folder of sockets."""
        await super().cleanup(restart)
        shutil.rmtree(self.sockets, ignore_errors=True)


def require_sandbox(course: object, assignment: str) -> None:
    """Do nothing if bubblewrap works here; otherwise say what to do.

    Raises:     NoSandboxError – bubblewrap is missing or forbidden, with the command of a container
    """
    if problem := _problem():
        names = {"root": PACKAGE.parent, "course": Path(course).resolve(), "assignment": assignment}
        raise NoSandboxError(ADVICE.format(problem=problem, **names))


@cache
def _problem() -> str:
    """Return why bubblewrap cannot be used here, or "" if it can."""
    missing = [name for name in ("bwrap", "prlimit", "setpriv") if not shutil.which(name)]
    if missing:
        return f"{missing[0]} is not installed (it is a program of Linux)."
    user = _someone() if os.getuid() == 0 else None
    trial = ["bwrap", *_walls(1, user), "--", *_become(user), sys.executable, "-c", "import zmq"]
    run = subprocess.run(trial, capture_output=True, text=True)
    return f"bubblewrap cannot start here: {run.stderr.strip()[-300:]}" if run.returncode else ""


def _walls(disk: int, user: int | None) -> list[str]:
    """Return bubblewrap's options for what is cut off and what is shown read-only."""
    cut = ["--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts"]
    cut += ["--unshare-cgroup-try", "--die-with-parent", "--clearenv"]
    if user:  # root keeps two rights, just long enough to become someone else
        cut += ["--cap-drop", "ALL", "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]
    else:
        cut += ["--unshare-user"]
    links = [("usr/bin", "/bin"), ("usr/lib", "/lib"), ("usr/lib64", "/lib64")]
    system = ["--ro-bind", "/usr", "/usr"]
    system += [part for link in links for part in ("--symlink", *link)]
    system += ["--proc", "/proc", "--dev", "/dev", *_tmpfs("/dev/shm", 16)]
    system += ["--remount-ro", "/dev", *_tmpfs("/tmp", disk)]
    python = dict.fromkeys([sys.base_prefix, sys.prefix, str(PACKAGE)])
    shown = [part for path in python for part in _show(path)]
    caches = [str(PACKAGE / "checks" / "__pycache__")]  # compiled answers
    hidden = [part for path in caches if Path(path).exists() for part in ("--tmpfs", path)]
    return [*cut, *system, *shown, *hidden, *_font_list()]


def _tmpfs(path: str, mib: int) -> list[str]:
    return ["--perms", "1777", "--size", str(mib * MIB), "--tmpfs", path]


def _show(path: str, how: str = "--ro-bind") -> list[str]:
    """Show one folder in its place; bubblewrap would make the folders above it unreadable."""
    if path.startswith("/usr/"):
        return []
    above = [str(parent) for parent in reversed(Path(path).parents)]
    made = [
        part
        for parent in above
        if parent not in ("/", "/tmp")
        for part in ("--perms", "0755", "--dir", parent)
    ]
    return [*made, how, path, path]


def _font_list() -> list[str]:
    """Show matplotlib its list of fonts; making it anew takes seconds."""
    lists = Path(matplotlib.get_cachedir()).glob("fontlist-*.json")
    home = ENVIRONMENT["MPLCONFIGDIR"]
    return [part for path in lists for part in ("--ro-bind", str(path), f"{home}/{path.name}")]


def _become(user: int | None) -> list[str]:
    """Return the command that turns root into someone without rights."""
    if user is None:
        return []
    ids = [f"--reuid={user}", f"--regid={user}", "--clear-groups"]
    return ["setpriv", *ids, "--no-new-privs", "--inh-caps=-all", "--"]


def _someone() -> int:
    """Return a user number of its own for every kernel: limits on processes count per user."""
    return 1_000_000 + secrets.randbelow(1_000_000)


def _family(pid: int) -> list[psutil.Process]:
    """Return all processes that descend from this one, parents before children."""
    try:
        return psutil.Process(pid).children(recursive=True)
    except psutil.Error:
        return []


def _size(process: psutil.Process) -> int:
    try:
        return process.memory_info().rss
    except psutil.Error:
        return 0
