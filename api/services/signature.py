"""The proof that a request came through the edge; cloudflare/src/signature.ts writes it.

Names are the caller's to choose and addresses are shared: only who holds the key can sign.
"""

import base64
import hashlib
import hmac
import json
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from uuid import UUID

from api.errors import DataError
from api.ports import Secrets

WINDOW_SECONDS = 60
# An unknown id may be a key that was made just now; asking each time would let anyone make us ask.
UNKNOWN_SECONDS = 60.0
LEAST_KEY_BYTES = 32
HEADERS = ("x-parakeet-key", "x-parakeet-timestamp", "x-parakeet-nonce", "x-parakeet-signature")
KEY_ID = re.compile(r"[A-Za-z0-9_.-]{1,64}")
TIMESTAMP = re.compile(r"[1-9][0-9]{9}")
NONCE = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
SIGNATURE = re.compile(r"[A-Za-z0-9_-]{43}")


class SignatureRefused(Exception):
    """The message is for the log, never for the caller."""


@dataclass(frozen=True)
class Proof:
    """What the headers say, in a form that can be checked."""

    key_id: str
    timestamp: str
    nonce: str
    signature: str

    @property
    def used_once(self) -> UUID:
        return UUID(self.nonce)


def proof_of(given: Mapping[str, list[str]], now: float) -> Proof:
    """Read the proof; each header exactly once, and fresh. Raises SignatureRefused."""
    values = [given.get(name, []) for name in HEADERS]
    if any(len(value) != 1 for value in values):
        raise SignatureRefused("unsigned")
    proof = Proof(*(value[0] for value in values))
    forms = {
        KEY_ID: proof.key_id,
        TIMESTAMP: proof.timestamp,
        NONCE: proof.nonce,
        SIGNATURE: proof.signature,
    }
    if not all(form.fullmatch(value) for form, value in forms.items()):
        raise SignatureRefused("a header has an odd form")
    if abs(now - int(proof.timestamp)) > WINDOW_SECONDS:
        raise SignatureRefused("stale")
    return proof


def check(
    proof: Proof, key: bytes | None, *, method: str, target: str, body: bytes, subject: str
) -> None:
    """Compare the signature with the request as it arrived. Raises SignatureRefused."""
    if key is None:
        raise SignatureRefused("unknown key")
    digest = hashlib.sha256(body).hexdigest()
    text = f"{method}\n{target}\n{digest}\n{proof.timestamp}\n{proof.nonce}\n{subject}"
    expected = base64.urlsafe_b64encode(hmac.digest(key, text.encode(), "sha256")).rstrip(b"=")
    if not hmac.compare_digest(expected, proof.signature.encode()):
        raise SignatureRefused("the signature does not hold")


class EdgeKeys:
    """The keys in use, current and previous, as often as the secret is read anew."""

    def __init__(
        self, secrets: Secrets, name: str, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._secrets = secrets
        self._name = name
        self._clock = clock
        self._insisted_at = -UNKNOWN_SECONDS

    async def find(self, key_id: str) -> bytes | None:
        """Return the key of this id, None if there is none.

        Raises Unavailable, NotFound, DataError.
        """
        keys = parse_keys(await self._secrets.read(self._name))
        now = self._clock()
        if key_id not in keys and now - self._insisted_at >= UNKNOWN_SECONDS:
            self._insisted_at = now
            keys = parse_keys(await self._secrets.read(self._name, fresh=True))
        return keys.get(key_id)


def parse_keys(text: str) -> dict[str, bytes]:
    """Read ``{"current": {"id", "key"}, "previous": {...} | null}``. Raises DataError."""
    try:
        document = json.loads(text)
        previous = document.get("previous")
        named = [document["current"]] if previous is None else [document["current"], previous]
        keys = {one["id"]: base64.b64decode(one["key"], validate=True) for one in named}
    except (ValueError, KeyError, TypeError, AttributeError) as e:
        raise DataError("the edge secret is not the JSON it should be") from e
    if any(len(key) < LEAST_KEY_BYTES for key in keys.values()):
        raise DataError(f"an edge key needs {LEAST_KEY_BYTES} bytes")
    return keys
