#!/bin/sh
# Run once by the PostgreSQL image when its data folder is empty: the role under which the application connects.
# What it may do is granted after each migration by `manage.py grant_app_role`.
set -eu
psql --set ON_ERROR_STOP=1 --set password="$APP_DATABASE_PASSWORD" --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" <<'SQL'
CREATE ROLE greenportal_app LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD :'password';
SQL
