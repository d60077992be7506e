"""Hostile, broken and unlucky submissions, each with the points it should earn.

Most are the right answers to exercise set 03 with one thing done to them, usually in the answer
`walk` (3 of 10 points). Who fakes an answer should lose it and keep the rest; who only looks
around, shouts or fills the disk, but answers rightly, should lose nothing.
"""

import copy
import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import nbformat
from classes import Class
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output

from gradcourse.checks.reports import REPORT
from gradcourse.feedback import MIME

ALL, NO_WALK = 10, 7
CANARY = "canary-5f2e"  # stands in every place that no submission may see
FAKE = json.dumps(
    {
        "quantities": {"03.walk": [{"value": [[0.0], "steps"], "changed": False}] * 10},
        "weights": {"03.walk": 1},
        "tolerance": 1e9,
    }
)


@dataclass(frozen=True)
class Case:
    """A submission: how to make it, what should become of it.

    `make` gets the class and the student's folder; what it returns is handed in as the notebook.
    `waits` says that it runs until time is up.
    """

    name: str
    make: Callable[[Class, Path], NotebookNode | bytes | None]
    points: float = ALL
    status: str = "graded"
    waits: bool = False


# ---- ways to make one --------------------------------------------------------------------------
def inside(code: str, name: str = "walk") -> Callable:
    """The right answers, with code at the beginning of one function."""

    def make(work: Class, folder: Path) -> NotebookNode:
        notebook = work.honest()
        cell = find(notebook, name.replace("_", "-"))
        head, body = cell.source.split("\n", 1)
        lines = "\n".join(f"    {line}" for line in fill(code, work).splitlines())
        cell.source = f"{head}\n{lines}\n{body}"
        return notebook

    return make


def instead(code: str, name: str = "walk") -> Callable:
    """The right answers, but this in the place of one of them."""
    return lambda work, folder: work.honest(**{name: fill(code, work)})


def beside(code: str, before: str = "walk") -> Callable:
    """The right answers, and a code cell of the student's own before one of them."""

    def make(work: Class, folder: Path) -> NotebookNode:
        notebook = work.honest()
        place = notebook.cells.index(find(notebook, before))
        notebook.cells.insert(place, new_code_cell(fill(code, work)))
        return notebook

    return make


def changed(change: Callable[[NotebookNode], object]) -> Callable:
    """The right answers in a notebook to which something was done."""

    def make(work: Class, folder: Path) -> NotebookNode | bytes:
        notebook = work.honest()
        return change(notebook) or notebook

    return make


def with_wrong_walk(change: Callable[[NotebookNode], object]) -> Callable:
    """All right but `walk`, and something done to get its points nevertheless."""

    def make(work: Class, folder: Path) -> NotebookNode:
        notebook = work.honest(walk=WRONG_WALK)
        change(notebook)
        return notebook

    return make


def raw(data: bytes) -> Callable:
    return lambda work, folder: data


def in_folder(build: Callable[[Class, Path], None]) -> Callable:
    """Something else than a notebook, put into the student's folder."""
    return lambda work, folder: build(work, folder) and None


def fill(code: str, work: Class) -> str:
    return code.replace("COURSE", str(work.folder)).replace("PORT", str(getattr(work, "port", 9)))


def find(notebook: NotebookNode, cell_id: str) -> NotebookNode:
    return next(cell for cell in notebook.cells if cell.get("id") == cell_id)


WRONG_WALK = "def walk(*args):\n    return [[0.0]], 'steps'"

