"""The libraries' modules in one file, where the package was made so.

`.ci/package.py` writes the bytecode of the libraries one after the other behind an index. To find
a module is then one look into a dictionary, where Python would ask folder after folder and open a
file, a thousand times in a cold start. Compiled parts, data and what is ours stay in place.
"""

import json
import marshal
import mmap
import sys
from collections.abc import Mapping, Sequence
from importlib.machinery import ModuleSpec, SourcelessFileLoader
from pathlib import Path
from types import CodeType, ModuleType

ROOT = Path(__file__).parents[2]
NAME = "libraries.shelf"
HEADER = 16  # bytes before the code: the magic number, flags, the source's hash


class Shelved(SourcelessFileLoader):
    """Loads a module as from the file it was compiled to, so that it finds its data beside it."""

    def __init__(self, name: str, path: str, bytecode: memoryview) -> None:
        super().__init__(name, path)
        self.bytecode = bytecode

    def get_code(self, fullname: str) -> CodeType:  # noqa: ARG002 - a loader is of one module
        code: CodeType = marshal.loads(self.bytecode[HEADER:])  # noqa: S302 - our own
        return code


class Shelf:
    """Finds what the index names; all else is left to the finders behind it."""

    def __init__(self, path: Path) -> None:
        self.folder = str(path.parent)
        with path.open("rb") as file:
            self.index: Mapping[str, tuple[bool, int, int]] = json.loads(file.readline())
            # Read by the page when it is asked for: half of the modules never are.
            whole = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
            self.content = memoryview(whole)[file.tell() :]

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None = None,  # noqa: ARG002 - a name has one place
        target: ModuleType | None = None,  # noqa: ARG002
    ) -> ModuleSpec | None:
        found = self.index.get(fullname)
        if found is None:
            return None
        is_package, start, end = found
        place = f"{self.folder}/{fullname.replace('.', '/')}"
        origin = f"{place}/__init__.pyc" if is_package else f"{place}.pyc"
        loader = Shelved(fullname, origin, self.content[start:end])
        spec = ModuleSpec(fullname, loader, origin=origin, is_package=is_package)
        spec.has_location = True
        if spec.submodule_search_locations is not None:
            spec.submodule_search_locations.append(place)
        return spec


def open_shelf(root: Path = ROOT) -> None:
    """Look there first from now on, if there is a shelf."""
    if (root / NAME).exists():
        sys.meta_path.insert(0, Shelf(root / NAME))
