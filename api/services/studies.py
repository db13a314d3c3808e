"""A stored search as its workers see it: the base run, its axes, and each combination's run."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter
from sqlalchemy.ext.asyncio import AsyncSession

from api.errors import DataError
from api.services.axes import applied, axes_of, longest_warmup
from api.services.backtest_request import BacktestRequest
from api.services.backtests import Content, components_of, run_of
from api.services.content_key import canonical_json, joined_key
from api.services.engine_request import panel_request, request_of, strategy_of
from api.services.panels import PanelRequest
from api.services.run_span import RunSpan, fingerprint, first_year_read, resolve_span
from api.services.short_faults import sells_short
from api.services.strategies import StrategyEntry, require_strategy
from engine.axes import Axis
from engine.backtest import Request
from engine.costs import CostModel
from engine.execution import FillPolicy
from engine.panel import Panel
from models.backtest import Backtest
from models.fingerprints import Digest
from models.job import Job, JobKind
from models.studies import StudyRepository
from models.study import Sweep, WalkForward

REQUESTS = TypeAdapter(BacktestRequest)


@dataclass(frozen=True, kw_only=True)
class Scene:
    """A search, and what every trial of it reads."""

    study: Sweep | WalkForward
    base: BacktestRequest
    entry: StrategyEntry
    span: RunSpan
    axes: list[Axis]

    @property
    def terms(self) -> tuple[CostModel, dict[str, Any]]:
        """Return the costs of the base run, and what else decides how it is simulated."""
        fill = FillPolicy(self.base.fill)
        costs = CostModel(**asdict(self.base.costs))
        terms = {"fill": fill, "whole_shares": self.base.whole_shares, "kind": self.entry.kind}
        return costs, terms | {"shorts": any(map(_borrows, self._ends))}

    @property
    def _ends(self) -> Iterator[Mapping[str, Any]]:
        """Parameters of the base, and with each axis at its ends."""
        yield self.base.parameters
        for axis in self.axes:
            for value in axis.values or (axis.low, axis.high):
                yield {**self.base.parameters, axis.name: value}

    @property
    def panel(self) -> PanelRequest:
        """The market of all trials, with the warm-up of the one that needs most."""
        widest = longest_warmup(self.axes, self.base, self.entry)
        run = self._run(widest, content_key="")  # nothing is drawn from it
        return panel_request(run, warmup=strategy_of(run).warmup)

    def request(self, values: Mapping[str, Any], content_key: str, panel: Panel) -> Request:
        """Return one combination as the engine takes it. Raises InvalidParameters.

        It draws what a backtest of the same content draws.
        """
        run = self._run(applied(self.base, values), content_key)
        return request_of(run, strategy_of(run), panel)

    def _run(self, request: BacktestRequest, content_key: str) -> Backtest:
        study = self.study
        job = Job(
            id=study.job_id,
            owner_id=study.owner_id,
            kind=JobKind.BACKTEST,
            payload={"backtest_id": str(study.id)},
        )
        run = run_of(request, self.entry, self.span, Content(content_key, {}, NO_INPUTS), job)
        run.known_at = study.known_at
        return run


NO_INPUTS = Digest(combined="", inputs=())


def _borrows(parameters: Mapping[str, Any]) -> bool:
    """Tell whether a strategy of these parameters, or the one it wraps, may be short or in debt."""
    given = {**parameters, **parameters.get("primary_parameters", {})}
    return sells_short(parameters) or max(given.get("max_lev", 1), given.get("max_gross", 1)) > 1


async def load_scene(session: AsyncSession, job_id: UUID) -> Scene:
    """Return the search a job is for. Raises what a run of its base is refused for by now."""
    study: Sweep | WalkForward | None = await StudyRepository(session, Sweep).by_job(job_id)
    if study is None:
        study = await StudyRepository(session, WalkForward).by_job(job_id)
    if study is None:
        raise DataError(f"job {job_id} is for no search")
    base = REQUESTS.validate_python(study.base)
    entry = require_strategy(study.strategy_key)
    axes = axes_of(study.axes, entry)
    widest = longest_warmup(axes, base, entry)
    span = await resolve_span(session, widest, entry, owner_id=study.owner_id)
    return Scene(study=study, base=base, entry=entry, span=span, axes=axes)


async def content_keys(
    session: AsyncSession, scene: Scene, combinations: Sequence[Mapping[str, Any]]
) -> list[str]:
    """Return the content key a backtest of each combination has."""
    shared = {
        name: canonical_json(value)
        for name, value in components_of(scene.base, scene.entry, scene.span).items()
    }
    data: dict[tuple[int, tuple[str, ...]], bytes] = {}
    keys = []
    for values in combinations:
        request = applied(scene.base, values)
        year = first_year_read(request.start, scene.entry.warmup(request.parameters))
        read = year, scene.entry.panels_read(request.parameters)
        if read not in data:
            inputs = await fingerprint(session, scene.span, request, scene.entry)
            data[read] = canonical_json(inputs.combined)
        own = {
            "parameters": request.parameters,
            "allocator": request.allocator,
            "constraints": asdict(request.constraints),
            "costs": asdict(request.costs),
        }
        written = {name: canonical_json(value) for name, value in own.items()}
        keys.append(joined_key(shared | written | {"data": data[read]}))
    return keys
