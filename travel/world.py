"""What a world is: pictures, and the networks that see them."""

from dataclasses import dataclass


@dataclass(frozen=True)
class World:
    """Pictures, and the kind of networks that see them.

    Attributes:
        pictures: "photographs", those of Fashion-MNIST, or "digits", those of the book.
        layers: the hidden ones, "dense" or "convolutional".
        rows: of the training part, for a sweep of rates.
        validation, test: rows of these parts.
        side: of a picture, in pixels; fewer than 28 are means over squares.
        pace: what the book's numbers of updates are multiplied by.
        classes: the ten, or those that are kept.
        wrong: share of the training labels that are drawn anew.
        rates_of: the world whose rates are taken over; without one, they are tuned here.
    """

    pictures: str = "photographs"
    layers: str = "dense"
    rows: int = 10_000
    validation: int = 2_000
    test: int = 10_000
    side: int = 28
    pace: float = 1
    classes: tuple[int, ...] = tuple(range(10))
    wrong: float = 0
    rates_of: str = ""
