"""The sandbox by itself: cells, outputs, limits, and what it refuses."""

import shutil
import subprocess
import time

import pytest

from teaching import sandbox as module
from teaching.replies import read_reply
from teaching.sandbox import Sandbox, SandboxMissing


def test_names_last_from_cell_to_cell_and_not_to_the_next_job(sandbox):
    with sandbox.job() as job:
        job.run("open('left', 'w').write('x'); a = 1", "student")
        assert job.run("a + 1", "student").output == "2\n"
    assert 0 < job.cpu_seconds < 5
    with sandbox.job() as job:
        assert job.run("a", "student").error == "NameError"
        assert job.run("open('left')", "student").error == "FileNotFoundError"


@pytest.mark.parametrize(
    ("source", "output"),
    [
        ("%matplotlib inline\n1", "1\n"),
        ("!ls", "Shell commands do not run here.\n"),
        ("import sys; print('a', file=sys.stderr)", "a\n"),
        ("display('b')", "'b'\n"),
        ("import asyncio\nawait asyncio.sleep(0.01)\n3", "3\n"),
        ("f'{6 * 7}'", "'42'\n"),
    ],
)
def test_cells_run_as_in_a_notebook(sandbox, source, output):
    with sandbox.job() as job:
        assert job.run(source, "student").outcome == "ok"
        assert job.run(source, "student").output == output


@pytest.mark.parametrize("first", ["", "%matplotlib inline\n"])
def test_figures_are_kept(sandbox, first):
    with sandbox.job() as job:
        reply = job.run(f"{first}import matplotlib.pyplot as plt\nplt.plot([1, 2]);", "student")
        assert [image[:5] for image in reply.images] == ["iVBOR"]


def test_keras_trains_and_data_is_piped(sandbox):
    with sandbox.job() as job:
        reply = job.run(
            "import keras, numpy as np, tensorflow as tf\n"
            "model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])\n"
            "model.compile('adam', 'mse')\n"
            "data = tf.data.Dataset.from_tensor_slices((np.ones((64, 3)), np.ones((64, 1))))\n"
            "data = data.map(lambda x, y: (x, y), num_parallel_calls=4).batch(8).prefetch(2)\n"
            "model.fit(data, epochs=2, verbose=0, shuffle=False).history['loss'][-1] > 0",
            "student",
        )
        assert (reply.outcome, reply.output) == ("ok", "True\n"), reply


def test_checks_say_where_they_failed(sandbox):
    with sandbox.job() as job:
        job.run("def f():\n\n\n    raise KeyError('k')", "student")
        reply = job.run("a = 1\nf()", "check")
        assert (reply.outcome, reply.error, reply.line) == ("error", "KeyError", 2)
        assert job.run("%time 1", "check").error == "SyntaxError"


@pytest.mark.parametrize(
    "call",
    ["272, 0x10000000", "165, 0, 0, 0, 0, 0", "101, 0", "310, 1", "321, 0", "308, 3, 0",
     "319, 0, 0", "56, 17, 0", "57", "58", "59", "425, 1, 0", "41, 40, 1, 0", "250, 0",
     "435, 0, 0"],
)  # fmt: skip
def test_system_calls_are_refused(sandbox, call):
    source = f"""\
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
libc.syscall({call}), ctypes.get_errno()"""
    with sandbox.job() as job:
        assert job.run(source, "student").output in ("(-1, 1)\n", "(-1, 38)\n")


def test_nothing_is_writable_but_its_own_folders(sandbox):
    source = """\
import os
found = []
for folder, inner, _ in os.walk('/'):
    if folder.count('/') > 3: inner.clear()
    try: open(f'{folder}/x', 'w').close(); found.append(folder)
    except OSError: pass
sorted({'/'.join(f.split('/')[:3]) for f in found})"""
    with sandbox.job() as job:
        output = job.run(source, "student").output
        assert output == "['/dev/shm', '/job', '/job/profile_default', '/job/shm']\n"


def test_refuses_without_bubblewrap(monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda _: None)
    with pytest.raises(SandboxMissing, match="apt install bubblewrap"), Sandbox():
        pass


def test_refuses_where_namespaces_are_forbidden(monkeypatch):
    real = module._bubblewrap
    monkeypatch.setattr(module, "_bubblewrap", lambda limits: ["false", *real(limits)])
    with pytest.raises(SandboxMissing, match="user namespaces"), Sandbox():
        pass


@pytest.mark.usefixtures("bubblewrap")
def test_ends_its_processes():
    with Sandbox() as sandbox, sandbox.job():
        pid = sandbox._process.pid
        children = subprocess.run(
            ["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True, check=True
        ).stdout.split()
        assert children
    command = ["ps", "-o", "state=", "-p", ",".join(children)]
    for _ in range(50):
        states = subprocess.run(command, capture_output=True, text=True).stdout.split()
        if set(states) <= {"Z"}:
            break
        time.sleep(0.1)
    assert set(states) <= {"Z"}


@pytest.mark.parametrize(
    "line",
    [b"", b"x 1 {}", b"t 2 {}", b"t 1 [", b"t 1 []", b't 0 {"error": 3}', b"t 1 " + b"[" * 100_000],
)
def test_malformed_replies_are_errors(line):
    with pytest.raises((ValueError, RecursionError)):
        read_reply(line, "t")


def test_replies_are_cut_to_size():
    line = b't 0 {"error": {"type": 3, "line": "x"}, "output": 5, "images": ["<script>", 4]}'
    reply = read_reply(line, "t")
    assert (reply.outcome, reply.error, reply.line, reply.output) == ("error", "3", 0, "")
    assert reply.images == reply.patched == []
