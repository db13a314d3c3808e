# syntax=docker/dockerfile:1
# The image of every function but the query: backtest, ingest, sweeper, migrate.
#   docker buildx build --platform linux/arm64 --provenance=false --tag parakeet-worker .
# The handler is the command. The same image polls the queues from any host:
#   docker run --entrypoint parakeet parakeet-worker worker

ARG BASE=python:3.13-slim-bookworm

# The tree holds wheels and bytecode, so any machine can lay it out.
FROM --platform=$BUILDPLATFORM ${BASE} AS build
WORKDIR /build
COPY requirements-bootstrap.lock ./
RUN pip install --no-cache-dir --disable-pip-version-check --require-hashes -r requirements-bootstrap.lock
COPY requirements-worker.lock pyproject.toml ./
COPY .ci/artefacts.py .ci/interpreters.py .ci/package.py .ci/trees.py .ci/
COPY api api
COPY engine engine
COPY migrations migrations
COPY models models
RUN python .ci/package.py worker sizes

# On the machine the functions run on: every handler imports, and Numba fills its cache.
FROM ${BASE} AS warm
ENV NUMBA_CACHE_DIR=/opt/numba NUMBA_CPU_NAME=generic MPLCONFIGDIR=/tmp/matplotlib
COPY --from=build /build/dist/worker/tree /var/task
COPY .ci/warm.py /tmp/
WORKDIR /var/task
RUN PYTHONPATH=/var/task python -W ignore /tmp/warm.py

FROM ${BASE}
# Numba compiles for no processor in particular, or another kind of host would find no cache.
# On Lambda /tmp alone can be written to. One thread of linear algebra: sums are rounded alike.
ENV PYTHONPATH=/var/task \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    NUMBA_CACHE_DIR=/tmp/numba \
    NUMBA_CPU_NAME=generic \
    OPENBLAS_NUM_THREADS=1 \
    MPLCONFIGDIR=/tmp/matplotlib \
    PARAKEET_HOME=/tmp/parakeet
RUN useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin parakeet
COPY --from=build /build/dist/worker/tree /var/task
COPY --from=warm /opt/numba /opt/numba
# Numba reads its cache only where it could write to it.
COPY --chmod=755 <<'SCRIPT' /usr/local/bin/function
#!/bin/sh
[ -d "$NUMBA_CACHE_DIR" ] || cp -rp /opt/numba "$NUMBA_CACHE_DIR"
exec python -m awslambdaric "$@"
SCRIPT
COPY --chmod=755 <<'SCRIPT' /usr/local/bin/parakeet
#!/bin/sh
exec python -c 'from api.cli import app; app()' "$@"
SCRIPT
WORKDIR /var/task
USER parakeet
ENTRYPOINT ["function"]
CMD ["api.lambdas.backtest.handler"]
