"""What a stack costs in a month: its settings, times the assumptions and prices of prices.toml."""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PRICES = Path(__file__).with_name("prices.toml")
HOURS = 730
MINUTES = HOURS * 60
SECONDS = MINUTES * 60
MILLION = 1_000_000
GB = 1e9
# Lambda polls a queue from five places at first, and each waits twenty seconds for a message.
POLLS_PER_MINUTE = 5 * 3
# X-Ray records the first request of each second and one in twenty of the others.
SAMPLED = 0.05
# What a job sends, receives and deletes, and what reads or writes its objects besides.
MESSAGES_PER_JOB = 3
READS_PER_OBJECT = 2


@dataclass(frozen=True, kw_only=True)
class Shape:
    """What of a stack its bill depends on."""

    memory_mb: Mapping[str, int]
    provisioned: int
    polled_queues: int
    schedules_per_minute: int
    alarm_metrics: int
    secrets: int
    dashboards: int
    keys: int
    retention_days: int


@dataclass(frozen=True, kw_only=True)
class Line:
    service: str
    what: str
    price: str
    quantity: float


class Book:
    """The prices and assumptions of one file."""

    def __init__(self, text: str) -> None:
        self._read: dict[str, Any] = tomllib.loads(text)
        self.assumptions: dict[str, Any] = self._read["assumptions"]
        self.prices: dict[str, dict[str, Any]] = self._read["price"]
        self.date, self.region = self._read["date"], self._read["region"]

    def usd(self, line: Line) -> float:
        price = self.prices[line.price]
        charged = max(line.quantity - price.get("included", 0), 0)
        return float(charged * price["usd"])

    def total(self, lines: Iterable[Line]) -> float:
        return sum(self.usd(line) for line in lines)


def lines(shape: Shape, book: Book, requests: int) -> list[Line]:
    """Return the month's lines; free allowances of an AWS account are left out."""
    jobs = requests * book.assumptions["backtests_per_1000_requests"] / 1000
    return [
        *_functions(shape, book, requests, jobs),
        *_traffic(shape, book, requests, jobs),
        *_storage(shape, book, requests, jobs),
        *_watching(shape, book, requests, jobs),
        *_elsewhere(book, requests),
    ]


def _functions(shape: Shape, book: Book, requests: int, jobs: float) -> list[Line]:
    given = book.assumptions
    sweeps = shape.schedules_per_minute * MINUTES
    gb = {name: memory / 1024 for name, memory in shape.memory_mb.items()}
    seconds = {
        "query": requests * given["query_ms"] / 1000,
        "backtest": jobs * given["backtest_seconds"],
        "ingest": given["ingests"] * given["ingest_seconds"],
        "sweeper": sweeps * given["sweep_ms"] / 1000,
    }
    computed = [
        _line("Lambda", f"{name}, {shape.memory_mb[name]} MB", "lambda-gb-second-arm", used)
        for name, used in ((name, seconds[name] * gb[name]) for name in seconds)
    ]
    invocations = requests + jobs + given["ingests"] + sweeps
    kept_warm = shape.provisioned * gb["query"] * SECONDS
    return [
        *computed,
        _line("Lambda", "invocations", "lambda-request", invocations),
        _line(
            "Lambda",
            f"query, {shape.provisioned} provisioned",
            "lambda-provisioned-gb-second-arm",
            kept_warm,
        ),
    ]


def _traffic(shape: Shape, book: Book, requests: int, jobs: float) -> list[Line]:
    given = book.assumptions
    polls = shape.polled_queues * POLLS_PER_MINUTE * MINUTES
    messages = MESSAGES_PER_JOB * (jobs + given["ingests"])
    sweeps = shape.schedules_per_minute * MINUTES
    return [
        _line("API Gateway", "HTTP API requests", "http-api-request", requests),
        _line("Data transfer", "answers", "data-out-gb", requests * given["answer_bytes"] / GB),
        _line("SQS", "polls and messages", "sqs-request", polls + messages),
        _line("Scheduler", "invocations", "schedule-invocation", sweeps + given["ingests"]),
    ]


def _storage(shape: Shape, book: Book, requests: int, jobs: float) -> list[Line]:
    given = book.assumptions
    kept = jobs * given["months_of_results_kept"] * given["megabytes_per_backtest"] / 1000
    objects = jobs * given["objects_per_backtest"]
    reads = requests * given["secret_reads_per_request"]
    return [
        _line("S3", "results", "s3-gb-month", kept),
        _line("S3", "writes", "s3-put", objects),
        _line("S3", "reads", "s3-get", objects * READS_PER_OBJECT),
        _line("Secrets Manager", "secrets", "secret-month", shape.secrets),
        _line("Secrets Manager", "reads", "secret-read", reads),
        _line("KMS", "keys, the stack's and Pulumi's", "kms-key-month", shape.keys + 1),
        _line("ECR", "images", "ecr-gb-month", given["registry_gb"]),
    ]