# ---- it does not end, or ends too much ---------------------------------------------------------
ENDLESS = [
    Case("endless loop", inside("while True: pass"), NO_WALK, waits=True),
    Case("sleeps for ever", inside("import time\ntime.sleep(1e6)"), NO_WALK, waits=True),
    Case(
        "deaf loop",
        inside("import time\nwhile True:\n    try: time.sleep(1)\n    except BaseException: pass"),
        NO_WALK,
        waits=True,
    ),
    Case(
        "ignores signals",
        inside(
            "import signal\nfor n in range(1, 32):\n    try: "
            "signal.signal(n, signal.SIG_IGN)\n    except OSError: pass\n"
            "while True: pass"
        ),
        NO_WALK,
        waits=True,
    ),
    Case(
        "stops itself",
        inside("import os, signal\nos.kill(os.getpid(), signal.SIGSTOP)"),
        NO_WALK,
        waits=True,
    ),
    Case("ends the process", inside("import os\nos._exit(0)"), NO_WALK),
    Case("ends it while being defined", instead("import os\nos._exit(0)"), NO_WALK),
    Case("a scratch cell ends it", beside("import os\nos._exit(0)")),
    Case("aborts", inside("import os\nos.abort()"), NO_WALK),
    Case("segmentation fault", inside("import ctypes\nctypes.string_at(0)"), NO_WALK),
    Case(
        "kills its parent",
        inside(
            "import os\nfor pid in (os.getppid(), 1):\n    try: os.kill(pid, 9)\n"
            "    except OSError: pass"
        ),
    ),
    Case("kills everyone", inside("import os\nos.kill(-1, 9)"), NO_WALK),
    Case(
        "ends it a little later",
        inside("import os, threading\nthreading.Timer(0.3, os._exit, [0]).start()", "one_step"),
    ),
    Case(
        "two answers end it",
        lambda work, folder: work.honest(
            walk="import os\nos._exit(0)", largest_rate="import os\nos.abort()"
        ),
        6,
    ),
    Case("sys.exit", inside("import sys\nsys.exit(0)"), NO_WALK),
    Case("raises KeyboardInterrupt", inside("raise KeyboardInterrupt"), NO_WALK),
    Case("quits by IPython", inside("get_ipython().ask_exit()")),
    Case("forks for ever", inside("import os\nwhile True: os.fork()"), NO_WALK),
    Case(
        "forks and leaves children",
        beside(
            "import os, time\nfor _ in range(3):\n    if os.fork() == 0:\n        os.setsid()\n"
            "        time.sleep(1e6)"
        ),
    ),
    Case(
        "a thousand threads",
        inside(
            "import threading, time\nfor _ in range(1000):\n"
            "    threading.Thread(target=time.sleep, args=(1e6,), daemon=True).start()"
        ),
        NO_WALK,
    ),
    Case("memory: one array", inside("np.ones(10**11)"), NO_WALK),
    Case(
        "memory: a growing list", inside("x = []\nwhile True: x.append(bytearray(10**8))"), NO_WALK
    ),
    Case(
        "memory: children",
        inside(
            "import os, time\nfor _ in range(8):\n    if os.fork() == 0:\n"
            "        x = b'1' * (6 * 10**8)\n        time.sleep(1e6)\ntime.sleep(1e6)"
        ),
        NO_WALK,
        waits=True,
    ),
    Case(
        "fills the disk",
        beside(
            "import os\nfor place in ('/dev/shm', '/tmp', '.', '/dev'):\n    try:\n"
            "        for n in range(100):\n"
            "            with open(os.path.join(place, str(n)), 'wb') as f:\n"
            "                f.write(bytes(10**7))\n    except OSError: pass"
        ),
    ),
    Case(
        "endless recursion",
        inside(
            "return walk(f, gradient, start, learning_rate, n_steps, "
            "gradient_tolerance, loss_tolerance)"
        ),
        NO_WALK,
    ),
    Case(
        "recursion through the floor",
        inside("import sys\nsys.setrecursionlimit(10**9)\ng = lambda n: g(n + 1)\ng(0)"),
        NO_WALK,
        waits=True,
    ),
    Case("closes all files", inside("import os\nos.closerange(0, 64)"), NO_WALK),
    Case("stops the clock", beside("import time\ntime.monotonic = time.time = lambda: 0.0")),
    Case("leaves work for the end", beside("import atexit\natexit.register(input)")),
]

# ---- it looks and writes where it should not ---------------------------------------------------
PLACES = (
    "COURSE/gradebook.db COURSE/solutions COURSE/submitted COURSE/exercises /etc/passwd "
    "/proc/1/environ /proc/self/environ /proc/1/cmdline /root /home /room"
)
READ = f"""import os, glob
seen = [str(dict(os.environ))]
for place in {PLACES.split()}:
    for path in [place, *glob.glob(place + '/**', recursive=True)]:
        try: seen.append(open(path, errors='replace').read())
        except OSError: pass
seen = ' '.join(seen)
print(seen)"""
NETWORK = """import socket
for address in (('127.0.0.1', PORT), ('1.1.1.1', 80), ('deb.debian.org', 80)):
    try: socket.create_connection(address, 2).send(b'hello')
    except OSError: pass
    else: raise RuntimeError('connected')"""
