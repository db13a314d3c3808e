"""FastAPI without the models of the documentation it can write, which this API never asks for.

To build those fifty models took a twentieth of a cold start. FastAPI names them where it is
imported and uses them only to describe routes; here the names stand for nothing.
"""

import sys
from types import ModuleType
from typing import Any

DOCUMENTATION = "fastapi.openapi.models"


class Unbuilt(ModuleType):
    """A module any class can be taken from, and none of them made."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return type(name, (Undescribed,), {"__module__": DOCUMENTATION})


class Undescribed:
    """Made only as a default that a description would show."""


sys.modules.setdefault(DOCUMENTATION, Unbuilt(DOCUMENTATION))

from fastapi import FastAPI  # noqa: E402 - what it finds is set before it

__all__ = ["FastAPI"]
