"""The claims of the book in other worlds: on photographs, and with convolutions.

`plan.json` lists what is measured where, with the bounds of the book; `worlds` says what a world
is and how networks are trained there; each file of `experiments` measures some claims in any of
them. `python -m travel` does it all, and writes `book/travel.json`.
"""
