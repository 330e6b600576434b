"""The repository as Binder builds it, without Docker: `make binder`.

A clean clone, a clean virtual environment from `.binder/`, an empty home. The real JupyterLab
server starts there, and every cell of every notebook runs through its REST and kernel API.
Prints one line per notebook; ends with 1 when a cell failed.
"""

import json
import os
import secrets
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import websocket

from tools.execute import cell_timeout

ROOT = Path(__file__).parents[1]
PATIENCE = cell_timeout()


def main():
    wanted = (ROOT / ".binder/runtime.txt").read_text().strip().removeprefix("python-")
    if wanted != f"{sys.version_info.major}.{sys.version_info.minor}":
        sys.exit(f"Binder runs Python {wanted}; make .venv with it (make PYTHON=python{wanted})")
    with tempfile.TemporaryDirectory() as folder:
        repository, environment, home = (Path(folder, name) for name in ("book", "env", "home"))
        home.mkdir()
        subprocess.run(["git", "clone", "--quiet", ROOT, repository], check=True)
        subprocess.run([sys.executable, "-m", "venv", environment], check=True)
        variables = {
            "HOME": str(home),
            "PATH": f"{environment}/bin:/usr/local/bin:/usr/bin:/bin",
            "VIRTUAL_ENV": str(environment),
        }
        network = ("proxy", "pip_", "ssl_", "cert")
        variables |= {k: v for k, v in os.environ.items() if any(n in k.lower() for n in network)}
        install = ["uv", "pip", "install", "--quiet", "--compile-bytecode", "--python"]
        requirements = repository / ".binder/requirements.txt"
        python = environment / "bin/python"
        subprocess.run([*install, python, "--requirement", requirements], check=True)
        subprocess.run(["sh", ".binder/postBuild"], check=True, cwd=repository, env=variables)
        return serve(repository, variables)


def serve(repository, variables):
    token = secrets.token_hex(16)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = ["jupyter", "lab", "--no-browser", "--allow-root", f"--port={port}", "--ip=127.0.0.1"]
    command += [f"--IdentityProvider.token={token}", "--log-level=ERROR"]
    server = subprocess.Popen(command, cwd=repository, env=variables)
    api = Api(f"http://127.0.0.1:{port}", token)
    try:
        api.wait(server)
        assert "JupyterLab" in api.get("/lab").decode()
        notebooks = json.loads(api.get("/api/contents/notebooks"))["content"]
        paths = sorted(n["path"] for n in notebooks if n["type"] == "notebook")
        assert paths, "no notebooks"
        with ThreadPoolExecutor(2) as pool:
            failures = sum(pool.map(api.run, paths))
    finally:
        server.terminate()
        server.wait(30)
    return failures > 0


class Api:
    def __init__(self, url, token):
        self.url, self.token = url, token

    def call(self, method, path, body=None):
        headers = {"Authorization": f"token {self.token}", "Content-Type": "application/json"}
        data = json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(self.url + path, data, headers, method=method)
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.read()

    def get(self, path):
        return self.call("GET", path)

    def wait(self, server):
        for _ in range(600):
            if server.poll() is not None:
                sys.exit("JupyterLab did not start")
            try:
                self.get("/api/status")
                return
            except (urllib.error.URLError, ConnectionError):
                time.sleep(0.2)
        sys.exit("JupyterLab did not answer within two minutes")

    def run(self, path):
        """Open a notebook in a session of its own and run all its cells; return 1 on failure."""
        start = time.perf_counter()
        notebook = json.loads(self.get(f"/api/contents/{path}"))["content"]
        kernel = {"name": notebook["metadata"]["kernelspec"]["name"]}
        body = {"path": path, "name": path, "type": "notebook", "kernel": kernel}
        session = json.loads(self.call("POST", "/api/sessions", body))
        channels = f"ws{self.url[4:]}/api/kernels/{session['kernel']['id']}/channels"
        connection = websocket.create_connection(f"{channels}?token={self.token}", timeout=PATIENCE)
        code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
        problem = ""
        for number, cell in enumerate(code, 1):
            error = execute(connection, cell["source"])
            expected = "raises-exception" in cell["metadata"].get("tags", [])
            if bool(error) != expected:
                problem = f"cell {number} of {len(code)}: {error or 'raised nothing'}"
                break
        connection.close()
        self.call("DELETE", f"/api/sessions/{session['id']}")
        seconds = time.perf_counter() - start
        print(f"{'failed' if problem else 'ran'}  {seconds:5.0f} s  {path}  {problem}", flush=True)
        return bool(problem)


def execute(connection, source):
    """Run one cell; return its error, if any."""
    header = {"msg_id": uuid.uuid4().hex, "msg_type": "execute_request", "version": "5.3"}
    header |= {"username": "reader", "session": uuid.uuid4().hex}
    content = {"code": source, "silent": False, "store_history": True, "stop_on_error": True}
    message = {"header": header, "parent_header": {}, "metadata": {}, "content": content}
    connection.send(json.dumps(message | {"channel": "shell", "buffers": []}))
    error = ""
    while True:
        answer = json.loads(connection.recv())
        if answer["parent_header"].get("msg_id") != header["msg_id"]:
            continue
        if answer["msg_type"] == "error":
            error = f"{answer['content']['ename']}: {answer['content']['evalue']}"
        if answer["msg_type"] == "status" and answer["content"]["execution_state"] == "idle":
            return error


if __name__ == "__main__":
    sys.exit(main())
