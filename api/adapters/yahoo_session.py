"""The way into Yahoo: yfinance's session, cookie and crumb, with an end to everything.

yfinance knows how to be let in. Its reading of charts is not used: it drops days given twice and
keeps silent about it, and what it once read it answers again for as long as the process lives.
"""

import re
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from curl_cffi.curl import CURL_WRITEFUNC_ERROR
from curl_cffi.requests import Response, Session
from curl_cffi.requests import exceptions as curl
from yfinance.data import SingletonMeta, YfData

from api.adapters.downloads import LARGEST_BODY, meaning_of, retry_after
from api.adapters.numbers import bad_data
from api.errors import FailureKind, FetchFailed

CHART = "/v8/finance/chart/"
COOKIE_SECONDS = 5.0
# A chart needs no crumb: where none is to be had, it is asked for no more often than this.
CRUMB_AGAIN_SECONDS = 600.0
LONG_AGO = -1e9
CURLS_OWN = re.compile(r"^Failed to perform, curl: \(\d+\) |\.? See https://curl\.se/.*$")
EXPLAINED_STATUSES = frozenset({400, 404, 422})
SHUT_OUT_STATUSES = frozenset({401, 403, 999})


class Explained(Exception):
    """Yahoo's own words of why there is no chart; yfinance would ask twice more for them."""

    def __init__(self, content: bytes) -> None:
        super().__init__("no chart")
        self.content = content


class YahooSession(Session[Response]):
    """A browser's session that turns what befalls a chart into FetchFailed.

    With a base other than Yahoo's own every host of Yahoo is that base.
    """

    def __init__(self, base: str, *, timeout_seconds: float, clock: Callable[[], float]) -> None:
        super().__init__(impersonate="chrome")
        self._base = urlsplit(base)
        self._timeout_seconds = timeout_seconds
        self._clock = clock

    def request(self, method: Any, url: str, **options: Any) -> Response:  # type: ignore[override]
        """Ask for a chart within its bounds; leave cookies and crumbs to yfinance."""
        url = self._at_base(url)
        if CHART not in url:
            return super().request(method, url, **options | {"timeout": COOKIE_SECONDS})
        try:
            response = self._whole(method, url, options)
        except curl.Timeout as e:
            message = f"Yahoo gave no answer in {self._timeout_seconds:g} s"
            raise FetchFailed(FailureKind.TIMEOUT, message) from e
        except curl.IncompleteRead as e:
            raise bad_data("Yahoo sent a broken body") from e
        except curl.RequestException as e:
            message = f"Yahoo could not be reached: {_plainly(e)}"
            raise FetchFailed(FailureKind.NETWORK, message) from e
        self._refuse(response)
        return response

    def _at_base(self, url: str) -> str:
        parts = urlsplit(url)
        if "yahoo.com" in self._base.netloc or not parts.netloc.endswith("yahoo.com"):
            return url
        return urlunsplit(parts._replace(scheme=self._base.scheme, netloc=self._base.netloc))

    def _whole(self, method: Any, url: str, options: dict[str, Any]) -> Response:
        content = bytearray()

        def take(chunk: bytes) -> int:
            content.extend(chunk)
            return CURL_WRITEFUNC_ERROR if len(content) > LARGEST_BODY else len(chunk)

        bounds = {"timeout": self._timeout_seconds, "allow_redirects": False}
        try:
            response = super().request(method, url, **options | bounds, content_callback=take)
        except curl.RequestException:
            if len(content) > LARGEST_BODY:
                raise bad_data(f"Yahoo sent more than {LARGEST_BODY:,} bytes") from None
            raise
        response.content = bytes(content)
        return response

    def _refuse(self, response: Response) -> None:
        status = response.status_code
        if status == 200:
            return
        if status in EXPLAINED_STATUSES:
            raise Explained(response.content)
        kind, message = meaning_of(status, "Yahoo")
        if status in SHUT_OUT_STATUSES:
            kind, message = FailureKind.NETWORK, f"Yahoo does not let us in (status {status})"
        waits = retry_after(response.headers.get("retry-after"), now=self._clock())
        raise FetchFailed(kind, message, retry_after_seconds=waits)


def _plainly(error: curl.RequestException) -> str:
    """Return what happened, without curl's number before it and its reading list behind."""
    return CURLS_OWN.sub("", str(error))


class OneEach(SingletonMeta):  # type: ignore[misc]
    """yfinance has one session per process; two bases at once would take each other's."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return type.__call__(self, *args, **kwargs)


class YahooAccess(YfData, metaclass=OneEach):  # type: ignore[misc]
    """yfinance's access to Yahoo that leaves nothing on the disk and does not insist on a crumb."""

    def __init__(self, session: YahooSession) -> None:
        super().__init__(session)
        self._crumb_asked_at = LONG_AGO
        self._found: tuple[str | None, str] = None, "basic"

    def chart(self, url: str, params: dict[str, Any]) -> bytes:
        """Return the body of a chart or of why there is none. Raises FetchFailed."""
        try:
            return bytes(self.get(url, params).content)
        except Explained as explained:
            return explained.content

    def _get_cookie_and_crumb(self, *_: Any) -> tuple[str | None, str]:
        """Who comes while another thread asks goes on without: a chart needs no crumb."""
        now = time.monotonic()
        if now - self._crumb_asked_at >= CRUMB_AGAIN_SECONDS:
            self._crumb_asked_at = now
            self._crumb = None
            crumb, strategy = super()._get_cookie_and_crumb()
            self._found = crumb or None, strategy
        return self._found

    def _load_cookie_curlCffi(self) -> bool:  # noqa: N802 - yfinance's name
        return False

    def _save_cookie_curlCffi(self) -> bool:  # noqa: N802 - yfinance's name
        return False
