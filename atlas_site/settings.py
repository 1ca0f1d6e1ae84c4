"""Settings of Atlas: one file, driven by the environment. docs/deploy.md explains every variable."""

from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from urllib.parse import urlsplit

from celery.schedules import crontab
from django.core.exceptions import ImproperlyConfigured

from atlas_site.lib import env
from atlas_site.lib.http import UrlRefused, check_url
from atlas_site.mongodb.connection import database_from_uri
from atlas_site.vendors.storage import private_storage

BASE_DIR = Path(__file__).resolve().parent.parent
ATLAS_HOME = Path(env.text("ATLAS_HOME", str(BASE_DIR / ".atlas")))

# ---------------------------------------------------------------- what this process is
ATLAS_ENV = env.text("ATLAS_ENV", "production")
if ATLAS_ENV not in {"development", "test", "production"}:
    raise ImproperlyConfigured("ATLAS_ENV must be development, test or production.")
PRODUCTION = ATLAS_ENV == "production"
DEBUG = ATLAS_ENV == "development" and env.switch("DEBUG", False)
SECRET_KEY = env.text("SECRET_KEY")
if PRODUCTION and len(SECRET_KEY) < 50:
    raise ImproperlyConfigured("SECRET_KEY must have at least 50 characters in production.")
SECRET_KEY_FALLBACKS = env.words("SECRET_KEY_FALLBACKS")
SITE_URL = env.address("SITE_URL", schemes=("https", "http"))
SITE_HOST = urlsplit(SITE_URL)
ALLOWED_HOSTS = [SITE_HOST.hostname, *env.words("ALLOWED_HOSTS")]
CSRF_TRUSTED_ORIGINS = [f"{SITE_HOST.scheme}://{SITE_HOST.netloc}"]

# ---------------------------------------------------------------- applications
INSTALLED_APPS = [
    "atlas_site.apps.AtlasSiteConfig",
    "atlas_site.mongodb.apps.MongoDBConfig",
    "atlas_site.vendors.apps.VendorsConfig",
    "accounts.apps.AccountsConfig",
    "credits.apps.CreditsConfig",
    "billing.apps.BillingConfig",
    "properties.apps.PropertiesConfig",
    "leads.apps.LeadsConfig",
    "divorce.apps.DivorceConfig",
    "helpcenter.apps.HelpcenterConfig",
    "feedback.apps.FeedbackConfig",
    "atlas_site.apps.MongoAdminConfig",
    "atlas_site.apps.MongoAuthConfig",
    "atlas_site.apps.MongoContentTypesConfig",
    "atlas_site.apps.MongoAllauthAccountConfig",
    "allauth",
    "django.contrib.humanize",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.forms",
    "django_htmx",
    "template_partials",
    "csp",
]
MIGRATION_MODULES = {
    "admin": "atlas_site.mongo_migrations.admin",
    "auth": "atlas_site.mongo_migrations.auth",
    "contenttypes": "atlas_site.mongo_migrations.contenttypes",
    "account": "atlas_site.mongo_migrations.account",
}
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "atlas_site.staff.middleware.HealthMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "accounts.middleware.SessionClientMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "accounts.middleware.SignedInMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
]
ROOT_URLCONF = "atlas_site.urls"
WSGI_APPLICATION = "atlas_site.wsgi.application"
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
                "atlas_site.staff.context_processors.page_frame",
            ],
        },
    }
]
FORM_RENDERER = "atlas_site.lib.forms.AtlasFormRenderer"

# ---------------------------------------------------------------- data
MONGODB_URI = env.text("MONGODB_URI")
try:
    DATABASES = {"default": database_from_uri(MONGODB_URI)}
except ImproperlyConfigured as error:
    raise ImproperlyConfigured(f"MONGODB_URI: {error}") from None
DATABASE_ROUTERS = ["django_mongodb_backend.routers.MongoRouter"]
DEFAULT_AUTO_FIELD = "django_mongodb_backend.fields.ObjectIdAutoField"
REDIS_URL = env.address("REDIS_URL", schemes=("redis", "rediss"))
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "atlas",
        "OPTIONS": {"socket_connect_timeout": 1, "socket_timeout": 2},
    }
}
SESSION_ENGINE = "accounts.sessions"
SESSION_COOKIE_AGE = int(timedelta(days=7).total_seconds())
SESSION_REFRESH_AFTER = timedelta(days=1)
SESSION_ABSOLUTE_AGE = timedelta(days=30)
ANONYMOUS_SESSION_AGE = timedelta(hours=2)

