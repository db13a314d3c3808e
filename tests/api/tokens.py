"""Tokens made from recipes, with keys that live as long as the test run.

A recipe of ``tests/tokens.json`` says how a token differs from a good one: `header` and `claims`
replace, `without` and `without_header` remove, `times` are seconds from now, `padding` is the
length of a claim nobody asked for, `..._prefix` is written into the JSON as it is, `text` changes
the finished token, `authorization` and `query` say where it is put.
"""

import base64
import hashlib
import hmac
import json
import time
from functools import cached_property
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import Algorithm, ECAlgorithm, RSAAlgorithm, RSAPSSAlgorithm

ISSUER = "https://login.example.com/"
AUDIENCE = "https://api.example.com"
SUBJECT = "auth0|alice"
RECIPES = json.loads((Path(__file__).parents[1] / "tokens.json").read_text())
ALGORITHMS: dict[str, Algorithm] = {
    "RS256": RSAAlgorithm(RSAAlgorithm.SHA256),
    "RS384": RSAAlgorithm(RSAAlgorithm.SHA384),
    "PS256": RSAPSSAlgorithm(RSAPSSAlgorithm.SHA256),
    "ES256": ECAlgorithm(ECAlgorithm.SHA256),
}


def b64(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


class Issuer:
    """Whoever signs people in: keys, the set it publishes, and tokens good and bad."""

    def __init__(self) -> None:
        self.keys = {
            "rsa": rsa.generate_private_key(65_537, 2_048),
            "retired": rsa.generate_private_key(65_537, 2_048),
            "ec": ec.generate_private_key(ec.SECP256R1()),
        }

    @cached_property
    def weak(self) -> "WeakKey":
        return WeakKey()

    def jwks(self, *names: str) -> dict[str, list[dict[str, str]]]:
        """The public set; without names, what is in use and a key that is too weak for it."""
        if names:
            return {"keys": [self.jwk(name) for name in names]}
        return {"keys": [self.jwk("rsa"), self.jwk("ec"), self.weak.jwk]}

    def jwk(self, name: str) -> dict[str, str]:
        kind = ECAlgorithm if name == "ec" else RSAAlgorithm
        public = kind.to_jwk(self.keys[name].public_key(), as_dict=True)
        return {**public, "kid": name, "use": "sig"}

    def authorizations(self, recipe) -> list[str]:
        token = self.token(recipe)
        return [form.replace("{token}", token) for form in recipe.get("authorization", FORMS)]

    def token(self, recipe=None, *, now: float | None = None) -> str:
        recipe = recipe or {}
        header, claims = _header(recipe), _claims(recipe, int(now or time.time()))
        parts = [b64(header.encode()), b64(claims.encode())]
        signed = ".".join(parts)
        key, algorithm = recipe.get("key", "rsa"), json.loads(header)["alg"]
        parts.append(b64(self._signature(key, algorithm, signed.encode())))
        return TEXTS[recipe.get("text", "kept")](parts)

    def _signature(self, key: str, algorithm: str, content: bytes) -> bytes:
        match key:
            case "none":
                return b"none"
            case "weak":
                return self.weak.sign(content)
            case "public":
                pem = (
                    self.keys["rsa"]
                    .public_key()
                    .public_bytes(
                        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
                    )
                )
                return hmac.digest(pem, content, "sha256")
        # A header may name one algorithm and the key be another's.
        used = algorithm if algorithm in ALGORITHMS else "RS256"
        return ALGORITHMS[used].sign(content, self.keys[key])


class WeakKey:
    """512 bits, which no library makes any more: two primes anyone can find."""

    P = 2**255 - 19
    Q = 2**256 - 189

    def __init__(self) -> None:
        self.n = self.P * self.Q
        self.d = pow(65_537, -1, (self.P - 1) * (self.Q - 1))

    @property
    def jwk(self) -> dict[str, str]:
        size = (self.n.bit_length() + 7) // 8
        n = b64(self.n.to_bytes(size))
        return {"kty": "RSA", "kid": "weak", "use": "sig", "n": n, "e": "AQAB"}

    def sign(self, content: bytes) -> bytes:
        prefix = bytes.fromhex("3031300d060960864801650304020105000420")
        digest = prefix + hashlib.sha256(content).digest()
        size = (self.n.bit_length() + 7) // 8
        padded = b"\0\1" + b"\xff" * (size - 3 - len(digest)) + b"\0" + digest
        return pow(int.from_bytes(padded), self.d, self.n).to_bytes(size)


FORMS = ["Bearer {token}"]


def _header(recipe) -> str:
    header = {"alg": "RS256", "typ": "at+jwt", "kid": "rsa"} | recipe.get("header", {})
    header |= {name: "k" * size for name, size in recipe.get("header_padding", {}).items()}
    for name in recipe.get("without_header", ()):
        del header[name]
    return "{" + recipe.get("header_prefix", "") + json.dumps(header)[1:]


def _claims(recipe, now: int) -> str:
    times = {"iat": -10, "exp": 3_600} | recipe.get("times", {})
    claims = {"iss": ISSUER, "aud": AUDIENCE, "sub": SUBJECT}
    claims |= {name: now + seconds for name, seconds in times.items()}
    claims |= recipe.get("claims", {})
    if "padding" in recipe:
        claims["padding"] = "p" * recipe["padding"]
    for name in recipe.get("without", ()):
        del claims[name]
    return "{" + recipe.get("claims_prefix", "") + json.dumps(claims)[1:]


def _leftover(parts: list[str]) -> str:
    """Another spelling of the same signature: its last letter has bits to spare."""
    *rest, signature = parts
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return ".".join([*rest, signature[:-1] + letters[letters.index(signature[-1]) + 1]])


def _standard(parts: list[str]) -> str:
    text = ".".join(parts).replace("-", "+").replace("_", "/")
    assert "/" in text
    return text


def _swapped(parts: list[str]) -> str:
    other = json.dumps({"sub": "auth0|mallory"})
    claims = json.loads(base64.urlsafe_b64decode(parts[1] + "==")) | json.loads(other)
    return ".".join([parts[0], b64(json.dumps(claims).encode()), parts[2]])


TEXTS = {
    "kept": ".".join,
    "dots": lambda parts: "..",
    "four": lambda parts: ".".join([*parts, parts[2]]),
    "padded": lambda parts: f"{parts[0]}.{parts[1]}=.{parts[2]}",
    "standard": _standard,
    "leftover": _leftover,
    "accented": lambda parts: ".".join(parts)[:-1] + "é",
    "swapped": _swapped,
}
