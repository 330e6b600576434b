"""The program inside the sandbox; `sandbox.py` starts it in bubblewrap as a script.

It imports what assignments need once, then forks a process for each submission.
That process gives up everything but memory and processor time, and executes cells that arrive one
at a time as lines of JSON. Code of the student runs in the same process as the checks, so a check
uses nothing that the code could have replaced: `__builtins__` is a private copy,
the system calls are held from the start, and patched libraries are mended before each check.
"""

import builtins

__builtins__ = dict(vars(builtins))

import base64
import contextlib
import ctypes
import errno
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
from os import read, write

MOST_TEXT, MOST_IMAGE, MOST_IMAGES = 20_000, 200_000, 3
CHECK, JOB = "<check>", 3  # the name of a check's code; the descriptor of the job's socket
settrace, setprofile = sys.settrace, sys.setprofile
chunks = json.encoder.c_make_encoder(
    None, None, json.encoder.encode_basestring_ascii, None, ": ", ", ", False, False, False
)
set_handler = signal.signal
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
flock fsync fdatasync msync chmod fchmod fchmodat fchmodat2 utime utimes utimensat futimesat""".split()


def main():
    if os.getuid() == 0:
        leave_root()
    preload()
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
            supervise(*fds)
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
    """Import, but compute nothing: TensorFlow's threads would not survive the fork."""
    import importlib

    import matplotlib

    matplotlib.use("Agg")
    names = """keras tensorflow matplotlib.pyplot numpy.testing numpy.linalg pandas pyseccomp
    IPython.core.interactiveshell IPython.core.pylabtools matplotlib_inline.backend_inline
    sklearn.datasets sklearn.linear_model sklearn.metrics sklearn.model_selection
    sklearn.preprocessing sklearn.decomposition"""
    for name in names.split():
        with contextlib.suppress(ModuleNotFoundError):
            importlib.import_module(name)


def supervise(job, orders):
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
            serve(job, limits)
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


def serve(job, limits):
    """Execute the cells that arrive, and reply to each with its token."""
    os.dup2(job, JOB)
    empty = os.open("/dev/null", os.O_RDWR)
    for fd in range(3):
        os.dup2(empty, fd)
    os.closerange(JOB + 1, 65536)
    shell = make_shell()
    library = Library()
    confine(limits)
    given = dict(vars(builtins))
    namespace = shell.user_ns
    running = False

    def interrupt(*_):
        if running:
            raise KeyboardInterrupt

    lines = b""
    while True:
        while b"\n" not in lines:
            data = read(JOB, 65536)
            if not data:
                return
            lines += data
        line, _, lines = lines.partition(b"\n")
        cell = json.loads(line)
        output, error = Output(), None
        settrace(None)
        setprofile(None)
        set_handler(signal.SIGINT, interrupt)
        patched = library.mend() if cell["kind"] != "student" else []
        passed = False
        sys.stdout = sys.stderr = shell.output = output
        try:
            try:
                running = True
                if cell["kind"] == "check":
                    namespace.update({f"_given_{name}": thing for name, thing in given.items()})
                    exec(compile(cell["source"], CHECK, "exec"), namespace)
                elif cell["kind"] == "given" and plain(cell["source"]):
                    exec(compile(cell["source"], "<given>", "exec"), namespace)
                else:
                    error = shell.run(cell["source"])
                passed = error is None
            except BaseException as caught:
                error = caught
            error = describe(error)
            if cell["kind"] != "check":
                draw(output)
            running = False
        except BaseException as caught:  # an interrupt or a trap in the error's text
            running, passed = False, False
            error = {"type": "KeyboardInterrupt" if type(caught) is KeyboardInterrupt else "Error"}
        if cell["kind"] != "student":  # what was called may have patched, too
            patched = [*patched, *library.mend()][:20]
        given |= {name: namespace[name] for name in cell["names"] if name in namespace}
        reply = {"output": output.text, "images": output.images, "error": error, "patched": patched}
        text = "".join(chunks(reply, 0))
        data = f"{cell['token']} {1 if passed else 0} {text}\n".encode()
        while data:
            data = data[write(JOB, data) :]


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
    for number in pyplot.get_fignums()[:MOST_IMAGES]:
        file = io.BytesIO()
        pyplot.figure(number).savefig(file, format="png", dpi=72, bbox_inches="tight")
        output.picture(file.getvalue())
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


class Library:
    """The functions and classes of the libraries as they were imported."""

    roots = ("numpy", "keras", "math", "random", "builtins", "sklearn", "unittest")

    def __init__(self):
        numpy = sys.modules["numpy"]
        dispatched = type(numpy.mean)
        kept = types.FunctionType, types.BuiltinFunctionType, type, types.ModuleType
        kept += type(numpy.sqrt), dispatched, type(numpy.random.default_rng)
        self.code, self.things = {}, []
        modules = [m for n, m in list(sys.modules.items()) if n.split(".")[0] in self.roots]
        modules.append(sys.modules["tensorflow"])
        for module in modules:
            if not isinstance(module, types.ModuleType):
                continue
            here = {name: thing for name, thing in vars(module).items() if isinstance(thing, kept)}
            self.things.append((module, vars(module), here))
            for thing in here.values():
                if isinstance(thing, dispatched):
                    thing = thing._implementation
                if isinstance(thing, types.FunctionType):
                    parts = ("__code__", "__defaults__", "__kwdefaults__")
                    self.code[thing] = [(part, getattr(thing, part)) for part in parts]

    def mend(self):
        """Undo what the student's code replaced; return the names."""
        found = []
        for module, now, before in self.things:
            for name, thing in before.items():
                if now.get(name) is not thing:
                    now[name] = thing
                    found.append(f"{module.__name__}.{name}")
        for function, parts in self.code.items():
            for part, value in parts:
                if getattr(function, part) is not value:
                    setattr(function, part, value)
                    found.append(f"{function.__module__}.{function.__qualname__}.{part}")
        return found[:20]


if __name__ == "__main__":
    main()
