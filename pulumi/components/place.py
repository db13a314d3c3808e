"""Where a stack stands: what every component's names and tags are made of."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Place:
    """One stack in one account and region; no two stacks share a name in it."""

    stack: str
    account_id: str
    region: str
    log_retention_days: int

    @property
    def production(self) -> bool:
        """Whether what is lost here is lost to the people who use it."""
        return self.stack == "prod"

    def name(self, part: str) -> str:
        return f"parakeet-{self.stack}-{part}"

    def tags(self, component: str) -> dict[str, str]:
        return {"project": "potential-parakeet", "stack": self.stack, "component": component}

    @property
    def boundary(self) -> str:
        """Name the policy beyond which no role of the stack can be given anything.

        It is made with the role that deploys (docs/operations/bootstrap.yaml), which may make
        roles within it only: else who may make a role for a function may make himself anything.
        """
        return f"arn:aws:iam::{self.account_id}:policy/{self.name('boundary')}"

    def arn(self, service: str, resource: str) -> str:
        """Name a resource that does not exist yet, or that the deployment does not make."""
        return f"arn:aws:{service}:{self.region}:{self.account_id}:{resource}"
