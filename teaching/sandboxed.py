"""The program inside the sandbox; `sandbox.py` starts it in bubblewrap as a script.

It imports what assignments need once, then forks a process for each submission.
That process gives up everything but memory and processor time, and executes cells that arrive one
at a time as lines of JSON. Code of the student runs in the same process as the checks, so a check
uses nothing that the code could have replaced: `__builtins__` is a private copy,
the system calls are held from the start, and patched libraries are mended before each check.
What decides runs in a second copy of this program, which no frame below the student's leads to.
"""

import builtins

__builtins__ = dict(vars(builtins))

import base64
import contextlib
import ctypes
import errno
import functools
import gc
import io
import json
import os
import resource
import select
import signal
import socket
import sys
import time
import types
import warnings
from collections import deque
from operator import attrgetter, is_
from os import read, write

GLOBALS = "keras.src.backend.common.global_state"
MOST_TEXT, MOST_IMAGE, MOST_IMAGES = 20_000, 200_000, 3
CHECK, JOB = "<check>", 3  # the name of a check's code; the descriptor of the job's socket
settrace, setprofile = sys.settrace, sys.setprofile
chunks = json.encoder.c_make_encoder(
    None, None, json.encoder.encode_basestring_ascii, None, ": ", ", ", False, False, False
)
BUILTINS, HEAP = frozenset(name for name in dir(builtins) if name[0] != "_"), 1 << 9
loads, set_handler = json.loads, signal.signal
WATCHED = frozenset(
    """
sys.addaudithook sys._getframe sys.settrace sys.setprofile sys._current_frames gc.get_objects
gc.get_referrers gc.get_referents code.__new__ ctypes.dlopen ctypes.dlsym ctypes.call_function
ctypes.cdata ctypes.string_at _thread.start_new_thread""".split()
)
FRAMES = frozenset("tb_frame gi_frame cr_frame ag_frame".split())  # that is, ways to one
PARTS = frozenset("__code__ __defaults__ __kwdefaults__".split())
LENDERS = "/inspect.py", "/traceback.py", "/logging/__init__.py"  # who fetch frames for others
LIBRARIES = tuple({sys.prefix, sys.base_prefix, os.path.dirname(os.__file__), "/usr/", "<frozen "})
libc = ctypes.CDLL(None, use_errno=True)
THREAD = 0x10000
# What Keras, TensorFlow, pandas, scikit-learn, Matplotlib and IPython were seen to call, and the
# like of it under another C library. Nothing here keeps a state that another process can see, or
# memory of the kernel that no limit counts: no locks, leases, keys, times or modes of files.
ALLOWED = """
mmap munmap mremap mprotect madvise brk read readv pread64 write writev pwrite64 lseek sendfile
copy_file_range open openat close stat fstat lstat newfstatat statx access faccessat faccessat2
readlink readlinkat getdents64 getcwd chdir mkdir mkdirat rmdir rename renameat renameat2 unlink
unlinkat link linkat symlink symlinkat truncate ftruncate fallocate listxattr llistxattr flistxattr
umask dup dup2 dup3 pipe pipe2 poll ppoll select pselect6 epoll_create1 epoll_ctl epoll_wait
epoll_pwait eventfd2 sendto recvfrom getsockname shutdown futex gettid getpid getppid sched_yield
sched_getaffinity sched_getparam sched_getscheduler set_robust_list rseq membarrier getcpu exit
exit_group restart_syscall rt_sigaction rt_sigprocmask rt_sigreturn sigaltstack kill tgkill
clock_gettime clock_getres clock_nanosleep gettimeofday time times nanosleep getrusage sysinfo uname
getrandom getuid geteuid getgid getegid""".split()
ALLOWED_WITH = {  # the place of an argument, and its values
    "fcntl": (1, (0, 1, 2, 3, 4, 1030)),  # duplicate, get and set flags
    "ioctl": (1, (0x5401, 0x5413, 0x541B, 0x5421, 0x5450, 0x5451)),  # terminal? block? inherit?
    "prctl": (0, (15,)),  # name a thread
    "prlimit64": (2, (0,)),  # read a limit
    "socketpair": (0, (socket.AF_UNIX,)),
}
# Done by saying so: one process needs no locks, and its files no other modes and times.
PRETENDED = """
flock fsync fdatasync msync chmod fchmod fchmodat fchmodat2
utime utimes utimensat futimesat""".split()


