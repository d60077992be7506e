"""A real JupyterLab with a real browser in front of it, for tests, screenshots and stopwatches.

As a command it photographs notebooks in the light and the dark theme and in a narrow window:

    python tests/support/lab.py lessons/03_gradient_descent.ipynb --out shots
"""

import argparse
import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import Browser, Page, sync_playwright
from playwright.sync_api import TimeoutError as PlaywrightTimeout

ROOT = Path(__file__).resolve().parents[2]
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-sync",
    "--disable-background-networking",
    "--disable-component-update",
]
IDLE = """() => {
    const idle = document.querySelector(
        '.jp-NotebookPanel .jp-Notebook-ExecutionIndicator[data-status="idle"]');
    const waits = [...document.querySelectorAll('.jp-InputPrompt')]
        .some(prompt => prompt.textContent.includes('*'));
    if (!idle || waits) window.gcIdleSince = null;
    else window.gcIdleSince ??= performance.now();
    return window.gcIdleSince !== null && performance.now() - window.gcIdleSince > 1000;
}"""
THEMES = {"light": "JupyterLab Light", "dark": "JupyterLab Dark"}


def chromium_path() -> str | None:
    """Return where the system's Chromium is, or None."""
    return next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)


@contextmanager
def jupyter_lab(theme: str = "light", root: Path = ROOT) -> Iterator[str]:
    """Start a JupyterLab of its own, with empty settings, and yield its address with token."""
    token, port = secrets.token_hex(8), _free_port()
    with TemporaryDirectory() as home:
        settings = Path(home, "settings", "@jupyterlab", "apputils-extension")
        settings.mkdir(parents=True)
        (settings / "themes.jupyterlab-settings").write_text(json.dumps({"theme": THEMES[theme]}))
        quiet = settings / "notification.jupyterlab-settings"
        quiet.write_text('{"fetchNews": "false", "checkForUpdates": false}')
        env = os.environ | {
            "JUPYTERLAB_SETTINGS_DIR": str(Path(home, "settings")),
            "JUPYTERLAB_WORKSPACES_DIR": str(Path(home, "workspaces")),
            "JUPYTER_CONFIG_DIR": str(Path(home, "config")),
            "JUPYTER_RUNTIME_DIR": str(Path(home, "runtime")),
            "GRADCOURSE_DATA": str(Path(home, "progress")),
        }
        command = [
            sys.executable,
            "-m",
            "jupyterlab",
            "--no-browser",
            "--allow-root",
            f"--port={port}",
            f"--IdentityProvider.token={token}",
            f"--ServerApp.root_dir={root}",
            "--ip=127.0.0.1",
            "--LabApp.extension_manager=readonly",
            "--KernelManager.transport=ipc",  # files: a port may be taken when the kernel opens it
        ]
        with open(Path(home, "log"), "w") as log:
            server = subprocess.Popen(command, env=env, cwd=root, stdout=log, stderr=log)
        try:
            _wait_for(f"http://127.0.0.1:{port}/api?token={token}", server, Path(home, "log"))
            yield f"http://127.0.0.1:{port}/lab{{path}}?token={token}&reset"
        finally:
            server.terminate()
            server.wait(20)


@contextmanager
def browser() -> Iterator[Browser]:
    """Start the system's Chromium, unseen."""
    with sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=chromium_path(), args=QUIET)
        try:
            yield chromium
        finally:
            chromium.close()


def open_notebook(page: Page, address: str, notebook: str) -> None:
    """Open a notebook (path from the root) and wait until its kernel is idle."""
    page.goto(address.format(path=f"/tree/{notebook}"))
    page.wait_for_selector(".jp-NotebookPanel .jp-Cell", timeout=60_000)
    wait_until_idle(page)


def run_all(page: Page, seconds: float = 180) -> None:
    """Run every cell and wait until the last one has finished.

    On a busy machine JupyterLab loses a click that comes soon after opening, without a word. So we
    look whether the cells wait their turn, and ask again if none does.
    """
    for _ in range(6):
        page.click('.lm-MenuBar-itemLabel:text-is("Run")')
        page.click('.lm-Menu li[data-command="runmenu:run-all"]')
        if cells_wait(page):
            return wait_until_idle(page, seconds)
    raise RuntimeError("JupyterLab was asked six times to run all cells, and ran none.")


def cells_wait(page: Page, seconds: float = 10) -> bool:
    """Whether some cell soon has the prompt [*]: it runs, or waits until the others have run."""
    try:
        page.wait_for_selector('.jp-InputPrompt:text("[*]")', timeout=seconds * 1000)
    except PlaywrightTimeout:
        return False
    return True


def wait_until_idle(page: Page, seconds: float = 60) -> None:
    """Wait until the kernel has had nothing to do for a second, longer than between two cells."""
    page.evaluate("() => { window.gcIdleSince = null }")
    page.wait_for_function(IDLE, timeout=seconds * 1000, polling=100)


def photograph(notebooks: list[str], out: Path, themes: list[str], widths: list[int]) -> None:
    """Run each notebook in JupyterLab and keep screenshots, one per screenful."""
    out.mkdir(parents=True, exist_ok=True)
    with browser() as chromium:
        for theme in themes:
            with jupyter_lab(theme) as address:
                for notebook in notebooks:
                    page = chromium.new_page(viewport={"width": widths[0], "height": 1000})
                    open_notebook(page, address, notebook)
                    hide_sidebar(page)
                    run_all(page)
                    for width in widths:
                        page.set_viewport_size({"width": width, "height": 1000})
                        page.wait_for_timeout(800)
                        stem = f"{notebook.replace(chr(47), chr(45))[:-6]}-{theme}-{width}"
                        _scroll_and_shoot(page, out, stem)
                    page.close()


def hide_sidebar(page: Page) -> None:
    """Close the file browser, as a reader would."""
    if page.query_selector("#jp-left-stack:not(.lm-mod-hidden)"):
        page.keyboard.press("Control+b")
        page.wait_for_timeout(300)


def _scroll_and_shoot(page: Page, out: Path, stem: str) -> None:
    scroller = page.locator(".jp-WindowedPanel-outer").first
    height = scroller.evaluate("e => e.clientHeight")
    top, part = 0, 0
    while part < 40:
        scroller.evaluate("(e, y) => { e.scrollTop = y }", top)
        page.wait_for_timeout(500)
        scroller.screenshot(path=out / f"{stem}-{part:02}.png")
        if top + height >= scroller.evaluate("e => e.scrollHeight"):
            break
        top, part = top + height - 40, part + 1


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _wait_for(url: str, server: subprocess.Popen, log: Path) -> None:
    for _ in range(300):
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except OSError:
            if server.poll() is not None:
                break
            time.sleep(0.2)
    raise RuntimeError(f"JupyterLab did not start:\n{log.read_text()[-3000:]}")


def main() -> None:
    """Photograph the notebooks named on the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("notebooks", nargs="+")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--themes", nargs="+", default=list(THEMES), choices=THEMES)
    parser.add_argument("--widths", nargs="+", type=int, default=[1200, 700])
    options = parser.parse_args()
    photograph(options.notebooks, options.out, options.themes, options.widths)


if __name__ == "__main__":
    main()
