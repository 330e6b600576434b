"""Tests that must fail, sent among the checks: one that passes shows that the checks are not run.

They look as a check does and use what it compares with, so that code which answers in the
grader's place, or which has made a comparison say yes, gives itself away.
"""

import ast
import random
import secrets

COMPARISONS = """
allclose isclose array_equal assert_allclose assert_array_equal assert_equal
assert_almost_equal assert_array_almost_equal""".split()
PLAIN = ("{0} == {1}", "{0} > {1}", "abs({0} - {1}) < 0.01", "all([{0} < 0, {1} > 0])")


def tripwires(check: str) -> list[str]:
    """Sources that raise AssertionError: a comparison of two unlike numbers each.

    One for each function by which the source `check` compares, and one without any; numbers and
    names are drawn anew at each call.
    """
    tree = ast.walk(ast.parse(check))
    used = [node.func for node in tree if isinstance(node, ast.Call)]
    functions = sorted({ast.unparse(f) for f in used if _name(f) in COMPARISONS})
    return [_source(check, function) for function in [*functions, ""]]


def _source(check: str, function: str) -> str:
    draw = random.SystemRandom()
    low = round(draw.uniform(0.1, 4), draw.randint(1, 4))
    high = round(low + draw.uniform(0.5, 4), draw.randint(2, 4))
    one, two = _names(draw)
    test = f"{function}({one}, {two})" if function else draw.choice(PLAIN).format(one, two)
    if "assert_" not in function:
        test = f"assert {test}"
    names = sorted({n.id for n in ast.walk(ast.parse(check)) if isinstance(n, ast.Name)})
    mention = draw.choice([name for name in names if name[0] != "_"] or ["len"])
    lines = [f"{one} = {low}", f"{two} = {high}", mention, test]
    return "\n".join(["### BEGIN HIDDEN TESTS", *lines, "### END HIDDEN TESTS"])


def _names(draw: random.Random) -> tuple[str, ...]:
    """Two names that differ, and are no check's: these are shorter."""
    names: dict[str, None] = {}
    while len(names) < 2:
        names[f"_{secrets.token_hex(draw.randint(4, 6))}"] = None
    return tuple(names)


def _name(function: ast.expr) -> str:
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""
