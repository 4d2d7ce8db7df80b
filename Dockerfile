# The broker with its page. The data directory holds the users file; everything else is settings.

FROM python:3.13-slim-trixie AS build
WORKDIR /src

# What changes least comes first. The hashes in the lock files pin every download.
COPY requirements/run.txt requirements/
RUN python -m venv /opt/broker \
    && /opt/broker/bin/pip install --no-cache-dir --require-hashes --requirement requirements/run.txt

COPY package.json package-lock.json .npmrc ./
COPY requirements/node.txt requirements/
COPY scripts/node scripts/vendor scripts/
RUN python -m venv .venv && scripts/vendor

COPY pyproject.toml README.md LICENSE ./
COPY infra/ infra/
COPY web/ web/
COPY broker/ broker/
RUN /opt/broker/bin/pip install --no-cache-dir --no-deps --no-build-isolation .


FROM python:3.13-slim-trixie
RUN useradd --system --uid 10001 --no-create-home broker \
    && install --directory --owner=broker --mode=0700 /var/lib/broker
COPY --from=build /opt/broker /opt/broker
ENV PATH=/opt/broker/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    BROKER_SERVER__HOST=0.0.0.0 \
    BROKER_SERVER__PORT=8000
USER 10001
WORKDIR /var/lib/broker
VOLUME /var/lib/broker
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/healthz', timeout=2)"]
ENTRYPOINT ["broker"]
CMD ["serve"]
