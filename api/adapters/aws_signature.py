"""AWS's signature of one request, version 4, which proves who sends it.

https://docs.aws.amazon.com/IAM/latest/UserGuide/create-signed-request.html
"""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import reduce
from typing import Self

ALGORITHM = "AWS4-HMAC-SHA256"


@dataclass(frozen=True)
class Signer:
    """Who sends requests, and to which service where."""

    service: str
    region: str
    key_id: str
    secret: str = field(repr=False)
    token: str | None = field(default=None, repr=False)

    @classmethod
    def of(cls, service: str, environment: Mapping[str, str]) -> Self | None:
        """Return what the environment names, as Lambda's always does; None if it names nobody."""
        # Where the two regions differ the SDK takes this one first.
        region = environment.get("AWS_DEFAULT_REGION") or environment.get("AWS_REGION")
        key_id = environment.get("AWS_ACCESS_KEY_ID")
        secret = environment.get("AWS_SECRET_ACCESS_KEY")
        if not (region and key_id and secret):
            return None
        return cls(service, region, key_id, secret, environment.get("AWS_SESSION_TOKEN") or None)

    def sign_post(
        self, host: str, headers: Mapping[str, str], body: bytes, at: datetime
    ) -> dict[str, str]:
        """Return all headers of a POST to ``/``; names are given in lower case."""
        moment = at.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
        token = {} if self.token is None else {"x-amz-security-token": self.token}
        sent = {**headers, **token, "host": host, "x-amz-date": moment}
        names = ";".join(sorted(sent))
        lines = [f"{name}:{' '.join(sent[name].split())}" for name in sorted(sent)]
        request = ["POST", "/", "", *lines, "", names, hashlib.sha256(body).hexdigest()]
        scope = [moment[:8], self.region, self.service, "aws4_request"]
        digest = hashlib.sha256("\n".join(request).encode()).hexdigest()
        text = "\n".join([ALGORITHM, moment, "/".join(scope), digest])
        signature = self._key(scope, text).hex()
        credential = f"{self.key_id}/{'/'.join(scope)}"
        told = f"Credential={credential}, SignedHeaders={names}, Signature={signature}"
        return {**sent, "authorization": f"{ALGORITHM} {told}"}

    def _key(self, scope: list[str], text: str) -> bytes:
        return reduce(_digest, [*scope, text], f"AWS4{self.secret}".encode())


def _digest(key: bytes, text: str) -> bytes:
    return hmac.digest(key, text.encode(), "sha256")
