"""From key press to picture, in a real JupyterLab: our explorer, `interact`, an empty callback.

All three stand in one notebook and take turns, so that a busy machine slows them alike. The clock
runs in the browser: from the keydown event to the load event of the new picture (or to the
changed text, for the empty callback).

    export PYTHONPATH=tools:tests:tests/support
    python benchmarks/explorer_latency.py [--explorer LearningRateExplorer --slider learning_rate]
"""

import argparse
import statistics
import time
from importlib import import_module
from pathlib import Path

import nbformat
from lab import browser, jupyter_lab, open_notebook, run_all

ROOT = Path(__file__).resolve().parents[1]

EXPLORER = """
from gradcourse.explorers import {explorer} as Subject
subject = Subject()
subject
"""
INTERACT = """
import ipywidgets, matplotlib.pyplot as plt
field, bar = subject.controls_by_name["{slider}"].row.children
low, high = (field.min, field.max)
other = Subject.__new__(Subject)
def redraw(value):
    figure = plt.figure(figsize=Subject.size)
    other.figure, other.artists, other._still = figure, other.build(figure), None
    moved = {{"{slider}": low + (high - low) * value / 100}}
    other.draw(other.compute(**(subject.values() | moved)))
    plt.show()
ipywidgets.interact(redraw, value=ipywidgets.IntSlider(40, 0, 100))
None
"""
EMPTY = """
slider, text = ipywidgets.IntSlider(50, readout=False), ipywidgets.HTML("50")
slider.observe(lambda change: setattr(text, "value", str(change["new"])), "value")
ipywidgets.VBox([slider, text]).add_class("empty-callback")
"""
CPU = """
import time
begin = time.process_time()
for stop in range(0, bar.max, max(1, bar.max // 40)):
    bar.value = stop
frames = subject.updates - 1
end = time.process_time()
subject.reset()
print(f"CPU_MS {(end - begin) / frames * 1000:.2f}")
"""

# Measures one key press inside the cell given by its index; resolves to milliseconds.
ARM = """([cell, isText]) => {
    const output = document.querySelectorAll('.jp-Cell')[cell].querySelector('.jp-OutputArea');
    const text = () => (output.querySelector('.widget-html-content') || output).textContent;
    const before = text();
    const done = resolve => {
        const watcher = new MutationObserver(() => {
            const end = () => {
                watcher.disconnect();
                resolve(performance.now() - window.pressed);
            };
            if (isText) return text() !== before ? end() : null;
            for (const image of output.querySelectorAll('img'))
                if (image.src !== window.lastPicture) {
                    window.lastPicture = image.src;
                    return image.complete && image.naturalWidth ? end() : (image.onload = end);
                }
        });
        watcher.observe(output, {subtree: true, childList: true, attributes: true,
                                 attributeFilter: ['src'], characterData: true});
    };
    const shown = output.querySelector('img');
    window.lastPicture = shown ? shown.src : '';
    window.addEventListener('keydown', () => { window.pressed = performance.now(); },
                            {capture: true, once: true});
    const tooLate = new Promise(resolve => setTimeout(() => resolve(null), 5000));
    window.measured = Promise.race([new Promise(done), tooLate]);
}"""


def notebook(explorer: str, slider: str) -> nbformat.NotebookNode:
    """Return the notebook with the three contestants and the CPU measurement."""
    cells = [s.format(explorer=explorer, slider=slider).strip() for s in (EXPLORER, INTERACT)]
    cells += [EMPTY.strip(), CPU.strip()]
    made = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(c) for c in cells])
    made.metadata.kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return made


def measure(page, cell: int, handle: str, is_text: bool, key: str) -> float:
    """Return the milliseconds from one key press to its visible answer."""
    page.focus(handle)
    page.evaluate(ARM, [cell, is_text])
    page.keyboard.press(key)
    milliseconds = page.evaluate("window.measured")
    if milliseconds is None:
        raise RuntimeError(f"cell {cell} did not answer the key {key} within 5 s")
    return milliseconds


def main() -> None:
    """Measure 40 moves of each, in turns, and print medians, p95 and ratios."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--explorer", default="LearningRateExplorer")
    parser.add_argument("--slider", default="learning_rate")
    parser.add_argument("--moves", type=int, default=40)
    options = parser.parse_args()
    path = ROOT / "benchmarks" / "_latency.ipynb"
    nbformat.write(notebook(options.explorer, options.slider), path)
    try:
        with jupyter_lab() as address, browser() as chromium:
            page = chromium.new_page(viewport={"width": 1300, "height": 2600})
            open_notebook(page, address, "benchmarks/_latency.ipynb")
            run_all(page)
            page.wait_for_selector(".gc-control", timeout=30_000)
            time.sleep(2)
            slots = {
                "explorer": (0, _handle(page, 0, options), False),
                "interact + inline": (1, ".jp-Cell:nth-child(2) .noUi-handle", False),
                "empty callback": (2, ".empty-callback .noUi-handle", True),
            }
            times = {name: [] for name in slots}
            for move in range(options.moves):
                for name, slot in slots.items():
                    key = "ArrowRight" if move % 6 < 3 else "ArrowLeft"
                    times[name].append(measure(page, *slot, key))
                    page.wait_for_timeout(60)
            cpu = page.inner_text(".jp-Cell:nth-child(4) .jp-OutputArea")
    finally:
        path.unlink()
    report(times, cpu)


def _handle(page, cell: int, options: argparse.Namespace) -> str:
    """Mark the handle of the wanted slider and return its selector."""
    names = page.eval_on_selector_all(
        f".jp-Cell:nth-child({cell + 1}) .gc-control", "rows => rows.map(r => r.innerText)"
    )
    subject = getattr(import_module("gradcourse.explorers"), options.explorer)()
    row = list(subject.widgets).index(options.slider)
    assert len(names) == len(subject.widgets)
    return f".jp-Cell:nth-child({cell + 1}) .gc-control >> nth={row} >> .noUi-handle"


def report(times: dict[str, list[float]], cpu: str) -> None:
    """Print one line per contestant, ratios to the explorer, and CPU per frame."""
    print(f"{'key press → answer':22}{'median':>10}{'p95':>10}{'vs explorer':>13}")
    ours = statistics.median(times["explorer"])
    for name, values in times.items():
        median, p95 = statistics.median(values), statistics.quantiles(values, n=20)[-1]
        print(f"{name:22}{median:>7.0f} ms{p95:>7.0f} ms{median / ours:>12.2f}×")
    print(f"kernel CPU per frame: {cpu.split()[-1]} ms")


if __name__ == "__main__":
    main()
