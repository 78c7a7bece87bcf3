"""JupyterLab and a notebook in it as a reader meets them: pages, cells, widgets, seen and used.

Pages refuse every address but the server's and remember who asked (`page.outside`).
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import secrets
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, urlsplit

import nbformat
import pytest

from engine.course.lab import lab_environment

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 60_000  # ms; a busy two-core machine starts a kernel in ten seconds


@contextlib.contextmanager
def running_server(folder: Path) -> Iterator[str]:
    """JupyterLab as `course lab` configures it; gives its address with the token."""
    course, home = folder / "course", folder / "home"
    notebooks = course / "notebooks"
    notebooks.mkdir(parents=True)
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        shutil.copy(path, notebooks)
    # What the notebooks link to. Kernels import the engine from where it is tested.
    unread = shutil.ignore_patterns("__*", "data")
    shutil.copytree(ROOT / "engine", course / "engine", ignore=unread)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    token = secrets.token_hex(16)
    places = {
        "HOME": home,
        "JUPYTER_CONFIG_DIR": home / "config",
        "JUPYTER_DATA_DIR": home / "data",
        "JUPYTER_RUNTIME_DIR": home / "runtime",
        "IPYTHONDIR": home / "ipython",
        "JUPYTERLAB_SETTINGS_DIR": home / "lab",
        "JUPYTERLAB_WORKSPACES_DIR": home / "workspaces",
    }
    environment = {**lab_environment(), **{name: str(place) for name, place in places.items()}}
    environment["PYTHONPATH"] = os.pathsep.join(
        filter(None, [str(ROOT), os.environ.get("PYTHONPATH")])
    )
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root"]
    command += ["--ip=127.0.0.1", f"--port={port}", "--ServerApp.port_retries=0"]
    command += [f"--IdentityProvider.token={token}", f"--ServerApp.root_dir={course}"]
    command += ["--expose-app-in-browser"]
    with (folder / "server.log").open("w") as log:
        process = subprocess.Popen(
            command, env=environment, cwd=notebooks, stdout=log, stderr=subprocess.STDOUT
        )
    address = f"http://127.0.0.1:{port}"
    try:
        deadline = time.monotonic() + PATIENCE / 1000
        while True:
            with contextlib.suppress(OSError):
                urllib.request.urlopen(f"{address}/api/status?token={token}", timeout=5).close()
                break
            if process.poll() is not None or time.monotonic() > deadline:
                pytest.fail(f"JupyterLab did not start:\n{(folder / 'server.log').read_text()}")
            time.sleep(0.2)
        yield f"{address}?token={token}"
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


class Lab:
    """The running JupyterLab; `screenshots` is a folder for pictures of pages."""

    def __init__(self, folder: Path, server: str, browser) -> None:
        self.notebooks, self.browser = folder / "course" / "notebooks", browser
        self.address, self.token = server.split("?token=")
        self.screenshots = Path(os.environ.get("BROWSER_SCREENSHOTS", folder / "screenshots"))
        self.screenshots.mkdir(parents=True, exist_ok=True)
        self._count = 0
        self._open: Page | None = None

    def open_cells(self, *sources: str) -> Page:
        """Open a new notebook with these code cells."""
        self._count += 1
        book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(s) for s in sources])
        book.metadata["kernelspec"] = {
            "name": "python3",
            "display_name": "Python 3",
            "language": "python",
        }
        name = f"cells_{self._count}.ipynb"
        nbformat.write(book, self.notebooks / name)
        return self.open_notebook(name)

    def open_notebook(self, name: str) -> Page:
        """Open a notebook by its file name and wait for its kernel. Closes the page before."""
        if self._open is not None:
            self._open.close()
        self._open = Page(self, name)
        return self._open

    def shut_down_kernels(self) -> None:
        """End all kernels, so that one test's play cannot slow down the next."""
        for session in json.loads(self._request("GET", "/api/sessions")):
            self._request("DELETE", f"/api/sessions/{session['id']}")

    def _request(self, method: str, path: str) -> bytes:
        request = urllib.request.Request(self.address + path, method=method)
        request.add_header("Authorization", f"token {self.token}")
        with urllib.request.urlopen(request, timeout=30) as reply:
            return reply.read()


