"""The sandbox by itself: cells, outputs, limits, and what it refuses."""

import errno
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from teaching import sandbox as module
from teaching import sandboxed
from teaching.replies import read_reply
from teaching.sandbox import Sandbox, SandboxMissing

ROOT = Path(__file__).parents[2]


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


# What assignments and students do, and with it every system call that this needs.
WORK = {
    "train": """\
import keras, numpy as np, tensorflow as tf
x, y = np.random.default_rng(0).normal(size=(64, 8, 8, 1)).astype('float32'), np.arange(64) % 3
layers = [keras.layers.Conv2D(4, 3), keras.layers.BatchNormalization(), keras.layers.Flatten()]
layers += [keras.layers.Dropout(0.2), keras.layers.Dense(3, 'softmax')]
model = keras.Sequential([keras.Input((8, 8, 1)), *layers])
model.compile('adam', 'sparse_categorical_crossentropy', metrics=['accuracy'])
kept = [keras.callbacks.ModelCheckpoint('best.keras'), keras.callbacks.CSVLogger('log.csv')]
model.fit(x, y, epochs=2, validation_split=0.2, callbacks=kept)
data = tf.data.Dataset.from_tensor_slices((x, y)).shuffle(64)
data = data.map(lambda x, y: (x, y), num_parallel_calls=4).batch(8).cache().prefetch(2)
model.fit(data, verbose=0), model.evaluate(x, y), model.predict(x)
for name in 'm.keras', 'm.h5':
    model.save(name)
    keras.models.load_model(name)
model.save_weights('m.weights.h5')
model.load_weights('m.weights.h5')""",
    "plot": """\
import matplotlib.pyplot as plt
figure, axes = plt.subplots(1, 2)
axes[0].plot([1, 2], label=r'$\\alpha$')
axes[0].legend()
axes[1].imshow([[1, 2]])
for kind in 'png', 'pdf', 'svg':
    figure.savefig(f'a.{kind}')""",
    "tables": """\
import pandas as pd
table = pd.DataFrame({'a': [1, 1, 2], 'b': [1.5, 2, 3]})
for kind in 'csv', 'json', 'pickle':
    getattr(table, f'to_{kind}')(f't.{kind}')
    getattr(pd, f'read_{kind}')(f't.{kind}')
table.plot(), table.groupby('a').mean(), table.describe()
display(table)""",
    "learn": """\
from sklearn import datasets, decomposition, linear_model, model_selection, preprocessing
for name in 'breast_cancer diabetes digits iris wine'.split():
    x, y = getattr(datasets, f'load_{name}')(return_X_y=True)
scaled = preprocessing.StandardScaler().fit_transform(x)
decomposition.PCA(2).fit_transform(scaled)
model = linear_model.LogisticRegression()
model_selection.cross_val_score(model, scaled, y), model.fit(scaled, y).score(scaled, y)""",
    "files": """\
import numpy as np, os, shutil, tempfile, zipfile
np.savez_compressed('a.npz', x=np.ones(3)), np.load('a.npz')['x'], np.save('a.npy', np.ones(3))
np.load('a.npy', mmap_mode='r')[0]
with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryFile() as file:
    os.makedirs(f'{folder}/a/b'), shutil.copy('a.npy', f'{folder}/a'), file.write(b'1')
    shutil.copy2('a.npy', folder), shutil.copytree(folder, 'c'), shutil.move('c', 'd')
with open('a.txt', 'w') as file:
    file.write('a'), file.flush(), os.fsync(file.fileno()), file.truncate(0)
os.listdir(), os.getcwd(), os.path.exists('a'), os.cpu_count(), os.urandom(3)""",
    "wait": """\
import asyncio, concurrent.futures, multiprocessing.pool, threading, time
time.sleep(0.01), time.perf_counter(), time.process_time()
with concurrent.futures.ThreadPoolExecutor(2) as pool:
    list(pool.map(abs, [1, 2]))
with multiprocessing.pool.ThreadPool(2) as pool:
    pool.map(abs, [1, 2])
await asyncio.gather(asyncio.to_thread(abs, 1), asyncio.sleep(0.01))
%timeit -n1 -r1 1
print(input.__name__)""",
}


@pytest.mark.parametrize("name", WORK)
def test_work_gets_the_system_calls_that_it_needs(sandbox, name):
    with sandbox.job() as job:
        reply = job.run(WORK[name], "student", 60.0)
    assert reply.outcome == "ok", reply


@pytest.mark.depends("tests/teaching/system_calls.py")
@pytest.mark.usefixtures("bubblewrap")
def test_the_system_calls_that_are_made_are_let_through(tmp_path):
    """Measured: all the work above, with a filter that reports each call."""
    program = Path(__file__).with_name("system_calls.py")
    variables = {**os.environ, "TMPDIR": str(tmp_path), "MPLBACKEND": "Agg"}
    variables |= {
        "PYTHONPATH": str(ROOT),
        "KERAS_BACKEND": "tensorflow",
        "TF_NUM_INTRAOP_THREADS": "2",
    }
    work = "\n".join(WORK.values())
    done = subprocess.run(
        [sys.executable, program], input=work, capture_output=True, text=True, env=variables
    )
    assert done.returncode == 0, done.stderr[-2000:]
    lines = [line.split() for line in done.stdout.splitlines()]
    made = [(n, int(a), int(b)) for n, a, b in (line for line in lines if len(line) == 3)]
    assert {"mmap", "futex", "openat", "getdents64", "socketpair"} <= {name for name, *_ in made}
    asked = {"clone", "clone3", "mbind", "arch_prctl"}  # fall back, or have a rule of their own
    known = {*sandboxed.ALLOWED, *sandboxed.PRETENDED, *asked}
    values = {"fcntl": {6, 7}, "prlimit64": set(range(20))}
    strange = []
    for name, *arguments in made:
        at, allowed = sandboxed.ALLOWED_WITH.get(name, (0, ()))
        if name not in known and (at > 1 or arguments[at] not in {*allowed, *values.get(name, ())}):
            strange.append((name, *arguments))
    assert not strange


