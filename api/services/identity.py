"""Access tokens. Each rule stands in cloudflare/src/tokens.ts too; tests/tokens.json is for both.

A token is read by hand, strictly, and its signature checked by PyJWT: a library forgives other
things here than at the edge, and one token must have one verdict.
"""

import base64
import binascii
import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from uuid import NAMESPACE_URL, UUID, uuid5

from api.errors import Forbidden

if TYPE_CHECKING:  # cryptography is imported with the first token
    from jwt import PyJWK

# The gateway between the edge and here knows RSA only: what it refuses, neither side may accept.
ALGORITHM: Final = "RS256"
LARGEST_TOKEN = 8_192
LEEWAY_SECONDS = 60
LONGEST_LIFE_SECONDS = 86_400
MOST_BRACKETS = 100
MOST_KEYS = 20
LEAST_RSA_BITS = 2_048
LATEST_TIME = 2**53 - 1
LONGEST_NUMBER = 20
BEARER = re.compile(r"bearer ([^ ]+)", re.IGNORECASE)
SEGMENTS = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
KEY_ID = re.compile(r"[A-Za-z0-9+/=_-]{1,128}")
SUBJECT = re.compile(r"[\x21-\x7e]{1,255}")
# Each names a key or a reading of its own; a token has no say in either.
REFUSED_HEADERS: Final = frozenset({"jku", "x5u", "jwk", "crit", "zip", "b64"})

# What every viewer may do with what is theirs.
OWN_DATA = frozenset({"read", "write"})
# Put right what everybody reads: stored prices, and who was in a shared list.
CORRECT_MARKET = "market:correct"
# Send documents of one's own, and ask for the schema.
EXPLORE = "api:explore"
GRANTED = frozenset({CORRECT_MARKET, EXPLORE})
ALL_SCOPES = OWN_DATA | GRANTED


def require_correcting(scopes: frozenset[str], what: str) -> None:
    """Raise Forbidden unless these scopes let their bearer correct what everybody reads."""
    if CORRECT_MARKET not in scopes:
        raise Forbidden(
            f"{what} is read by everybody, and correcting it needs the scope {CORRECT_MARKET}; ask"
            " whoever runs this server for it"
        )


class TokenRefused(Exception):
    """The message is one of a fixed few, the same as at the edge."""


@dataclass(frozen=True)
class Rules:
    issuer: str
    audience: str


@dataclass(frozen=True)
class Key:
    """A public key of RSA."""

    key: "PyJWK"


@dataclass(frozen=True)
class Token:
    text: str
    header: Mapping[str, Any]
    kid: str
    claims: Mapping[str, Any]


def viewer_id(issuer: str, subject: str) -> UUID:
    """Return the owner that a subject of an issuer is here, the same for ever."""
    return uuid5(NAMESPACE_URL, f"{issuer}#{subject}")


def bearer_of(headers: Sequence[str]) -> str:
    """Return the token of the one Authorization header. Raises TokenRefused."""
    match = BEARER.fullmatch(headers[0]) if len(headers) == 1 else None
    if match is None:
        raise TokenRefused("no bearer token")
    return match[1]


def parse_token(text: str) -> Token:
    """Read a token without believing it. Raises TokenRefused."""
    if len(text) > LARGEST_TOKEN:
        raise TokenRefused("longer than 8 kB")
    if not SEGMENTS.fullmatch(text):
        raise TokenRefused("not three segments of base64url")
    header_bytes, claims_bytes, _ = (_decoded(segment) for segment in text.split("."))
    header, claims = _read(header_bytes), _read(claims_bytes)
    if not REFUSED_HEADERS.isdisjoint(header):
        raise TokenRefused("a header that is not taken")
    kid = header.get("kid")
    if not isinstance(kid, str) or not KEY_ID.fullmatch(kid):
        raise TokenRefused("no kid, or an odd one")
    return Token(text, header, kid, claims)


def _decoded(segment: str) -> bytes:
    try:
        content = base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4))
    except binascii.Error as e:
        raise TokenRefused("not canonical base64url") from e
    # Left-over bits would give one token many spellings.
    if base64.urlsafe_b64encode(content).rstrip(b"=").decode() != segment:
        raise TokenRefused("not canonical base64url")
    return content


def _read(content: bytes) -> dict[str, Any]:
    try:
        value = _parsed(content.decode())
    except ValueError as e:
        raise TokenRefused("not strict JSON") from e
    if not isinstance(value, dict):
        raise TokenRefused("not strict JSON")
    return value


