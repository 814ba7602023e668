"""The README's pictures: a report's first page, a chapter, and a notebook in JupyterLab.

Run by `make pictures` after `make report`. A headless Chromium is driven through its DevTools,
since its own --screenshot comes before JupyterLab has drawn anything.
"""

from __future__ import annotations

import base64
import io
import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import tomllib
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import websocket
from PIL import Image

ROOT = Path(__file__).resolve().parents[1]
PICTURES = ROOT / "docs" / "pictures"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--hide-scrollbars",
         "--disable-background-networking", "--disable-component-update", "--disable-sync",
         "--remote-debugging-port=0")
CHAPTER, NOTEBOOK = "02_segmentation.html", "02_segmentation.ipynb"
WIDTH, HEIGHT = 1280, 1400
LAB_HEIGHT = 900
MAX_BYTES = 400_000
PATIENCE_S = 60.0
# JupyterLab draws only cells in view, so the notebook is scrolled until a chart is among them.
CHART_IN_VIEW = """(() => {
  const panel = document.querySelector('.jp-WindowedPanel-outer');
  if (!panel || document.querySelector('#jupyterlab-splash')) return false;
  const chart = panel.querySelector('[data-mime-type="image/svg+xml"] img');
  if (!chart) { panel.scrollTop += 300; return false; }
  const cell = chart.closest('.jp-Cell');
  const off = cell.getBoundingClientRect().top - panel.getBoundingClientRect().top - 8;
  panel.scrollTop += off;
  return Math.abs(off) < 40;
})()"""


class Browser:
    """One page of a headless Chromium."""

    def __init__(self, port: int) -> None:
        self._calls = 0
        self.events: list[dict[str, Any]] = []
        pages = json.loads(fetch(f"http://127.0.0.1:{port}/json/list"))
        address = next(page["webSocketDebuggerUrl"] for page in pages if page["type"] == "page")
        self._socket = websocket.create_connection(address, timeout=PATIENCE_S,
                                                   suppress_origin=True)

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Call a DevTools method and return its result."""
        self._calls += 1
        self._socket.send(json.dumps(
            {"id": self._calls, "method": method, "params": parameters}))
        while (answer := json.loads(self._socket.recv())).get("id") != self._calls:
            self.events.append(answer)  # or the answer to an older call
        result: dict[str, Any] = answer.get("result", {})
        return result

    def ask(self, expression: str) -> Any:
        """Return the value of a JavaScript expression."""
        return self.call("Runtime.evaluate", expression=expression)["result"].get("value")

    def picture(self, address: str, *, height: int, show: str = "",
                until: str = "document.readyState == 'complete'") -> bytes:
        """Open an address and return a PNG of its top once `until` holds.

        show: selects an element that is scrolled to where it does not fit in.
        """
        self.call("Emulation.setDeviceMetricsOverride", width=WIDTH, height=height,
                  deviceScaleFactor=1, mobile=False)
        self.call("Page.navigate", url=address)
        wait(lambda: self.ask(until), f"{address.partition('?')[0]} was not drawn")
        if show:
            self.ask(f"document.querySelector('{show}').scrollIntoView({{block: 'nearest'}})")
        time.sleep(1)  # fonts and scrolling settle
        return base64.b64decode(self.call("Page.captureScreenshot", format="png")["data"])


def main() -> None:
    """Take the three pictures."""
    version = find_version()
    PICTURES.mkdir(exist_ok=True)
    with open_browser() as browser:
        first_page, chapter = (version / "index.html").as_uri(), (version / CHAPTER).as_uri()
        save(browser.picture(first_page, height=HEIGHT), "first_page")
        save(browser.picture(chapter, height=HEIGHT, show="figure"), "chapter")
        with open_lab() as address:
            save(browser.picture(address, height=LAB_HEIGHT, until=CHART_IN_VIEW), "jupyterlab")


def find_version() -> Path:
    """Return the newest English version of the sample company's report."""
    dataset = tomllib.loads((ROOT / "data/sample/dataset.toml").read_text(encoding="utf-8"))["id"]
    manifests: dict[Path, dict[str, Any]] = {
        path.parent: json.loads(path.read_text(encoding="utf-8"))
        for path in (ROOT / "reports" / dataset).glob("*/v*/manifest.json")}
    english = [folder for folder, manifest in manifests.items() if manifest["lang"] == "en"]
    if not english:
        sys.exit("There is no English report of the sample company yet; make one with: make report")
    return max(english, key=lambda folder: str(manifests[folder]["published"]))


