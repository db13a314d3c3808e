"""The entry Pulumi runs with `--policy-pack pulumi/policy`: every rule stops a deployment."""

import sys
from pathlib import Path

from pulumi_policy import EnforcementLevel, PolicyPack

sys.path.insert(0, str(Path(__file__).parents[1]))

from wrapped import wrapped_rules

PolicyPack(
    name="potential-parakeet",
    policies=wrapped_rules(),
    enforcement_level=EnforcementLevel.MANDATORY,
)
