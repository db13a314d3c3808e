-- The roles of a deployment's database. Run it as the role that will run the migrations, at the
-- direct address, before the first migration. It may be run again.

DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'parakeet_api') THEN
        CREATE ROLE parakeet_api LOGIN;
    END IF;
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'parakeet_worker') THEN
        -- A worker serves every owner, so the policies of the tables do not hold it.
        CREATE ROLE parakeet_worker LOGIN BYPASSRLS;
    END IF;
END
$$;

-- On the roles, because a pooler ignores what a connection asks for.
ALTER ROLE parakeet_api SET statement_timeout = '5s';
ALTER ROLE parakeet_api SET lock_timeout = '1s';
ALTER ROLE parakeet_api SET idle_in_transaction_session_timeout = '10s';
ALTER ROLE parakeet_worker SET statement_timeout = '60s';
ALTER ROLE parakeet_worker SET lock_timeout = '1s';
ALTER ROLE parakeet_worker SET idle_in_transaction_session_timeout = '60s';

GRANT USAGE ON SCHEMA public TO parakeet_api, parakeet_worker;

-- What there is already. The API deletes nothing.
GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA public TO parakeet_api;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO parakeet_worker;
GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO parakeet_api, parakeet_worker;

-- Which revision the database is at, only the migrations may say; as Alembic would make it.
CREATE TABLE IF NOT EXISTS alembic_version (
    version_num varchar(32) NOT NULL CONSTRAINT alembic_version_pkc PRIMARY KEY
);
REVOKE ALL ON alembic_version FROM parakeet_api, parakeet_worker;
GRANT SELECT ON alembic_version TO parakeet_api, parakeet_worker;

-- What the migrations will make.
ALTER DEFAULT PRIVILEGES IN SCHEMA public
    GRANT SELECT, INSERT, UPDATE ON TABLES TO parakeet_api;
ALTER DEFAULT PRIVILEGES IN SCHEMA public
    GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO parakeet_worker;
ALTER DEFAULT PRIVILEGES IN SCHEMA public
    GRANT USAGE, SELECT ON SEQUENCES TO parakeet_api, parakeet_worker;
