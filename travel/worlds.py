"""The worlds in which the claims of the book are measured."""

from travel.world import World

WORLDS = {
    "digits": World("digits", rows=1078, validation=359, test=360, side=8),
    "photographs": World(),
    "all photographs": World(rows=55_000, validation=5_000, rates_of="photographs"),
    "convolutions": World(layers="convolutional", rows=5_000, validation=1_000),
    # What else differs between the pictures: each of these changes one thing.
    "photographs of 8x8": World(side=8),
    "1078 photographs": World(rows=1078, validation=359),
    "four times the updates": World(pace=4),
    "five kinds of photographs": World(classes=(1, 5, 7, 8, 9)),
    "digits with wrong labels": World(
        "digits", rows=1078, validation=359, test=360, side=8, wrong=0.1
    ),
    # What the tests measure again.
    "small": World(rows=1_000, validation=200, test=1_000, pace=0.25, rates_of="photographs"),
    "small convolutions": World(
        layers="convolutional",
        rows=500,
        validation=100,
        test=500,
        pace=0.25,
        rates_of="convolutions",
    ),
}


def seeds(world: str) -> int:
    """How many: for nulls ten are few."""
    return 20 if world == "photographs" else 10
