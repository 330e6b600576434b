"""Run untrusted notebooks cell by cell, in bubblewrap, without a network and without files.

A `Sandbox` is one process that has imported TensorFlow and waits. For each submission it forks
a `Job` with namespaces, limits and a system call filter of its own (`sandboxed.py`).
What comes from a job is untrusted: `replies.py` reads it.
"""

import contextlib
import json
import os
import secrets
import select
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, Self

from teaching.replies import Reply, read_reply

PROGRAM = Path(__file__).with_name("sandboxed.py")
USER = "65534"
MOST_REPLY = 2_000_000  # bytes
MOST_SEEN = 30
PATIENCE = 3.0  # seconds that an interrupted cell has to end
START = 180.0  # seconds to import TensorFlow on a busy machine
ADVICE = (
    "Notebooks are graded in bubblewrap only. On Debian or Ubuntu: `apt install bubblewrap`, and "
    "user namespaces must be allowed (`sysctl kernel.unprivileged_userns_clone`, or on Ubuntu "
    "`sysctl kernel.apparmor_restrict_unprivileged_userns=0`). Started by root, the sandbox runs "
    f"as the user {USER}, who must be able to read the interpreter and its packages."
)


class SandboxMissing(RuntimeError):
    """There is no working sandbox here, and so no grading; the message says what to install."""


@dataclass(frozen=True)
class Limits:
    """What one submission may use: seconds for a cell and in all, bytes of memory and files."""

    cell: float = 60.0
    total: float = 600.0
    memory: int = 4 * 2**30
    disk: int = 256 * 2**20


class Sandbox:
    """Context manager: a preloaded process in bubblewrap from which jobs are forked.

    Raises:
        SandboxMissing: bubblewrap or user namespaces are missing, or the process does not start.
    """

    def __init__(self, limits: Limits | None = None) -> None:
        self.limits = limits or Limits()
        self.cpu_seconds = 0.0  # of the preloaded process, without the jobs, after its end

    def __enter__(self) -> Self:
        if not shutil.which("bwrap"):
            raise SandboxMissing(f"bubblewrap (bwrap) is not installed. {ADVICE}")
        self._control, theirs = socket.socketpair()
        with theirs, tempfile.TemporaryFile() as log:
            command = [*_bubblewrap(self.limits), sys.executable, "-s", "-P", "-B", "/sandboxed.py"]
            self._process = subprocess.Popen(
                command, stdin=theirs.fileno(), stdout=subprocess.DEVNULL, stderr=log
            )
            theirs.close()
            self._control.settimeout(START)
            try:
                if self._control.recv(5) != b"ready":
                    log.seek(0)
                    last = log.read()[-500:].decode(errors="replace").strip()
                    raise SandboxMissing(f"The sandbox does not start: {last}. {ADVICE}")
                with self.job() as job:
                    reply = job.run("None", "check", START)
                    if reply.outcome == "timeout":
                        raise TimeoutError
                    if reply.outcome != "ok":
                        raise SandboxMissing(f"A job does not start: {reply.text}. {ADVICE}")
            except TimeoutError:
                self.__exit__()
                raise SandboxMissing(
                    f"The machine was too busy to start a sandbox within {START:g} seconds: "
                    "grade with fewer --jobs, or try again."
                ) from None
            except OSError as error:
                self.__exit__()
                raise SandboxMissing(f"The sandbox does not answer: {error}. {ADVICE}") from None
            except BaseException:
                self.__exit__()
                raise
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError, ValueError):
            self._control.settimeout(5.0)
            self._control.shutdown(socket.SHUT_WR)  # that ends the process, and with it all jobs
            self.cpu_seconds = float(self._control.recv(100))
        self._control.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    @contextlib.contextmanager
    def job(self) -> Iterator["Job"]:
        """Fork a process for one submission; it ends with the block."""
        ours, theirs = socket.socketpair()
        orders, ordered = socket.socketpair()
        with ours, orders:
            with theirs, ordered:
                fds = [theirs.fileno(), ordered.fileno()]
                try:
                    socket.send_fds(self._control, [b"j"], fds)
                except OSError:  # the kernel may have ended it for want of memory: once more
                    self.__exit__()
                    self.__enter__()
                    socket.send_fds(self._control, [b"j"], fds)
            job = Job(ours, orders, self.limits)
            try:
                yield job
            finally:
                job.end()