@pytest.mark.parametrize(
    "call",
    ["272, 0x10000000", "165, 0, 0, 0, 0, 0", "101, 0", "310, 1", "321, 0", "308, 3, 0",
     "319, 0, 0", "56, 17, 0", "57", "58", "59", "425, 1, 0", "41, 40, 1, 0", "250, 0",
     "435, 0, 0", "72, 3, 1024, 1", "72, 3, 1026, 1", "72, 3, 37, 0", "72, 3, 1031, 9999999",
     "162", "46, 3, 0, 0", "188, 0, 0, 0, 0, 0", "141, 0, 0, 9", "16, 3, 0x40086602, 0",
     "157, 4, 0", "302, 0, 7, b'' + bytes(16), 0"],
)  # fmt: skip
def test_system_calls_are_refused(sandbox, call):
    source = f"""\
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
libc.syscall({call}), ctypes.get_errno()"""
    with sandbox.job() as job:
        assert job.run(source, "student").output == f"(-1, {errno.ENOSYS})\n"


def test_a_call_by_another_convention_ends_the_process_at_once(sandbox):
    start = time.monotonic()
    with sandbox.job() as job:
        source = "import ctypes; ctypes.CDLL(None).syscall(0x40000000 + 39)"
        assert job.run(source, "student").outcome == "died"
    assert time.monotonic() - start < 60


TRACES = """\
import ctypes, glob, os, sysconfig
libc = ctypes.CDLL(None, use_errno=True)
paths = [*glob.glob('/dev/*'), '/dev/pts/ptmx', '/', '/dev', '/dev/pts', '/proc', '/sandboxed.py']
paths += glob.glob(sysconfig.get_paths()['purelib'] + '/sklearn/datasets/data/*')
def state(path):
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_mode, found.st_uid, found.st_atime_ns, found.st_mtime_ns, found.st_ctime_ns
before = {path: state(path) for path in paths}
times = ctypes.create_string_buffer(32)
for path in paths:
    name = path.encode()
    for call in (90, name, 0o600), (280, -100, name, times, 0), (280, -100, name, None, 0), (
        94, name, 1, 1), (132, name, None), (188, name, b'user.a', b'b', 1, 0):
        libc.syscall(*call)
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        os.read(fd, 1)
        for call in (72, fd, 1024, 1), (72, fd, 1024, 0), (73, fd, 2), (91, fd, 0o600):
            libc.syscall(*call)
    except OSError:
        pass
changed = [path for path in paths if state(path) != before[path] and path != '/proc']
print(len(paths) > 12, sorted(changed))
"""


def test_no_trace_is_left_for_the_next_job(sandbox):
    """Modes, times, owners, leases and locks of all that jobs share; the same as seen outside."""
    devices = [Path("/dev", name) for name in ("null", "zero", "full", "random", "urandom", "tty")]
    before = [os.stat(device) for device in devices]
    with sandbox.job() as job:
        assert job.run(TRACES, "student").output == "True []\n"
    after = [os.stat(device) for device in devices]
    for old, new in zip(before, after, strict=True):
        assert (old.st_mode, old.st_uid, old.st_ctime) == (new.st_mode, new.st_uid, new.st_ctime)


@pytest.mark.usefixtures("bubblewrap")
def test_nobody_may_change_the_terminals():
    command = [*module._bubblewrap(module.Limits()), "cat", "/proc/mounts"]
    mounts = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    options = [line.split()[3] for line in mounts.splitlines() if line.split()[1] == "/dev/pts"]
    assert options[-1].startswith("ro,")


def test_a_job_is_not_root(sandbox):
    with sandbox.job() as job:
        job.run("1", "student")
        listed = subprocess.run(["ps", "-eo", "pid=,ppid="], capture_output=True, text=True).stdout
        parents = dict(line.split() for line in listed.splitlines())
        jobs = {pid for pid in parents if _depth(pid, str(sandbox._process.pid), parents) >= 3}
        users = {os.stat(f"/proc/{pid}").st_uid for pid in jobs}
    assert jobs
    assert users == {os.getuid() or int(module.USER)}


def _depth(pid, ancestor, parents):
    """How many generations below another process; 0 where it is not of its kin."""
    depth = 0
    while pid in parents and pid != ancestor:
        pid, depth = parents[pid], depth + 1
    return depth if pid == ancestor else 0


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


@pytest.mark.usefixtures("bubblewrap")
def test_a_busy_machine_is_not_taken_for_a_missing_sandbox(monkeypatch):
    monkeypatch.setattr(module, "START", 0.01)
    with pytest.raises(SandboxMissing, match=r"too busy to start .* fewer --jobs, or try") as error:
        Sandbox().__enter__()
    assert module.ADVICE not in str(error.value)
