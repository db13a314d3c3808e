"""What each artefact is made of: what of the repository and the libraries, and what is left out."""

from collections.abc import Set
from dataclasses import dataclass
from pathlib import Path

ABOUT = "potential_parakeet"
OURS = ("api", "models", "engine", "migrations")
# Of the engine only what is plain Python and computed on request.
QUERY = (
    "api", "models", "engine/__init__.py", "engine/errors.py", "engine/overfitting.py",
    "engine/inputs.py", "engine/regime_allocation.py", "engine/scenarios.py", "engine/warmup.py",
)  # fmt: skip
# Sources of extensions, stubs, tests and manuals: no import reads them.
NEVER = (
    "**/*.pyi", "**/*.pyx", "**/*.pxd", "**/*.pxi", "**/*.c", "**/*.h", "**/*.cpp", "**/*.hpp",
    "**/*.md", "**/*.rst", "**/*.exe", "**/py.typed", "**/tests", "bin",
    "*.dist-info/licenses", "*.dist-info/sboms", "*.dist-info/RECORD", "*.dist-info/INSTALLER",
    "*.dist-info/REQUESTED", "*.dist-info/direct_url.json",
)  # fmt: skip
NOT_IN_QUERY = (
    # Entry points and versions of others are looked up nowhere, our own version is.
    "*.dist-info",
    # Its resources are of no use to aioboto3's clients.
    "boto3/data", "boto3/examples",
    # The compiled module is all that cryptography takes from it.
    "cffi", "pycparser", "jsonschema/benchmarks",
    "sqlalchemy/dialects/mssql", "sqlalchemy/dialects/mysql", "sqlalchemy/dialects/oracle",
    "sqlalchemy/dialects/sqlite", "sqlalchemy/testing", "greenlet/platform",
    "pydantic/v1", "pydantic/mypy.py",
    "strawberry/cli", "strawberry/codegen", "strawberry/schema_codegen", "strawberry/django",
    "strawberry/flask", "strawberry/chalice", "strawberry/litestar", "strawberry/sanic",
    "strawberry/channels", "strawberry/quart", "strawberry/static", "strawberry/ext/mypy_plugin.py",
    "aws_lambda_powertools/event_handler", "aws_lambda_powertools/utilities/parser",
    "aws_lambda_powertools/utilities/kafka", "aws_lambda_powertools/utilities/data_classes",
    "aws_lambda_powertools/utilities/data_masking", "aws_lambda_powertools/utilities/idempotency",
    "aws_lambda_powertools/utilities/validation", "aws_lambda_powertools/utilities/streaming",
)  # fmt: skip
WORK_OF_OTHERS = (
    "api/cli", "api/adapters/child_*", "api/adapters/embedded_postgres.py", "api/adapters/sample_*",
    "api/adapters/universes", "api/adapters/universe_lists.py", "api/adapters/listed_files.py",
    "api/adapters/membership_csv.py",
    "api/lambdas/backtest.py", "api/lambdas/ingest.py", "api/lambdas/migrate.py",
    "api/lambdas/sweeper.py",
)  # fmt: skip
# Of the SDK's descriptions those of the services our adapters speak to, and of none in particular.
SERVICES = {"s3", "sqs", "secretsmanager", "sts"}
TRACED = {"xray"}  # asked by the workers' tracer
NOT_IN_WORKER = ("**/test", "sklearn/datasets/images", "plotly/package_data/plotly.min.js")


@dataclass(frozen=True, kw_only=True)
class Artefact:
    """What one kind of function is made of."""

    name: str
    lock: str
    platform: str
    contents: tuple[str, ...]  # of the repository
    pruned: tuple[str, ...]  # of the libraries
    left_out: tuple[str, ...]  # of the contents
    services: Set[str]  # of the SDK
    zipped: bool

    def tree(self, into: Path) -> Path:
        return into / self.name / "tree"

    def zip(self, into: Path) -> Path:
        return into / f"{self.name}.zip"

    def stamp(self, into: Path) -> Path:
        """Return the file that tells what the tree was built from."""
        return into / self.name / "built-from"


def of_query(name: str, machine: str) -> Artefact:
    return Artefact(
        name=f"query-{name}",
        lock="query",
        platform=f"{machine}-manylinux_2_28",
        contents=QUERY,
        pruned=NOT_IN_QUERY,
        left_out=WORK_OF_OTHERS,
        services=SERVICES,
        zipped=True,
    )


WORKER = Artefact(
    name="worker",
    lock="worker",
    platform="aarch64-manylinux_2_28",
    contents=OURS,
    pruned=NOT_IN_WORKER,
    left_out=(),
    services=SERVICES | TRACED,
    zipped=False,
)
ARTEFACTS = {
    made.name: made for made in (of_query("arm64", "aarch64"), of_query("x86_64", "x86_64"), WORKER)
}
