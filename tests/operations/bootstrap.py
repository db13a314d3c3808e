"""docs/operations/bootstrap.yaml as it comes out for a stack: the emulator keeps but part of it."""

import re
from pathlib import Path
from typing import Any

import yaml

TEMPLATE = (Path(__file__).parents[2] / "docs" / "operations" / "bootstrap.yaml").read_text()


def read(*, stack: str, account: str, region: str) -> dict[str, Any]:
    """Return the template's resources; a reference reads as what it refers to."""
    values = {
        "Stack": stack,
        "AWS::AccountId": account,
        "AWS::Region": region,
        "State.Arn": "state",
    }

    class Template(yaml.SafeLoader):
        pass

    def substituted(_: Any, node: Any) -> str:
        return re.sub(r"\$\{([^}]+)\}", lambda name: values.get(name[1], name[1]), node.value)

    Template.add_constructor("!Sub", substituted)
    for tag in ("!Ref", "!GetAtt"):
        Template.add_constructor(tag, lambda _, node: node.value)
    for tag in ("!If", "!Equals"):
        Template.add_constructor(tag, lambda loader, node: loader.construct_sequence(node)[-1])
    # A subclass of the safe loader.
    resources: dict[str, Any] = yaml.load(TEMPLATE, Loader=Template)["Resources"]  # noqa: S506
    return resources


def statements(role: dict[str, Any]) -> list[dict[str, Any]]:
    (policy,) = role["Properties"]["Policies"]
    found: list[dict[str, Any]] = policy["PolicyDocument"]["Statement"]
    return found
