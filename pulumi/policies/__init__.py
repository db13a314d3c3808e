"""What every stack must keep: pure functions over its resources, tested without Pulumi."""

from collections.abc import Iterator

from policies import identity, plaintext, storage, watching, web, work
from policies.seen import Resources, Rule, Violation, rule

RULES: tuple[Rule, ...] = tuple(
    rule(check)
    for check in (
        identity.no_wildcard_iam,
        identity.no_managed_policies,
        identity.one_service_per_role,
        identity.one_role_per_function,
        storage.no_public_bucket,
        storage.tls_only_bucket,
        storage.encrypted_at_rest,
        storage.versions_in_production,
        storage.nothing_current_expires,
        storage.recoverable_secrets,
        storage.images_stay_what_they_were,
        work.dead_letters_for_every_queue,
        work.standard_queues,
        work.visible_after_six_timeouts,
        work.partial_batches,
        work.functions_as_agreed,
        work.canary_for_every_function,
        work.schedules_by_the_exchanges_clock,
        watching.logs_end,
        watching.alarms_are_heard,
        watching.queues_are_watched,
        watching.functions_are_watched,
        watching.the_product_is_watched,
        watching.money_is_watched,
        watching.everything_is_tagged,
        web.closed_default_endpoint,
        web.exact_origins,
        web.callers_are_checked,
        web.requests_are_bounded,
        web.edge_by_its_host_only,
        web.invoked_by_one_api,
        web.pages_point_at_the_project,
        plaintext.no_plaintext_secret,
        plaintext.secrets_by_name_only,
    )
)


def violations(resources: Resources) -> Iterator[tuple[Rule, Violation]]:
    for kept in RULES:
        yield from ((kept, violation) for violation in kept.check(resources))
