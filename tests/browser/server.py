"""A Jupyter server of our own, and notebooks in it."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

import nbformat
from playwright.sync_api import Page

ROOT = Path(__file__).resolve().parents[2]
TOKEN = "stage"
# Without the first, a pop-up about news covers the page; without the second, a restored layout comes in between.
SETTINGS = {"notification": {"fetchNews": "false", "checkForUpdates": False}}


class Server:
    """JupyterLab and Notebook 7 behind one port, with settings, data and kernels apart from the user's."""

    def __init__(self, folder: Path) -> None:
        self.files = folder / "files"
        self.files.mkdir(exist_ok=True)
        for name, values in SETTINGS.items():
            place = folder / f"config/lab/user-settings/@jupyterlab/apputils-extension/{name}.jupyterlab-settings"
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(json.dumps(values), encoding="utf-8")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.address = f"http://127.0.0.1:{self.port}"
        places = {"CONFIG_DIR": "config", "DATA_DIR": "data", "RUNTIME_DIR": "runtime"}
        self.log = (folder / "log").open("w")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", f"--port={self.port}",
             "--expose-app-in-browser", f"--IdentityProvider.token={TOKEN}", f"--ServerApp.root_dir={self.files}",
             "--JupyterNotebookApp.expose_app_in_browser=True", "--LabApp.news_url=", "--ServerApp.port_retries=0"],
            env={key: value for key, value in os.environ.items() if key != "NBGRADER_EXECUTION"}
            | {f"JUPYTER_{key}": str(folder / value) for key, value in places.items()}
            | {"IPYTHONDIR": str(folder / "ipython"), "PYTHONPATH": str(ROOT)},
            cwd=self.files, stdout=self.log, stderr=subprocess.STDOUT,
        )  # fmt: skip
        self._wait()

    def _wait(self) -> None:
        for _ in range(300):
            if self.process.poll() is not None:
                break
            try:
                self.ask("status")
                return
            except OSError:
                time.sleep(0.2)
        raise RuntimeError(f"no server:\n{Path(self.log.name).read_text()}")

    def ask(self, what: str) -> Any:
        """Return what the server answers to a GET of its API."""
        with urllib.request.urlopen(f"{self.address}/api/{what}?token={TOKEN}", timeout=10) as answer:
            return json.load(answer)

    def stop(self) -> None:
        """End the server and its kernels."""
        self.process.terminate()
        try:
            self.process.wait(timeout=20)
        except subprocess.TimeoutExpired:  # it waits for a kernel that does not end
            self.process.kill()
            self.process.wait()
        self.log.close()

    def write(self, name: str, cells: list[str]) -> None:
        """Write a notebook that has not been run."""
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
        notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
        nbformat.write(notebook, self.files / name)

    def open(self, page: Page, kind: str, name: str) -> None:
        """Open a notebook in ``"lab"`` or ``"notebooks"`` (Notebook 7), and wait until its kernel can be used.

        The page shows an idle kernel before there is a session, and loses what is run then.
        """
        at = f"{kind}/tree/{name}?reset&" if kind == "lab" else f"{kind}/{name}?"
        page.goto(f"{self.address}/{at}token={TOKEN}")
        page.wait_for_selector(".jp-Notebook", timeout=60_000)
        for _ in range(600):
            kernels = [one["kernel"] for one in self.ask("sessions") if one["path"] == name]
            if any(one["execution_state"] == "idle" and one["connections"] for one in kernels):
                return
            page.wait_for_timeout(100)  # the page stands still while Python sleeps
        raise RuntimeError(f"no kernel for {name}")

    def run_all(self, page: Page) -> None:
        """Run all cells."""
        page.evaluate("() => { window.jupyterapp.commands.execute('notebook:run-all-cells') }")
