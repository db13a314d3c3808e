"""Whoever wires pays for what it needs: no scientific stack, no cloud SDK."""

import subprocess
import sys

import pytest

HEAVY = {"numpy", "pandas", "scipy", "pyarrow", "boto3", "aioboto3", "botocore", "skfolio"}


@pytest.mark.parametrize(
    "module", ["api.wiring", "api.cli", "api.cli.serve", "api.container", "api.settings"]
)
def test_imports_nothing_heavy(module):
    code = f"import sys, {module}; print(*sys.modules)"

    loaded = subprocess.check_output([sys.executable, "-c", code], text=True).split()

    assert HEAVY.isdisjoint(loaded)