# ---------------------------------------------------------------- accounts
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 8}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
ACCOUNT_ADAPTER = "accounts.adapters.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
ACCOUNT_EMAIL_VERIFICATION_SUPPORTS_RESEND = True
ACCOUNT_PASSWORD_RESET_BY_CODE_ENABLED = True
ACCOUNT_PASSWORD_RESET_BY_CODE_TIMEOUT = 15 * 60
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_USER_DISPLAY = "accounts.models.display_name"
BEHIND_TLS_PROXY = env.switch("BEHIND_TLS_PROXY", False)
ALLAUTH_TRUSTED_PROXY_COUNT = env.number("TRUSTED_PROXY_COUNT", 0)
if BEHIND_TLS_PROXY and not ALLAUTH_TRUSTED_PROXY_COUNT:
    # Else all people would share the proxy's address, and one who mistypes a password would lock everybody out.
    raise ImproperlyConfigured("TRUSTED_PROXY_COUNT must be at least 1 when BEHIND_TLS_PROXY is on.")
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/search/"
LOGOUT_REDIRECT_URL = "/"

# ---------------------------------------------------------------- credits (the money rule)
WELCOME_CREDITS = env.number("WELCOME_CREDITS", 50)
WELCOME_CREDITS_LIFE = timedelta(days=14)
QUOTE_LIFE = timedelta(minutes=15)
RESERVATION_LIFE = timedelta(hours=72)
UNKNOWN_RESULT_HOLD = timedelta(hours=24)
RETURN_AFTER_RESET = timedelta(days=7)
RETURN_AFTER_RESET_SHARE = Decimal("0.20")
LOW_CREDITS_SHARE = Decimal("0.20")
OPEN_OFFERS_A_USER = 50
UNACCEPTED_QUOTES_KEPT = timedelta(days=7)
WEIGHT_RAISE_NOTICE = timedelta(days=30)
# Credits that one of staff may add or take alone.
ADJUSTMENT_LIMIT = env.number("ADJUSTMENT_LIMIT", 500)

# ---------------------------------------------------------------- BatchData
BATCHDATA_BASE_URL = env.text("BATCHDATA_BASE_URL", "https://api.batchdata.com")
try:
    check_url(BATCHDATA_BASE_URL)
except UrlRefused as error:
    raise ImproperlyConfigured(f"BATCHDATA_BASE_URL: {error}") from None
BATCHDATA_API_KEY = env.text("BATCHDATA_API_KEY")
BATCHDATA_TIMEOUT_SECONDS = env.number("BATCHDATA_TIMEOUT_SECONDS", 30, minimum=1)
BATCHDATA_RETRY_WAIT_SECONDS = 0.5
BATCHDATA_QUICKLIST_CAP = env.number("BATCHDATA_QUICKLIST_CAP", 3, minimum=1)
VENDOR_CALL_KEEP_DAYS = env.number("VENDOR_CALL_KEEP_DAYS", 90, minimum=1)
RECORD_FRESH_FOR = timedelta(days=30)
MISS_REMEMBERED_FOR = timedelta(days=30)
# Phones of a property are one purchase for so long: they are neither asked for nor charged again.
CONTACT_BOUGHT_FOR = timedelta(days=90)
# Batches of skip traces that are under way at once: of one worker process, of one user, and in all.
TRACE_LANES = env.number("TRACE_LANES", 2, minimum=1)
TRACES_IN_FLIGHT_A_USER = env.number("TRACES_IN_FLIGHT_A_USER", 8, minimum=1)
TRACES_IN_FLIGHT = env.number("TRACES_IN_FLIGHT", 32, minimum=1)
# How long the vendor may take for a batch: what a killed worker left is found out that much later.
TRACE_TIMEOUT_SECONDS = env.number("TRACE_TIMEOUT_SECONDS", 20, minimum=1)
# What the house pays for one user: datasets that were asked for again and had not changed, a calendar month; records
# that the vendor bills although the user owns or excluded them, a day.
FREE_REFRESHES_A_MONTH = 50
OWNED_RECORDS_A_DAY = 500
# Reveals with conditions on locked data that find nothing new: each is free, and tells something all the same.
EMPTY_REVEALS_A_DAY = 10
COUNT_CACHE_SECONDS = 15 * 60
FRESH_COUNTS_A_DAY = env.number("FRESH_COUNTS_A_DAY", 300)
NARROW_COUNTS_A_DAY = env.number("NARROW_COUNTS_A_DAY", 60)
SMALL_PLACE = 50
MAP_TILE_URL = env.text("MAP_TILE_URL", "")
MAP_TILE_ATTRIBUTION = env.text("MAP_TILE_ATTRIBUTION", "")

