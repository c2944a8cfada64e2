# One image for web, workers, beat and migration. Debian's Python 3.11, no compiler, no development packages.
ARG BASE=python:3.11-slim-bookworm
FROM ${BASE}

ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 LANG=C.UTF-8 DJANGO_SETTINGS_MODULE=greenportal.settings.production
RUN apt-get update -qq \
 && apt-get install -y -qq --no-install-recommends libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fontconfig fonts-noto-cjk \
 && rm -rf /var/lib/apt/lists/* \
 && groupadd --system --gid 10001 portal \
 && useradd --system --uid 10001 --gid portal --home-dir /app --shell /usr/sbin/nologin portal

WORKDIR /app
COPY requirements.txt ./
RUN pip install --no-cache-dir --disable-pip-version-check --require-hashes -r requirements.txt

COPY manage.py ./
COPY greenportal greenportal
COPY nominations nominations
COPY evaluators evaluators
COPY dynamic_mgmt dynamic_mgmt
COPY templates templates
COPY static static
# Compressed and hashed once, here; the key of this step is used for nothing else.
RUN rm -rf greenportal/devtools \
 && GREENPORTAL_LOCAL_DIR=/app/var SECRET_KEY=only-for-collecting-static-files-in-the-image-build python manage.py collectstatic --noinput -v0 \
 && mkdir -p /app/var/storage && chown -R portal:portal /app/var

ENV GREENPORTAL_LOCAL_DIR=/app/var XDG_CACHE_HOME=/tmp/cache PORT=8000
USER 10001:10001
EXPOSE 8000
CMD ["granian", "--interface", "wsgi", "--host", "0.0.0.0", "--port", "8000", "--workers", "2", "--blocking-threads", "8", "--no-ws", "greenportal.wsgi:application"]
