"""Rules that a CHECK cannot say: transitions of a job, append-only tables, updated_at."""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

STAMPED = ("instrument", "price_bar", "fingerprint")
APPEND_ONLY = ("job_event", "trial", "price_bar_revision", "run_input")

TOUCH = """
CREATE FUNCTION touch_updated_at() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.updated_at := now();
    RETURN NEW;
END $$
"""

REFUSE = """
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'restrict_violation';
END $$
"""

GUARD_JOB = """
CREATE FUNCTION guard_job() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    allowed text[] := CASE OLD.status
        WHEN 'queued' THEN ARRAY['running', 'failed', 'cancelled']
        WHEN 'running' THEN ARRAY['queued', 'succeeded', 'failed', 'cancelled']
        ELSE ARRAY[]::text[]
    END;
BEGIN
    IF NEW.status <> OLD.status AND NEW.status <> ALL (allowed) THEN
        RAISE EXCEPTION 'job %: % never becomes %', OLD.id, OLD.status, NEW.status
            USING ERRCODE = 'check_violation', CONSTRAINT = 'job_transition';
    END IF;
    IF NEW.fence < OLD.fence OR NEW.attempt < OLD.attempt OR NEW.progress < OLD.progress THEN
        RAISE EXCEPTION 'job %: fence, attempt and progress never fall', OLD.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'job_monotone';
    END IF;
    IF OLD.cancel_requested_at IS NOT NULL
        AND (NEW.cancel_requested_at IS NULL OR NEW.status = 'succeeded') THEN
        RAISE EXCEPTION 'job %: a cancel that was asked for is not undone', OLD.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'job_cancel_kept';
    END IF;
    IF (NEW.status <> OLD.status OR NEW.fence <> OLD.fence) AND NEW.events <= OLD.events THEN
        RAISE EXCEPTION 'job %: a change of state without an event', OLD.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'job_event_written';
    END IF;
    RETURN NEW;
END $$
"""


def upgrade() -> None:
    op.execute(TOUCH)
    op.execute(REFUSE)
    op.execute(GUARD_JOB)
    for table in STAMPED:
        op.execute(
            f"CREATE TRIGGER {table}_touched BEFORE UPDATE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION touch_updated_at()"
        )
    for table in APPEND_ONLY:
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        )
        op.execute(
            f"CREATE TRIGGER {table}_not_emptied BEFORE TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
    op.execute(
        "CREATE TRIGGER job_guarded BEFORE UPDATE ON job FOR EACH ROW EXECUTE FUNCTION guard_job()"
    )


def downgrade() -> None:
    op.execute("DROP TRIGGER job_guarded ON job")
    for table in APPEND_ONLY:
        op.execute(f"DROP TRIGGER {table}_not_emptied ON {table}")
        op.execute(f"DROP TRIGGER {table}_append_only ON {table}")
    for table in STAMPED:
        op.execute(f"DROP TRIGGER {table}_touched ON {table}")
    op.execute("DROP FUNCTION guard_job()")
    op.execute("DROP FUNCTION refuse_change()")
    op.execute("DROP FUNCTION touch_updated_at()")
