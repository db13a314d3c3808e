"""The store in S3: what it writes beside the bytes, and what goes wrong between us and it."""

import asyncio
import hashlib
from base64 import b64encode

import pytest

from api.adapters.aws import TRIES, Aws
from api.adapters.s3_store import MULTIPART_BYTES, PART_BYTES, S3Store
from api.errors import Conflict, NotFound, ServerError, Unavailable
from tests.aws.relay import (
    answering,
    flipping_a_bit,
    losing_the_reply,
    s3,
    truncating,
)
from tests.emulator import PAGE_KEYS

MIB = 1024 * 1024
KEY = "results/a/1/series.parquet"
LARGE = bytes(range(256)) * (11 * MIB // 256) + b"the end"


@pytest.fixture
async def bucket(account):
    return await account.make_bucket()


@pytest.fixture
async def store(relay, bucket, aws_at):
    """A store whose calls pass the relay, and which takes 5 MiB for large."""
    aws_at(relay.url)
    aws = Aws()
    yield S3Store(aws, bucket=bucket, multipart_bytes=5 * MIB, part_bytes=5 * MIB)
    await aws.close()


@pytest.fixture
def look(account, bucket):
    async def head(key):
        return await account.s3.head_object(Bucket=bucket, Key=key, ChecksumMode="ENABLED")

    return head


@pytest.fixture
def uploads(account, bucket):
    """The uploads that were begun and neither completed nor given up."""

    async def listed():
        answer = await account.s3.list_multipart_uploads(Bucket=bucket)
        return answer.get("Uploads", [])

    return listed


def checksum(content):
    return b64encode(hashlib.sha256(content).digest()).decode()


def once(spoil):
    """Spoil the first matching call only."""
    tries = 0

    async def first(call, forward):
        nonlocal tries
        tries += 1
        return await (spoil(call, forward) if tries == 1 else forward())

    return first


async def drop(_call, _forward):
    return None


@pytest.mark.parametrize(
    ("key", "content_type"),
    [
        (KEY, "application/vnd.apache.parquet"),
        ("results/a/1/orders.csv", "text/csv; charset=utf-8"),
        ("results/a/1/orders.columns.gz", "application/gzip"),
        ("results/a/1/report.json", "application/json"),
        ("panels/p", "application/octet-stream"),
    ],
)
async def test_an_object_is_encrypted_checked_and_named_by_its_kind(
    store, look, relay, key, content_type
):
    await store.put(key, b"bytes")

    found = await look(key)
    sent = relay.seen[0].headers
    assert found["ContentType"] == content_type
    assert found["ServerSideEncryption"] == "AES256"
    assert found["Metadata"] == {"sha256": hashlib.sha256(b"bytes").hexdigest()}
    assert sent["x-amz-server-side-encryption"] == "AES256"
    assert sent["x-amz-checksum-sha256"] == checksum(b"bytes")


async def test_a_small_object_takes_one_request(store, relay):
    await store.put(KEY, b"x" * 5 * MIB)

    assert [(call.method, call.path.partition("?")[2]) for call in relay.seen] == [("PUT", "")]


async def test_a_large_object_is_stored_in_checked_parts(store, look, relay, uploads):
    await store.put(KEY, LARGE)

    puts = [call for call in relay.seen if call.method == "PUT"]
    begun = next(call for call in relay.seen if call.path.endswith("uploads"))
    assert sorted(len(call.body) for call in puts) == [MIB + 7, 5 * MIB, 5 * MIB]
    assert {call.headers["x-amz-checksum-sha256"] for call in puts} == {
        checksum(LARGE[start : start + 5 * MIB]) for start in (0, 5 * MIB, 10 * MIB)
    }
    assert begun.headers["x-amz-server-side-encryption"] == "AES256"
    assert begun.headers["x-amz-checksum-algorithm"] == "SHA256"
    assert (await look(KEY))["ContentType"] == "application/vnd.apache.parquet"
    assert await store.get(KEY) == LARGE
    assert await uploads() == []


def test_what_s3_demands_of_parts():
    assert (MULTIPART_BYTES, PART_BYTES) == (16 * MIB, 8 * MIB)


async def test_only_results_are_written_on_condition(store, relay):
    await store.put(KEY, b"x")
    await store.put("panels/p", b"x")
    await store.put("results/a/1/large", LARGE)

    conditions = [
        (call.method, call.headers.get("if-none-match"))
        for call in relay.seen
        if "partNumber" not in call.path and not call.path.endswith("uploads")
    ]
    assert conditions == [("PUT", "*"), ("PUT", None), ("POST", "*")]


@pytest.mark.parametrize("content", [b"small", LARGE])
async def test_a_reply_lost_after_the_object_was_taken_is_no_conflict(store, relay, content):
    method = "PUT" if content == b"small" else "POST"
    with relay.spoiling(s3(method, KEY), once(losing_the_reply)):
        await store.put(KEY, content)

    assert await store.get(KEY) == content


async def test_a_completion_whose_reply_was_lost_is_no_error(store, relay, uploads):
    lose = once(losing_the_reply)

    async def at_completion(call, forward):
        return await (lose(call, forward) if "uploadId" in call.path else forward())

    with relay.spoiling(s3("POST", KEY), at_completion):
        await store.put(KEY, LARGE)

    assert await store.get(KEY) == LARGE
    assert await uploads() == []


async def test_a_large_result_of_another_is_a_conflict_and_leaves_no_parts(store, uploads):
    await store.put(KEY, b"first")

    with pytest.raises(Conflict, match=f"object '{KEY}' has other content"):
        await store.put(KEY, LARGE)

    assert await store.get(KEY) == b"first"
    assert await uploads() == []


@pytest.mark.parametrize(
    "spoil", [answering(500), answering(503, "SlowDown"), drop], ids=["500", "503", "dropped"]
)
async def test_a_passing_error_is_tried_again(store, relay, spoil):
    with relay.spoiling(s3("PUT", KEY), once(spoil)):
        await store.put(KEY, b"x")
    with relay.spoiling(s3("GET", KEY), once(spoil)):
        content = await store.get(KEY)

    assert content == b"x"


@pytest.mark.parametrize(
    ("spoil", "message", "times"),
    [
        (answering(500), r"AWS is busy \(InternalError\)", TRIES),
        (answering(503, "SlowDown"), r"AWS is busy \(SlowDown\)", TRIES),
        (drop, "AWS did not answer", 2 * TRIES),  # the HTTP client tries a lost one again itself
    ],
    ids=["500", "503", "dropped"],
)
@pytest.mark.parametrize("method", ["put", "get", "list", "delete"])
async def test_tries_are_bounded_and_end_in_unavailable(
    store, relay, spoil, message, times, method
):
    call = {
        "put": lambda: store.put(KEY, b"x"),
        "get": lambda: store.get(KEY),
        "list": lambda: store.list("results/"),
        "delete": lambda: store.delete(KEY),
    }[method]

    with (
        relay.spoiling(lambda _: True, spoil),
        pytest.raises(Unavailable, match=message),
    ):
        await call()

    assert len(relay.seen) == times


@pytest.mark.parametrize("spoil", [truncating, flipping_a_bit])
async def test_half_or_altered_bytes_are_read_again(store, relay, spoil):
    await store.put(KEY, b"0123456789" * 100)

    with relay.spoiling(s3("GET", KEY), once(spoil)):
        content = await store.get(KEY)

    assert content == b"0123456789" * 100


@pytest.mark.parametrize("spoil", [truncating, flipping_a_bit])
@pytest.mark.parametrize("content", [b"0123456789" * 100, LARGE])
async def test_half_or_altered_bytes_are_never_returned(store, relay, spoil, content):
    await store.put(KEY, content)

    with (
        relay.spoiling(s3("GET", KEY), spoil),
        pytest.raises(Unavailable, match=f"object '{KEY}' was read 3 times and never whole"),
    ):
        await store.get(KEY)


@pytest.mark.parametrize("part", ["partNumber=2", "uploadId"])
async def test_an_upload_that_fails_leaves_no_parts(store, relay, uploads, part):
    method = "PUT" if part == "partNumber=2" else "POST"
    with (
        relay.spoiling(s3(method, part), answering(500)),
        pytest.raises(Unavailable, match="in parts: AWS is busy"),
    ):
        await store.put(KEY, LARGE)

    assert await uploads() == []
    with pytest.raises(NotFound):
        await store.get(KEY)


async def test_an_upload_whose_worker_stops_leaves_no_parts(store, relay, uploads):
    begun = asyncio.Event()

    async def stuck(_call, _forward):
        begun.set()
        await asyncio.Event().wait()

    with relay.spoiling(s3("PUT", "partNumber=2"), stuck):
        putting = asyncio.create_task(store.put(KEY, LARGE))
        await begun.wait()
        putting.cancel()
        await asyncio.wait([putting])

    assert putting.cancelled()
    assert await uploads() == []


async def test_an_upload_that_cannot_even_be_given_up_says_why_it_failed(store, relay):
    with (
        relay.spoiling(s3("PUT", "partNumber=2"), answering(403, "AccessDenied")),
        relay.spoiling(s3("DELETE", "uploadId"), answering(500)),
        pytest.raises(ServerError, match=r"in parts: AWS refused \(AccessDenied\)"),
    ):
        await store.put(KEY, LARGE)


@pytest.mark.parametrize("method", ["put", "get", "list", "delete"])
async def test_a_refusal_is_not_tried_again(store, relay, method):
    call = {
        "put": lambda: store.put(KEY, b"x"),
        "get": lambda: store.get(KEY),
        "list": lambda: store.list("results/"),
        "delete": lambda: store.delete(KEY),
    }[method]

    with (
        relay.spoiling(lambda _: True, answering(403, "AccessDenied")),
        pytest.raises(ServerError, match=r"AWS refused \(AccessDenied\)") as refused,
    ):
        await call()

    assert refused.value.retryable is False
    assert len(relay.seen) == 1


async def test_a_bucket_that_is_not_there_is_no_object_that_is_not_there(store):
    store.bucket = "nowhere"

    with pytest.raises(ServerError, match=r"AWS refused \(NoSuchBucket\)"):
        await store.get(KEY)


async def test_lists_beyond_one_page(store, account, bucket, relay):
    keys = [f"results/a/1/{n:03}" for n in range(2 * PAGE_KEYS + 1)]
    for key in keys:
        await account.s3.put_object(Bucket=bucket, Key=key)

    assert list(await store.list("results/a/")) == keys
    assert len(relay.seen) == 3


async def test_one_client_serves_everybody(store, relay):
    await asyncio.gather(*(store.put(f"panels/{n}", b"x") for n in range(8)))

    assert list(store.aws._clients) == ["s3"]
