"""The third door: run a notebook in the sandbox, and keep of its output what is small and harmless.

A kernel that runs a student's code may say anything, in any form, as often as it likes. Every
message comes in through `BoundedSession.deserialize`, whatever the channel. What a cell keeps of it
is built anew in `SandboxedExecute.process_message`, within a budget for the cell and one for the
whole notebook.
"""

from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import zmq
import zmq.asyncio
from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_client.manager import AsyncKernelManager
from jupyter_client.session import Session
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbconvert.exporters.exporter import ResourcesDict
from nbformat import NotebookNode
from nbgrader.preprocessors import Execute
from traitlets import Bool, Callable, Dict, Integer, default

from gradcourse.checks.reports import REPORT
from gradcourse.grading.cells import is_test
from gradcourse.grading.doors import Json, Untrusted
from gradcourse.grading.doors.sandbox import NAME

ENDED = "gradcourse_ended"  # in the notebook's metadata: the cell that ended the kernel
MB = 1_000_000
RECEIVED = 200 * MB  # bytes of messages, kept or not; a kernel that sends more is ended
MESSAGE = 1_000  # bytes that a message counts for, however small it is
LARGEST_MESSAGE = 64 * MB  # what is larger is not even received
WAITING_MESSAGES = 100  # received and not yet read; the rest waits in the kernel's own memory


@dataclass(frozen=True)
class Budget:
    """How many characters may still be kept: of one cell, and of the whole notebook."""

    cell: int
    notebook: int

    @property
    def left(self) -> int:
        """What may be kept now."""
        return max(0, min(self.cell, self.notebook))

    def without(self, size: int) -> "Budget":
        """Return what is left after so many more."""
        return Budget(self.cell - size, self.notebook - size)


TEXT = Budget(cell=100_000, notebook=1 * MB)
REPORTS = Budget(cell=5 * MB, notebook=20 * MB)
OUTPUT = 100  # characters that an output counts for, however short it is
PARTS = ("header", "parent_header", "metadata", "content")  # of a message, in Jupyter's protocol


# Why: docs/decisions.md#what-leaves-a-kernel-passes-one-counter
class BoundedSession(Session):
    """Reads a kernel's messages and counts them; passes on only what has a message's form."""

    left = Integer(RECEIVED, help="bytes that may still come in")
    end_kernel = Callable(lambda: None, help="called when too much has come")

    def feed_identities(
        self, msg_list: list[Any], copy: bool = True
    ) -> tuple[list[bytes], list[Any]]:
        """Split off a message's address; what has none is no message."""
        try:
            return super().feed_identities(msg_list, copy)
        except ValueError:
            return [], []

    def deserialize(
        self, msg_list: list[Any], content: bool = True, copy: bool = True
    ) -> dict[str, Any]:
        """Return a message; what cannot be read becomes one that nobody waits for."""
        self.left -= MESSAGE + sum(map(len, msg_list))
        if self.left < 0:
            self.end_kernel()
        empty: dict[str, Any] = {part: {} for part in PARTS}
        with suppress(Exception):  # a stranger's bytes may break a reader in any way
            message = super().deserialize(msg_list, content, copy)
            if all(isinstance(message[part], dict) for part in PARTS):
                said = _checked(message["msg_type"], Untrusted(message["content"]))
                return message | {"content": said}
        return empty | {"msg_type": "unreadable", "msg_id": "", "buffers": []}


class BoundedClient(AsyncKernelClient):
    """A client whose sockets hold little: else a fast kernel would fill the grader's memory."""

    @default("context")
    def _bounded_context(self) -> zmq.asyncio.Context:
        context = self._context_default()
        context.setsockopt(zmq.MAXMSGSIZE, LARGEST_MESSAGE)
        context.setsockopt(zmq.RCVHWM, WAITING_MESSAGES)
        return context


