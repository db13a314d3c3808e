"""What the API pays for at start: never the engine's strategies nor the scientific stack."""

import subprocess
import sys

import pytest

HEAVY = {
    "numpy", "scipy", "pandas", "pyarrow", "skfolio", "sklearn", "vectorbt", "hmmlearn",
    "statsmodels", "exchange_calendars", "boto3", "aioboto3", "botocore", "httpx", "yfinance",
    "jsonschema", "strawberry.fastapi", "engine.strategies", "engine.panel",
}  # fmt: skip


@pytest.mark.parametrize(
    "module",
    ["api.http", "api.graphql.schema", "api.services.backtests", "api.services.strategies"],
)
def test_the_api_imports_nothing_heavy(module):
    code = f"import sys, {module}; print(*sys.modules)"

    loaded = subprocess.check_output([sys.executable, "-c", code], text=True).split()

    assert sorted(HEAVY.intersection(loaded)) == []


def test_checking_parameters_needs_no_engine():
    code = (
        "import sys; from api.services.strategies import *;"
        "complete_parameters(require_strategy('momentum'), {'top_n': 5}); print(*sys.modules)"
    )

    loaded = subprocess.check_output([sys.executable, "-c", code], text=True).split()

    assert sorted((HEAVY - {"jsonschema"}).intersection(loaded)) == []
