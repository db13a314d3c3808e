"""What an answer and a line of the log may say: never what went wrong inside, and never much."""

import asyncio
import json
import logging
from collections import Counter

import pytest
from graphql import GraphQLError
from sqlalchemy.exc import DBAPIError

from api.errors import Conflict, DataError, InvalidInput, MissingData, NotFound, Unavailable
from api.graphql.errors import shown
from api.graphql.execute import Profile
from api.limits import LIMITS, Limits
from api.telemetry import FunctionFormatter, JsonFormatter
from tests.api.browsing import browser
from tests.api.finished import finish_backtest
from tests.api.posting import post
from tests.api.test_bad_documents import DOCUMENTS
from tests.api.test_bad_input import BODIES

MOST_LOG_BYTES = 2_000
SECRETS = [
    "postgresql://parakeet:hunter2@db.example.com/main",
    "SELECT secret FROM account WHERE owner = 'ada'",
    "/var/task/api/adapters/env_secrets.py",
    "AKIAIOSFODNN7EXAMPLE",
    "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhZGEifQ.c2lnbmF0dXJl",
    "-----BEGIN PRIVATE KEY-----",
    "10.0.13.37:5432",
    "arn:aws:secretsmanager:ap-southeast-2:123456789012:secret:edge",
]
KINDS = [
    RuntimeError, ValueError, KeyError, TypeError, OSError, PermissionError, TimeoutError,
    ConnectionResetError, AttributeError, RecursionError, MemoryError, UnicodeError, LookupError,
    ArithmeticError, AssertionError, NotImplementedError, EOFError, StopIteration, SystemError,
    lambda told: DBAPIError(told, {"p": told}, RuntimeError(told)), ImportError, BufferError,
    lambda told: ExceptionGroup(told, [ValueError(told)]), ZeroDivisionError,
    lambda told: GraphQLError("", original_error=RuntimeError(told)),
]  # fmt: skip


class Kept(logging.Handler):
    """Keeps the lines of a function, and of a machine of one's own."""

    def __init__(self):
        super().__init__(logging.INFO)
        self.function, self.own = FunctionFormatter(), JsonFormatter()
        self.lines, self.own_lines = [], []

    def emit(self, record):
        if record.name.startswith("http"):  # the tests' own client
            return
        self.lines.append(self.function.format(record))
        self.own_lines.append(self.own.format(record))


@pytest.fixture
def log():
    kept, logger = Kept(), logging.getLogger()
    level = logger.level
    logger.addHandler(kept)
    logger.setLevel(logging.INFO)
    yield kept
    logger.removeHandler(kept)
    logger.setLevel(level)


def raised(kind, secret):
    """Return an error that was raised, so that it has a traceback with the secret in a frame."""
    try:
        _raise(kind(secret))
    except Exception as error:  # noqa: BLE001
        return error


def _raise(error, levels=80):
    if levels:
        _raise(error, levels - 1)
    raise error


@pytest.mark.parametrize("kind", [DataError, Unavailable])
def test_what_our_own_errors_say_is_for_the_log_alone(log, kind):
    error = GraphQLError("x", path=["a"], original_error=raised(kind, "the queue at 10.0.0.1"))

    assert "10.0.0.1" not in json.dumps(shown([error], "r1"))
    assert "10.0.0.1" in log.lines[0]


@pytest.mark.parametrize("secret", SECRETS)
def test_planted_secrets(log, secret):
    """Eight secrets in 25 kinds of foreign error: none is in an answer, nor in a function's log."""
    assert len(KINDS) == 25
    for kind in KINDS:
        error = GraphQLError("a resolver", path=["a"], original_error=raised(kind, secret))
        answer = shown([error], "r1")

        assert answer[0]["message"] in ("internal error", "temporarily unavailable, try again")
        assert set(answer[0]["extensions"]) == {"code", "requestId"}
        assert secret not in json.dumps(answer)

    assert len(log.lines) == len(KINDS)
    assert [line for line in log.lines if secret in line] == []


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (InvalidInput("first was 0", reason="BAD_PAGE_SIZE"), "BAD_PAGE_SIZE"),
        (NotFound("no such run"), "NOT_FOUND"),
        (Conflict("it has finished"), "CONFLICT"),
        (MissingData("no rate before 1999"), "MISSING_DATA"),
    ],
)
def test_domain_errors_visible(log, error, code):
    (told,) = shown([GraphQLError("x", path=["a"], original_error=error)], "r1")

    assert (told["message"], told["extensions"]["code"]) == (str(error), code)
    assert log.lines == []


