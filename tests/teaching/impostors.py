"""Answers with nothing in them, for a test of the checks; this runs in a student's process."""

import types
from unittest.mock import ANY, MagicMock

import keras
import numpy as np

COMPARISONS = "eq ne lt le gt ge".split()
ARITHMETIC = "add radd sub rsub mul rmul truediv rtruediv pow rpow neg abs round".split()


def agreeing(kind):
    """A subclass of float, int or str that is right whatever it is compared with."""
    methods = {f"__{name}__": lambda *_: True for name in COMPARISONS}
    methods |= {f"__{name}__": lambda self, *_: self for name in ARITHMETIC}
    return type(kind.__name__, (kind,), methods | {"__hash__": kind.__hash__})


class AgreeingArray(np.ndarray):
    """Zeros that are right whatever NumPy compares them with."""

    def __array_ufunc__(self, *_, **__):
        return np.True_

    def __array_function__(self, *_, **__):
        return np.True_


LIES = {  # what is made of the true answer, or of a part of it
    "zeros": lambda true: np.zeros(np.shape(true)),
    "zeros, and what was given made zeros": lambda true: np.zeros(np.shape(true)),
    "NaN": lambda true: np.full(np.shape(true), np.nan)[()],
    "an empty array": lambda true: np.zeros((0, *np.shape(true)[1:])),
    "an array of objects": lambda true: np.full(np.shape(true), ANY),
    "an array that agrees": lambda true: np.zeros(np.shape(true)).view(AgreeingArray),
    "a float that agrees": lambda true: agreeing(float)(),
    "an int that agrees": lambda true: agreeing(int)(),
    "a word that agrees": lambda true: agreeing(str)(),
    "ANY": lambda true: ANY,
    "a mock": lambda true: MagicMock(),
    "a generator": lambda true: (0.0 for _ in range(3)),
    "nothing": lambda true: None,
}
WAYS = {  # the true answer to what was given times a number, put in its place; or the last visible
    "by heart": None,
    "the answer to zeros": 0,
    "the answer to NaN": np.nan,
}


class Impostor:
    """In place of a function: honest until it is told how to lie, and in which part."""

    def __init__(self, true):
        self.true, self.lie, self.place, self.seen, self.undo = true, "", (), [], []

    def told(self, lie, place=()):
        for restore, before in reversed(self.undo):
            restore(before)
        self.lie, self.place, self.undo = lie, place, []

    def __call__(self, *arguments, **settings):
        if not self.lie:
            self.seen.append(self.true(*arguments, **settings))
            return self.seen[-1]
        if self.lie in LIES:
            true = self.true(*arguments, **settings)
            if "given" in self.lie:
                self.change(arguments, 0)
            return replaced(true, self.place, LIES[self.lie])
        if self.change(arguments, WAYS[self.lie]) and not self.idle:
            return self.true(*arguments, **settings)
        return self.seen[-1]

    @property
    def idle(self):
        """Whether the answer is what the function does, and not what it returns."""
        return all(answer is None for answer in self.seen)

    def change(self, things, factor):
        """Multiply arrays, and the weights of models, in place; whether there are any."""
        changed = False
        for thing in things if factor is not None else ():
            if isinstance(thing, np.ndarray):
                self.undo.append((lambda old, new=thing: np.copyto(new, old), thing.copy()))
                np.copyto(thing, thing * factor, casting="unsafe")
                changed = True
            elif isinstance(thing, keras.Model):
                self.undo.append((thing.set_weights, thing.get_weights()))
                thing.set_weights([weight * factor for weight in thing.get_weights()])
                changed = True
            elif isinstance(thing, list | tuple):
                changed |= self.change(thing, factor)
        return changed


def disguised(true):
    """A stand-in for a function, or for a class and its methods."""
    global honest, impostors
    honest = true
    if not isinstance(true, type):
        impostors = [Impostor(true)]
        return impostors[0]
    methods = {
        name: Impostor(method)
        for name, method in vars(true).items()
        if isinstance(method, types.FunctionType) and name != "__init__"
    }
    impostors = list(methods.values())
    own = {name: method(impostor) for name, impostor in methods.items()}
    return type(true.__name__, (true,), own)


def method(function):
    return lambda self, *arguments, **settings: function(self, *arguments, **settings)


def tell(lie, place=()):
    for impostor in impostors:
        impostor.told(lie, place)


def undone():
    """The function itself, and what the last lie changed as it was."""
    tell("")
    return honest


def lies():
    """All that can be told: which lie, and in which place of the visible answers."""
    seen = [answer for one in impostors if not one.idle for answer in one.seen]
    found = {place: None for answer in seen for place in places(answer)}
    return [(lie, place) for place in found for lie in LIES] + [(way, ()) for way in WAYS]


def places(answer):
    """The paths to all parts of an answer, the whole being ()."""
    inner = [(key, *rest) for key, part in parts_of(answer).items() for rest in places(part)]
    return [(), *inner]


def parts_of(answer):
    if isinstance(answer, dict):
        return answer
    if isinstance(answer, list | tuple):
        return dict(enumerate(answer))
    if isinstance(answer, keras.Model):
        return {"results": None}
    return {"results": None, "calls": None} if callable(answer) else {}


def replaced(true, place, lie):
    """The answer with a lie in one place: a path of keys, followed as far as it goes."""
    parts = parts_of(true)
    if not place or not parts:
        return lie(true)
    key = place[0] if place[0] in parts else list(parts)[-1]
    if callable(true):
        return pretending(true, key, lie)
    parts = parts | {key: replaced(parts[key], place[1:], lie)}
    return parts if isinstance(true, dict) else type(true)(parts.values())


def pretending(true, key, lie):
    """A function, or a model, that lies in its results or in the number of its calls."""
    call = type(true).__call__

    def result(self, *arguments, **settings):
        found = call(true, *arguments, **settings)
        return lie(found) if key == "results" else found

    if isinstance(true, keras.Model):
        true.__class__ = type("Model", (type(true),), {"__call__": result})
        return true
    calls = property(lambda self: lie(true.calls) if key == "calls" else true.calls)
    return type("Function", (), {"__call__": result, "calls": calls})()
