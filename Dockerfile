# Build with: docker build -t seatbot .
FROM python:3.11-slim-bookworm AS dependencies
WORKDIR /build
COPY requirements.txt .
RUN python -m venv /opt/venv \
    && /opt/venv/bin/python -m pip install --no-cache-dir --require-hashes -r requirements.txt

FROM python:3.11-slim-bookworm
# For names on receipts in the letters that no Python package brings: docs/operate.md, "Fonts of receipts".
# Their version is Debian's.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends fonts-noto-cjk fonts-noto-core \
    && rm -rf /var/lib/apt/lists/*
RUN useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin seatbot \
    && install -d -o seatbot -g seatbot -m 0700 /var/lib/seatbot
COPY --from=dependencies /opt/venv /opt/venv
WORKDIR /opt/seatbot
COPY app.py LICENSE ./
COPY bot bot
COPY handlers handlers
COPY models models
COPY scheduler scheduler
# Compiled here, because the container's file system is read-only.
RUN /opt/venv/bin/python -m compileall -q .

ENV PATH=/opt/venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    HOST=0.0.0.0 \
    LOG_FORMAT=json \
    DATABASE_URL=sqlite:////var/lib/seatbot/seatbot.db
USER 10001
EXPOSE 3000
VOLUME /var/lib/seatbot
# Whether the process answers. `/readyz` is the balancer's: restarting mends neither Slack nor the database.
# Without urllib, which would ask the proxy of HTTP_PROXY.
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import http.client, os, sys; c = http.client.HTTPConnection('127.0.0.1', int(os.environ.get('PORT') or 3000), timeout=4); c.request('GET', '/healthz'); sys.exit(c.getresponse().status != 200)"]
ENTRYPOINT ["python", "app.py"]
CMD ["serve"]
