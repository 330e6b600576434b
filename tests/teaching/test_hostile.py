"""Submissions that fail, cheat or attack: each in the real sandbox, with real Keras.

Every case says what the submission gets. Afterwards an honest one is graded by the same sandbox
and has all points, so nothing of the attack is left.
"""

import json
import os
import threading
import time

import numpy
import pytest
from small_assignment import (
    HE,
    RMS,
    SOURCE,
    WRONG,
    cell,
    code,
    load,
    notebook,
    outcomes,
    scores,
    without_ids,
    write,
)  # fmt: skip

from teaching.grading import grade
from teaching.sandbox import Limits, Sandbox
from teaching.tripwires import tripwires

pytestmark = pytest.mark.filterwarnings("ignore")
FULL, NONE = [2, 1, 3], [0, 0, 0]


@pytest.fixture(scope="module")
def assignment(tmp_path_factory):
    return load(tmp_path_factory.mktemp("assignments"))


@pytest.fixture
def run(tmp_path, assignment, sandbox):
    def run(submission, cell=60.0):
        sandbox.limits = Limits(cell=cell, total=120.0)
        result = grade(write(tmp_path / "a.ipynb", submission), assignment, sandbox)
        json.dumps(result)
        messages = " ".join(task["message"] for task in result["tasks"])
        assert not any(
            s in messages for s in ("512", "1 / 32", "/root", "/tmp", "/job", "sandboxed")
        )
        return result

    return run


LOOP = "def he_std(fan_in):\n    while True: pass"
STUBBORN = """\
import time
def he_std(fan_in):
    while True:
        try: time.sleep(9)
        except BaseException: pass"""
FORKS = "import os\nfor _ in range(400): os.fork()"
BACKGROUND = "import subprocess, sys\nsubprocess.Popen([sys.executable, '-c', 'while True: pass'])"
NETWORK = "import socket\nsocket.create_connection(('1.1.1.1', 80), 2)"
THREADS = """\
import threading, time
for _ in range(100_000): threading.Thread(target=time.sleep, args=(99,), daemon=True).start()"""
FILL = """\
while True:
    with open(str(len(__import__('os').listdir('.'))), 'wb') as file: file.write(bytes(2**26))"""
SWALLOW = """\
get_ipython().input_transformers_cleanup.append(lambda lines: [])
get_ipython().ast_transformers.append(None)
get_ipython().events.register('post_run_cell', lambda *_: None)"""
GARBAGE = """\
import os
for fd in range(256):
    try: os.write(fd, b'{"passed": 1}\\n' * 99)
    except OSError: pass"""
SIBLINGS = """\
import os, signal
try: os.kill(-1, signal.SIGKILL)
except ProcessLookupError: print('nobody')
print(os.getpid(), sorted(os.listdir('/proc')), sorted(os.listdir('/proc/self')))"""
SEARCH = """\
import gc, os, sys
dicts = [o for o in gc.get_objects() if isinstance(o, dict)]
found = ['gc' for o in dicts if 'BEGIN ' + 'HIDDEN' in str(dict.get(o, 'source'))[:9999]]
frame = sys._getframe()
while frame:
    texts = {k: str(v) for k, v in frame.f_locals.items() if isinstance(v, str | bytes)}
    found += [k for k, text in texts.items() if 'HIDDEN ' + 'TESTS' in text]
    frame = frame.f_back
found += [k for k, v in os.environ.items() if 'HIDDEN' in v or 'secret' in k.lower()]
found += [p for p in ('/home', '/mnt', '/etc/hostname') if os.path.exists(p)]
found += [p for p in ('/etc/passwd', '/root/.ssh') if os.path.exists(p)]
print('FOUND', found)"""
PATCH = """\
np.testing.assert_allclose = lambda *a, **k: None
np.testing.assert_equal.__code__ = (lambda *a, **k: None).__code__
np.sqrt = lambda x: 0.2"""
SHADOW = """\
class np:
    class testing: assert_allclose = staticmethod(lambda *a, **k: None)
    float64 = float
assert_allclose = double = all = len = isinstance = lambda *a, **k: True"""
BUILTINS = """\
import builtins, json, os
builtins.exec = builtins.compile = lambda *a, **k: None
json.dumps = json.loads = json.encoder.c_make_encoder = lambda *a, **k: {}
os.write = os.read = lambda *a: 1"""