WRITE = """import os, pathlib, gradcourse, numpy
for place in (gradcourse.__file__, numpy.__file__, 'COURSE/gradebook.db', 'COURSE/x',
              '/usr/lib/x', '/room/x', '/etc/x', '/x'):
    for action in (lambda: open(place, 'a').write('x'), lambda: os.remove(place),
                   lambda: os.chmod(place, 0o777), lambda: os.symlink('/etc', place + '2')):
        try: action()
        except OSError: pass"""
AROUND = [
    Case("reads what it can and prints it", beside(READ)),
    Case("reads what it can and raises it", inside(READ + "\nraise ValueError(seen)"), NO_WALK),
    Case("reads what it can and returns it", inside(READ + "\nreturn seen, seen"), NO_WALK),
    Case("calls the network", beside(NETWORK)),
    Case("writes where it can", beside(WRITE)),
    Case("goes elsewhere", beside("import os\nos.chdir('/')")),
    Case(
        "starts other programs",
        beside(
            "import subprocess\nsubprocess.run(['sh', '-c', "
            "'mount; unshare -Ur id; su; sleep 1000 &'])"
        ),
    ),
]

# ---- it wants the answer without answering -----------------------------------------------------
QUESTION = "next(o for o in gc.get_objects() if getattr(o, 'key', '') == '03.walk' and o.mistakes)"
PEEKS = [
    Case("takes the right answer from the check", instead("walk = set03.walk.right"), NO_WALK),
    Case(
        "takes it while running",
        instead("def walk(*args):\n    return set03.walk.right(*args)"),
        NO_WALK,
    ),
    Case(
        "takes it from a mistake",
        instead("def walk(*args):\n    return set03.walk.mistakes[0].wrong(*args)"),
        NO_WALK,
    ),
    Case(
        "takes it from the question's own dictionary",
        instead("walk = vars(set03.walk)['right']"),
        NO_WALK,
    ),
    Case(
        "searches memory",
        instead(f"def walk(*args):\n    import gc\n    return {QUESTION}.right(*args)"),
        NO_WALK,
    ),
    Case(
        "reads the tester's frames",
        instead(
            "def walk(*args):\n    import sys\n    frame = sys._getframe()\n    while frame:\n"
            "        for value in (*frame.f_locals.values(), *frame.f_globals.values()):\n"
            "            right = getattr(value, 'right', None)\n"
            "            if callable(right): return right(*args)\n        frame = frame.f_back"
        ),
        NO_WALK,
    ),
    Case(
        "makes the inputs easy",
        instead(
            "def walk(*args):\n    import sys\n    case = sys._getframe(2).f_locals['case']\n"
            "    object.__setattr__(case, 'args', ())\n    return [args[2]], 'steps'"
        ),
        NO_WALK,
    ),
    Case(
        "loads the check's source",
        instead(
            "import gradcourse, pathlib, types\n"
            "folder = pathlib.Path(gradcourse.__file__).parent / 'checks'\n"
            "texts = [p.read_bytes() for p in folder.rglob('*set03*')]\n"
            "space = {}\n[exec(t, space) for t in texts if b'_walk' in t]\nwalk = space['_walk']"
        ),
        NO_WALK,
    ),
    Case(
        "loads the compiled check",
        instead(
            "import gradcourse, pathlib, marshal\nspace = {}\n"
            "folder = pathlib.Path(gradcourse.__file__).parent / 'checks'\n"
            "for p in folder.rglob('*set03*.pyc'):\n"
            "    exec(marshal.loads(p.read_bytes()[16:]), space)\n"
            "walk = space['_walk']"
        ),
        NO_WALK,
    ),
    Case(
        "imports the tests' right answers",
        instead(
            "import sys, gradcourse, os\n"
            "root = os.path.dirname(os.path.dirname(gradcourse.__file__))\n"
            "sys.path += [root, root + '/tests']\nfrom right_answers import set03 as s\n"
            "walk = next(f for q, f in s.RIGHT if q.key == '03.walk')"
        ),
        NO_WALK,
    ),
    Case(
        "traces the tester",
        instead(
            "import sys\nseen = []\n"
            "sys.settrace(lambda frame, *rest: seen.append(frame.f_locals.get('wanted')))\n"
            "def walk(*args): return seen[-1]"
        ),
        NO_WALK,
    ),
]

