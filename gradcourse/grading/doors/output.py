"""Run a notebook in the sandbox, and keep of its output what is small and harmless."""

from contextlib import suppress

from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbconvert.exporters.exporter import ResourcesDict
from nbformat import NotebookNode
from nbgrader.preprocessors import Execute
from traitlets import Dict, Integer

from gradcourse.checks.reports import REPORT
from gradcourse.grading.doors.sandbox import NAME

KINDS = {"status", "execute_input", "execute_result", "stream", "display_data", "error"}
KEPT = (REPORT, "text/plain", "image/png")  # nothing that a browser would run
OUTPUT_LIMIT = 100_000  # characters kept of one cell's output
REPORT_LIMIT = 5_000_000
ENDED = "gradcourse_ended"  # in the notebook's metadata: the cell that ended the kernel


class SandboxedExecute(Execute):
    """nbgrader's Execute with a kernel in the sandbox; a dead kernel ends the run, not the grader.

    After a cell that ended its kernel, or that no interrupt could stop, the remaining cells are
    left alone and the notebook's metadata say which cell it was.
    """

    sandbox = Dict(help="the sandbox's settings, see Sandbox").tag(config=True)

    iopub_timeout = Integer(5).tag(config=True)  # silent this long after its end, a cell is deaf

    def create_kernel_manager(self) -> object:
        """Tell Jupyter, for this kernel alone, to start it in the sandbox."""
        manager = super().create_kernel_manager()
        provisioner = {"provisioner_name": NAME, "config": self.sandbox}
        manager.kernel_spec.metadata["kernel_provisioner"] = provisioner
        return manager

    def preprocess(
        self, nb: NotebookNode, resources: ResourcesDict, km: object = None
    ) -> tuple[NotebookNode, ResourcesDict]:
        """Run the notebook, as nbgrader does."""
        self._room_left, self._over = {}, False
        nb.metadata.pop(ENDED, None)
        return super().preprocess(nb, resources, km)

    def preprocess_cell(
        self, cell: NotebookNode, resources: ResourcesDict, index: int
    ) -> tuple[NotebookNode, ResourcesDict]:
        """Run one cell; whatever a kernel does in reply, even nonsense, harms it alone."""
        if self._over or cell.cell_type != "code":
            return cell, resources
        try:
            return super().preprocess_cell(cell, resources, index)
        except Exception as error:  # a kernel may answer anything, in any form
            known = isinstance(error, DeadKernelError | CellTimeoutError)
            self.log.warning("Cell %d ended its kernel: %s", index, "" if known else repr(error))
            self.nb.metadata[ENDED] = index
            self._over = True
            return cell, resources

    def _cleanup_kernel(self) -> None:
        with suppress(RuntimeError):  # it may have ended long ago
            super()._cleanup_kernel()

    def process_message(self, msg: dict, cell: NotebookNode, cell_index: int) -> object:
        """Take notice of plain output only: no widgets, no updates, no clearing."""
        if msg["msg_type"] not in KINDS:
            return None
        msg["content"].pop("transient", None)
        return super().process_message(msg, cell, cell_index)

    def output(self, outs: list, msg: dict, display_id: str | None, cell_index: int) -> object:
        """Keep what is small and harmless of one output."""
        content = msg["content"]
        left = self._room_left.setdefault(cell_index, OUTPUT_LIMIT)
        if msg["msg_type"] in ("display_data", "execute_result"):
            content["data"] = _harmless(content["data"], left)
            content["metadata"] = {}
        elif msg["msg_type"] == "stream":
            content["text"] = content["text"][:left]
        else:
            content["traceback"] = [line[:2_000] for line in content["traceback"][-20:]]
            content["evalue"] = content["evalue"][:2_000]
        size = len(content.get("text", "")) + sum(map(len, content.get("data", {}).values()))
        self._room_left[cell_index] = left - min(size, left)
        if msg["msg_type"] != "error" and not size:
            return None
        return super().output(outs, msg, display_id, cell_index)


def _harmless(data: dict, left: int) -> dict:
    """Return the parts of an output that are text or a picture, and that fit."""
    limits = dict.fromkeys(KEPT, left) | {REPORT: REPORT_LIMIT, "image/png": 10 * left}
    kept = {kind: data[kind] for kind in KEPT if isinstance(data.get(kind), str)}
    return {kind: text for kind, text in kept.items() if len(text) <= limits[kind]}