def test_a_hundred_faults_are_one_line(log):
    faults = [
        GraphQLError("x", path=["a", n], original_error=raised(RuntimeError, "y" * 9_000))
        for n in range(100)
    ]

    answer = shown(faults, "r1")

    assert len(answer) == LIMITS.errors
    (line,) = log.lines
    assert "100 faults" in line
    assert max(map(len, log.lines + log.own_lines)) <= MOST_LOG_BYTES


async def test_log_bytes_per_request(http, log):
    """Whatever is sent, its request writes at most 2 kB, and nothing of what was sent."""
    sent = [*BODIES.values(), *({"query": document} for document in DOCUMENTS.values())]
    long = "x" * 5_000
    sent.append({"query": f"query {long} {{ helo }}", "operationName": long})
    sent.append({"query": "query Leaky { helo }", "operationName": "Le\naky\x1b[31m"})
    for body in sent:
        log.lines.clear()
        log.own_lines.clear()
        await post(http, body)

        assert sum(len(line.encode()) for line in log.lines) <= MOST_LOG_BYTES
        assert sum(len(line.encode()) for line in log.own_lines) <= MOST_LOG_BYTES
        for text in ("helo", "runBacktest", "environment", "\x1b"):
            assert [line for line in log.lines if text in line] == []


async def test_a_line_says_who_asked_what_and_how_it_went(http, log):
    query = "query Server { server { environment } }"
    await post(http, {"query": query, "operationName": "Server"})
    await post(http, {"query": "query A { a b c }", "operationName": "A"})

    told = [json.loads(line)["message"] for line in log.lines if "graphql" in line]
    words = told[0].split()
    assert words[:2] == ["graphql", "Server"]
    assert len(words[2]) == 16
    assert words[3:5] == ["cost", "1"]
    assert told[0].endswith("ms ok")
    assert told[1].startswith("graphql A - cost 0 ")
    assert told[1].endswith("BAD_REQUEST x3")
    assert json.loads(log.lines[0])["request_id"]


async def test_a_fault_in_a_resolver_is_masked_wherever_it_is(http, app, log, monkeypatch):
    run = await finish_backtest(app)

    async def broken(_key):
        raise RuntimeError(SECRETS[0])

    monkeypatch.setattr(app.store, "get", broken)
    query = "query($id: ID!) { backtest(id: $id) { id equity { dates } drawdown { dates } } }"

    answer = await post(http, {"query": query, "variables": {"id": f"backtest_{run.id}"}})

    assert Counter(error["message"] for error in answer.json()["errors"]) == {"internal error": 2}
    assert SECRETS[0] not in answer.text + "".join(log.lines)
    assert sum(map(len, log.lines)) <= MOST_LOG_BYTES


def within(**limits):
    return {"profile": Profile(limits=Limits(**limits))}


async def test_slow_resolver_times_out(app, built, monkeypatch):
    """The answer says so while its caller still listens, and nothing is kept."""
    run = await finish_backtest(app)
    held = asyncio.Event()

    async def slow(_key):
        await held.wait()

    monkeypatch.setattr(app.store, "get", slow)
    query = "query($id: ID!) { backtest(id: $id) { id equity { dates } } }"
    async with browser(app, built, **within(deadline_seconds=0.05)) as http:
        answer = await post(http, {"query": query, "variables": {"id": f"backtest_{run.id}"}})

    assert answer.status_code == 200
    assert answer.json()["data"] is None
    (error,) = answer.json()["errors"]
    assert error["extensions"]["code"] == "TIMEOUT"
    assert error["extensions"]["requestId"] == answer.headers["x-request-id"]


async def test_an_answer_too_large_to_pass_on_becomes_a_sentence(app, built):
    query = {"query": "{ server { environment version engineVersion schemaHash } }"}
    async with browser(app, built) as http:
        size = len((await post(http, query)).content)
    async with browser(app, built, **within(answer_bytes=size)) as http:
        just = await post(http, query)
    async with browser(app, built, **within(answer_bytes=size - 1)) as http:
        over = await post(http, query)

    assert "errors" not in just.json()
    (error,) = over.json()["errors"]
    assert error["extensions"]["code"] == "LIMIT_EXCEEDED"
    assert "data" not in over.json()
