"""What every adapter of the object store does alike."""

import os

import pytest

from api.adapters.local_store import LocalStore
from api.errors import InvalidInput, NotFound, Unavailable
from api.ports import ObjectStore


@pytest.fixture(params=["local"])
def store(request, tmp_path) -> ObjectStore:
    return LocalStore(tmp_path / "objects")


async def test_returns_what_was_put(store):
    await store.put("results/a/1/series.parquet", b"\x00\xff")

    assert await store.get("results/a/1/series.parquet") == b"\x00\xff"


async def test_put_replaces(store):
    await store.put("k", b"long before")
    await store.put("k", b"after")

    assert await store.get("k") == b"after"


async def test_keeps_an_empty_object(store):
    await store.put("k", b"")

    assert await store.get("k") == b""


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


@pytest.mark.parametrize("key", ["", "/etc/passwd", "../x", "a/../../x", "a\x00b"])
async def test_refuses_a_key_that_leads_outside(store, key):
    with pytest.raises(InvalidInput, match="expected a relative path"):
        await store.put(key, b"")
    with pytest.raises(InvalidInput, match="expected a relative path"):
        await store.get(key)


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