def main():
    if os.getuid() == 0:
        leave_root()
    preload()
    prepared = [prepare()]
    gc.freeze()
    control = socket.socket(fileno=0)
    control.sendall(b"ready")
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while True:
        data, fds, _, _ = socket.recv_fds(control, 1, 2)
        if not data:
            control.sendall(f"{time.process_time()}".encode())
            return
        if os.fork() == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            control.close()
            supervise(*fds, prepared)
        for fd in fds:
            os.close(fd)


def leave_root():
    """Become a user who owns nothing, so that no file or device of the machine is a job's own."""
    user = int(os.environ["SANDBOX_USER"])
    os.setgroups([])
    os.setresgid(user, user, user)
    os.setresuid(user, user, user)
    call("prctl", 4, 1, 0, 0, 0)  # or /proc/self would stay root's


def preload():
    """Import, but compute nothing: TensorFlow's threads would not survive the fork.

    What puts itself in place when it is used is used: to the checks it would look replaced.
    """
    import importlib

    import matplotlib

    matplotlib.use("Agg")
    names = """keras tensorflow tensorflow.keras.layers matplotlib.pyplot numpy.testing numpy.linalg
    pandas pyseccomp
    IPython.core.interactiveshell IPython.core.pylabtools matplotlib_inline.backend_inline
    sklearn.datasets sklearn.linear_model sklearn.metrics sklearn.model_selection
    sklearn.preprocessing sklearn.decomposition"""
    for name in names.split():
        with contextlib.suppress(ModuleNotFoundError):
            importlib.import_module(name)
    for _ in range(2):  # for some are behind others
        for name, module in [*sys.modules.items()]:
            if name == "tensorflow" or name.startswith(("keras._tf_keras", "tensorflow.keras")):
                for thing in [*vars(module).values()]:
                    if isinstance(thing, types.ModuleType) and type(thing) is not types.ModuleType:
                        dir(thing)


def prepare():
    """What serves a submission, from a copy of this program of its own."""
    hidden = {"__name__": "grader", "__file__": __file__}
    with open(__file__) as file:
        exec(compile(file.read(), __file__, "exec"), hidden)
    return functools.partial(hidden["cells"], hidden["Library"]())


def supervise(job, orders, prepared):
    """Isolate this process, fork the one that runs the submission, and watch over it.

    Orders are one byte each: `i` interrupts, `k` or the end of the stream kills. At the end
    the reply is JSON, the cpu seconds of the submission, or the error that prevented it.
    """
    try:
        limits = json.loads(os.environ["SANDBOX_LIMITS"])
        isolate(limits)
        pid = os.fork()
    except OSError as error:
        os.write(orders, json.dumps({"problem": str(error)}).encode())
        os._exit(1)
    if pid == 0:
        try:
            os.close(orders)
            os.setsid()  # signals for a group reach nobody else
            serve(job, limits, prepared)
        finally:
            os._exit(1)
    os.close(job)
    ended = os.pidfd_open(pid)
    while ended not in (ready := select.select([ended, orders], [], [])[0]):
        order = os.read(orders, 1) if ready else b""
        signal.pidfd_send_signal(ended, signal.SIGINT if order == b"i" else signal.SIGKILL)
        if order != b"i":
            break
    _, _, usage = os.wait4(pid, 0)
    mine = resource.getrusage(resource.RUSAGE_SELF)
    used = sum(u.ru_utime + u.ru_stime for u in (usage, mine))
    with contextlib.suppress(OSError):
        os.write(orders, json.dumps({"cpu_seconds": used}).encode())
    os._exit(0)