# ---- it tells the grader what to think ---------------------------------------------------------
OPEN = '\'{"quantities": {"03.walk": \' + '
CLOSE = ' + \'}, "weights": {"03.walk": 1}, "tolerance": 1}\''
FAKED = {  # as Python, because some are long
    "a guess": repr(FAKE),
    "nonsense": f"{OPEN} '[null, null]' {CLOSE}",
    "NaN": f"{OPEN} '[' + ', '.join(['{{\"value\": NaN}}'] * 10) + ']' {CLOSE}",
    "a deep nest": f"{OPEN} '[' * 50_000 + ']' * 50_000 {CLOSE}",
    "other keys": '\'{"quantities": {"points": 99}, "weights": {"points": 9}, "tolerance": 1}\'',
    "four megabytes": f"{OPEN} '\"' + 'x' * 4_000_000 + '\"' {CLOSE}",
    "half a message": repr(FAKE[:40]),
    "a number": "7",
}
SHOW = "\nfrom IPython.display import publish_display_data, display\n"
LIAR = """class Liar(np.ndarray):
    __eq__ = __le__ = __ge__ = lambda self, other: True
    __float__ = lambda self: 1.0
    tolist = lambda self: set03.walk.right
    __array__ = lambda self, *a, **k: np.zeros(2)
    __len__ = lambda self: 2
def walk(*args): return np.zeros(2).view(Liar), 'steps'"""
FAKES = [
    *(
        Case(
            f"reports {name} by hand",
            instead(
                f"{SHOW}def walk(*args):\n    publish_display_data({{'{REPORT}': {text}}})\n"
                "    return [[0.0]], 'steps'"
            ),
            NO_WALK,
        )
        for name, text in FAKED.items()
    ),
    Case(
        "reports from within the answer",
        instead(
            f"{SHOW}def walk(*args):\n    publish_display_data({{'{REPORT}': {FAKE!r}}})\n"
            "    import os, sys; sys.stdout.flush()\n    raise SystemExit"
        ),
        NO_WALK,
    ),
    Case(
        "shows a feedback of its own",
        instead(
            f"{WRONG_WALK}{SHOW}from gradcourse.feedback import Feedback\n"
            "display(Feedback('walk', True, 'Right.', points=3, max_points=3))"
        ),
        NO_WALK,
    ),
    Case("prints points", instead(WRONG_WALK + "\nprint(3.0)\n3.0"), NO_WALK),
    Case(
        "patches the judge",
        instead(
            f"{WRONG_WALK}\nfrom gradcourse.checks.core import Question, Feedback\n"
            "right = lambda self, *a, **k: Feedback('walk', True, '', points=3, max_points=3)\n"
            "Question.judge = Question.examine = right\nQuestion._agree = lambda *a: True"
        ),
        NO_WALK,
    ),
    Case(
        "patches the collector",
        instead(
            f"{WRONG_WALK}\n"
            "from gradcourse.checks.core import Outcome, Question\ncollect = Question.collect\n"
            "Question.collect = lambda self, f, *a: (collect(self, f, *a) if self.key != '03.walk' "
            "else [Outcome(True)] * 10)"
        ),
        NO_WALK,
    ),
    Case(
        "patches the reporter",
        instead(
            f"{WRONG_WALK}\nfrom gradcourse.checks.core import Question\n"
            "report = Question.report\n"
            "Question.report = lambda self, f: None if self.key == '03.walk' else report(self, f)"
        ),
        NO_WALK,
    ),
    Case(
        "patches numpy's comparisons",
        instead(
            f"{WRONG_WALK}\nimport numpy.testing\nyes = lambda *a, **k: True\n"
            "np.allclose = np.isclose = np.array_equal = yes\n"
            "for name in dir(np.testing):\n"
            "    if name.startswith('assert'): setattr(np.testing, name, yes)"
        ),
        NO_WALK,
    ),
    Case(
        "patches builtins",
        instead(f"{WRONG_WALK}\nimport builtins\nbuiltins.all = lambda *a: True"),
        NO_WALK,
    ),
    Case(
        "patches json",
        instead(
            f"{WRONG_WALK}\nimport json\ndumps = json.dumps\n"
            "json.dumps = lambda x, **k: dumps(x, **k).replace('steps', 'loss')"
        ),
        NO_WALK,
    ),
    Case(
        "rewrites the test before it runs",
        instead(
            f"{WRONG_WALK}\nget_ipython().input_transformers_post.append(lambda lines: "
            "['pass' if 'walk.report' in line else line for line in lines])"
        ),
        NO_WALK,
    ),
    Case(
        "rewrites its syntax tree",
        instead(
            f"{WRONG_WALK}\nimport ast\nclass T(ast.NodeTransformer):\n"
            "    def visit_Attribute(self, node):\n        self.generic_visit(node)\n"
            "        if node.attr == 'walk': node.attr = 'one_step'\n        return node\n"
            "get_ipython().ast_transformers.append(T())"
        ),
        NO_WALK,
    ),
    Case(
        "replaces a module",
        instead(
            f"{WRONG_WALK}\nimport sys, types\nfake = types.ModuleType('gradcourse.checks.core')\n"
            "fake.Question = object\nsys.modules['gradcourse.checks.core'] = fake"
        ),
        NO_WALK,
    ),
    Case(
        "replaces the checks for everyone",
        instead(
            f"{WRONG_WALK}\nclass Yes:\n    def __getattr__(self, name): return self\n"
            "    def __call__(self, *a): return 3.0\nset03 = Yes()"
        ),
        1,
    ),  # later tests are silent too
    Case("answers with an object that lies", instead(LIAR), NO_WALK),
    Case("answers with a generator", instead("def walk(*args):\n    yield 1"), NO_WALK),
    Case("answers with a coroutine", instead("async def walk(*args):\n    return 1"), NO_WALK),
    Case(
        "a stored output, more points, an edited test",
        with_wrong_walk(lambda nb: dress_up(find(nb, "walk-check"))),
    ),
    Case(
        "relabels the test as an answer",
        with_wrong_walk(
            lambda nb: find(nb, "walk-check").metadata.nbgrader.update(solution=True, grade=False)
        ),
    ),
    Case(
        "takes the test away", with_wrong_walk(lambda nb: nb.cells.remove(find(nb, "walk-check")))
    ),
    Case("brings a test of its own", with_wrong_walk(lambda nb: nb.cells.append(own_test(nb)))),
]
FAKES = [
    Case(case.name, case.make, NO_WALK if case.points == ALL else case.points) for case in FAKES
]


