"""One request, one session, one transaction: commit only when nothing failed, then send."""

import asyncio
import time
from collections import Counter
from dataclasses import dataclass
from functools import cache
from typing import Any, Protocol
from uuid import UUID

from graphql import GraphQLError
from strawberry.types import ExecutionResult

from api.graphql.context import Context
from api.graphql.documents import Admitted, Gate, Refused
from api.graphql.errors import DeadlinePassed, shown
from api.graphql.planned import Plans
from api.graphql.request import BadRequest, GraphQLRequest
from api.graphql.schema import schema
from api.graphql.trusted import Trusted
from api.limits import LIMITS, Limits
from api.ports import JobQueue, ObjectStore
from api.services.identity import EXPLORE, OWN_DATA
from api.services.jobs import dispatch
from api.settings import Settings
from api.telemetry import Metric, logger, meter
from models.edge_nonces import EdgeNonceRepository
from models.ownership import sessions_of
from models.session import SessionFactory

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


@dataclass(frozen=True, kw_only=True)
class Profile:
    """How the API is open: as here wherever it is served, otherwise where it is audited."""

    introspection: bool = True  # for who may explore
    queries_by_get: bool = False
    limits: Limits = LIMITS


PROFILE = Profile()
PLANS = Plans(schema._schema)


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
    profile: Profile = PROFILE,
) -> Answer:
    """Execute an admitted document in one transaction; commit, then send, if nothing failed.

    A nonce is used up by what is written with it. Raises BadRequest when the operation cannot
    be told or is not taken here, Replayed when the nonce was used.
    """
    started = time.monotonic()
    try:
        admitted = _admitted(request, scopes, profile)
    except Refused as e:
        told = Answer(_body({"errors": shown(e.errors, request_id)}, e.cost), executed=False)
        _log(request, None, told, time.monotonic() - started)
        return told
    sessions = sessions_of(app.sessions, viewer_id)
    async with sessions() as session:
        context = Context(
            session,
            viewer_id=viewer_id,
            scopes=scopes,
            settings=app.settings,
            store=app.store,
            reads_only=admitted.reads_only,
            document=admitted.document,
        )
        if nonce is not None and not admitted.reads_only:
            await _use(nonce, context)
        result = await _executed(request, admitted, context, profile.limits)
        # What was only read ends with the session.
        if session.in_transaction() and (result.errors or not admitted.reads_only):
            # Through the gate: past the deadline a loader's batch may still be at the session.
            async with context.session() as held:
                await (held.rollback() if result.errors else held.commit())
    if context.job_ids and not result.errors:
        meter.add(Metric.JOBS_SUBMITTED, len(context.job_ids))
        await dispatch(context.job_ids, sessions, app.queue)
    told = _told(result, context, request_id, admitted.cost)
    _log(request, admitted, told, time.monotonic() - started)
    return told


@cache
def gate(limits: Limits) -> Gate:
    """Return the process's gate with these limits, which keeps what it has admitted."""
    return Gate(schema._schema, limits, Trusted())


def _admitted(request: GraphQLRequest, scopes: frozenset[str], profile: Profile) -> Admitted:
    explores = EXPLORE in scopes
    introspects = explores and profile.introspection
    admitted = gate(profile.limits).admit(request, explores=explores, introspects=introspects)
    if request.by_get and not admitted.reads_only:
        raise BadRequest("a mutation was sent by GET; send POST", status=405)
    return admitted


async def _use(nonce: UUID, context: Context) -> None:
    async with context.session() as session:
        if not await EdgeNonceRepository(session).use(nonce):
            raise Replayed("this request was made already")


async def _executed(
    request: GraphQLRequest, admitted: Admitted, context: Context, limits: Limits
) -> ExecutionResult:
    try:
        async with asyncio.timeout(limits.deadline_seconds):
            data = await PLANS.answer(admitted, request.variables, context)
            if data is not None:
                return ExecutionResult(data=data, errors=None)
            return await schema.execute(
                admitted.text,
                variable_values=request.variables,
                operation_name=request.operation_name,
                context_value=context,
            )
    except TimeoutError:
        error = GraphQLError("the deadline has passed", original_error=DeadlinePassed())
        return ExecutionResult(data=None, errors=[error])


def _told(result: ExecutionResult, context: Context, request_id: str, cost: int) -> Answer:
    if not result.errors:
        return Answer(_body({"data": result.data}, cost), executed=True)
    errors = shown(result.errors, request_id)
    # Variables are read before anything is executed: GraphQL over HTTP wants no `data` then.
    if result.data is None and not any(map(_in_execution, result.errors)):
        return Answer(_body({"errors": errors}, cost), executed=False)
    # A write that was rolled back is not shown as if it had been kept.
    data = None if context.wrote else result.data
    return Answer(_body({"errors": errors, "data": data}, cost), executed=True)


def _in_execution(error: GraphQLError) -> bool:
    return bool(error.path) or isinstance(error.original_error, DeadlinePassed)


def _body(told: dict[str, Any], cost: int | None) -> dict[str, Any]:
    return told if cost is None else told | {"extensions": {"cost": cost}}


def _log(request: GraphQLRequest, admitted: Admitted | None, told: Answer, seconds: float) -> None:
    """One short line: never a document, a variable or a value."""
    name = "".join(c for c in request.operation_name or "-" if c.isprintable())[:LONGEST_NAME]
    codes = Counter(error["extensions"]["code"] for error in told.body.get("errors", ()))
    logger.info(
        "graphql %s %s cost %s %.0f ms %s",
        name,
        admitted.digest[:16] if admitted else "-",
        told.body.get("extensions", {}).get("cost", "-"),
        1000 * seconds,
        ", ".join(f"{code} x{count}" for code, count in codes.items()) or "ok",
    )