@contextmanager
def open_browser() -> Iterator[Browser]:
    """Start a headless Chromium with a profile of its own."""
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        sys.exit(f"No browser to take pictures with: install one of {', '.join(BROWSERS)}.")
    with (tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile,
          running([found, *FLAGS, f"--user-data-dir={profile}", "about:blank"])):
        port = Path(profile) / "DevToolsActivePort"
        wait(lambda: port.is_file() and port.read_text().count("\n"), "Chromium did not start")
        yield Browser(int(port.read_text().split()[0]))


@contextmanager
def open_lab() -> Iterator[str]:
    """Start JupyterLab on a copy of the notebooks; yield the address of the one to show."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    token = secrets.token_hex(16)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        shutil.copytree(ROOT / "notebooks", Path(folder) / "served" / "notebooks",
                        ignore=shutil.ignore_patterns(".*"))
        options = {"ServerApp.root_dir": f"{folder}/served", "ServerApp.ip": "127.0.0.1",
                   "ServerApp.port": port, "ServerApp.port_retries": 0,
                   "IdentityProvider.token": token,
                   "LabApp.user_settings_dir": f"{folder}/settings",
                   "LabApp.workspaces_dir": f"{folder}/workspaces"}
        settings = Path(folder) / "settings" / "@jupyterlab" / "apputils-extension"
        settings.mkdir(parents=True)
        # Otherwise JupyterLab asks in the picture whether it may fetch news.
        (settings / "notification.jupyterlab-settings").write_text('{"fetchNews": "false"}')
        own = {**os.environ, "JUPYTER_DATA_DIR": f"{folder}/data"}
        # JupyterLab draws the charts only of notebooks that are trusted.
        subprocess.run([sys.executable, "-m", "jupyter", "trust",  # noqa: S603
                        f"{folder}/served/notebooks/{NOTEBOOK}"], env=own, check=True,
                       capture_output=True)
        server = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root",
                  *(f"--{name}={value}" for name, value in options.items())]
        with running(server, env=own):
            home = f"http://127.0.0.1:{port}"
            wait(lambda: answers(f"{home}/api/status?token={token}"), "JupyterLab did not start")
            yield f"{home}/lab/tree/notebooks/{NOTEBOOK}?token={token}"


@contextmanager
def running(command: list[str], env: dict[str, str] | None = None) -> Iterator[None]:
    """Keep a process alive for as long as it is needed."""
    process = subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL,  # noqa: S603
                               stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.terminate()
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()


def wait(is_done: Callable[[], Any], complaint: str) -> None:
    """Wait until something holds, or give up with a sentence."""
    end = time.monotonic() + PATIENCE_S
    while not is_done():
        if time.monotonic() > end:
            sys.exit(f"{complaint} within {PATIENCE_S:.0f} seconds.")
        time.sleep(0.3)


def answers(address: str) -> bool:
    """Say whether an address of this machine answers."""
    try:
        return bool(fetch(address))
    except OSError:
        return False


def fetch(address: str) -> bytes:
    """Read an address of this machine."""
    with urllib.request.urlopen(address, timeout=10) as answer:  # noqa: S310
        content: bytes = answer.read()
    return content


def save(png: bytes, name: str) -> None:
    """Write a picture with as many colours as its size allows."""
    picture = Image.open(io.BytesIO(png)).convert("RGB")
    for colours in (256, 128, 64, 32):
        small = io.BytesIO()
        picture.quantize(colours).save(small, format="PNG", optimize=True)
        if small.tell() <= MAX_BYTES:
            break
    path = PICTURES / f"{name}.png"
    path.write_bytes(small.getvalue())
    print(f"{path.relative_to(ROOT)}: {small.tell() // 1000} KB")


if __name__ == "__main__":
    main()