def dress_up(cell: NotebookNode) -> None:
    """Make a test cell look as if it had been passed, and worth more."""
    cell.source = "3.0"
    cell.metadata.nbgrader.update(points=300, locked=False, checksum="0" * 32)
    data = {MIME: {"ok": True, "points": 300}, REPORT: FAKE, "text/plain": "3.0"}
    cell.outputs = [new_output("execute_result", data=data)]


def own_test(notebook: NotebookNode) -> NotebookNode:
    cell = copy.deepcopy(find(notebook, "walk-check"))
    cell.source = "3.0"
    cell.id = "mine"
    return cell


# ---- its cells are not where and what they were ------------------------------------------------
def every(cells: str, **fields: object) -> Callable:
    """Set fields of all answer cells, or of all others; `meta_…` is one of nbgrader's."""

    def change(notebook: NotebookNode) -> None:
        for cell in notebook.cells:
            nbgrader = cell.metadata.get("nbgrader", {})
            if bool(nbgrader.get("solution")) == (cells == "answers"):
                for name, value in fields.items():
                    if name.startswith("meta_") and nbgrader:
                        nbgrader[name[5:]] = value
                    elif not name.startswith("meta_"):
                        cell[name] = value

    return change


def split(notebook: NotebookNode) -> None:
    """Cut an answer in two in the middle of its function."""
    cell = find(notebook, "walk")
    first, second = cell.source.split("    path = ", 1)
    place = notebook.cells.index(cell)
    rest = {**copy.deepcopy(cell), "id": "second-half", "source": "    path = " + second}
    cell.source = first
    notebook.cells.insert(place + 1, NotebookNode(rest))


def copied(notebook: NotebookNode) -> None:
    """An older, wrong version above; an untouched copy at the end."""
    place = notebook.cells.index(find(notebook, "walk"))
    older, stub = copy.deepcopy(find(notebook, "walk")), copy.deepcopy(find(notebook, "walk"))
    older.source = WRONG_WALK
    head = stub.source.partition('"""\n    path')[0]
    stub.source = f'{head}"""\n    raise NotImplementedError  # your code here'
    notebook.cells.insert(place, older)
    notebook.cells.append(stub)