# ---------------------------------------------------------------- Street View
STREETVIEW_BASE_URL = env.text("STREETVIEW_BASE_URL", "https://maps.googleapis.com").rstrip("/")
try:
    check_url(STREETVIEW_BASE_URL)
except UrlRefused as error:
    raise ImproperlyConfigured(f"STREETVIEW_BASE_URL: {error}") from None
STREETVIEW_KEY = env.text("STREETVIEW_KEY", "")  # without one, no page offers a look at the street
STREETVIEW_SECRET = env.base64("STREETVIEW_SECRET") if STREETVIEW_KEY else ""
STREETVIEW_TIMEOUT_SECONDS = env.number("STREETVIEW_TIMEOUT_SECONDS", 10, minimum=1)
STREET_VIEW_IMAGES_A_DAY = env.number("STREET_VIEW_IMAGES_A_DAY", 100)
# Google's terms forbid it without an agreement of one's own; the sandbox does not.
STORE_STREET_VIEW_IMAGES = env.switch("STORE_STREET_VIEW_IMAGES", False)
# Photos of listings belong to whoever took them; they are fetched from these hosts only.
SHOW_LISTING_PHOTOS = env.switch("SHOW_LISTING_PHOTOS", False)
LISTING_PHOTO_HOSTS = env.words("LISTING_PHOTO_HOSTS")
if SHOW_LISTING_PHOTOS and not LISTING_PHOTO_HOSTS:
    raise ImproperlyConfigured("LISTING_PHOTO_HOSTS must name the hosts of photos while SHOW_LISTING_PHOTOS is on.")
if PRODUCTION and {"localhost", "127.0.0.1", "::1"} & set(LISTING_PHOTO_HOSTS):
    raise ImproperlyConfigured("LISTING_PHOTO_HOSTS may not name this machine in production.")

# ---------------------------------------------------------------- Chargebee
CHARGEBEE_SITE = env.text("CHARGEBEE_SITE")
CHARGEBEE_API_KEY = env.text("CHARGEBEE_API_KEY")
CHARGEBEE_BASE_URL = env.text("CHARGEBEE_BASE_URL", f"https://{CHARGEBEE_SITE}.chargebee.com").rstrip("/")
try:
    check_url(CHARGEBEE_BASE_URL)
except UrlRefused as error:
    raise ImproperlyConfigured(f"CHARGEBEE_BASE_URL: {error}") from None
# name:password, two of them while the password is being changed.
CHARGEBEE_WEBHOOK_USERS = [tuple(pair.strip().split(":", 1)) for pair in env.text("CHARGEBEE_WEBHOOK_USERS").split(",")]
if any(len(pair) != 2 or not all(pair) for pair in CHARGEBEE_WEBHOOK_USERS):
    raise ImproperlyConfigured("CHARGEBEE_WEBHOOK_USERS must be name:password, or two of them with a comma between.")
if PRODUCTION and any(len(password) < 16 for _, password in CHARGEBEE_WEBHOOK_USERS):
    raise ImproperlyConfigured("CHARGEBEE_WEBHOOK_USERS: a password needs at least 16 characters in production.")
CHARGEBEE_TIMEOUT_SECONDS = env.number("CHARGEBEE_TIMEOUT_SECONDS", 15, minimum=1)
CHECKOUT_LIFE = timedelta(hours=3)
WEBHOOK_BODY_LIMIT_BYTES = 256 * 1024
# What a unit costs at BatchData, in US cents, and how many times that a credit must sell for.
VENDOR_COST_CENTS = {
    "SEARCH": env.number("VENDOR_COST_CENTS_SEARCH", 10),
    "SKIPTRACE": env.number("VENDOR_COST_CENTS_SKIPTRACE", 7),
}
CREDIT_MARGIN = env.decimal("CREDIT_MARGIN", "1.4")