DISPATCHED = """\
import numpy._core.numeric as n
n.isclose = n.allclose = lambda *a, **k: True"""
DURING = """\
import numpy as m
def he_std(n):
    m.testing.assert_allclose = lambda *a, **k: None
    return 0.7"""
EMPTY = """\
import json
json.encoder.c_make_encoder = lambda *a, **k: (lambda o, l: ('{}',))"""

# name: what stands before or in place of he_std; points of the three checks; status; a flag
ENDLESS = ("loops", "cannot be interrupted")  # what they get is the same however short they run
CASES = {
    "exits at once": ("import os\nos._exit(0)", NONE, "review", "import os"),
    "exits in a test": ("import os\ndef he_std(n): os._exit(0)", NONE, "review", "import os"),
    "leaves by SystemExit": ("raise SystemExit\n" + HE, NONE, "graded", None),
    "loops": (LOOP, NONE, "review", None),
    "cannot be interrupted": (STUBBORN, NONE, "review", None),
    "forks without end": (f"{HE}\n{FORKS}", FULL, "graded", "import os"),
    "starts a process": (f"{HE}\n{BACKGROUND}", FULL, "graded", "import subprocess"),
    "calls the network": (f"{HE}\n{NETWORK}", FULL, "graded", "import socket"),
    "takes 50 GB": (f"{HE}\nnp.ones((50, 2**27))", FULL, "graded", None),
    "takes 50 GB slowly": (f"{HE}\nb = [np.zeros(2**27) for _ in range(50)]", FULL, "graded", None),
    "starts threads": (f"{THREADS}\n{HE}", NONE, None, "import threading"),
    "prints 3 million lines": (f"for _ in range(3_000_000): print(1)\n{HE}", FULL, "graded", None),
    "fills the disk": (f"{HE}\n{FILL}", FULL, "graded", "open"),
    "swallows the tests": (f"{WRONG}\n{SWALLOW}", NONE, None, "get_ipython"),
    "writes garbage to each descriptor": (f"{HE}\n{GARBAGE}", NONE, "review", "import os"),
    "kills the others": (f"{HE}\n{SIBLINGS}", FULL, "graded", "import os"),
    "kills its group": (f"{HE}\nimport os\nos.kill(0, 9)", FULL, "graded", "import os"),
    "stops its group": (f"{HE}\nimport os\nos.kill(0, 19)", FULL, "graded", "import os"),
    "stops a group": (f"{HE}\nimport os\nos.killpg(os.getpgrp(), 19)", FULL, "graded", None),
    "kills itself": (f"{HE}\nimport os\nos.abort()", NONE, "review", "import os"),
    "searches for the tests": (f"{HE}\n{SEARCH}", FULL, "graded", "import gc"),
    "patches NumPy": (f"{PATCH}\n{WRONG}", None, "review", "assigns np.testing.assert_allclose"),
    "patches what NumPy dispatches": (f"{DISPATCHED}\n{WRONG}", None, "review", None),
    "patches while it is checked": (DURING, None, "review", None),
    "empties the reply": (f"{EMPTY}\n{PATCH}\n{WRONG}", None, "review", None),
    "prints blank lines": (f"{HE}\n" + "\n" * 90_000, FULL, "graded", None),
    "shadows names": (f"{SHADOW}\n{WRONG}", None, None, None),
    "patches builtins": (f"{BUILTINS}\n{WRONG}", None, None, "import builtins"),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_case(name, run, assignment):
    source, points, status, flag = CASES[name]
    start = time.monotonic()
    result = run(notebook(assignment, he_std=source), 1.0 if name in ENDLESS else 60.0)
    assert time.monotonic() - start < 60
    if points is None:  # what is built on a wrong he_std fails; how is not the point
        assert scores(result)[::2] == [0, 0]
    else:
        assert scores(result) == points, result["tasks"]
    assert status is None or result["status"] == status, result["notes"]
    assert flag is None or flag in result["flags"]
    text = next(c for c in result["cells"] if c["id"] == "he-std")["output"]
    assert len(text) < 25_000
    if name == "kills the others":
        assert text == "nobody\n1 ['self'] ['cmdline', 'exe']\n"
    if name == "searches for the tests":
        assert text == "FOUND []\n", next(c for c in result["cells"] if c["id"] == "he-std")
    assert scores(run(notebook(assignment))) == FULL


def test_the_limit_of_the_whole_notebook_is_kept(assignment, tmp_path, sandbox):
    slow = "import time\ntry: time.sleep(9)\nexcept KeyboardInterrupt: time.sleep(2)"
    path = write(tmp_path / "a.ipynb", notebook(assignment, he_std=slow, rms=slow))
    sandbox.limits = Limits(cell=2.0, total=2.5)
    start = time.monotonic()
    result = grade(path, assignment, sandbox)
    assert time.monotonic() - start < 12
    assert (scores(result), result["status"]) == (NONE, "review")


@pytest.mark.usefixtures("bubblewrap")
def test_a_sandbox_that_is_lost_is_not_the_fault_of_the_submission(assignment, tmp_path):
    path = write(tmp_path / "a.ipynb", notebook(assignment, he_std="import time; time.sleep(5)"))
    with Sandbox() as sandbox:
        threading.Timer(2, sandbox._process.kill).start()
        with pytest.raises(RuntimeError, match="sandbox ended"):
            grade(path, assignment, sandbox)


def test_checks_after_an_endless_loop_count(run, assignment):
    only_rms = RMS.replace("he_std(x.shape[-1])", "(2 / x.shape[-1]) ** 0.5")
    result = run(notebook(assignment, he_std=LOOP, rms=only_rms), 2.5)
    assert outcomes(result) == ["timeout", "passed", "passed"]
    assert result["status"] == "review"  # the loop may be the student's, or the machine busy
    assert "check-he-std took too long" in " ".join(result["notes"])
    result = run(notebook(assignment, he_std=STUBBORN, rms=only_rms), 2.5)
    assert outcomes(result) == ["timeout", "not run", "not run"]


def deleted(nb):
    nb["cells"] = [c for c in nb["cells"] if not c["id"].startswith("check-")]


def edited(nb):
    for c in nb["cells"]:
        if c["id"].startswith("check-"):
            c["source"] = "pass"
            c["metadata"]["nbgrader"] |= {"points": 100, "grade": False, "grade_id": "x"}


def renamed(nb):
    for c in nb["cells"]:
        if c["id"].startswith("check-"):
            c["id"] += "x"
            c["metadata"]["nbgrader"]["grade_id"] += "x"
            c["source"] = "pass"


def duplicated(nb):
    at = nb["cells"].index(cell(nb, "he-std"))
    nb["cells"].insert(at, {**code(HE, "copy"), "metadata": cell(nb, "he-std")["metadata"]})


@pytest.mark.parametrize("edit", [deleted, edited, renamed, duplicated])
def test_edited_checks_earn_nothing(edit, run, assignment):
    wrong = notebook(assignment, he_std=WRONG)
    edit(wrong)
    result = run(wrong)
    assert outcomes(result) == ["failed", "passed", "hidden test failed"]
    assert [task["points"] for task in result["tasks"]] == [2, 1, 3, 2]
    assert result["notes"]
    assert result["status"] == "review"
    right = notebook(assignment)
    edit(right)
    assert scores(run(right)) == FULL


def test_cells_without_ids_are_known_by_text_and_place(run, assignment):
    result = run(without_ids(notebook(assignment)))
    assert scores(result) == FULL
    assert result["tasks"][-1]["answer"] == "Half of it is lost."
    assert scores(run(without_ids(notebook(assignment, he_std=WRONG))))[0] == 0


def test_only_text_and_pictures_are_kept(run, assignment):
    nb = notebook(
        assignment,
        he_std=f"""{HE}
from IPython.display import HTML, display
display(HTML('<script>alert(1)</script>'))
import matplotlib.pyplot as plt
for _ in range(9): plt.figure(); plt.plot([1, 2])""",
    )
    shown = next(c for c in run(nb)["cells"] if c["id"] == "he-std")
    assert "HTML object" in shown["output"]
    assert "script" not in shown["output"]
    assert len(shown["images"]) == 3


def test_unreadable_files_fail_without_being_read(tmp_path, assignment, sandbox):
    broken, huge, folder, link = (tmp_path / n for n in ("broken", "huge", "folder", "link"))
    broken.write_text('{"cells": [')
    huge.touch()
    os.truncate(huge, 200 * 2**20)
    folder.mkdir()
    link.symlink_to("/etc/passwd")
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    deep = tmp_path / "deep"
    deep.write_text("[" * 1_000_000)
    old = write(tmp_path / "old", {"nbformat": 3, "worksheets": []})
    strange = write(tmp_path / "strange", {"nbformat": 4, "cells": {"a": 1}})
    for path in (broken, huge, folder, link, fifo, deep, old, strange, tmp_path / "none"):
        result = grade(path, assignment, sandbox)
        assert (result["status"], bool(result["notes"])) == ("failed", True), path
        assert {task["score"] for task in result["tasks"]} == {0.0}
    odd = {"cell_type": [], "source": {"a": 1}, "id": 3, "metadata": 4}
    path = write(tmp_path / "odd", {"nbformat": 4, "cells": [1, odd]})
    assert scores(grade(path, assignment, sandbox)) == NONE


def test_a_neighbour_keeps_its_grade(run, tmp_path, assignment, sandbox):
    attacks = [f"{HE}\n{attack}" for attack in (SIBLINGS, FILL, FORKS, GARBAGE, THREADS)]
    paths = [
        write(tmp_path / f"{i}.ipynb", notebook(assignment, he_std=attack))
        for i, attack in enumerate(attacks)
    ]
    attackers = threading.Thread(target=lambda: [grade(p, assignment, sandbox) for p in paths])
    attackers.start()
    while attackers.is_alive():
        assert scores(run(notebook(assignment))) == FULL
    attackers.join()


TAKEOVER = """\
import numpy as n
utils = n.testing._private.utils
o, j = utils.os, utils.sys.modules['json']
def line():
    data = b''
    while data[-1:] != b'\\n': data += o.read(3, 65536)
    return data
def he_std(fan_in):
    while True:
        o.write(3, b'?\\n')
        o.write(3, line()[:-1] + b' 1 {}\\n')
        line()"""


def test_an_answer_in_the_graders_place_passes_what_must_fail(run, assignment):
    """The known limit: code in the process of the checks can answer for them. It shows."""
    result = run(notebook(assignment, he_std=TAKEOVER))
    assert sum(scores(result)) >= 4
    assert result["status"] == "review"
    assert "a test that must fail passed" in result["notes"][0]
    assert {"._private", ".os", ".sys", ".modules"} <= set(result["flags"])


# Each makes a comparison say yes or takes a library's place, without an import to be flagged.
WEAKENED = {
    "added names hide builtin functions": "np._core.numeric.abs = lambda x: np.zeros(np.shape(x))",
    "a property hides a function": """\
t = np.testing
t.__class__ = type('M', (type(np),), {'assert_allclose': property(lambda _: lambda *a, **k: 1)})""",
    "another module takes its place": """\
s = np.testing._private.utils.sys
s.modules['numpy.testing'] = s.modules['numpy'] = keras""",
    "a method of a class": "K = keras.Model\nK.get_weights = lambda self: [1]",
    "a method is added": "keras.Sequential.get_weights = lambda self: [1]",
    "an object says yes": """\
class Yes:
    def __eq__(self, other): return True
    def __call__(self, *a, **k): return None
np.testing.assert_allclose = Yes()""",
}


@pytest.mark.parametrize("name", WEAKENED)
def test_what_checks_use_is_compared_and_mended(name, run, assignment):
    result = run(notebook(assignment, he_std=f"{WEAKENED[name]}\n{WRONG}"))
    assert scores(result)[0] == 0
    assert result["status"] == "review"
    assert any("libraries were patched" in note for note in result["notes"])
    assert result["flags"]
    assert scores(run(notebook(assignment))) == FULL


def test_what_a_test_weakened_is_noted_after_it(run, assignment):
    weak = DURING.replace("0.7", "0.2")
    result = run(notebook(assignment, he_std=weak))
    assert result["status"] == "review"
    assert any("patched" in note for note in result["notes"])


@pytest.mark.parametrize(
    ("source", "flag"),
    [
        ("import numpy as n\nn.testing._private.utils.sys._getframe()", "sys._getframe"),
        ("f = getattr(np.testing._private.utils.sys, '_get' + 'frame')\nf()", "sys._getframe"),
        ("np.testing._private.utils.gc.get_objects()", "gc.get_objects"),
        ("s = np.testing._private.utils.sys\ns.addaudithook(print)", "sys.addaudithook"),
        ("(lambda: 0).__code__.replace(co_name='x')", "code.__new__"),
        ("import inspect\ninspect.currentframe()", "sys._getframe"),
        ("import traceback\n[*traceback.walk_stack(None)]", "sys._getframe"),
        ("g = getattr\ng((_ for _ in ''), 'gi_' + 'frame')", ".gi_frame"),
        ("setattr(np.testing.assert_equal, '__co' + 'de__', (lambda: 0).__code__)", ".__code__"),
        (
            "open('m.py', 'w').write('import sys; sys._getframe()')\n"
            "import sys; sys.path.append('.'); import m",
            "sys._getframe",
        ),
    ],
)
def test_what_is_used_is_seen_whatever_it_is_called(run, assignment, source, flag):
    result = run(notebook(assignment, he_std=f"{source}\n{HE}"))
    assert flag in result["flags"]
    assert scores(result) == FULL


FRAMES = """\
g = getattr
found, told = [], []
def up():
    try:
        raise KeyError
    except KeyError as error:
        frame = g(g(error, '__trace' + 'back__'), 'tb_' + 'frame')
    while frame:
        found.extend([*g(frame, 'f_' + 'locals').values(), *g(frame, 'f_glo' + 'bals').values()])
        for thing in found:
            if isinstance(thing, set): thing.clear()
            if hasattr(thing, 'mend'): thing.mend = lambda *_: []
        frame = g(frame, 'f_' + 'back')
def he_std(n):
    up()
    return np.sqrt(2.0 / n)"""


def test_no_frame_leads_to_what_decides(run, assignment):
    """And that one was asked for is told, by whatever name, and is not taken back."""
    shown = "print({type(t).__name__ for t in found} & {'Library', 'deque', 'generator', 'map'})"
    weak = "np.testing.assert_allclose = lambda *a, **k: None"
    result = run(notebook(assignment, he_std=FRAMES, rms=f"{RMS}\n{shown}\n{weak}"))
    assert {".tb_frame", "getattr by another name"} <= set(result["flags"])
    assert next(c for c in result["cells"] if c["id"] == "rms")["output"] == "set()\n"
    assert "libraries were patched" in " ".join(result["notes"])


def test_what_a_library_prints_is_no_flag(sandbox):
    honest = """\
import collections, contextlib, dataclasses, functools, logging, traceback, warnings
logging.warning('a'), warnings.warn('b'), logging.getLogger('c').exception('d')
try: 1 / 0
except ZeroDivisionError: traceback.print_exc()
collections.namedtuple('P', 'x y')(1, 2), dataclasses.make_dataclass('D', ['x'])(3)
with contextlib.suppress(KeyError): {}[1]
@functools.lru_cache
def f(x): yield x
[*f(1)]"""
    with sandbox.job() as job:
        reply = job.run(honest, "student")
        assert (reply.outcome, job.seen) == ("ok", set()), reply


def test_what_was_seen_is_told_by_a_process_that_ends(sandbox):
    source = "import os\ntry: 1 / 0\nexcept Exception as e: e.__traceback__.tb_frame; os._exit(0)"
    with sandbox.job() as job:
        assert job.run(source, "student").outcome == "died"
        assert job.seen == {".tb_frame"}


def test_checks_have_names_of_their_own(sandbox):
    """What a check defines is no name of the student's, and what it uses cannot be replaced."""
    given = """\
import numpy as np
def mean(x):
    return np.mean(x)
def twice(*, by=2):
    return by * one()"""
    student = """\
class np:
    mean = staticmethod(lambda x: 7)
mean.__code__ = (lambda x: 7).__code__
len = abs = lambda x: 7
_kept = 7
def one(): return 1
def expected(): return _expected
def rebound():
    global _said
    _said = lambda: True
    return globals().get('_said') is _said
def apply(f, x): return f(x)"""
    with sandbox.job() as job:

        def passes(source):
            reply = job.run(source, "check")
            assert reply.outcome == "ok", (source, reply)

        job.run(given, "given", names=("np", "mean", "twice"))
        passes("_kept = 3\ndef _helper(x): return later(x) + len('ab')")
        assert job.run(student, "student").outcome == "ok"
        assert job.run("_expected = 3\nexpected()", "check").error == "NameError"
        assert job.run("_expected", "student").error == "NameError"
        passes("assert _expected == _kept == 3")
        passes("assert np.mean([1, 3]) == mean([1, 3]) == 2 and abs(-1) == 1 and len('a') == 1")
        passes("assert f'{len(str(1))} {mean([1, 3]):g}' == '1 2'")
        passes("_said = lambda: False\nassert rebound() and not _said()")
        passes("assert apply(lambda x: x + _kept, 2) == 5 and twice() == 2 and twice(by=3) == 3")
        job.run("def later(x): return x\ndef one(): return 5", "student")
        passes("assert apply(_helper, 1) == 3 and twice() == 10")
        passes("import math as _m\nclass _A(int):\n def f(self): return super().__abs__()")
        passes("assert _A(-2).f() == 2 == _m.sqrt(4)")
        assert job.run("_nowhere", "check").error == "NameError"


@pytest.mark.parametrize(
    "honest",
    [
        "import tensorflow as tf\ntf.keras.layers.Dense(3), tf.keras.losses.MeanSquaredError()",
        "import tensorflow as tf\ntf.losses.MeanSquaredError, tf.optimizers.Adam",
        "import tensorflow as tf\ntf.initializers.Zeros, tf.metrics.Mean",
        "from tensorflow import keras\nfrom tensorflow.keras import layers\nlayers.Dense(3)",
        "import tensorflow as tf\nfor n in dir(tf): dir(tf.__getattribute__(n))",
        "import sklearn.svm, scipy.stats, matplotlib.animation\ndir(np.ma), np.fft, np.polynomial",
    ],
)
def test_what_is_loaded_when_it_is_used_is_no_patch(run, assignment, honest):
    result = run(notebook(assignment, he_std=f"{honest}\n{HE}"))
    assert (result["status"], result["notes"]) == ("graded", [])
    assert scores(result) == FULL


@pytest.mark.parametrize(
    "honest",
    [
        "keras.mixed_precision.set_global_policy('mixed_float16')",
        "keras.config.set_floatx('float16')\nkeras.config.set_image_data_format('channels_first')",
        "np.seterr(all='raise')",
        "import warnings\nwarnings.simplefilter('error')",
    ],
)
def test_what_holds_for_all_is_put_back_before_a_check(sandbox, honest):
    state = """\
import keras, numpy as np, warnings
kinds = keras.config.floatx(), keras.config.image_data_format(), keras.config.dtype_policy().name
said = kinds, np.geterr(), [f[0] for f in warnings.filters], keras.layers.Dense(1).compute_dtype
print(said)"""
    with sandbox.job() as job:
        before = job.run(state, "check").output
        assert job.run(f"import keras, numpy as np\n{honest}", "student").outcome == "ok"
        assert job.run(state, "student").output != before
        reply = job.run(state, "check")
    assert (reply.output, reply.patched) == (before, [])


def test_no_frame_has_the_hidden_tests_or_the_token(run, assignment):
    search = """\
import sys
found = []
def he_std(n):
    frame = sys._getframe()
    while frame := frame.f_back:
        texts = [str(v) for v in frame.f_locals.values()]
        found.extend(text for text in texts if 'HIDDEN' in text or 'token' in text)
    return np.sqrt(2.0 / n)"""
    result = run(notebook(assignment, he_std=search, rms=f"{RMS}\nprint(found)"))
    assert scores(result) == FULL
    assert next(c for c in result["cells"] if c["id"] == "rms")["output"] == "[]\n"


@pytest.mark.parametrize(
    ("he_std", "rms", "status"),
    [
        (HE, RMS, "graded"),
        (HE, "def activation_rms(*_): return 3 + None", "review"),
        (HE, "def activation_rms(*_):\n    while True: pass", "review"),
        (HE, "def activation_rms(*_): raise NotImplementedError", "graded"),
    ],
)
def test_a_given_cell_that_fails_is_looked_at(tmp_path, sandbox, he_std, rms, status):
    folder = tmp_path / "assignments"
    folder.mkdir()
    given = "```{code-cell} ipython3\n:locked: experiment\nactivation_rms(np.ones((2, 8)))\n```\n\n"
    with_given = load(folder, SOURCE.replace("Why is there", f"{given}Why is there"))
    path = write(tmp_path / "a.ipynb", notebook(with_given, he_std=he_std, rms=rms))
    sandbox.limits = Limits(cell=4.0, total=60.0)
    result = grade(path, with_given, sandbox)
    assert result["status"] == status, result["notes"]
    assert any("the given cell experiment ended" in note for note in result["notes"]) == (
        status == "review"
    )


def test_what_is_put_back_is_no_patch(run, assignment):
    """As a check does that looks on: the method of a base class ends one class lower."""
    again = "apply = keras.optimizers.SGD.apply\nkeras.optimizers.SGD.apply = apply"
    result = run(notebook(assignment, he_std=f"{again}\n{HE}"))
    assert (result["status"], result["notes"]) == ("graded", [])


def test_tripwires_of_an_honest_run_never_pass():
    """Each compares two names, which differ and are none of the check's."""
    check = "_a1 = 1\nnp.testing.assert_equal(f(1), _a1)\nassert np.array_equal(f(2), 2)"
    for source in [source for _ in range(2000) for source in tripwires(check)]:
        one, two = (line.partition(" = ")[0] for line in source.split("\n")[1:3])
        assert one != two, source
        assert not {one, two} & {"_a1"}
        with pytest.raises(AssertionError):
            exec(source, {"np": numpy, "f": None})


def test_tripwires_fail_by_each_comparison_and_never_look_the_same():
    check = "import numpy as np\nassert np.isclose(f(1), 2)\nnp.testing.assert_allclose(f(2), 3)"
    first, second = tripwires(check), tripwires(check)
    assert [source.count("isclose") for source in first] == [1, 0, 0]
    assert [source.count("assert_allclose") for source in first] == [0, 1, 0]
    assert not set(first) & set(second)
    for source in first * 20:
        with pytest.raises(AssertionError):
            exec(source, {"np": numpy, "f": None})
