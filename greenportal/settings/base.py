"""Settings shared by every environment. Reads the environment only through `greenportal.env`."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

from csp.constants import NONE, SELF

from greenportal import env, logs

BASE_DIR = Path(__file__).resolve().parent.parent.parent
LOCAL_DIR = Path(env.text("GREENPORTAL_LOCAL_DIR", str(BASE_DIR / ".local")))

SECRET_KEY = env.text("SECRET_KEY")
# Key of the prints by which one person on two evaluators' rosters is found; identity numbers themselves are never
# stored. A new key makes all prints worthless: change it only with the rosters.
IDENTITY_KEY = env.text("IDENTITY_KEY")
DEBUG = False
ALLOWED_HOSTS = env.text("ALLOWED_HOSTS").split(",") if env.text("ALLOWED_HOSTS") else []
CSRF_TRUSTED_ORIGINS = env.text("CSRF_TRUSTED_ORIGINS").split(",") if env.text("CSRF_TRUSTED_ORIGINS") else []
FORCE_SCRIPT_NAME = env.text("FORCE_SCRIPT_NAME") or None
TRUSTED_PROXY_COUNT = env.integer("TRUSTED_PROXY_COUNT", 0)

FOUNDATION_APPS = [
    "greenportal.accounts",
    "greenportal.directory",
    "greenportal.audit",
    "greenportal.jobs",
    "greenportal.files",
    "greenportal.mail",
    "greenportal.findings",
    "greenportal.rounds",
    "greenportal.filings",
]
BUSINESS_APPS = ["evaluators", "dynamic_mgmt", "nominations"]
INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.forms",
    "pgtrigger",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "axes",
    "csp",
    "crispy_forms",
    "crispy_bootstrap5",
    "django_htmx",
    "greenportal.health",
    "js_lib_bootstrap5",
    *FOUNDATION_APPS,
    *BUSINESS_APPS,
]

MIDDLEWARE = [
    "greenportal.middleware.RequestIdMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "greenportal.middleware.RequestTimeMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "greenportal.accounts.middleware.ActorMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "greenportal.middleware.BodyEncodingMiddleware",
    "greenportal.middleware.DomainErrorMiddleware",
    "axes.middleware.AxesMiddleware",
]
ROOT_URLCONF = "greenportal.urls"
WSGI_APPLICATION = "greenportal.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "greenportal.context.portal",
            ],
        },
    }
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

# One owner role migrates (MIGRATE_DATABASE_URL, see manage.py); the application connects as a role that cannot
# rewrite history.
DATABASE_URL = env.text("DATABASE_URL", "postgresql://greenportal@127.0.0.1:5432/greenportal")
APP_DATABASE_ROLE = env.text("APP_DATABASE_ROLE", "greenportal_app")
DATABASES: dict[str, Any] = {
    "default": {
        **env.database(DATABASE_URL),
        "CONN_MAX_AGE": 600,
        "CONN_HEALTH_CHECKS": True,
        "ATOMIC_REQUESTS": False,
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env.text("REDIS_URL", "redis://127.0.0.1:6379/0")
CACHES: dict[str, Any] = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": env.text("CACHE_URL", env.beside(REDIS_URL)),
        "OPTIONS": {"socket_connect_timeout": 2, "socket_timeout": 2},
    }
}
SESSION_ENGINE = "django.contrib.sessions.backends.db"

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
# Sessions: idle limit of those who fill in forms and of roles with a second factor; absolute limit of all.
SESSION_IDLE_MINUTES = env.integer("SESSION_IDLE_MINUTES", 30)
SESSION_IDLE_MINUTES_PRIVILEGED = env.integer("SESSION_IDLE_MINUTES_PRIVILEGED", 10)
SESSION_ABSOLUTE_HOURS = env.integer("SESSION_ABSOLUTE_HOURS", 12)
SESSION_COOKIE_AGE = SESSION_ABSOLUTE_HOURS * 3600
CSRF_FAILURE_VIEW = "greenportal.accounts.views.resume.csrf_failure"
# Passwords: docs/adr/0002-passwords.md. 0 days: no rotation.
PASSWORD_MIN_LENGTH = env.integer("PASSWORD_MIN_LENGTH", 12)
PASSWORD_CLASSES = env.integer("PASSWORD_CLASSES", 3)
PASSWORD_ROTATION_DAYS = env.integer("PASSWORD_ROTATION_DAYS", 90)
UNUSED_ACCOUNT_DAYS = env.integer("UNUSED_ACCOUNT_DAYS", 90)
PASSWORD_RESET_TIMEOUT = 3600
AUTH_PASSWORD_VALIDATORS: list[dict[str, Any]] = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": PASSWORD_MIN_LENGTH},
    },
    {"NAME": "greenportal.accounts.passwords.CharacterClasses", "OPTIONS": {"classes": PASSWORD_CLASSES}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("username", "name", "email", "phone")},
    },
    {"NAME": "greenportal.accounts.passwords.NotBefore"},
]
# Sign-in: accounts are made by invitation only; name or e-mail; nothing tells which accounts exist.
ACCOUNT_ADAPTER = "greenportal.accounts.adapters.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username", "email"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "email", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_EMAIL_NOTIFICATIONS = False
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = False
ACCOUNT_LOGIN_ON_PASSWORD_RESET = False
# Failed sign-ins are axes' business, per person and address; allauth's own limit per name alone
# would let anybody lock anybody out.
ACCOUNT_RATE_LIMITS = {"login_failed": None, "reset_password": "20/m/ip,3/5m/key"}
ACCOUNT_FORMS = {
    "login": "greenportal.accounts.forms.SignInForm",
    "change_password": "greenportal.accounts.forms.ChangePasswordForm",
    "reset_password": "greenportal.accounts.forms.ResetPasswordForm",
    "reset_password_from_key": "greenportal.accounts.forms.NewPasswordForm",
    "reauthenticate": "greenportal.accounts.forms.ReauthenticateForm",
}
MFA_ADAPTER = "greenportal.accounts.adapters.SecondFactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_TOLERANCE = 1
MFA_FORMS = {
    "authenticate": "greenportal.accounts.forms.CodeForm",
    "reauthenticate": "greenportal.accounts.forms.CodeAgainForm",
    "activate_totp": "greenportal.accounts.forms.ActivateCodeForm",
}
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = timedelta(minutes=10)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_CLIENT_IP_CALLABLE = "greenportal.accounts.http.client_address"
AXES_USERNAME_CALLABLE = "greenportal.accounts.lockout.username"
AXES_LOCKOUT_CALLABLE = "greenportal.accounts.lockout.locked"
AXES_SENSITIVE_PARAMETERS = ["password", "login", "username", "email", "code"]
AXES_VERBOSE = False

LANGUAGE_CODE = "zh-hans"
TIME_ZONE = "Asia/Shanghai"
USE_I18N = True
USE_TZ = True

STATIC_URL = "static/"
STATIC_ROOT = LOCAL_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
# Fonts that the operator may mount under their own licences (仿宋, 楷体, 小标宋) for documents.
DOCUMENT_FONT_DIR = Path(env.text("DOCUMENT_FONT_DIR", str(LOCAL_DIR / "fonts")))
# file:///path, or s3://bucket?endpoint=…: private storage of uploads and issued files.
STORAGE_URL = env.text("STORAGE_URL", f"file://{LOCAL_DIR / 'storage'}")
STORAGES: dict[str, Any] = {
    "default": env.storages(STORAGE_URL),
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

CRISPY_ALLOWED_TEMPLATE_PACKS = "bootstrap5"
CRISPY_TEMPLATE_PACK = "bootstrap5"

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}
X_FRAME_OPTIONS = "DENY"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"

# Business time. The offset exists for the demonstration only (a 2022 round played today);
# a system check refuses it in production.
CLOCK_OFFSET = timedelta(seconds=env.integer("GREENPORTAL_CLOCK_OFFSET_SECONDS", 0))

# `manage.py demo` and `demo_accounts` run only where this says so: `make run` does, a server never.
DEMO_ALLOWED = env.flag("GREENPORTAL_DEMO")

if CLOCK_OFFSET:
    # The database bounds how far a receipt may be from its own clock; a shifted demonstration would trip it.
    DATABASES["default"]["OPTIONS"]["options"] = "-c greenportal.max_skew=off"

# All other Celery settings: greenportal/jobs/conf.py.
CELERY_BROKER_URL = REDIS_URL

# How messages leave, by channel: dotted paths of classes with greenportal.mail.gateways.Gateway.send.
MESSAGE_GATEWAYS = {
    "email": env.text("EMAIL_GATEWAY", "greenportal.mail.gateways.EmailGateway"),
    "sms": env.text("SMS_GATEWAY", "greenportal.mail.gateways.ConsoleGateway"),
}
# Scheme and host as people reach the portal: for links in mails.
SITE_URL = env.text("SITE_URL", "http://127.0.0.1:8000")
DEFAULT_FROM_EMAIL = env.text("DEFAULT_FROM_EMAIL", "green@localhost")
EMAIL_URL = env.text("EMAIL_URL", "console:")
globals().update(env.email(EMAIL_URL))

# Sizes: the proxy in front must let through as much as we do; a system check compares (PROXY_UPLOAD_LIMIT_MB).
UPLOAD_LIMIT_MB = 50  # one file
REQUEST_LIMIT_MB = 55  # one request: a file of that size with the rest of its form
PROXY_UPLOAD_LIMIT_MB = env.integer("PROXY_UPLOAD_LIMIT_MB", 0)
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024  # without files
DATA_UPLOAD_MAX_NUMBER_FIELDS = 4000  # a table of 300 rows and 12 columns, saved without script
DATA_UPLOAD_MAX_NUMBER_FILES = 20
FILE_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
FILE_UPLOAD_PERMISSIONS = 0o600

LOG_FORMAT = env.text("LOG_FORMAT", "json")
LOG_LEVEL = env.text("LOG_LEVEL", "INFO")
LOGGING = logs.configuration(style=LOG_FORMAT, level=LOG_LEVEL)

# Who runs this site: an officer of the owner fills these (政府网站发展指引); empty ones fail check --deploy.
SITE_OWNER = {
    "name": env.text("SITE_OWNER_NAME", "大连市工业和信息化局"),
    "department": env.text("SITE_OWNER_DEPARTMENT", "资源节约综合利用处"),
    "phone": env.text("SITE_OWNER_PHONE"),
    "icp": env.text("SITE_ICP"),
    "police": env.text("SITE_POLICE_RECORD"),
    "site_code": env.text("SITE_CODE"),
}

# File pipeline: a ClamAV daemon (tcp://host:3310, unix:///path) and the proxy's internal location; numbers in files/conf.py.
FILES: dict[str, Any] = {
    "clamd": env.text("CLAMD_ADDRESS"),
    "accel_prefix": env.text("FILES_ACCEL_PREFIX"),
    "temp_dir": env.text("FILES_TEMP_DIR"),
}