class Page:
    """One notebook in the browser; `page` is Playwright's page."""

    def __init__(self, lab: Lab, name: str) -> None:
        self.lab, self.outside = lab, []
        self.context = lab.browser.new_context(viewport={"width": 1280, "height": 1100})
        self.context.set_default_timeout(PATIENCE)
        self.context.route("**/*", self._only_loopback)
        self.page = self.context.new_page()
        workspace = f"test-{secrets.token_hex(4)}"
        path = f"/lab/workspaces/{workspace}/tree/notebooks/{quote(name)}?token={lab.token}"
        self.page.goto(lab.address + path)
        ready = """() => {
            const session = window.jupyterapp?.shell.currentWidget?.sessionContext?.session;
            return session?.kernel?.status === "idle";
        }"""
        self.page.wait_for_function(ready)

    def _only_loopback(self, route) -> None:
        address = urlsplit(route.request.url)
        if address.scheme in ("http", "https", "ws", "wss") and address.hostname != "127.0.0.1":
            self.outside.append(route.request.url)
            route.abort()
        else:
            route.continue_()

    def run_all(self) -> None:
        """Run every cell, wait for the end, and fail on a cell that raised."""
        done = self.page.evaluate("jupyterapp.commands.execute('notebook:run-all-cells')")
        assert done is not False, f"a cell raised: {self.errors()}"
        self.wait_idle()
        assert not self.errors(), self.errors()

    def run_cell(self, index: int) -> None:
        """Run one cell again, by its place among all cells."""
        self.page.evaluate(
            """async (index) => {
                const panel = jupyterapp.shell.currentWidget;
                panel.content.deselectAll();
                panel.content.activeCellIndex = index;
                await jupyterapp.commands.execute('notebook:run-cell');
            }""",
            index,
        )
        self.wait_idle()

    def wait_idle(self) -> None:
        """Wait until the kernel has nothing to do."""
        self.page.wait_for_function(
            "jupyterapp.shell.currentWidget.sessionContext.session.kernel.status === 'idle'"
        )

    def errors(self) -> list[str]:
        """Tracebacks shown in the notebook."""
        errors = self.page.locator(".jp-OutputArea-output[data-mime-type$='error']")
        return errors.all_inner_texts()

    def kernel_value(self, expression: str) -> str:
        """`repr` of an expression in the kernel, asked beside the cells."""
        reply = self.page.evaluate(
            """async (expression) => {
                const kernel = jupyterapp.shell.currentWidget.sessionContext.session.kernel;
                const asked = kernel.requestExecute(
                    {code: '', silent: true, user_expressions: {value: expression}});
                return (await asked.done).content.user_expressions.value;
            }""",
            expression,
        )
        assert reply["status"] == "ok", reply
        return reply["data"]["text/plain"]

    def widget(self, words: str) -> Widget:
        """The widget whose picture's label contains these words."""
        return Widget(self, words)

    def screenshot(self, name: str) -> Path:
        """Picture of the page, for eyes."""
        path = self.lab.screenshots / f"{name}.png"
        self.page.screenshot(path=path)
        return path

    def theme(self, words: str) -> None:
        """Change to the "Dark" or the "Light" theme; the server remembers it for later pages."""
        command = "words => jupyterapp.commands.execute('apputils:change-theme', {theme: words})"
        self.page.evaluate(command, f"JupyterLab {words}")
        light = str(words == "Light").lower()
        self.page.wait_for_function(f"document.body.dataset.jpThemeLight === '{light}'")

    def close(self) -> None:
        """Leave without saving and end the kernel."""
        self.context.close()
        self.lab.shut_down_kernels()