def bare(notebook: NotebookNode, ids: bool) -> bytes:
    """Without metadata, perhaps without ids, as some editors save."""
    for cell in notebook.cells:
        cell["metadata"] = {}
        if not ids:
            del cell["id"]
    return json.dumps(notebook).encode()


def version_3(notebook: NotebookNode) -> bytes:
    return nbformat.writes(nbformat.convert(notebook, 3), version=3).encode()


def document(**fields: object) -> Callable:
    """A notebook with other fields at its top."""
    return lambda notebook: json.dumps({**notebook, **fields}).encode()


def edit_imports(notebook: NotebookNode) -> None:
    find(notebook, "imports").source += "\nimport math"
    find(notebook, "walk").source = find(notebook, "walk").source.replace("abs(", "math.fabs(")


def text(replace: Callable[[str], str], encoding: str = "utf-8") -> Callable:
    return lambda notebook: replace(nbformat.writes(notebook)).encode(encoding, "surrogatepass")


def inflate(notebook: NotebookNode) -> None:
    find(notebook, "walk").source += "\n#" + "x" * (6 << 20)


CELLS = [
    Case(
        "tests deleted",
        changed(lambda nb: nb.update(cells=[c for c in nb.cells if not c.id.endswith("-check")])),
    ),
    Case(
        "tests doubled",
        changed(
            lambda nb: nb.cells.extend(
                copy.deepcopy([c for c in nb.cells if c.id.endswith("-check")])
            )
        ),
    ),
    Case("tests turned to words", changed(every("others", cell_type="markdown"))),
    Case("all cells reversed", changed(lambda nb: nb.cells.reverse())),
    Case(
        "answers alone",
        changed(
            lambda nb: nb.update(
                cells=[c for c in nb.cells if c.metadata.get("nbgrader", {}).get("solution")]
            )
        ),
    ),
    Case("an answer split in two", changed(split)),
    Case("an answer copied above and below", changed(copied)),
    Case("answers turned to words", changed(every("answers", cell_type="markdown"))),
    Case("answers turned raw", changed(every("answers", cell_type="raw"))),
    Case("metadata stripped", changed(lambda nb: bare(nb, ids=True))),
    Case("metadata and ids stripped", changed(lambda nb: bare(nb, ids=False))),
    Case("imports edited", changed(edit_imports)),
    Case("imports deleted", changed(lambda nb: nb.cells.remove(find(nb, "imports")))),
    Case(
        "a grade cell of its own",
        changed(
            lambda nb: nb.cells.append(
                new_code_cell(
                    "1",
                    metadata={
                        "nbgrader": {
                            "grade": True,
                            "grade_id": "bonus",
                            "points": 100,
                            "schema_version": 3,
                        }
                    },
                )
            )
        ),
    ),
    Case("paths as ids", changed(every("others", meta_grade_id="../../../etc/passwd"))),
    Case(
        "lists as ids",
        changed(lambda nb: (every("others", meta_grade_id=["x"])(nb), json.dumps(nb).encode())[1]),
    ),
    Case(
        "numbers as cell ids",
        changed(lambda nb: (every("others", id=7)(nb), json.dumps(nb).encode())[1]),
    ),
    Case(
        "one id for all",
        changed(lambda nb: (every("others", id="same")(nb), json.dumps(nb).encode())[1]),
    ),
    Case("old schema", changed(every("answers", meta_schema_version=1))),
    Case("future schema", changed(every("answers", meta_schema_version=99))),
    Case("nonsense schema", changed(every("answers", meta_schema_version="x"))),
    Case("format 3", changed(version_3)),
    Case("format 99", changed(document(nbformat=99)), 0, "refused"),
    Case("minor format 10⁹", changed(document(nbformat_minor=10**9))),
    Case(
        "metadata of its own",
        changed(
            document(
                metadata={
                    "kernelspec": {"name": "sh", "language": "bash", "display_name": "x"},
                    "language_info": {"name": "x"},
                }
            )
        ),
    ),
    Case(
        "an answer without text",
        changed(lambda nb: (find(nb, "walk").update(source=None), json.dumps(nb).encode())[1]),
        NO_WALK,
    ),
    Case(
        "text as a list",
        changed(
            lambda nb: (
                find(nb, "walk").update(source=find(nb, "walk").source.splitlines(True)),
                json.dumps(nb).encode(),
            )[1]
        ),
    ),
    Case("cells as an object", changed(document(cells={"0": "x"})), 0, "refused"),
    Case(
        "cells that are no cells",
        changed(lambda nb: json.dumps({**nb, "cells": [None, 3, "x", [], *nb.cells]}).encode()),
    ),
    Case(
        "500 cells",
        changed(lambda nb: nb.cells.extend(new_markdown_cell("x") for _ in range(500))),
        0,
        "refused",
    ),
    Case("six megabytes", changed(inflate), 0, "refused"),
    Case(
        "another assignment",
        lambda work, folder: nbformat.v4.new_notebook(
            cells=[new_code_cell("def mse(a, b): return 0")]
        ),
        0,
        "refused",
    ),
    Case("untouched", lambda work, folder: work.release, 0),
]

