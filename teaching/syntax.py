"""The code of a cell, read but not run: its names, its statements, what to flag in it."""

import ast
import re

from teaching.alignment import Cell

MOST_SCANNED = 200_000  # characters of a notebook: a syntax tree takes 1000 times as many bytes
MODULES = """
os sys subprocess socket ctypes gc inspect builtins importlib multiprocessing threading
_thread signal posix io _io concurrent asyncio mmap fcntl resource json types operator IPython
pickle shutil requests urllib traceback faulthandler atexit runpy""".split()
# Modules that another may pass on: `from logging import sys`.
PASSED_ON = {*MODULES} - {*"signal io resource json types requests IPython".split()}
NAMES = "get_ipython exec eval compile __import__ __builtins__ globals breakpoint open vars".split()
ATTRIBUTES = """__builtins__ __globals__ __subclasses__ __code__ f_back f_globals f_locals f_lineno
f_code f_builtins f_trace tb_frame tb_next gi_frame gi_code cr_frame cr_code ag_frame ag_code
__traceback__ with_traceback _getframe settrace setprofile __closure__ __defaults__ __kwdefaults__
__self__ __func__ __mro__ __base__ __bases__ __getattribute__ __setattr__ __loader__ __spec__
_private ctypeslib modules addaudithook __class__ __dict__ os sys subprocess socket ctypes gc
builtins importlib threading _thread inspect""".split()
BY_NAME = "getattr setattr delattr".split()
HIDDEN = {name for name in ATTRIBUTES if "_" in name} - {"__class__", "__dict__"}
OPERATORS = """__eq__ __ne__ __lt__ __le__ __gt__ __ge__ __bool__ __sub__ __rsub__ __abs__ __array__
__array_function__ __array_ufunc__ __array_finalize__ __array_wrap__ __getattribute__""".split()
LIBRARIES = {"np", "numpy", "keras", "tf", "tensorflow", "plt", "sklearn", "math", "random"}


def defined(source: str) -> set[str]:
    """The names that a given cell imports, defines or assigns."""
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return set()
    names: set[str] = set()
    for node in tree.body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            names |= {(a.asname or a.name).split(".")[0] for a in node.names}
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Assign):
            targets = [n for target in node.targets for n in ast.walk(target)]
            names |= {n.id for n in targets if isinstance(n, ast.Name)}
    return names


def is_hidden(source: str, line: int) -> bool:
    """Whether a line is in hidden tests; one that is unknown is, where there are any."""
    lines = source.split("\n")
    before = [text.strip() for text in lines[: max(line, 0)]]
    begun = before.count("### BEGIN HIDDEN TESTS") > before.count("### END HIDDEN TESTS")
    return begun or (not 0 < line <= len(lines) and "### BEGIN HIDDEN TESTS" in source)


def statement(source: str, line: int) -> str:
    """The innermost simple statement on a line of a check."""
    found = [
        node
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.stmt) and node.lineno <= line <= (node.end_lineno or 0)
    ]
    if not found or hasattr(found[-1], "body"):
        return ""
    return ast.get_source_segment(source, found[-1]) or ""


def flags(cells: list[Cell]) -> list[str]:
    """What in a student's code no exercise needs; for the instructor's eyes, never a score."""
    found, libraries, imported, left = set[str](), set(LIBRARIES), set[str](), MOST_SCANNED
    for cell in cells:
        if cell["role"] != "student" or cell["type"] != "code":
            continue
        source = re.sub(r"(?m)^([ \t]*)%time +", r"\1", cell["source"])
        source = re.sub(r"(?m)^([ \t]*)[%!].*$|^.*\?$", r"\1pass", source)
        try:
            left -= len(source)
            if left < 0:
                raise ValueError
            nodes = list(ast.walk(ast.parse(source)))
        except (SyntaxError, SystemError, ValueError, RecursionError, MemoryError):
            found.add("a cell that cannot be scanned")
            continue
        libraries |= _aliases(nodes, libraries)
        called = {id(node.func) for node in nodes if isinstance(node, ast.Call)}
        for node in nodes:
            if isinstance(node, ast.Import | ast.ImportFrom):
                imported |= {(a.asname or a.name).split(".")[0] for a in node.names}
            if isinstance(node, ast.Import):
                names = [a.name for a in node.names]
                found |= {f"import {n}" for n in names if n.split(".")[0] in MODULES}
            elif isinstance(node, ast.ImportFrom):
                if (node.module or "").split(".")[0] in MODULES:
                    found.add(f"from {node.module} import")
                passed = [a.name for a in node.names if a.name in PASSED_ON]
                found |= {f"from {node.module} import {name}" for name in passed}
            elif isinstance(node, ast.Name) and node.id in BY_NAME and id(node) not in called:
                found.add(f"{node.id} by another name")
            elif isinstance(node, ast.MatchClass):
                found |= {f".{name}" for name in node.kwd_attrs if name in ATTRIBUTES}
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                found |= {f".{name}" for name in re.findall(r"\w+", node.value) if name in HIDDEN}
            elif isinstance(node, ast.Name) and node.id in NAMES:
                found.add(node.id)
            elif isinstance(node, ast.FunctionDef) and node.name in OPERATORS:
                found.add(f"defines {node.name}")
            elif isinstance(node, ast.Name) and node.id in OPERATORS:
                found.add(f"assigns {node.id}")
            elif isinstance(node, ast.Attribute):
                if node.attr in ATTRIBUTES:
                    found.add(f".{node.attr}")
                elif not isinstance(node.ctx, ast.Load) and _root(node) in libraries:
                    found.add(f"assigns {_dotted(node)}")
            elif isinstance(node, ast.Call):
                name = getattr(node.func, "id", "")
                if name == "setattr":
                    patched = [a for a in node.args[:1] if _root(a) in libraries | imported]
                    found |= {f"assigns to {_dotted(a)}" for a in patched}
                if name in BY_NAME:
                    which = node.args[1] if len(node.args) > 1 else None
                    if not isinstance(which, ast.Constant):
                        found.add(f"{name} of a computed name")
                    elif which.value in ATTRIBUTES:
                        found.add(f".{which.value}")
                elif name == "type" and len(node.args) == 3:
                    found.add("type of three arguments")
    return sorted(name[:100] for name in found)[:50]


def _aliases(nodes: list[ast.AST], libraries: set[str]) -> set[str]:
    """Other names for parts of the libraries: `import numpy as n`, `t = np.testing`."""
    found: set[str] = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            found |= {
                a.asname for a in node.names if a.asname and a.name.split(".")[0] in libraries
            }
        elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in libraries:
            found |= {a.asname or a.name for a in node.names}
        elif isinstance(node, ast.Assign) and isinstance(node.value, ast.Name | ast.Attribute):
            names = {t.id for t in node.targets if isinstance(t, ast.Name)}
            found |= names if _root(node.value) in libraries | found else set()
    return found


def _dotted(node: ast.expr) -> str:
    names: list[str] = []
    while isinstance(node, ast.Attribute):
        names.append(node.attr)
        node = node.value
    return ".".join([_root(node), *reversed(names)])


def _root(node: ast.expr) -> str:
    while isinstance(node, ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""