def isolate(limits):
    """Enter namespaces of its own: users, processes, mounts, IPC, network."""
    user, processes, mounts, ipc, net = 0x10000000, 0x20000000, 0x20000, 0x8000000, 0x40000000
    call("unshare", user | processes | mounts | ipc | net)
    same = "{0} {0} 1".format(os.environ["SANDBOX_USER"])  # the only user there is
    for name, text in ("setgroups", "deny"), ("uid_map", same), ("gid_map", same):
        with open(f"/proc/self/{name}", "w") as file:
            file.write(text)
    private, bind = 0x44000, 0x1000
    call("mount", None, b"/", None, private, None)
    size = f"size={limits['disk']},nr_inodes=20000,mode=0700"
    call("mount", b"tmpfs", b"/job", b"tmpfs", 6, size.encode())
    for device in "null", "zero", "full", "random", "urandom", "tty":  # the machine's own
        call("mount", None, f"/dev/{device}".encode(), None, 0x1020 | 3, None)  # times, modes
    os.mkdir("/job/shm")
    call("mount", b"/job/shm", b"/dev/shm", None, bind, None)
    os.chdir("/job")


def call(name, *arguments):
    if getattr(libc, name)(*arguments):
        raise OSError(ctypes.get_errno(), f"{name}: {os.strerror(ctypes.get_errno())}")


def confine(limits):
    """As the first process of the namespace: hide /proc, drop rights, limit what is left."""
    with open("/proc/self/oom_score_adj", "w") as file:
        file.write("1000")  # the kernel ends jobs first
    with open("/proc/self/statm") as file:
        present = int(file.read().split()[0]) * resource.getpagesize()
    call("mount", b"tmpfs", b"/proc", b"tmpfs", 6, b"size=64k,nr_inodes=9")
    os.mkdir("/proc/self")
    os.symlink(sys.executable, "/proc/self/exe")  # for this and the next TensorFlow asks
    with open("/proc/self/cmdline", "w") as file:
        file.write("python\0")
    call("mount", None, b"/proc", None, 0x20 | 7, None)
    call("capset", (ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)())
    for name, value in {
        "CPU": limits["cpu"],
        "DATA": limits["memory"],
        "AS": present + limits["memory"] + 2**29,  # shared mappings count here only
        "FSIZE": limits["disk"],
        "NOFILE": 256,
        "NPROC": 512,
        "CORE": 0,
        "MEMLOCK": 2**20,
    }.items():
        resource.setrlimit(getattr(resource, f"RLIMIT_{name}"), (value, value))
    hold_system_calls()


def hold_system_calls():
    """Let through what the assignments were seen to need, from now on and for good.

    Whatever else there is does not exist for this process, so that a library falls back.
    """
    import pyseccomp as seccomp

    calls, arg = seccomp.SyscallFilter(seccomp.ERRNO(errno.ENOSYS)), seccomp.Arg
    calls.set_attr(seccomp.Attr.ACT_BADARCH, seccomp.KILL_PROCESS)

    def rule(action, name, *arguments):
        with contextlib.suppress(OSError):  # unknown to this architecture
            calls.add_rule(action, name, *arguments)

    for name in ALLOWED:
        rule(seccomp.ALLOW, name)
    for name, (at, values) in ALLOWED_WITH.items():
        for value in values:
            rule(seccomp.ALLOW, name, arg(at, seccomp.EQ, value))
    rule(seccomp.ALLOW, "clone", arg(0, seccomp.MASKED_EQ, THREAD, THREAD))
    for name in PRETENDED:
        rule(seccomp.ERRNO(0), name)
    for lock in 6, 7:
        rule(seccomp.ERRNO(0), "fcntl", arg(1, seccomp.EQ, lock))
    calls.load()


def serve(job, limits, prepared):
    """Execute the cells that arrive, and reply to each with its token.

    What decides is in no variable here, for this frame is below those of the student's code.
    """
    os.dup2(job, JOB)
    empty = os.open("/dev/null", os.O_RDWR)
    for fd in range(3):
        os.dup2(empty, fd)
    os.closerange(JOB + 1, 65536)
    shell = make_shell()
    confine(limits)
    execute, interrupt = runner()
    watch()
    drive(execute, prepared.pop(), shell, Output, interrupt)()


def drive(execute, cells, *arguments):
    ended = deque(maxlen=1)
    return functools.partial(ended.extend, map(execute, cells(*arguments, ended)))