# ---- its file is not what it should be ---------------------------------------------------------
FILES = [
    Case("empty file", raw(b""), 0, "refused"),
    Case("no JSON", raw(b"# my answers"), 0, "refused"),
    Case("a list", raw(b"[]"), 0, "refused"),
    Case("an empty object", raw(b"{}"), 0, "refused"),
    Case("null", raw(b"null"), 0, "refused"),
    Case("a deep nest", raw(b'{"cells": ' + b"[" * 100_000), 0, "refused"),
    Case("cut off", changed(lambda nb: nbformat.writes(nb).encode()[:5000]), 0, "refused"),
    Case("UTF-16", changed(text(str, "utf-16")), 0, "refused"),
    Case(
        "Latin-1",
        changed(
            lambda nb: json.dumps({**nb, "author": "é"}, ensure_ascii=False).encode(
                "latin-1", "replace"
            )
        ),
        0,
        "refused",
    ),
    Case("binary", raw(bytes(range(256)) * 40), 0, "refused"),
    Case("byte order mark", changed(lambda nb: b"\xef\xbb\xbf" + nbformat.writes(nb).encode())),
    Case("Windows line ends", changed(text(lambda s: s.replace("\n", "\r\n")))),
    Case(
        "lone surrogates",
        changed(
            text(
                lambda s: s.replace("One step", "\\ud800 step").replace(
                    "path = [", "# \\udfff\\n    path = ["
                )
            )
        ),
    ),
    Case(
        "a link to a classmate",
        in_folder(
            lambda work, folder: os.symlink(
                work.folder
                / "submitted"
                / "000-honest"
                / work.assignment
                / f"{work.assignment}.ipynb",
                folder / f"{work.assignment}.ipynb",
            )
        ),
        0,
        "refused",
    ),
    Case(
        "a link to a system file",
        in_folder(
            lambda work, folder: os.symlink("/etc/passwd", folder / f"{work.assignment}.ipynb")
        ),
        0,
        "refused",
    ),
    Case(
        "a linked folder",
        in_folder(
            lambda work, folder: (
                folder.rmdir(),
                os.symlink(work.folder / "submitted" / "000-honest" / work.assignment, folder),
            )
        ),
        0,
        "refused",
    ),
    Case(
        "a pipe",
        in_folder(lambda work, folder: os.mkfifo(folder / f"{work.assignment}.ipynb")),
        0,
        "refused",
    ),
    Case(
        "a folder",
        in_folder(lambda work, folder: (folder / f"{work.assignment}.ipynb").mkdir()),
        0,
        "refused",
    ),
    Case("nothing at all", in_folder(lambda work, folder: None), 0, "refused"),
    Case(
        "another file name",
        in_folder(
            lambda work, folder: nbformat.write(work.honest(), folder / "My answers (1).ipynb")
        ),
    ),
    Case(
        "two versions",
        in_folder(
            lambda work, folder: [
                nbformat.write(work.honest(), folder / f"{name}.ipynb") for name in "ab"
            ]
        ),
        0,
        "refused",
    ),
    Case(
        "modules beside it",
        lambda work, folder: (
            [
                (folder / f"{name}.py").write_text("import os; os._exit(1)")
                for name in ("numpy", "sitecustomize", "gradcourse", "json")
            ]
            and work.honest()
        ),
    ),
    Case(
        "a nonsense time stamp",
        lambda work, folder: (
            (folder / "timestamp.txt").write_text("99999-13-41 <script>") and work.honest()
        ),
    ),
]

