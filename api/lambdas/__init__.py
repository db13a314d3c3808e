"""The functions. Their first import opens the shelf, before any library is looked for."""

from api.lambdas.shelf import open_shelf

open_shelf()
