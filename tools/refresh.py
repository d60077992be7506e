"""Run notebooks from top to bottom and write them in the one form this repository keeps.

    python tools/refresh.py                          all lessons and solutions
    python tools/refresh.py lessons/03_x.ipynb       these alone
    python tools/refresh.py --check                  change nothing, name what would change
    python tools/refresh.py --no-run                 only the form; outputs stay as they are

Each notebook gets a fresh kernel that starts in the notebook's own folder, as JupyterLab does it,
and an empty data folder, so that nobody's recorded answers are read or written. Running the command
on an unchanged tree changes nothing: run counts and cell ids are stable, widget state and timings
are left out, and a picture is written anew only where an eye could see a difference.
"""

import argparse
import base64
import io
import os
import sys
import tempfile
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path

import nbformat
import numpy as np
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbformat import NotebookNode
from PIL import Image

ROOT = Path(__file__).resolve().parents[1]
ANY = "*.ipynb"
DEFAULT_FOLDERS = ("lessons", "solutions")
NOTEBOOK_METADATA = {
    "kernelspec": {
        "display_name": "Python 3 (ipykernel)",
        "language": "python",
        "name": "python3",
    },
    "language_info": {"name": "python"},
}
CELL_METADATA = {"deletable", "editable", "jupyter", "nbgrader", "slideshow", "tags"}
WIDGET = "application/vnd.jupyter.widget-view+json"
VISIBLE = 16  # of 255: the smallest change of a color that counts as another picture


def find_notebooks(paths: list[Path]) -> list[Path]:
    """Every notebook named or below a named folder, in order, without Jupyter's own copies."""
    found = [p for path in paths for p in ([path] if path.is_file() else sorted(path.rglob(ANY)))]
    return [p for p in found if ".ipynb_checkpoints" not in p.parts]


def execute(nb: NotebookNode, folder: Path) -> NotebookNode:
    """Run every cell of `nb` in a fresh kernel that starts in `folder`."""
    client = NotebookClient(
        nb,
        timeout=600,
        kernel_name="python3",
        extra_arguments=["--log-level=ERROR"],
        coalesce_streams=True,
        record_timing=False,
        store_widget_state=False,
        resources={"metadata": {"path": str(folder)}},
    )
    with tempfile.TemporaryDirectory() as data:
        return client.execute(env=kernel_environment(data))


def kernel_environment(data: str) -> dict[str, str]:
    """The environment of a kernel that neither reads nor changes anything of its user's."""
    return {
        **os.environ,
        "GRADCOURSE_DATA": data,
        "IPYTHONDIR": str(Path(data) / "ipython"),
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",  # no word about frozen modules on stderr
    }


def normalize(nb: NotebookNode) -> NotebookNode:
    """Drop what differs from run to run or from machine to machine; change `nb` and return it."""
    nb.nbformat, nb.nbformat_minor = 4, 5
    nb.metadata = nbformat.from_dict(NOTEBOOK_METADATA)
    for cell in nb.cells:
        kept = {key: value for key, value in cell.metadata.items() if key in CELL_METADATA}
        cell.metadata = nbformat.from_dict(kept)
        if cell.cell_type == "code":
            cell.outputs = list(normal_outputs(cell.outputs))
    return nb


def normal_outputs(outputs: list[NotebookNode]) -> Iterator[NotebookNode]:
    """Give back the outputs without live widgets, which no reader of the file could show."""
    for output in outputs:
        for part in (output.get("data", {}), output.get("metadata", {})):
            part.pop(WIDGET, None)
        if output.get("data") != {}:
            yield output


def keep_pictures(new: NotebookNode, old: NotebookNode) -> None:
    """Put the old file's pictures back into `new` where nobody could tell them apart."""
    before = {cell.id: pictures(cell.get("outputs", [])) for cell in old.cells}
    for cell in new.cells:
        keep_old(pictures(cell.get("outputs", [])), before.get(cell.id, []))


