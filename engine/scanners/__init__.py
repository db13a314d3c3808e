"""The registry: importing this folder imports every scanner in it, in sorted order."""

from importlib import import_module
from pkgutil import iter_modules

from engine.scanners.base import SCANNERS, Scanner, ScanParameters, catalogue, register

for _name in sorted(module.name for module in iter_modules(__path__)):
    import_module(f"{__name__}.{_name}")

__all__ = ["SCANNERS", "ScanParameters", "Scanner", "catalogue", "register"]