def _parsed(text: str) -> Any:
    """Return the value; its floats and its absurd integers are of no use and read as NaN."""
    if text.count("[") + text.count("{") > MOST_BRACKETS:
        raise ValueError("nested too deep")
    return json.loads(
        text,
        object_pairs_hook=_object,
        parse_constant=_refuse_constant,
        parse_float=lambda _: math.nan,
        parse_int=lambda digits: int(digits) if len(digits) <= LONGEST_NUMBER else math.nan,
    )


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a key is repeated")
    return members


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def check_signature(token: Token, key: Key | None) -> None:
    """Hold to the one algorithm; the token may only agree. Raises TokenRefused."""
    from jwt import InvalidTokenError, PyJWS

    if key is None:
        raise TokenRefused("unknown key")
    if token.header.get("alg") != ALGORITHM:
        raise TokenRefused("not the key's algorithm")
    try:
        PyJWS().decode(token.text, key.key, algorithms=[ALGORITHM])
    except InvalidTokenError as e:
        raise TokenRefused("the signature does not hold") from e


def check_claims(token: Token, rules: Rules, now: float) -> str:
    """Return the subject of an access token for us that is valid now. Raises TokenRefused."""
    claims = token.claims
    if claims.get("iss") != rules.issuer:
        raise TokenRefused("another issuer")
    if not _names(claims.get("aud"), rules.audience):
        raise TokenRefused("another audience")
    _check_times(claims, now)
    if not _is_access(token.header, claims):
        raise TokenRefused("not an access token")
    subject = claims.get("sub")
    if not isinstance(subject, str) or not SUBJECT.fullmatch(subject):
        raise TokenRefused("no subject")
    return subject


def scopes_of(token: Token) -> frozenset[str]:
    """Return what a verified token lets its bearer do; scopes we do not know are ignored."""
    granted = token.claims.get("scope")
    named = granted.split() if isinstance(granted, str) else []
    return OWN_DATA | GRANTED.intersection(named)


def _names(audience: object, ours: str) -> bool:
    listed = audience if isinstance(audience, list) else [audience]
    return all(isinstance(one, str) for one in listed) and ours in listed


def _check_times(claims: Mapping[str, Any], now: float) -> None:
    exp, iat = _time(claims.get("exp")), _time(claims.get("iat"))
    nbf = _time(claims.get("nbf", iat))
    if exp + LEEWAY_SECONDS <= now:
        raise TokenRefused("expired")
    if max(iat, nbf) > now + LEEWAY_SECONDS:
        raise TokenRefused("not valid yet")
    if exp - iat > LONGEST_LIFE_SECONDS:
        raise TokenRefused("lives longer than a day")


def _time(value: object) -> int:
    if type(value) is not int or not 0 <= value <= LATEST_TIME:
        raise TokenRefused("a time that is no whole number")
    return value


def _is_access(header: Mapping[str, Any], claims: Mapping[str, Any]) -> bool:
    """Tell an access token from an ID token and a refresh token.

    RFC 9068's type says it. Issuers that do not write it write JWT on everything: there the
    token needs a scope, and none of the marks of the others.
    """
    if claims.get("token_use", "access") != "access" or claims.get("typ", "Bearer") != "Bearer":
        return False
    kind = header.get("typ")
    if not isinstance(kind, str):
        return False
    kind = kind.lower().removeprefix("application/")
    if kind == "at+jwt":
        return True
    scope = claims.get("scope")
    scoped = isinstance(scope, str) and scope != ""
    return kind == "jwt" and scoped and "at_hash" not in claims and "c_hash" not in claims


def keys_of(document: object) -> dict[str, Key]:
    """Return a key set's usable keys by their id.

    Raises ValueError where the set is no set, is too large or names two keys alike.
    """
    listed = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(listed, list) or len(listed) > MOST_KEYS:
        raise ValueError("not a set of at most 20 keys")
    named = [jwk for jwk in listed if isinstance(jwk, dict) and _has_id(jwk)]
    if len({jwk["kid"] for jwk in named}) != len(named):
        raise ValueError("two keys with one id")
    keys = {jwk["kid"]: key for jwk in named if (key := _usable(jwk))}
    if not keys:
        raise ValueError("no usable key")
    return keys


def _has_id(jwk: Mapping[str, Any]) -> bool:
    kid = jwk.get("kid")
    return isinstance(kid, str) and KEY_ID.fullmatch(kid) is not None


def _usable(jwk: Mapping[str, Any]) -> Key | None:
    """Return the key; None if it is for something else, or too weak."""
    from jwt import PyJWK, PyJWTError

    operations = jwk.get("key_ops", ["verify"])
    if not _is_strong(jwk) or jwk.get("alg", ALGORITHM) != ALGORITHM:
        return None
    if jwk.get("use", "sig") != "sig" or "verify" not in operations:
        return None
    try:
        return Key(PyJWK({name: jwk[name] for name in ("kty", "n", "e")}, ALGORITHM))
    except (PyJWTError, KeyError, ValueError, TypeError):
        return None


def _is_strong(jwk: Mapping[str, Any]) -> bool:
    modulus = jwk.get("n")
    if jwk.get("kty") != "RSA" or not isinstance(modulus, str):
        return False
    return _bits_of(modulus) >= LEAST_RSA_BITS


def _bits_of(modulus: str) -> int:
    try:
        return int.from_bytes(_decoded(modulus)).bit_length()
    except (TokenRefused, ValueError):
        return 0
