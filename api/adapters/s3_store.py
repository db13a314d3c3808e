"""Objects in a bucket of Amazon S3."""

import asyncio
import base64
import hashlib
from collections.abc import Sequence
from contextlib import suppress
from pathlib import PurePosixPath
from typing import Any

from api.adapters.aws import TRIES, Aws, code_of
from api.adapters.object_keys import is_written_once, require_key
from api.errors import AppError, Conflict, NotFound, Unavailable
from api.telemetry import logger

MIB = 1024 * 1024
MULTIPART_BYTES = 16 * MIB
# S3 takes no part but the last below 5 MiB.
PART_BYTES = 8 * MIB
PARTS_AT_ONCE = 4
CONTENT_TYPES = {
    ".csv": "text/csv; charset=utf-8",
    ".gz": "application/gzip",
    ".json": "application/json",
    ".parquet": "application/vnd.apache.parquet",
}
# The object was there before, or an earlier try of this upload was accepted and its reply lost.
NOT_TAKEN = frozenset({"PreconditionFailed", "NoSuchUpload"})

# Our own digest of the whole, among the object's metadata.
DIGEST = "sha256"

Fields = dict[str, Any]
Parts = list[Fields]


class S3Store:
    def __init__(
        self,
        aws: Aws,
        *,
        bucket: str,
        multipart_bytes: int = MULTIPART_BYTES,
        part_bytes: int = PART_BYTES,
    ) -> None:
        self.aws = aws
        self.bucket = bucket
        self.multipart_bytes = multipart_bytes
        self.part_bytes = part_bytes

    async def put(self, key: str, content: bytes) -> None:
        at: Fields = {"Bucket": self.bucket, "Key": require_key(key)}
        put = self._put_parts if len(content) > self.multipart_bytes else self._put_whole
        if not await put(at, content):
            await self._require_same(key, content)

    async def get(self, key: str) -> bytes:
        at = {"Bucket": self.bucket, "Key": require_key(key)}
        try:
            async with self.aws.calling("s3", f"reading object {key!r}") as s3:
                return await _read(s3, at)
        except NotFound as e:
            raise NotFound(f"object {key!r} was not found") from e

    async def list(self, prefix: str) -> Sequence[str]:
        keys: list[str] = []
        async with self.aws.calling("s3", f"listing objects of {prefix!r}") as s3:
            pages = s3.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=prefix)
            async for page in pages:
                keys += [found["Key"] for found in page.get("Contents", [])]
        return keys

    async def delete(self, key: str) -> None:
        async with self.aws.calling("s3", f"removing object {key!r}") as s3:
            await s3.delete_object(Bucket=self.bucket, Key=require_key(key))

    async def _put_whole(self, at: Fields, content: bytes) -> bool:
        """Store the object in one request; False when another is there and must stay."""
        async with self.aws.calling("s3", f"storing object {at['Key']!r}") as s3:
            try:
                await s3.put_object(
                    **at,
                    **described(at["Key"], content),
                    **condition(at["Key"]),
                    **checksum(content),
                    Body=content,
                )
            except s3.exceptions.ClientError as e:
                if code_of(e) not in NOT_TAKEN:
                    raise
                return False
        return True

    async def _put_parts(self, at: Fields, content: bytes) -> bool:
        """Store the object in parts, none of which stays behind when one of them fails."""
        async with self.aws.calling("s3", f"storing object {at['Key']!r} in parts") as s3:
            began = await s3.create_multipart_upload(
                **at, **described(at["Key"], content), ChecksumAlgorithm="SHA256"
            )
            upload = {**at, "UploadId": began["UploadId"]}
            try:
                parts = await self._upload(s3, upload, content)
                await s3.complete_multipart_upload(
                    **upload, **condition(at["Key"]), MultipartUpload={"Parts": parts}
                )
            except BaseException as e:
                await asyncio.shield(self._abort(upload))
                if isinstance(e, s3.exceptions.ClientError) and code_of(e) in NOT_TAKEN:
                    return False
                raise
        return True

    async def _upload(self, s3: Any, upload: Fields, content: bytes) -> Parts:
        turn = asyncio.Semaphore(PARTS_AT_ONCE)

        async def put(number: int, part: bytes) -> Fields:
            hashed = checksum(part)
            async with turn:
                answer = await s3.upload_part(**upload, **hashed, PartNumber=number, Body=part)
            return {"PartNumber": number, "ETag": answer["ETag"], **hashed}

        starts = range(0, len(content), self.part_bytes)
        parts = [content[start : start + self.part_bytes] for start in starts]
        try:
            # When one fails the others end before the upload is given up: none comes after it.
            async with asyncio.TaskGroup() as puts:
                tasks = [puts.create_task(put(n, part)) for n, part in enumerate(parts, start=1)]
        except ExceptionGroup as e:
            raise e.exceptions[0] from None
        return [task.result() for task in tasks]

    async def _abort(self, upload: Fields) -> None:
        """Remove the parts; where that fails too, the bucket's lifecycle does it in a few days."""
        try:
            async with self.aws.calling("s3", f"giving up object {upload['Key']!r}") as s3:
                await s3.abort_multipart_upload(**upload)
        except NotFound:
            pass
        except AppError as e:
            logger.warning("%s; its parts stay", e)

    async def _require_same(self, key: str, content: bytes) -> None:
        try:
            found = await self.get(key)
        except NotFound as e:
            raise Unavailable(f"object {key!r} could not be stored: its upload was lost") from e
        if found != content:
            raise Conflict(f"object {key!r} has other content, and is written once")


async def _read(s3: Any, at: Fields) -> bytes:
    """Read an object; where its bytes come short or altered, read it again. Raises Unavailable."""
    from aiohttp import ClientPayloadError
    from botocore.exceptions import FlexibleChecksumError, IncompleteReadError

    for _ in range(TRIES):
        with suppress(ClientPayloadError, FlexibleChecksumError, IncompleteReadError):
            answer = await s3.get_object(**at, ChecksumMode="ENABLED")
            async with answer["Body"]:
                # What `async with` answers is the bare stream; only the body compares anything.
                content: bytes = await answer["Body"].read()
            found = digest(content)
            if answer["Metadata"].get(DIGEST, found) == found:
                return content
    raise Unavailable(f"object {at['Key']!r} was read {TRIES} times and never whole")


def described(key: str, content: bytes) -> Fields:
    """Return what is kept beside the bytes; S3's own checksum of parts is not of the whole."""
    return {
        "ContentType": CONTENT_TYPES.get(PurePosixPath(key).suffix, "application/octet-stream"),
        "ServerSideEncryption": "AES256",
        "Metadata": {DIGEST: digest(content)},
    }


def condition(key: str) -> Fields:
    return {"IfNoneMatch": "*"} if is_written_once(key) else {}


def checksum(content: bytes) -> Fields:
    return {"ChecksumSHA256": base64.b64encode(hashlib.sha256(content).digest()).decode()}


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
