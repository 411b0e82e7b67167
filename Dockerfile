# One image for web, worker, cron and migrations; docker-compose.yml says which command runs where.
#
# The base is pinned to a Python and a Debian, not to a day: a rebuild brings their security fixes.
# What we install is pinned to the byte, by the hashes in requirements.txt.

FROM python:3.13-slim-trixie AS build
WORKDIR /srv/widget
RUN python -m venv /opt/venv
COPY requirements.txt ./
# Wheels, so that nothing wants a compiler. Flask-Principal is pure Python, and comes as source only.
RUN /opt/venv/bin/pip install --no-cache-dir --require-hashes \
    --only-binary=:all: --no-binary=flask-principal -r requirements.txt
COPY pyproject.toml ./
COPY widget widget
# Editable, so that the code finds static/ beside it, as in a checkout.
RUN /opt/venv/bin/pip install --no-cache-dir --no-deps --no-build-isolation -e . \
    && /opt/venv/bin/pip uninstall --yes --quiet setuptools pip \
    && python -m compileall -q widget

FROM python:3.13-slim-trixie
# A number, not a name: orchestrators can tell that it is not root.
RUN useradd --uid 10001 --user-group --no-create-home --shell /usr/sbin/nologin widget \
    && install -d -o widget -g widget /data
COPY --from=build /opt/venv /opt/venv
COPY --from=build /srv/widget /srv/widget
COPY static /srv/widget/static
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    WIDGET_DATA=/data \
    WIDGET_HOST=0.0.0.0 \
    WIDGET_PORT=8000
WORKDIR /srv/widget
USER 10001:10001
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s \
    CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8000/readyz', timeout=4)"]
CMD ["widget", "web"]