# ---------------------------------------------------------------- background work
CELERY_BROKER_URL = REDIS_URL
CELERY_IMPORTS = ["chargebee"]  # before the worker forks: it takes long, and is else imported when it is first needed
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 30 if PRODUCTION else 5
CELERY_TASK_TIME_LIMIT = 240
CELERY_TASK_SOFT_TIME_LIMIT = 210
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {
    # Well above the hard time limit; what a dead worker held is restored within seconds by the two below.
    "visibility_timeout": 900,
    "unacked_restore_interval": 2,
    "unacked_restore_throttle": 1,
    "socket_connect_timeout": 0.2,
    "socket_timeout": 5,
    "max_retries": 0,
}
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULE = {
    # Sweeps that waited until the next one was due are dropped, so that they do not queue up behind busy workers.
    "run due property jobs": {"task": "properties.run_due_jobs", "schedule": 5.0, "options": {"expires": 5.0}},
    "spread changed copies": {"task": "properties.spread_due_copies", "schedule": 5.0, "options": {"expires": 5.0}},
    "expire quotes": {"task": "credits.expire_quotes", "schedule": 60.0, "options": {"expires": 60.0}},
    "lapse welcome credits": {"task": "credits.lapse_welcome_credits", "schedule": 3600.0},
    "warn of low credits": {"task": "credits.warn_of_low_credits", "schedule": 300.0, "options": {"expires": 300.0}},
    "remove old quotes": {"task": "credits.purge_quotes", "schedule": crontab(hour=3, minute=47)},
    "process billing events": {"task": "billing.process_due_events", "schedule": 10.0, "options": {"expires": 10.0}},
    "apply due billing effects": {"task": "billing.sync_due_customers", "schedule": 60.0, "options": {"expires": 60.0}},
    "top credits up": {"task": "billing.top_up_wallets", "schedule": 60.0, "options": {"expires": 60.0}},
    "copy the price list": {"task": "billing.copy_offers", "schedule": 3600.0},
    "reconcile billing": {"task": "billing.reconcile", "schedule": crontab(hour=4, minute=17)},
    "carry the reconciliation on": {
        "task": "billing.continue_reconciliation",
        "schedule": 180.0,
        "options": {"expires": 180.0},
    },
    "sum the vendor's bill up": {"task": "properties.roll_up_vendor_bill", "schedule": 1800.0},
    "sum the bill of skip traces up": {"task": "leads.roll_up_trace_bill", "schedule": 1800.0},
    "run due searches": {"task": "properties.run_due_searches", "schedule": 60.0, "options": {"expires": 60.0}},
    "run due work on lists": {"task": "leads.run_due_list_jobs", "schedule": 5.0, "options": {"expires": 5.0}},
    "link lists to properties": {"task": "leads.link_due_lists", "schedule": 15.0, "options": {"expires": 15.0}},
    "run due imports": {"task": "leads.run_due_imports", "schedule": 5.0, "options": {"expires": 5.0}},
    "run due traces": {"task": "leads.run_due_traces", "schedule": 5.0, "options": {"expires": 5.0}},
    "drop old trace offers": {"task": "leads.drop_trace_offers", "schedule": 3600.0, "options": {"expires": 3600.0}},
    "run due actions on contacts": {"task": "leads.run_due_actions", "schedule": 5.0, "options": {"expires": 5.0}},
    "give due refunds of traces": {
        "task": "leads.give_due_refunds",
        "schedule": 3600.0,
        "options": {"expires": 3600.0},
    },
    "end checks of numbers": {"task": "leads.end_checks", "schedule": 600.0, "options": {"expires": 600.0}},
    "forget actions on contacts": {"task": "leads.forget_actions", "schedule": crontab(hour=3, minute=17)},
    "remove deleted lists": {"task": "leads.purge_lists", "schedule": 600.0, "options": {"expires": 600.0}},
    "run due files of dialers": {"task": "leads.run_due_calls", "schedule": 5.0, "options": {"expires": 5.0}},
    "count due exports": {"task": "leads.count_due_exports", "schedule": 15.0, "options": {"expires": 15.0}},
    "follow runs up": {"task": "properties.follow_runs_up", "schedule": 15.0, "options": {"expires": 15.0}},
    "send due digests": {"task": "properties.send_due_digests", "schedule": 60.0, "options": {"expires": 60.0}},
    "end saved searches": {"task": "properties.end_saved_searches", "schedule": 3600.0},
    "remove old vendor calls": {"task": "properties.purge_vendor_calls", "schedule": 24 * 3600.0},
}

