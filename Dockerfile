# charnn as a small image: `docker build --tag charnn .`, then
# `docker run --publish 8000:8000 --volume charnn-data:/data charnn`.
# For a cluster: `docker build --tag charnn --build-arg EXTRAS=postgres,ray .`, see deploy/.

# ---- build: everything into /opt/charnn; Node comes and goes with the build of the wheel
FROM python:3.13-slim AS build

ARG EXTRAS=postgres
WORKDIR /source
RUN python -m venv --without-pip /opt/charnn
COPY constraints.txt ./
COPY pyproject.toml hatch_build.py package.json package-lock.json .npmrc README.md LICENSE ./
COPY app app
COPY bench bench
COPY model model
COPY static static
COPY templates templates
# Libraries' own tests are left behind.
RUN pip --python /opt/charnn/bin/python install --no-cache-dir --constraint constraints.txt ".[${EXTRAS}]" \
    && find /opt/charnn -type d -name tests -prune -exec rm -rf {} +

# ---- run: Python, what the build left, and a user who may write to /data alone
FROM python:3.13-slim

RUN useradd --system --uid 10001 --home-dir /data --shell /usr/sbin/nologin charnn \
    && install --directory --owner=charnn --group=charnn --mode=0700 /data
COPY --from=build /opt/charnn /opt/charnn

# Compiled kernels belong to one kind of CPU: they lie in the volume, and the server compiles anew at
# its start where they do not fit.
ENV PATH=/opt/charnn/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    CHARNN_HOST=0.0.0.0 \
    CHARNN_PORT=8000 \
    CHARNN_DATA_DIR=/data \
    NUMBA_CACHE_DIR=/data/numba

USER charnn
WORKDIR /data
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as r; r.urlopen(f'http://127.0.0.1:{os.environ[\"CHARNN_PORT\"]}/healthz', timeout=4)"]
CMD ["charnn", "serve"]