def runner():
    """Two functions: what executes a cell and says how it ended, and what interrupts it."""
    running = False

    def interrupt(*_):
        if running:
            raise KeyboardInterrupt

    def execute(cell):
        nonlocal running
        passed, error = False, None
        try:
            try:
                running = True
                error = cell.pop()()
                passed = error is None
            except BaseException as caught:
                error = caught
            error = describe(error)
            for output in cell:
                draw(output)
            running = False
        except BaseException as caught:  # an interrupt or a trap in the error's text
            running, passed = False, False
            error = {"type": "KeyboardInterrupt" if type(caught) is KeyboardInterrupt else "Error"}
        return passed, error

    return execute, interrupt


def cells(library, shell, new_output, interrupt, ended):
    """Yield what executes each cell that arrives; when it has `ended`, reply with its token.

    Checks have names of their own, which code of the student cannot replace: the builtins, what
    was given, and what begins with an underscore and was defined by a check before.
    """
    namespace, checks, kept, mend = shell.user_ns, {}, {}, library.mend
    pristine = {name: vars(builtins)[name] for name in BUILTINS}
    pristine["__builtins__"] = dict(vars(builtins))
    while (line := receive()) is not None:
        cell = loads(line)
        kind, source, names = cell["kind"], cell["source"], cell["names"]
        output = new_output()
        settrace(None)
        setprofile(None)
        set_handler(signal.SIGINT, interrupt)
        patched = mend() if cell["mend"] else []
        sys.stdout = sys.stderr = shell.output = output
        before = {**namespace, **pristine, **kept} if kind == "check" else {}
        try:
            if kind == "check":
                checks.clear()
                checks.update(before)
                run = functools.partial(exec, compile(source, CHECK, "exec"), checks)
            elif kind == "given" and plain(source):
                run = functools.partial(exec, compile(source, "<given>", "exec"), namespace)
            else:
                run = functools.partial(shell.run, source)
        except Exception as error:
            passed, problem = False, describe(error)
        else:
            yield [run] if kind == "check" else [output, run]
            passed, problem = ended[0]
        for name, thing in checks.items() if kind == "check" else ():
            if type(name) is str and name[:1] == "_" != name[1:2] and before.get(name) is not thing:
                kept[name] = thing
        for name in names:
            if name in namespace:
                pristine[name] = own(namespace[name], namespace, checks)
                kept.pop(name, None)
        reply = {"output": output.text, "images": output.images, "error": problem}
        text = "".join(chunks(reply | {"patched": patched}, 0))
        write(JOB, b"?\n")
        if (token := receive()) is not None:
            data = b"%s %d %s\n" % (token, passed, text.encode())
            while data:
                data = data[write(JOB, data) :]


def own(thing, theirs, ours):
    """A given function as checks call it: the names that it uses are `ours`, not the student's."""
    if type(thing) is not types.FunctionType or thing.__globals__ is not theirs:
        return thing
    parts = thing.__code__, ours, thing.__name__, thing.__defaults__, thing.__closure__
    copy = types.FunctionType(*parts)
    copy.__kwdefaults__ = thing.__kwdefaults__
    return copy


def receive():
    """The next line from the host, or None at its end. A line waits for the reply to the last."""
    data = read(JOB, 65536)
    while data and data[-1:] != b"\n":
        if not (more := read(JOB, 65536)):
            return None
        data += more
    return data[:-1] if data else None


def watch():
    """Tell the host what the code uses, by whatever name, that no exercise needs.

    It is told before it is done, and what was told cannot be taken back.
    """
    told, stack, busy = set(), sys._getframe, False

    def hook(event, arguments):
        nonlocal busy
        if event == "object.__getattr__" or event == "object.__setattr__":
            if arguments[1] not in (FRAMES if event == "object.__getattr__" else PARTS):
                return
            event = f".{arguments[1]}"
        elif event not in WATCHED:
            return
        if busy or event in told:
            return
        busy = True  # for that `stack` is an event, too
        frame = stack(1)
        for _ in range(2):  # more lie between where they only print one
            if frame.f_back and frame.f_code.co_filename.endswith(LENDERS):
                frame = frame.f_back
        where = frame.f_code.co_filename
        busy = False
        if not where.startswith(LIBRARIES) and where != __file__:
            told.add(event)
            write(JOB, b"!%s\n" % event.encode())
        if event == "sys.addaudithook":
            raise RuntimeError

    sys.addaudithook(hook)


def plain(source):
    try:
        compile(source, "<given>", "exec")
    except SyntaxError:
        return False
    return True


