"""What a policy looks at, and how it speaks."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

# Stands for a value that a preview cannot know yet; the update that follows knows it.
UNKNOWN = "<unknown>"


@dataclass(frozen=True, kw_only=True)
class Seen:
    """A resource as the program declared it, and as its provider answered."""

    type: str
    name: str
    urn: str
    properties: Mapping[str, Any]

    @property
    def stack(self) -> str:
        return self.urn.split("::")[0].rpartition(":")[2]

    def get(self, key: str) -> Any:
        return self.properties.get(key)

    def document(self, key: str) -> dict[str, Any]:
        """Return the JSON under the key; nothing where it is absent or not known yet."""
        text = self.properties.get(key)
        if not isinstance(text, str) or text == UNKNOWN:
            return {}
        parsed = json.loads(text)
        return parsed if isinstance(parsed, dict) else {}

    def is_unknown(self, key: str) -> bool:
        return bool(self.properties.get(key) == UNKNOWN)


@dataclass(frozen=True, kw_only=True)
class Violation:
    resource: Seen
    message: str

    def __str__(self) -> str:
        return f"{self.resource.type} {self.resource.name}: {self.message}"


def violation(resource: Seen, message: str) -> Violation:
    return Violation(resource=resource, message=message)


Resources = Sequence[Seen]
Check = Callable[[Resources], Iterator[Violation]]


@dataclass(frozen=True, kw_only=True)
class Rule:
    """A check of the whole stack; its first line of documentation says what it demands."""

    name: str
    description: str
    check: Check


def rule(check: Check) -> Rule:
    """Make a rule of a function, which gives it its name and its description."""
    name = getattr(check, "__name__", "rule").replace("_", "-")
    description = (check.__doc__ or "").strip().partition("\n")[0]
    return Rule(name=name, description=description, check=check)


def of(resources: Resources, kind: str) -> list[Seen]:
    return [resource for resource in resources if resource.type == kind]


def listed(value: Any) -> list[Any]:
    """Return the value as a list: in AWS's documents one item needs no brackets."""
    if value is None:
        return []
    return list(value) if isinstance(value, (list, tuple)) else [value]


def refers(resource: Seen, key: str, target: Seen) -> bool:
    """Whether the value is the target's id, ARN, URL or physical name, or cannot be known yet."""
    value = resource.get(key)
    own = (target.get("id"), target.get("arn"), target.get("url"), target.get("name"))
    return value == UNKNOWN or (value is not None and value in own)