def _watching(shape: Shape, book: Book, requests: int, jobs: float) -> list[Line]:
    given = book.assumptions
    sweeps = shape.schedules_per_minute * MINUTES
    logged = requests * given["log_bytes_per_request"] / GB
    logged += (jobs + given["ingests"] + sweeps) * given["log_bytes_per_job"] / GB
    kept = logged * shape.retention_days * 24 / HOURS
    first = min(requests, SECONDS)
    traced = first + SAMPLED * (requests - first) + jobs + sweeps
    return [
        _line("CloudWatch", "logs in", "logs-gb-in", logged),
        _line("CloudWatch", f"logs kept {shape.retention_days} days", "logs-gb-month", kept),
        _line("CloudWatch", "metrics", "metric-month", given["custom_metrics"]),
        _line("CloudWatch", "alarms' metrics", "alarm-metric-month", shape.alarm_metrics),
        _line("CloudWatch", "dashboards", "dashboard-month", shape.dashboards),
        _line("X-Ray", "traces", "trace", traced),
    ]


def _elsewhere(book: Book, requests: int) -> list[Line]:
    given = book.assumptions
    units = given["database_cu"]
    compute = max(units["least"], units["per_million_requests"] * requests / MILLION)
    return [
        _line("Neon", f"{compute:g} CU all month", "neon-cu-hour", compute * HOURS),
        _line("Neon", "storage", "neon-gb-month", given["database_gb"]),
        _line("Cloudflare", "Workers Paid", "workers-plan-month", 1),
        _line("Cloudflare", "Worker requests", "workers-request", requests),
        _line("Cloudflare", "Worker CPU", "workers-cpu-ms", requests * given["edge_cpu_ms"]),
        _line("Cloudflare", "Pages, static files", "pages", requests),
    ]


def _line(service: str, what: str, price: str, quantity: float) -> Line:
    return Line(service=service, what=what, price=price, quantity=quantity)


HEAD = """\
# What a month costs

Written by `make costs` from the settings of the stacks, the assumptions and the prices below; do
not edit. US dollars, without tax and without the free allowances of an AWS account.

* The production stack at 1 million requests: **{once:.2f}**, at 10 million: **{tenfold:.2f}**.
* A development stack that nobody uses: **{idle:.2f}**.

| service | what | 1 M requests | USD | 10 M requests | USD |
| --- | --- | ---: | ---: | ---: | ---: |
{rows}
| **total** | | | **{once:.2f}** | | **{tenfold:.2f}** |

## Assumed

| assumption | value |
| --- | ---: |
{assumed}

## Prices

In {region}, on {date}. Seen: the figure stood in a stored copy of a public page on that day. Not
seen: it was recalled, so look at the source before you rely on it.

| price | USD | seen | source |
| --- | ---: | --- | --- |
{priced}
"""


def sheet(production: Shape, development: Shape, book: Book) -> str:
    """Write docs/operations/costs.md."""
    once, tenfold = (lines(production, book, n * MILLION) for n in (1, 10))
    return HEAD.format(
        once=book.total(once),
        tenfold=book.total(tenfold),
        idle=book.total(lines(development, book, 0)),
        rows="\n".join(_row(book, *pair) for pair in zip(once, tenfold, strict=True)),
        assumed="\n".join(f"| `{name}` | {_shown(v)} |" for name, v in book.assumptions.items()),
        region=book.region,
        date=book.date,
        priced="\n".join(_priced(name, price) for name, price in book.prices.items()),
    )


def _row(book: Book, once: Line, tenfold: Line) -> str:
    unit = book.prices[once.price]["unit"]
    label = once.what if once.what == tenfold.what else f"{once.what}; {tenfold.what}"
    return (
        f"| {once.service} | {label} | {once.quantity:,.0f} {unit} | {book.usd(once):.2f} "
        f"| {tenfold.quantity:,.0f} {unit} | {book.usd(tenfold):.2f} |"
    )


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {entry}" for key, entry in value.items())
    return str(value)


def _priced(name: str, price: Mapping[str, Any]) -> str:
    usd = f"{price['usd']:.12f}".rstrip("0").rstrip(".")
    seen = "yes" if price["seen"] else "**no**"
    return f"| `{name}` | {usd} per {price['unit']} | {seen} | <{price['source']}> |"
