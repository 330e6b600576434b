"""Debian's Firefox, driven by its own protocol: JSON with its length before it, on a socket.

Its client on PyPI holds back IPython and psutil, and Playwright knows no Firefox but its own.
"""

import json
import shutil
import socket
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path

QUIET = [
    "app.update.enabled", "browser.shell.checkDefaultBrowser", "network.prefetch-next",
    "network.captive-portal-service.enabled",
    "datareporting.policy.dataSubmissionEnabled", "network.connectivity-service.enabled",
]  # fmt: skip
TAB, ENTER, ESCAPE, ARROW_DOWN = "\ue004", "\ue007", "\ue00c", "\ue015"


def path():
    return shutil.which("firefox-esr") or shutil.which("firefox")


@contextmanager
def firefox(profile: Path):
    """A `Firefox` with an empty profile in this folder."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    known = {**dict.fromkeys(QUIET, False), "marionette.port": port}
    lines = [f"user_pref({json.dumps(k)}, {json.dumps(v)});\n" for k, v in known.items()]
    (profile / "user.js").write_text("".join(lines))
    command = [path(), "--headless", "--no-remote", "--marionette", "--profile", profile]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as run:
        try:
            yield Firefox(port)
        finally:
            run.terminate()


class Firefox:
    def __init__(self, port: int):
        for _ in range(600):
            try:
                self.socket = socket.create_connection(("127.0.0.1", port), timeout=120)
                break
            except ConnectionRefusedError:
                time.sleep(0.1)
        self.read()
        self.ask("WebDriver:NewSession", {})

    def read(self):
        length = b""
        while (digit := self.socket.recv(1)) != b":":
            length += digit
        text = b""
        while len(text) < int(length):
            text += self.socket.recv(int(length) - len(text))
        return json.loads(text)

    def ask(self, command: str, parameters: dict):
        """What a command of WebDriver answers; RuntimeError says why it does not."""
        text = json.dumps([0, 1, command, parameters]).encode()
        self.socket.sendall(b"%d:%s" % (len(text), text))
        _, _, error, answer = self.read()
        if error:
            raise RuntimeError(f"{command}: {error['error']}: {error['message']}")
        return answer

    def goto(self, address: str):
        self.ask("WebDriver:Navigate", {"url": address})

    def script(self, body: str, *arguments):
        """What the body of a function returns in the page."""
        parameters = {"script": body, "args": arguments, "sandbox": None}
        return self.ask("WebDriver:ExecuteScript", parameters)["value"]

    def wait(self, expression: str, seconds: float = 180):
        """The value of an expression, once it is true."""
        until = time.monotonic() + seconds
        while not (value := self.script(f"return {expression}")):
            assert time.monotonic() < until, f"in Firefox this stays false: {expression}"
            time.sleep(0.05)
        return value

    def press(self, selector: str, keys: str):
        """Keys on an element, as from a keyboard."""
        self.script("document.querySelector(arguments[0]).focus()", selector)
        for key in keys:
            actions = [{"type": kind, "value": key} for kind in ("keyDown", "keyUp")]
            source = {"type": "key", "id": "keys", "actions": actions}
            self.ask("WebDriver:PerformActions", {"actions": [source]})
