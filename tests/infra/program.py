"""Run the Pulumi program of one stack under mocks and print what it made as JSON.

A process of its own: the program's imports and Pulumi's runtime leave nothing behind in the
tests. Reads ``{"stack", "endpoint", "config", "secrets"}`` from standard input.
"""

import json
import logging
import os
import runpy
import sys
from pathlib import Path
from typing import Any

import pulumi
from pulumi.runtime import mocks, rpc
from pulumi.runtime.settings import get_root_resource

from tests.infra import moto_functions, moto_stores, moto_watch, moto_web  # noqa: F401 they register
from tests.infra.moto_cloud import Cloud

REFUSALS = ("Refused", "ValueError")  # what the program says no with; the rest is a fault
PROJECT = "potential-parakeet"
PROGRAM = Path(__file__).parents[2] / "pulumi"
SECRET = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 Pulumi's mark of a secret on the wire
MARK = "4dabf18193072939515e22adb298388d"


class Record(mocks.MockMonitor):
    """Keeps what the stock monitor forgets: parents, secrets, options, components' outputs."""

    def __init__(self, cloud: mocks.Mocks) -> None:
        super().__init__(cloud)
        self.made: list[dict[str, Any]] = []
        self.component_outputs: dict[str, Any] = {}

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802 the monitor's own name
        answer = super().RegisterResource(request)
        self.made.append(
            {
                "type": request.type,
                "name": request.name,
                "urn": answer.urn,
                "parent": request.parent,
                "custom": request.custom,
                "protect": request.protect,
                "ignore_changes": list(request.ignoreChanges),
                "inputs": _plain(rpc.deserialize_properties(request.object)),
                "secrets": sorted(_secrets(request.object)),
                "id": answer.id if request.custom else None,
                "arn": _arn(answer),
            }
        )
        return answer

    def RegisterResourceOutputs(self, request: Any) -> Any:  # noqa: N802
        self.component_outputs[request.urn] = _plain(rpc.deserialize_properties(request.outputs))
        return super().RegisterResourceOutputs(request)


def _arn(answer: Any) -> str | None:
    return _plain(rpc.deserialize_properties(answer.object)).get("arn")


def _plain(value: Any) -> Any:
    """Return the value as JSON can carry it, secrets opened; `secrets` names where they were."""
    if isinstance(value, dict):
        if value.get(MARK) == SECRET:
            return _plain(value["value"])
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, (pulumi.FileArchive, pulumi.FileAsset)):
        return {"path": value.path}
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def _secrets(struct: Any, path: str = "") -> set[str]:
    """Return the paths of the inputs that Pulumi would encrypt in its state."""
    if hasattr(struct, "fields"):
        if MARK in struct.fields:
            return {path} if struct.fields[MARK].string_value == SECRET else set()
        found = (_secrets(item, f"{path}.{key}") for key, item in struct.fields.items())
        return set().union(*found)
    if struct.WhichOneof("kind") == "struct_value":
        return _secrets(struct.struct_value, path)
    if struct.WhichOneof("kind") == "list_value":
        items = enumerate(struct.list_value.values)
        return set().union(*(_secrets(item, f"{path}[{i}]") for i, item in items))
    return set()


def run(request: dict[str, Any]) -> dict[str, Any]:
    cloud = Cloud(request["endpoint"], request["config"].get("aws:region", "ap-southeast-2"))
    record = Record(cloud)
    pulumi.runtime.set_all_config(request["config"] | request["secrets"], list(request["secrets"]))
    pulumi.runtime.set_mocks(
        cloud, project=PROJECT, stack=request["stack"], preview=False, monitor=record
    )
    os.chdir(PROGRAM)
    sys.path.insert(0, str(PROGRAM))
    outputs: dict[str, Any] = {}

    def program() -> pulumi.Output[None]:
        runpy.run_path(str(PROGRAM / "__main__.py"), run_name="__main__")
        exports = pulumi.Output.from_input(dict(get_root_resource().outputs))
        return exports.apply(outputs.update)

    pulumi.runtime.test(program)()
    return {
        "resources": record.made,
        "components": record.component_outputs,
        "outputs": _plain(outputs),
        "lacking": cloud.lacking,
    }


def main() -> None:
    logging.disable(logging.CRITICAL)
    request = json.load(sys.stdin)
    answer = sys.stdout
    sys.stdout = sys.stderr  # nothing but the answer goes out
    try:
        made = run(request)
    except Exception as e:
        if type(e).__name__ not in REFUSALS:
            raise
        made = {"refused": {"kind": type(e).__name__, "message": str(e)}}
    json.dump(made, answer)


if __name__ == "__main__":
    main()