# ---------------------------------------------------------------- mail
DEFAULT_FROM_EMAIL = env.text("DEFAULT_FROM_EMAIL", f"Atlas <no-reply@{SITE_HOST.hostname}>")
if PRODUCTION:
    EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    EMAIL_HOST = env.text("EMAIL_HOST")
    EMAIL_PORT = env.number("EMAIL_PORT", 587)
    EMAIL_HOST_USER = env.text("EMAIL_HOST_USER", "")
    EMAIL_HOST_PASSWORD = env.text("EMAIL_HOST_PASSWORD", "")
    EMAIL_USE_TLS = env.switch("EMAIL_USE_TLS", True)
    EMAIL_TIMEOUT = 10
else:
    EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    EMAIL_FILE_PATH = ATLAS_HOME / "mail"
SANDBOX_MAIL_URL = env.text("SANDBOX_MAIL_URL", "")  # where the mail of development can be read

# ---------------------------------------------------------------- language, time, files
LANGUAGE_CODE = "en-us"
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = True
USE_THOUSAND_SEPARATOR = True
STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = ATLAS_HOME / "static"
MEDIA_ROOT = ATLAS_HOME / "files"
UPLOADS_KEPT = timedelta(days=30)
# Pictures and uploads: a private bucket of S3 or of what speaks like it, or else a folder of this machine.
S3_BUCKET = env.text("S3_BUCKET", "")
S3_REGION = env.text("S3_REGION", "")
S3_ENDPOINT_URL = env.text("S3_ENDPOINT_URL", "")
S3_ACCESS_KEY_ID = env.text("S3_ACCESS_KEY_ID", "")
S3_SECRET_ACCESS_KEY = env.text("S3_SECRET_ACCESS_KEY") if S3_ACCESS_KEY_ID else ""
try:
    check_url(S3_ENDPOINT_URL or "https://s3.amazonaws.com")
except UrlRefused as error:
    raise ImproperlyConfigured(f"S3_ENDPOINT_URL: {error}") from None
BUCKET = {
    "bucket": S3_BUCKET,
    "region": S3_REGION,
    "endpoint_url": S3_ENDPOINT_URL,
    "access_key": S3_ACCESS_KEY_ID,
    "secret_key": S3_SECRET_ACCESS_KEY,
}
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "google_images": private_storage(folder=MEDIA_ROOT, **BUCKET),
    # Lead lists until they are imported, and for so long after it or after the last word of their user.
    "uploads": private_storage(folder=ATLAS_HOME / "uploads", prefix="uploads", **BUCKET),
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

# ---------------------------------------------------------------- security
HTTPS = SITE_HOST.scheme == "https"
if PRODUCTION and not HTTPS:
    raise ImproperlyConfigured("SITE_URL must begin with https:// in production.")
SECURE_SSL_REDIRECT = HTTPS and env.switch("SECURE_SSL_REDIRECT", True)
SECURE_HSTS_SECONDS = int(timedelta(days=365).total_seconds()) if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
SECURE_HSTS_PRELOAD = HTTPS
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SECURE_REDIRECT_EXEMPT = [r"^healthz/$"]  # asked from within, without TLS
if BEHIND_TLS_PROXY:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_NAME = "__Host-session" if HTTPS else "session"
CSRF_FAILURE_VIEW = "atlas_site.staff.views.show_csrf_failure"
CSRF_COOKIE_NAME = "__Host-csrf" if HTTPS else "csrf"
TILE_HOST = urlsplit(MAP_TILE_URL)
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "img-src": ["'self'", "data:", *([f"{TILE_HOST.scheme}://{TILE_HOST.netloc}"] if MAP_TILE_URL else [])],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
        "form-action": ["'self'"],
    }
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name} {message}", "style": "{"}},
    "filters": {"outages": {"()": "atlas_site.lib.outages.OutageFilter"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["outages"]}},
    "root": {"handlers": ["console"], "level": env.text("LOG_LEVEL", "INFO")},
    "loggers": {
        "django": {"handlers": ["console"], "level": "INFO", "propagate": False},
        # Below these levels they write addresses and bodies with personal data, and addresses with keys.
        "chargebee.http_request": {"level": "WARNING"},
        "httpx": {"level": "WARNING"},
        "urllib3": {"level": "WARNING"},
        "botocore": {"level": "WARNING"},
        "boto3": {"level": "WARNING"},
        "s3transfer": {"level": "WARNING"},
    },
}
