"""No secret where somebody may read it."""

import re
from collections.abc import Iterator
from typing import Any

from policies.seen import Resources, Seen, Violation, violation

# Encrypted in the state, and stored where only its readers' roles reach.
KEEPERS = {("aws:secretsmanager/secretVersion:SecretVersion", "secretString")}
SECRETS = {
    "an address with a password": re.compile(r"[a-z][a-z0-9+]*://[^/\s:@]*:[^/\s@]+@"),
    "an AWS access key": re.compile(r"\b(AKIA|ASIA)[A-Z0-9]{16}\b"),
    "a private key": re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----"),
    "a token": re.compile(r"\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\."),
    "signing keys": re.compile(r'"current":\s*\{[^}]*"key":'),
}
TELLING = re.compile(r"(PASSWORD|PASSWD|PRIVATE_KEY|API_KEY|ACCESS_KEY|CREDENTIAL|_URL_SECRET)$")
# Addresses of queues and of public keys; everything else called URL may carry a password.
PUBLIC_URLS = {"PARAKEET_QUEUE_URL", "PARAKEET_INGEST_QUEUE_URL", "PARAKEET_JWKS_URL"}
SECRET_NAME = re.compile(r"^parakeet/(dev|staging|prod)/[a-z]+$")


def no_plaintext_secret(resources: Resources) -> Iterator[Violation]:
    """Put secrets into Secrets Manager and secret bindings, never into a property or an output."""
    for resource in resources:
        for path, text in _texts(resource):
            for what, pattern in SECRETS.items():
                if pattern.search(text):
                    yield violation(resource, f"{path} holds {what}")


def secrets_by_name_only(resources: Resources) -> Iterator[Violation]:
    """Tell functions the names of their secrets, not the secrets."""
    for resource in resources:
        variables = (resource.get("environment") or {}).get("variables") or {}
        for key, value in variables.items():
            if key.endswith("_SECRET") and not SECRET_NAME.match(str(value)):
                yield violation(resource, f"{key} is not the name of a secret of the stack")
            if TELLING.search(key) or (key.endswith("_URL") and key not in PUBLIC_URLS):
                yield violation(resource, f"{key} is a secret by its name")


def _texts(resource: Seen) -> Iterator[tuple[str, str]]:
    for key, value in resource.properties.items():
        if (resource.type, key) not in KEEPERS:
            yield from _walk(key, value)


def _walk(path: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, (list, tuple)):
        for i, item in enumerate(value):
            yield from _walk(f"{path}[{i}]", item)
    elif isinstance(value, dict) and value.get("type") != "secret_text":
        for key, item in value.items():
            yield from _walk(f"{path}.{key}", item)
