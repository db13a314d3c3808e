"""What every adapter of the object store does alike."""

import os

import pytest

from api.adapters.local_store import LocalStore
from api.adapters.s3_store import S3Store
from api.errors import Conflict, InvalidInput, NotFound, Unavailable
from api.ports import ObjectStore

MIB = 1024 * 1024
WRITTEN_ONCE = "results/a/1/series.parquet"


@pytest.fixture(params=["local", "s3"])
async def store(request, tmp_path, aws, account) -> ObjectStore:
    if request.param == "local":
        return LocalStore(tmp_path / "objects")
    return S3Store(aws, bucket=await account.make_bucket(), multipart_bytes=6 * MIB)


async def test_returns_what_was_put(store):
    await store.put(WRITTEN_ONCE, b"\x00\xff")

    assert await store.get(WRITTEN_ONCE) == b"\x00\xff"


async def test_put_replaces(store):
    await store.put("k", b"long before")
    await store.put("k", b"after")

    assert await store.get("k") == b"after"


async def test_a_result_is_written_once(store):
    await store.put(WRITTEN_ONCE, b"first")

    with pytest.raises(Conflict, match=f"object '{WRITTEN_ONCE}' has other content"):
        await store.put(WRITTEN_ONCE, b"other")

    assert await store.get(WRITTEN_ONCE) == b"first"
    assert list(await store.list("")) == [WRITTEN_ONCE]


async def test_the_same_result_again_is_no_error(store):
    await store.put(WRITTEN_ONCE, b"same")
    await store.put(WRITTEN_ONCE, b"same")

    assert await store.get(WRITTEN_ONCE) == b"same"
    assert list(await store.list("")) == [WRITTEN_ONCE]


async def test_a_removed_result_may_be_written_anew(store):
    await store.put(WRITTEN_ONCE, b"first")
    await store.delete(WRITTEN_ONCE)
    await store.put(WRITTEN_ONCE, b"other")

    assert await store.get(WRITTEN_ONCE) == b"other"


async def test_keeps_an_empty_object(store):
    await store.put("k", b"")

    assert await store.get("k") == b""


@pytest.mark.parametrize("size", [5 * MIB, 6 * MIB, 6 * MIB + 1, 17 * MIB])
async def test_keeps_a_large_object(store, size):
    content = os.urandom(64) * (size // 64) + b"x" * (size % 64)

    await store.put("panels/large", content)

    assert await store.get("panels/large") == content


async def test_a_large_result_is_written_once(store):
    first, other = b"a" * 7 * MIB, b"b" * 7 * MIB
    await store.put(WRITTEN_ONCE, first)
    await store.put(WRITTEN_ONCE, first)

    with pytest.raises(Conflict, match="has other content"):
        await store.put(WRITTEN_ONCE, other)

    assert await store.get(WRITTEN_ONCE) == first


@pytest.mark.parametrize("key", ["nowhere", "results/a", "results"])
async def test_what_is_not_an_object_is_not_found(store, key):
    await store.put("results/a/1/x", b"x")

    with pytest.raises(NotFound, match=f"object '{key}' was not found"):
        await store.get(key)


async def test_lists_keys_by_prefix_in_order(store):
    for key in ("results/b/1/x", "results/a/2/x", "results/a/10/y", "panels/p"):
        await store.put(key, b"")

    assert list(await store.list("results/a/")) == ["results/a/10/y", "results/a/2/x"]
    assert list(await store.list("results/a/1")) == ["results/a/10/y"]
    assert list(await store.list("")) == [
        "panels/p",
        "results/a/10/y",
        "results/a/2/x",
        "results/b/1/x",
    ]
    assert list(await store.list("nothing/")) == []


async def test_delete_is_idempotent(store):
    await store.put("k", b"")

    await store.delete("k")
    await store.delete("k")

    assert list(await store.list("")) == []


@pytest.mark.parametrize(
    "key", ["", "/etc/passwd", "../x", "a/../../x", "a\x00b", "a//b", "a/", "./a", "a/."]
)
async def test_refuses_a_key_that_is_no_plain_path(store, key):
    with pytest.raises(InvalidInput, match="expected a relative path"):
        await store.put(key, b"")
    with pytest.raises(InvalidInput, match="expected a relative path"):
        await store.get(key)
    with pytest.raises(InvalidInput, match="expected a relative path"):
        await store.delete(key)


async def test_refuses_a_key_longer_than_s3_takes(store):
    with pytest.raises(InvalidInput, match="had 1025 bytes, expected at most 1024"):
        await store.put("é" * 512 + "x", b"")


async def test_a_failed_put_leaves_nothing(tmp_path, monkeypatch):
    store = LocalStore(tmp_path)
    await store.put("k", b"whole")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(Unavailable, match="could not be stored: No space left on device"):
        await store.put("k", b"half")

    assert await store.get("k") == b"whole"
    assert [path.name for path in tmp_path.iterdir()] == ["k"]
