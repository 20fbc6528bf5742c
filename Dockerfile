FROM python:3.13-slim-bookworm AS build

WORKDIR /src
COPY config/requirements ./config/requirements
RUN python -m venv /opt/ecluse \
    && /opt/ecluse/bin/pip install --no-cache-dir --require-hashes \
        -r config/requirements/runtime.txt \
    && python -m venv /opt/build \
    && /opt/build/bin/pip install --no-cache-dir --require-hashes \
        -r config/requirements/build.txt
COPY pyproject.toml README.md LICENSE ./
COPY config ./config
COPY service ./service
COPY workers ./workers
RUN /opt/build/bin/pip wheel --no-cache-dir --no-deps --no-build-isolation -w /wheels . \
    && /opt/ecluse/bin/pip install --no-cache-dir --no-deps /wheels/*.whl


FROM python:3.13-slim-bookworm

# What the embedded Valkey takes its memory from: the C library's allocator slows down as it fills.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends libjemalloc2 \
    && rm -rf /var/lib/apt/lists/*
RUN useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin ecluse \
    && install -d -o ecluse -g ecluse -m 0700 /data
COPY --from=build /opt/ecluse /opt/ecluse

ENV PATH=/opt/ecluse/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    ECLUSE_DATA_DIR=/data \
    ECLUSE_HOST=0.0.0.0 \
    ECLUSE_LOG_FORMAT=json

USER 10001
WORKDIR /data
VOLUME /data
EXPOSE 8000
STOPSIGNAL SIGTERM

HEALTHCHECK --interval=15s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as r; r.urlopen('http://127.0.0.1:' + os.environ.get('ECLUSE_PORT', '8000') + '/healthz', timeout=4)"]

ENTRYPOINT ["ecluse"]
CMD ["up"]