def describe(error):
    """What the host may know of an exception: its type, its text, its line in the check."""
    if error is None:
        return None
    line, trace = 0, error.__traceback__
    while trace is not None and not line:
        if trace.tb_frame.f_code.co_filename == CHECK:
            line = trace.tb_lineno
        trace = trace.tb_next
    text = error.msg if isinstance(error, SyntaxError) else str(error)
    return {"type": type(error).__name__[:80], "text": f"{text}"[:2000], "line": line}


def draw(output):
    """Keep the figures that the cell left open."""
    pyplot = sys.modules["matplotlib.pyplot"]
    try:
        for number in pyplot.get_fignums()[:MOST_IMAGES]:
            file = io.BytesIO()
            pyplot.figure(number).savefig(file, format="png", dpi=72, bbox_inches="tight")
            output.picture(file.getvalue())
    except Exception as error:  # a title that is no formula, say: the cell itself is well
        output.write(f"A figure could not be drawn: {error}\n")
    finally:
        pyplot.close("all")


class Output(io.TextIOBase):
    """What a cell prints, cut off while it is printed, and its first pictures."""

    def __init__(self):
        self.text, self.images = "", []

    def write(self, text):
        if len(self.text) < MOST_TEXT:
            self.text += str(text[: MOST_TEXT - len(self.text)])
            if len(self.text) >= MOST_TEXT:
                self.text += "\n[cut off]"
                self.write = len  # millions of lines cost no more than this
        return len(text)

    def picture(self, png):
        data = png if isinstance(png, str) else base64.b64encode(png).decode()
        if len(self.images) < MOST_IMAGES and len(data) <= MOST_IMAGE:
            self.images.append(data)

    def show(self, data):
        if "image/png" in data:
            self.picture(data["image/png"])
        elif "text/plain" in data:
            self.write(f"{data['text/plain']}\n")


def make_shell():
    """IPython as a notebook has it, without commands of the system.

    Its `run` takes a cell and returns the exception that ended it; what is shown goes to `output`.
    """
    from IPython.core.displayhook import DisplayHook
    from IPython.core.displaypub import DisplayPublisher
    from IPython.core.interactiveshell import InteractiveShell
    from IPython.core.pylabtools import select_figure_formats
    from traitlets import Type
    from traitlets.config import Config

    class Hook(DisplayHook):
        def write_output_prompt(self):
            pass

        def write_format_data(self, data, metadata=None):
            self.shell.output.show(data)

    class Publisher(DisplayPublisher):
        def publish(self, data, metadata=None, **_):
            self.shell.output.show(data)

    class Shell(InteractiveShell):
        displayhook_class, display_pub_class = Type(Hook), Type(Publisher)

        def run(self, source):
            result = self.run_cell(source, store_history=False)
            return result.error_before_exec or result.error_in_exec

        def showtraceback(self, *_, **__):
            pass

        showsyntaxerror = showtraceback

        def run_line_magic(self, name, line, _stack_depth=1):
            if name not in ("matplotlib", "load_ext", "reload_ext", "config"):
                return super().run_line_magic(name, line, _stack_depth + 1)
            with contextlib.suppress(Exception):  # what a front end would have
                super().run_line_magic(name, line, _stack_depth + 1)

        def enable_gui(self, gui=None):
            pass

        def system(self, command):
            print("Shell commands do not run here.")

        def getoutput(self, command, **_):
            return []

    settings = Config()
    settings.HistoryManager.enabled = False
    settings.InteractiveShell.colors = "NoColor"
    shell = Shell.instance(config=settings)
    shell.output = Output()
    select_figure_formats(shell, {"png"})
    return shell


def settings():
    """What holds for all of Keras and of NumPy, and what code may honestly set."""
    config = sys.modules["keras"].config
    # None before the first layer.
    policy = sys.modules[GLOBALS].get_global_attribute("dtype_policy")
    kinds = config.floatx(), config.image_data_format(), config.epsilon(), policy
    return *kinds, sys.modules["numpy"].geterr()


def same(now, before):
    return all(map(is_, now, before))