class SandboxedExecute(Execute):
    """nbgrader's Execute with a kernel in the sandbox; a dead kernel ends the run, not the grader.

    After a cell that ended its kernel, or that no interrupt could stop, the remaining cells are
    left alone and the notebook's metadata say which cell it was.
    """

    sandbox = Dict(help="the sandbox's settings, see Sandbox").tag(config=True)

    # Seconds in which the kernel has to say that a cell is over; one that stays silent has ended.
    iopub_timeout = Integer(5).tag(config=True)
    record_timing = Bool(False).tag(config=True)  # nobody reads it

    def create_kernel_manager(self) -> AsyncKernelManager:
        """Tell Jupyter, for this kernel alone, to use the sandbox and to bound its words."""
        manager = super().create_kernel_manager()
        provisioner = {"provisioner_name": NAME, "config": self.sandbox}
        manager.kernel_spec.metadata["kernel_provisioner"] = provisioner
        manager.client_factory = BoundedClient
        manager.session = BoundedSession(parent=manager)
        manager.session.end_kernel = lambda: manager.provisioner.end_now()
        return manager

    def preprocess(
        self,
        nb: NotebookNode,
        resources: ResourcesDict,
        km: AsyncKernelManager | None = None,
    ) -> tuple[NotebookNode, ResourcesDict]:
        """Run the notebook, as nbgrader does."""
        self._text, self._reports = TEXT, REPORTS
        nb.metadata.pop(ENDED, None)
        return super().preprocess(nb, resources, km)

    def preprocess_cell(
        self, cell: NotebookNode, resources: ResourcesDict, index: int
    ) -> tuple[NotebookNode, ResourcesDict]:
        """Run one cell, unless the kernel has ended."""
        if ENDED in self.nb.metadata or cell.cell_type != "code":
            return cell, resources
        self._text = replace(self._text, cell=TEXT.cell)
        self._reports = replace(self._reports, cell=REPORTS.cell)
        try:
            return super().preprocess_cell(cell, resources, index)
        except Exception as error:
            expected = isinstance(error, DeadKernelError | CellTimeoutError)
            if not expected and self._kernel_lives():
                raise  # a fault of ours, or of a library: no student is to pay for it
            self.nb.metadata[ENDED] = index
            return cell, resources

    def _kernel_lives(self) -> bool:
        process = self.km.provisioner.process
        return process is not None and process.poll() is None

    def _cleanup_kernel(self) -> None:
        with suppress(RuntimeError):  # it may have ended long ago
            super()._cleanup_kernel()

    def process_message(
        self, msg: dict[str, Any], cell: NotebookNode, cell_index: int
    ) -> NotebookNode | None:
        """Keep what is small and harmless of one message; no widgets, no updates, no clearing."""
        content = self._kept(msg["msg_type"], Untrusted(msg["content"]), cell)
        if content is None:
            return None
        return super().process_message(msg | {"content": content}, cell, cell_index)

    def _kept(self, kind: str, content: Untrusted, cell: NotebookNode) -> dict[str, Json] | None:
        """Return the content of a message built anew, or None if nothing of it is to be kept."""
        if kind == "status":
            return {"execution_state": _text(content.get("execution_state"), 10)}
        if kind == "execute_input":
            return _prompt(content)
        if kind == "stream":
            return self._stream(content)
        if kind == "error":
            return self._error(content)
        if kind == "display_data":
            return self._display(content, cell)
        if kind == "execute_result" and (shown := self._display(content, cell)):
            return shown | _prompt(content)
        return None

    def _stream(self, content: Untrusted) -> dict[str, Json] | None:
        text = _text(content.get("text"), self._text.left - OUTPUT)
        if not text:
            return None
        self._text = self._text.without(OUTPUT + len(text))
        return {"name": "stderr" if content.get("name") == "stderr" else "stdout", "text": text}

    def _error(self, content: Untrusted) -> dict[str, Json] | None:
        error = _short_error(content)
        return error if self._takes(len(str(error))) else None

    def _display(self, content: Untrusted, cell: NotebookNode) -> dict[str, Json] | None:
        """Keep text, a picture, and in a test cell its report: nothing that a browser would run."""
        offered = content.get("data")
        data = offered if isinstance(offered, dict) else {}
        kept: dict[str, Json] = {}
        for kind, cost in {"text/plain": 1.0, "image/png": 0.1}.items():
            text = data.get(kind)
            if isinstance(text, str) and self._takes(cost * len(text)):
                kept[kind] = text
        report = data.get(REPORT)
        if isinstance(report, str) and is_test(cell) and self._takes_report(report):
            kept[REPORT] = report
        return {"data": kept, "metadata": {}} if any(kept.values()) else None

    def _takes(self, size: float) -> bool:
        """Make room for so many characters, if there is as much."""
        fits = OUTPUT + size <= self._text.left
        if fits:
            self._text = self._text.without(OUTPUT + round(size))
        return fits

    def _takes_report(self, report: str) -> bool:
        size = MESSAGE + len(report)
        fits = size <= self._reports.left
        if fits:
            self._reports = self._reports.without(size)
        return fits


def _checked(kind: str, content: Untrusted) -> dict[str, Json]:
    """Return a message's content; of a reply to a cell only whether it failed, in short."""
    if kind != "execute_reply":
        return content
    status = "error" if content.get("status") == "error" else "ok"
    return _short_error(content) | {"status": status}


def _prompt(content: Untrusted) -> dict[str, Json]:
    number = content.get("execution_count")
    return {"execution_count": number if isinstance(number, int) and number < MB else None}


def _short_error(content: Untrusted) -> dict[str, Json]:
    offered = content.get("traceback")
    lines = offered[-20:] if isinstance(offered, list) else []
    return {
        "ename": _text(content.get("ename"), 100),
        "evalue": _text(content.get("evalue"), 2_000),
        "traceback": [_text(line, 2_000) for line in lines],
    }


def _text(value: Json, most: int) -> str:
    """Return the beginning of a value that should be a text."""
    return value[: max(0, most)] if isinstance(value, str) else ""
