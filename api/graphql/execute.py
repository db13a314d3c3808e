"""One request, one session, one transaction: commit only when nothing failed, then send."""

import asyncio
import time
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

from graphql import GraphQLError, OperationDefinitionNode
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.types import ExecutionResult
from strawberry.types.graphql import OperationType

from api.graphql.context import Context
from api.graphql.documents import parsed
from api.graphql.errors import DeadlinePassed, shown
from api.graphql.request import BadRequest, GraphQLRequest
from api.graphql.schema import schema
from api.ports import JobQueue, ObjectStore
from api.services.identity import OWN_DATA
from api.services.jobs import dispatch
from api.settings import Settings
from api.telemetry import Metric, logger, meter
from models.edge_nonces import EdgeNonceRepository
from models.ownership import sessions_of
from models.session import SessionFactory

DEADLINE_SECONDS = 20.0
LONGEST_NAME = 64


class Parts(Protocol):
    """What an application lends to a request."""

    @property
    def settings(self) -> Settings: ...
    @property
    def sessions(self) -> SessionFactory: ...
    @property
    def store(self) -> ObjectStore: ...
    @property
    def queue(self) -> JobQueue: ...


@dataclass(frozen=True)
class Answer:
    """The body to send; `executed` is false when the request was refused before execution."""

    body: dict[str, Any]
    executed: bool


class Replayed(Exception):
    """A signed request that wrote was made a second time."""


async def answer(
    request: GraphQLRequest,
    app: Parts,
    *,
    viewer_id: UUID,
    scopes: frozenset[str] = OWN_DATA,
    request_id: str,
    nonce: UUID | None = None,
) -> Answer:
    """Execute in one transaction; commit, then send the jobs, only when nothing failed.

    A nonce is used up by what is written with it. Raises BadRequest when the operation cannot
    be told, Replayed when the nonce was used.
    """
    reads_only = _reads_only(request)
    started = time.monotonic()
    sessions = sessions_of(app.sessions, viewer_id)
    async with sessions() as session:
        context = Context(
            session,
            viewer_id=viewer_id,
            scopes=scopes,
            settings=app.settings,
            store=app.store,
            reads_only=reads_only,
        )
        if nonce is not None and not reads_only:
            await _use(nonce, context)
        result = await _executed(request, context)
        if session.in_transaction():
            # Through the gate: past the deadline a loader's batch may still be at the session.
            async with context.session() as held:
                await (held.rollback() if result.errors else held.commit())
    if context.job_ids and not result.errors:
        meter.add(Metric.JOBS_SUBMITTED, len(context.job_ids))
        await dispatch(context.job_ids, sessions, app.queue)
    told = _told(result, context, request_id)
    _log(request, told, time.monotonic() - started)
    return told


async def _use(nonce: UUID, context: Context) -> None:
    async with context.session() as session:
        if not await EdgeNonceRepository(session).use(nonce):
            raise Replayed("this request was made already")


async def _executed(request: GraphQLRequest, context: Context) -> ExecutionResult:
    try:
        async with asyncio.timeout(DEADLINE_SECONDS):
            return await schema.execute(
                request.query,
                variable_values=request.variables,
                operation_name=request.operation_name,
                context_value=context,
                allowed_operation_types=(OperationType.QUERY, OperationType.MUTATION),
            )
    except TimeoutError:
        error = GraphQLError("the deadline has passed", original_error=DeadlinePassed())
        return ExecutionResult(data=None, errors=[error])
    except (CannotGetOperationTypeError, InvalidOperationTypeError) as e:
        raise BadRequest("the document has no query or mutation of this name") from e


def _told(result: ExecutionResult, context: Context, request_id: str) -> Answer:
    if not result.errors:
        return Answer({"data": result.data}, executed=True)
    errors = shown(result.errors, request_id)
    # Before execution no error has a path; GraphQL over HTTP wants no `data` then.
    if result.data is None and not any(error.path for error in result.errors):
        return Answer({"errors": errors}, executed=False)
    # A write that was rolled back is not shown as if it had been kept.
    return Answer({"errors": errors, "data": None if context.wrote else result.data}, executed=True)


def _reads_only(request: GraphQLRequest) -> bool:
    """Tell whether the document holds queries alone.

    Raises BadRequest for several operations and no name: running the first would be a guess.
    """
    try:
        document = parsed(request.query)
    except GraphQLError:
        return True  # the schema says what is wrong with it
    operations = [
        node for node in document.definitions if isinstance(node, OperationDefinitionNode)
    ]
    if len(operations) > 1 and request.operation_name is None:
        raise BadRequest("the document has several operations; name one by operationName")
    return all(node.operation.value == "query" for node in operations)


def _log(request: GraphQLRequest, told: Answer, seconds: float) -> None:
    """One short line: never a document, a variable or a value."""
    name = "".join(c for c in request.operation_name or "-" if c.isprintable())[:LONGEST_NAME]
    codes = [error["extensions"]["code"] for error in told.body.get("errors", ())]
    logger.info("graphql %s %.0f ms %s", name, 1000 * seconds, ",".join(codes) or "ok")