class Library:
    """The modules, functions and classes of the libraries as they were imported."""

    roots = ("numpy", "keras", "math", "random", "builtins", "sklearn", "unittest")

    def __init__(self):
        numpy = sys.modules["numpy"]
        dispatched = type(numpy.mean)
        kept = types.FunctionType, types.BuiltinFunctionType, type, types.ModuleType
        kept += type(numpy.sqrt), dispatched, type(numpy.random.default_rng)
        methods = types.FunctionType, classmethod, staticmethod, property
        self.modules = {
            name: module
            for name, module in sys.modules.items()
            if name.split(".")[0] in (*self.roots, "tensorflow")
            and isinstance(module, types.ModuleType)
        }
        functions, self.things, self.shapes = {}, [], []
        own = [m for n, m in self.modules.items() if n.split(".")[0] in self.roots]
        self.hiding, classes = {}, {}
        for module in [*own, sys.modules["tensorflow"]]:
            now = vars(module)
            here = {name: thing for name, thing in now.items() if isinstance(thing, kept)}
            self.things.append((module.__name__, now, here))
            self.hiding[module] = BUILTINS.difference(now)
            self.shapes.append((module, type(module), now, len(now)))
            for thing in here.values():
                if isinstance(thing, dispatched):
                    thing = thing._implementation
                if isinstance(thing, types.FunctionType):
                    functions[thing] = None
                elif isinstance(thing, type) and thing.__flags__ & HEAP:
                    classes[thing] = thing.__module__.split(".")[0]
        self.functions = list(functions)
        self.parts = [
            (part, list(map(attrgetter(part), functions)))
            for part in ("__code__", "__defaults__", "__kwdefaults__")
        ]
        self.settings, self.filters = settings(), warnings.filters[:]
        self.classes = [
            (c, vars(c), len(vars(c)), {k: m for k, m in vars(c).items() if isinstance(m, methods)})
            for c, root in classes.items()
            if root in self.roots
        ]

    def mend(self):
        """Undo what the student's code replaced; return the names. What it set is put back, too."""
        found = []
        if not same(map(sys.modules.get, self.modules), self.modules.values()):
            for name, module in self.modules.items():
                if sys.modules.get(name) is not module:
                    sys.modules[name] = module
                    found.append(f"the module {name}")
        for module, kind, now, size in self.shapes:
            if type(module) is not kind:
                module.__class__ = kind
                found.append(f"the class of {module.__name__}")
            if len(now) != size:  # a name that hides a builtin function?
                for name in self.hiding.get(module, BUILTINS).intersection(now):
                    del now[name]
                    found.append(f"{module.__name__}.{name}")
        for module, now, before in self.things:
            if same(map(now.get, before), before.values()):
                continue
            for name, thing in before.items():
                if now.get(name) is not thing:
                    now[name] = thing
                    found.append(f"{module}.{name}")
        for part, values in self.parts:
            if same(map(attrgetter(part), self.functions), values):
                continue
            for function, value in zip(self.functions, values, strict=True):
                if getattr(function, part) is not value:
                    setattr(function, part, value)
                    found.append(f"{function.__module__}.{function.__qualname__}.{part}")
        for owner, now, size, methods in self.classes:
            added = now.keys() - methods if len(now) != size else ()
            if not added and same(map(now.get, methods), methods.values()):
                continue
            for name in {*methods, *added}:
                thing = methods.get(name)
                if thing is None and type(new := now[name]) is types.FunctionType:
                    delattr(owner, name)
                    if getattr(owner, name, None) is new:  # inherited, and put back one too low
                        continue
                elif thing is not None and now.get(name) is not thing:
                    setattr(owner, name, thing)
                else:
                    continue
                found.append(f"{owner.__module__}.{owner.__qualname__}.{name}")
        now = settings()
        if now != self.settings:
            config, numpy = sys.modules["keras"].config, sys.modules["numpy"]
            floatx, form, epsilon, policy, errors = self.settings
            config.set_floatx(floatx)
            config.set_image_data_format(form)
            config.set_epsilon(epsilon)
            sys.modules[GLOBALS].set_global_attribute("dtype_policy", policy)
            numpy.seterr(**errors)
        if warnings.filters != self.filters:
            warnings.resetwarnings()
            warnings.filters += self.filters
        return found[:20]


if __name__ == "__main__":
    main()
