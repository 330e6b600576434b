"""Checks of what a reader writes, in the notebooks of the chapters."""

import functools
from collections.abc import Callable
from typing import Any


def check(test: Callable[..., None]) -> Callable[..., None]:
    """Make a check of a function with assertions: it prints `right`, or `not yet` and why.

    The checked function never raises, so that a notebook runs to its end. A blank is a function
    that raises `NotImplementedError`.

    >>> @check
    ... def halves(half):
    ...     assert half(3) == 1.5, "half of 3 is 1.5"
    >>> halves(lambda x: x / 2), halves(lambda x: x // 2), halves(lambda x: y)
    right
    not yet: half of 3 is 1.5
    not yet: NameError: name 'y' is not defined
    (None, None, None)
    """

    @functools.wraps(test)
    def checked(*answers: Any) -> None:
        try:
            test(*answers)
        except NotImplementedError:
            print("not yet")
        except AssertionError as error:
            print(f"not yet: {error}")
        except Exception as error:
            print(f"not yet: {type(error).__name__}: {error}")
        else:
            print("right")

    return checked