class Job:
    """One submission's process. `cpu_seconds` is known after its end."""

    def __init__(self, cells: socket.socket, orders: socket.socket, limits: Limits) -> None:
        self._cells, self._orders, self._limits = cells, orders, limits
        self._end = time.monotonic() + limits.total
        self._buffer = b""
        self.alive, self.cpu_seconds, self.problem = True, 0.0, ""
        self.lost = False  # whether the sandbox ended before the job
        self.seen = set[str]()  # what the code used that no exercise needs

    def run(
        self,
        source: str,
        kind: Literal["student", "given", "check"],
        seconds: float | None = None,
        names: tuple[str, ...] = (),
        mend: bool = True,
    ) -> Reply:
        """Execute a cell: a student's by IPython, a given one or a check without it.

        `names` are what checks use from then on, whatever the student makes of them. What a
        student's cells replaced in libraries is put back before a cell of another kind, unless
        not to `mend`.
        A cell that outlives its time is interrupted; one that goes on is killed, with the job.
        """
        if not self.alive:
            return Reply("died", text=self.problem)
        left = self._end - time.monotonic()
        if left <= 0:
            self.end()
            self.problem = "its time was used up"
            return Reply("timeout", text=self.problem)
        seconds = min(self._limits.cell if seconds is None else seconds, left)
        token = secrets.token_hex(16)
        mend = mend and kind != "student"
        cell = {"kind": kind, "source": source, "names": names, "mend": mend}
        timeout = False
        try:
            self._cells.settimeout(PATIENCE)
            self._cells.sendall(json.dumps(cell).encode() + b"\n")
            line = self._line(seconds)
            if line is None:
                timeout = True
                self._orders.send(b"i")
                line = self._line(PATIENCE)
            if line is None:
                raise ValueError("it did not stop when interrupted")
            if line != b"?":  # has ended, and only now learns the token
                raise ValueError("it answered out of turn")
            self._cells.settimeout(PATIENCE)
            self._cells.sendall(token.encode() + b"\n")
            if (line := self._line(PATIENCE)) is None:
                raise ValueError("it did not answer")
            reply = read_reply(line, token)
        except (OSError, ValueError, RecursionError) as error:
            text = str(error) if isinstance(error, ValueError) else "it ended"
            self.end()
            self.problem = self.problem or text
            return Reply("timeout" if timeout else "died", text=self.problem)
        if timeout:
            return replace(reply, outcome="timeout", error="", text="", line=0)
        return reply

    def end(self) -> None:
        """Kill the process, and learn what it used from the one that watched over it."""
        if not self.alive:
            return
        self.alive, self.lost = False, True
        with contextlib.suppress(OSError, ValueError, KeyError):
            self._orders.settimeout(10.0)
            with contextlib.suppress(OSError):
                self._orders.send(b"k")
            last = json.loads(self._orders.recv(1000))
            self.lost = False
            self.problem = last.get("problem", "")
            self.cpu_seconds = float(last.get("cpu_seconds", 0.0))

    def _line(self, seconds: float) -> bytes | None:
        """The next line, or None when it does not come in time; what lines tell is `seen`."""
        end = time.monotonic() + seconds
        while True:
            while b"\n" not in self._buffer:
                left = max(0.0, end - time.monotonic())
                if not select.select([self._cells], [], [], left)[0]:
                    return None
                data = self._cells.recv(65536)
                self._buffer += data
                if not data:
                    raise ValueError("it ended")
                if len(self._buffer) > MOST_REPLY:
                    raise ValueError("it wrote too much")
            line, _, self._buffer = self._buffer.partition(b"\n")
            if line[:1] != b"!":
                return line
            if len(self.seen) < MOST_SEEN:
                self.seen.add(line[1:80].decode("ascii", "replace"))


def _bubblewrap(limits: Limits) -> list[str]:
    """The command that shows a program the interpreter, its packages and /usr, read-only.

    The program finds `limits` in its environment, as JSON. Raises SandboxMissing.
    """
    python = {Path(p) for p in (sys.prefix, sys.base_prefix)}
    python |= {p.resolve() for p in python}
    shown = [Path("/usr"), *sorted(p for p in python if not p.is_relative_to("/usr"))]
    command = "bwrap --die-with-parent --new-session --cap-drop ALL --clearenv"
    if os.geteuid() == 0:  # the program gives up root, and then these
        command += " --unshare-ipc --unshare-pid --unshare-net --unshare-uts --unshare-cgroup-try"
        command += " --cap-add CAP_SETUID --cap-add CAP_SETGID"
    else:
        command += f" --unshare-all --unshare-user --uid {USER} --gid {USER}"
    arguments = f"{command} --hostname sandbox".split()
    for path in shown:
        if path in (Path("/"), Path.home()):
            raise SandboxMissing(f"The interpreter's folder is {path}; use a virtual environment.")
        for parent in reversed(path.parents[:-1]):
            arguments += ["--dir", str(parent)]  # that anybody may enter
        arguments += ["--ro-bind", str(path), str(path)]
    for path in map(Path, ("/bin", "/lib", "/lib64", "/sbin")):
        if path.is_symlink():
            arguments += ["--symlink", os.readlink(path), str(path)]
        elif path.exists():
            arguments += ["--ro-bind", str(path), str(path)]
    arguments += "--dir /etc --ro-bind-try /etc/ld.so.cache /etc/ld.so.cache".split()
    arguments += ["--ro-bind", str(PROGRAM), "/sandboxed.py"]
    arguments += "--proc /proc --dev /dev --tmpfs /dev/pts --perms 1777 --tmpfs /job".split()
    arguments += "--remount-ro /dev/pts --remount-ro /dev".split()
    if not any(path.is_relative_to("/tmp") for path in shown):
        arguments += ["--symlink", "job", "/tmp"]
    arguments += ["--remount-ro", "/"]
    numbers = {"cpu": int(limits.total), "memory": limits.memory, "disk": limits.disk}
    variables = {
        "PATH": "/usr/bin:/bin",
        "LANG": "C.UTF-8",
        "HOME": "/job",
        "TMPDIR": "/job",
        "PYTHONHASHSEED": "0",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "TF_ENABLE_ONEDNN_OPTS": "0",
        "CUDA_VISIBLE_DEVICES": "-1",
        "KERAS_BACKEND": "tensorflow",
        "MPLBACKEND": "Agg",
        "IPYTHONDIR": "/job",
        "SANDBOX_USER": USER,
        "SANDBOX_LIMITS": json.dumps(numbers),
    }
    threads = "OMP_NUM OPENBLAS_NUM MKL_NUM NUMEXPR_NUM TF_NUM_INTRAOP TF_NUM_INTEROP"
    variables |= {f"{name}_THREADS": "1" for name in threads.split()}
    for name, value in variables.items():
        arguments += ["--setenv", name, value]
    return arguments