class Widget:
    """A widget of the course in a page, by the words of its picture's label at the first look."""

    def __init__(self, page: Page, words: str) -> None:
        self.page = page
        outputs = page.page.locator(".jp-OutputArea-output")
        found = outputs.filter(has=page.page.locator(f".lab-picture > svg[aria-label*='{words}']"))
        found.wait_for()
        # The label changes with the numbers, the output stays.
        mark = f"widget-{secrets.token_hex(4)}"
        found.evaluate("(element, mark) => element.setAttribute('data-test', mark)", mark)
        self.root = page.page.locator(f"[data-test='{mark}']")
        self.root.scroll_into_view_if_needed()
        self.picture = self.root.locator(".lab-picture")

    def button(self, name: str):
        """A shared button, by its words now (Play becomes Pause)."""
        return self.root.get_by_role("button", name=re.compile(rf"^\W*{re.escape(name)}$"))

    def control(self, label: str):
        """What takes the focus of a labelled control: a slider's knob, a list, a box, a number."""
        row = self.root.locator(".widget-inline-hbox, .widget-checkbox").filter(
            has=self.page.page.get_by_text(label, exact=True)
        )
        return row.locator("[role=slider], select, input[type=checkbox]").first

    def readout(self) -> str:
        """The numbers below the picture."""
        return self.root.locator(".lab-readout").inner_text()

    def announced(self) -> str:
        """What a screen reader was told last."""
        return self.root.locator(".lab-said").text_content() or ""

    def label(self) -> str:
        """The label of the picture."""
        return self.picture.locator("> svg").get_attribute("aria-label") or ""

    def wait_for(self, words: str | re.Pattern[str]) -> None:
        """Wait until the numbers contain these words (in play: a pattern that stays true)."""
        readout = self.root.locator(".lab-readout").filter(has_text=words)
        try:
            readout.wait_for(timeout=20_000)
        except Exception as error:
            raise AssertionError(
                f"waited for {words!r}, the readout is {self.readout()!r}"
            ) from error

    def wait_for_change(self, before: str) -> str:
        """Wait until the numbers differ from `before`; gives the new ones."""
        self.page.page.wait_for_function(
            "([element, before]) => element.innerText !== before",
            arg=[self.root.locator(".lab-readout").element_handle(), before],
        )
        return self.readout()

    def at(self, x: float, y: float) -> tuple[float, float]:
        """Where a point of the picture's own coordinates is on the screen."""
        self.picture.scroll_into_view_if_needed()
        place = self.picture.evaluate(
            """(stage, [x, y]) => {
                const at = new DOMPoint(x, y).matrixTransform(
                    stage.querySelector('svg').getScreenCTM());
                return [at.x, at.y];
            }""",
            [x, y],
        )
        return place[0], place[1]

    def drag(self, grab: str, dx: float, dy: float, steps: int = 8) -> None:
        """Drag the middle of the element with this data-grab by pixels of the screen."""
        self.picture.scroll_into_view_if_needed()
        box = self.picture.locator(f"[data-grab='{grab}']").first.bounding_box()
        assert box is not None, f"nothing to grab named {grab!r}"
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        mouse = self.page.page.mouse
        mouse.move(x, y)
        mouse.down()
        mouse.move(x + dx, y + dy, steps=steps)
        mouse.up()

    def key(self, key: str) -> None:
        """Press a key on the focused picture."""
        self.picture.focus()
        self.page.page.keyboard.press(key)

    def delays(self, act, times: int) -> list[float]:
        """Milliseconds from the key or pointer event to the frame that shows the new picture."""
        self.picture.evaluate(
            """(stage) => {
                let began = null;
                window.labDelays = [];
                const start = () => { began = performance.now(); };
                for (const kind of ['keydown', 'pointerdown'])
                    document.addEventListener(kind, start, true);
                new MutationObserver(() => {
                    if (began === null) return;
                    const from = began;
                    began = null;
                    requestAnimationFrame(() => window.labDelays.push(performance.now() - from));
                }).observe(stage, {childList: true});
            }"""
        )
        for done in range(1, times + 1):
            act(done)
            self.page.page.wait_for_function("(n) => window.labDelays.length >= n", arg=done)
            self.page.page.wait_for_timeout(60)  # the pause between two pictures is not a delay
        return self.page.page.evaluate("window.labDelays")

    def pictures_per_second(self, seconds: float = 2.0) -> float:
        """How many new pictures appear, counted in the browser."""
        return self.picture.evaluate(
            """(stage, seconds) => new Promise((resolve) => {
                let count = 0;
                const seen = new MutationObserver(() => { count += 1; });
                seen.observe(stage, {childList: true});
                setTimeout(() => { seen.disconnect(); resolve(count / seconds); }, seconds * 1000);
            })""",
            seconds,
        )
