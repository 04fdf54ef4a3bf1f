# charnn as a small image: `docker build --tag charnn .`, then
# `docker run --publish 8000:8000 --volume charnn-data:/data charnn`.
# For a cluster: `docker build --tag charnn --build-arg EXTRAS=postgres,ray .`, see deploy/.

# ---- build: install everything into /opt/charnn; Node is needed only while the wheel is built
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
COPY tools tools
# The libraries' own tests are removed.
RUN pip --python /opt/charnn/bin/python install --no-cache-dir --constraint constraints.txt ".[${EXTRAS}]" \
    && find /opt/charnn -type d -name tests -prune -exec rm -rf {} +

# ---- run: Python, the result of the build, and a user who may write only to /data
FROM python:3.13-slim

RUN useradd --system --uid 10001 --home-dir /data --shell /usr/sbin/nologin charnn \
    && install --directory --owner=charnn --group=charnn --mode=0700 /data
COPY --from=build /opt/charnn /opt/charnn

# Compiled kernels are specific to a CPU type: they are cached in the volume, and the server compiles
# them again at startup where they do not match.
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
    CMD ["python", "-c", "import os, urllib.request as r; r.urlopen(f'http://127.0.0.1:{os.environ[\"CHARNN_PORT\"]}/readyz', timeout=4)"]
CMD ["charnn", "serve"]
