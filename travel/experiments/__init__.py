"""Each measures its claims, as the chapter does, in a world that it is given."""