def keep_old(new: list[NotebookNode], old: list[NotebookNode]) -> None:
    """Of two lists of pictures, put the old ones into `new` where they look the same."""
    for data, old_data in zip(new, old, strict=False):
        if look_the_same(data["image/png"], old_data["image/png"]):
            data["image/png"] = old_data["image/png"]


def pictures(outputs: list[NotebookNode]) -> list[NotebookNode]:
    """The data of those outputs that hold a picture."""
    return [output.data for output in outputs if "image/png" in output.get("data", {})]


def difference(fresh: list[NotebookNode], cell: NotebookNode, any_picture: bool) -> str:
    """Say where a cell's outputs in a fresh run differ from the stored ones; "" if nowhere."""
    new = list(normal_outputs(deepcopy(fresh)))
    for output in new:
        if "execution_count" in output:  # nbval runs cells without counting
            output["execution_count"] = cell.execution_count
    shown, kept = pictures(new), pictures(cell.outputs)
    if len(shown) != len(kept):
        return f"Pictures stored: {len(kept)}, in the fresh run: {len(shown)}."
    for number, (data, old_data) in enumerate(zip(shown, kept, strict=True), 1):
        if not any_picture and not look_the_same(data["image/png"], old_data["image/png"]):
            return f"Picture {number} of the cell looks different from the stored one."
        data["image/png"] = old_data["image/png"]
    return "" if new == cell.outputs else f"Stored:\n{cell.outputs}\nIn the fresh run:\n{new}"


def look_the_same(one: str, other: str) -> bool:
    """Whether two pictures have one size and no color anywhere differs visibly."""
    if one == other:
        return True
    a, b = pixels(one), pixels(other)
    return a.shape == b.shape and bool(np.all(np.abs(a - b) < VISIBLE))


def pixels(png: str) -> np.ndarray:
    """The colors of a base64 picture, (height, width, 4), 0 to 255."""
    picture = Image.open(io.BytesIO(base64.b64decode(png)))
    return np.asarray(picture.convert("RGBA"), dtype=int)


def to_text(nb: NotebookNode) -> str:
    """The text of the notebook's file, closed by one newline."""
    nbformat.validate(nb)
    return nbformat.writes(nb).rstrip("\n") + "\n"


def refreshed(nb: NotebookNode, path: Path, run: bool = True) -> str:
    """What the file `path` should hold when its cells are those of `nb`."""
    new = normalize(execute(nb, path.parent) if run else nb)
    if path.exists():
        keep_pictures(new, nbformat.read(path, as_version=4))
    return to_text(new)


def update(path: Path, text: str, check: bool) -> bool:
    """Write `text` unless it stands there already or only a check was asked; say if it differs."""
    differs = not path.exists() or path.read_bytes() != text.encode()
    if differs and not check:
        path.write_text(text, encoding="utf-8", newline="\n")
    return differs


def tell(changed: list[Path], seen: int, check: bool) -> int:
    """Print what changed, and give the exit status: 1 if a check found something."""
    for path in changed:
        print(f"{'would change' if check else 'changed'}: {path}")
    print(f"{seen} notebooks, {len(changed)} {'would change' if check else 'changed'}.")
    return int(check and bool(changed))


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("paths", nargs="*", type=Path, help="notebooks or folders")
    parser.add_argument("--check", action="store_true", help="change nothing; exit 1 if it would")
    parser.add_argument("--no-run", action="store_true", help="keep the outputs, mend the form")
    options = parser.parse_args(arguments)
    if missing := [str(path) for path in options.paths if not path.exists()]:
        parser.error(f"no such notebook or folder: {', '.join(missing)}")
    paths = find_notebooks(options.paths or [ROOT / folder for folder in DEFAULT_FOLDERS])
    changed = []
    for path in paths:
        try:
            text = refreshed(nbformat.read(path, as_version=4), path, run=not options.no_run)
        except CellExecutionError as error:
            sys.exit(f"{path}: a cell failed, nothing was written.\n{error}")
        if update(path, text, options.check):
            changed.append(path)
    return tell(changed, len(paths), options.check)


if __name__ == "__main__":
    sys.exit(main())