# ---- it puts out too much, or the wrong thing --------------------------------------------------
SCRIPT = "<script>alert(1)</script>"
HTML = f"from IPython.display import HTML, Javascript, display\ndisplay(HTML({SCRIPT!r}))\n"
REPORTS = f"{SHOW}for _ in range(COUNT): publish_display_data({{'{REPORT}': 'x' * 4_900_000}})"
ERRORS = """kernel = get_ipython().kernel
for name in ('x' * 900_000, 7, None):
    for _ in range(COUNT):
        content = {'ename': name, 'evalue': name, 'traceback': name}
        kernel.session.send(kernel.iopub_socket, 'error', content, parent=kernel.get_parent())"""
NONSENSE = """kernel = get_ipython().kernel
for parts in ([b'x'], [b'<IDS|MSG>'], [b'<IDS|MSG>', *[b'[]'] * 5], [b'<IDS|MSG>', *[b'{'] * 9]):
    kernel.iopub_socket.send_multipart(parts)
for kind in ('stream', 'display_data', 'execute_result', 'execute_input', 'comm_open', 'status'):
    for content in ({}, {'data': 7, 'text': {}, 'name': [], 'execution_count': 'x'}, 'text', None):
        kernel.session.send(kernel.iopub_socket, kind, content, parent=kernel.get_parent())"""
OUTPUT = [
    Case("reports for ever", inside(REPORTS.replace("COUNT", "10**9")), NO_WALK),
    Case("reports from a cell beside", beside(REPORTS.replace("COUNT", "30"))),
    Case("three hundred megabytes of reports beside", beside(REPORTS.replace("COUNT", "60"))),
    Case("errors that nobody has made", beside(ERRORS.replace("COUNT", "60"))),
    Case("messages that are none", beside(NONSENSE)),
    Case("messages that are none, from an answer", inside(NONSENSE)),
    Case("fifty megabytes in one string", beside("print('x' * 50_000_000)")),
    Case("fifty megabytes inside an answer", inside("print('x' * 5_000_000)")),
    Case("two hundred thousand lines", beside("for i in range(200_000): print(i)")),
    Case("five thousand displays", beside("for i in range(5_000): display(i)")),
    Case(
        "a thread that prints for ever",
        beside(
            "import threading, time\ndef shout():\n"
            "    while True: print('x' * 1000); time.sleep(1e-3)\n"
            "threading.Thread(target=shout, daemon=True).start()"
        ),
    ),
    Case(
        "a large picture",
        beside("import matplotlib.pyplot as plt\nplt.imshow(np.random.rand(800, 800)); plt.show()"),
    ),
    Case("script in an output", beside(HTML + f"Javascript({SCRIPT!r})")),
    Case("script in a message", inside(f"raise ValueError({SCRIPT!r})"), NO_WALK),
    Case(
        "script in the name of an error",
        inside(f"raise type({SCRIPT!r}, (Exception,), {{}})('x')"),
        NO_WALK,
    ),
    Case("script in what it returns", inside(f"return {SCRIPT!r}, {SCRIPT!r}"), NO_WALK),
    Case(
        "warnings",
        inside("import warnings, sys\nwarnings.warn('careful')\nprint('note', file=sys.stderr)"),
    ),
    Case(
        "logs a lot",
        beside(
            "import logging\nlogging.basicConfig(level=0)\n"
            "for i in range(10_000): logging.error('x')"
        ),
    ),
    Case("stdout is closed", beside("import sys\nsys.stdout.close()")),
    Case("stdout is replaced", beside("import sys, io\nsys.stdout = sys.stderr = io.StringIO()")),
    Case("clears its outputs", inside("from IPython.display import clear_output\nclear_output()")),
    Case(
        "updates its outputs",
        beside("h = display('x', display_id=True)\nfor i in range(100): h.update('y' * 100_000)"),
    ),
    Case("widgets", beside("import ipywidgets as w\ndisplay(w.IntSlider(), w.Output())")),
    Case(
        "numpy made strict",
        beside("np.seterr(all='raise'); np.set_printoptions(precision=1)\nnp.random.seed(0)"),
    ),
    Case("names in the way", beside("sum = list = max = abs_ = print = report = seed = 7")),
    Case("a magic word", beside("%timeit -n1 -r1 1\n%reset_selective -f nothing\n!echo hello")),
]

CASES = [*ENDLESS, *AROUND, *PEEKS, *FAKES, *CELLS, *FILES, *OUTPUT]
