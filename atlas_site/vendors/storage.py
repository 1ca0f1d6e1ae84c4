"""Where files are kept: a folder of this machine or a private bucket of S3, by django-storages. And pictures in it.

Nothing kept here has an address of its own. Pages get pictures from a view that asks whose they are.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Any

from django.core.files.base import ContentFile
from django.core.files.storage import storages

from atlas_site.vendors.errors import VendorMisconfigured, VendorUnavailable

ALIAS = "google_images"
CONNECT_SECONDS, READ_SECONDS = 5, 15
_SAFE = re.compile(r"[A-Za-z0-9_-]{1,64}")
# What S3 answers when the operator has to act: key, permission, or the bucket itself.
_FOR_OPERATOR = {"403", "AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch", "NoSuchBucket"}


def private_storage(
    *, folder: Path, bucket: str, region: str, endpoint_url: str, access_key: str, secret_key: str, prefix: str = ""
) -> dict[str, Any]:
    """Return an entry of STORAGES: the bucket where one is named, there below `prefix`, else the folder.

    Without keys the client finds those that the machine was given. Another endpoint than Amazon's is spoken to with the
    bucket in the path, since its host names no buckets.
    """
    if not bucket:
        options: dict[str, Any] = {"location": folder, "allow_overwrite": True, "file_permissions_mode": 0o600}
        return {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": options}
    from botocore.config import Config  # noqa: PLC0415 -- slow to import, and of no use without a bucket

    client = Config(
        connect_timeout=CONNECT_SECONDS,
        read_timeout=READ_SECONDS,
        retries={"mode": "standard", "total_max_attempts": 2},
        signature_version="s3v4",
        s3={"addressing_style": "path" if endpoint_url else "auto"},
    )
    options = {
        "bucket_name": bucket,
        "location": prefix,
        "region_name": region or None,
        "endpoint_url": endpoint_url or None,
        "access_key": access_key or None,
        "secret_key": secret_key or None,
        "client_config": client,
        "file_overwrite": True,
        "default_acl": None,
        "querystring_auth": True,
    }
    return {"BACKEND": "storages.backends.s3.S3Storage", "OPTIONS": options}


def picture_key(property_id: str, panorama_id: str) -> str:
    """Return the name that the picture of a property is kept under; foreign characters never become part of a path."""
    return f"street-view/{_safe(property_id)}/{_safe(panorama_id)}.jpg"


def save_picture(key: str, content: bytes) -> None:
    """Keep a picture, in the place of an earlier one. Raises ``VendorUnavailable`` and ``VendorMisconfigured``."""
    try:
        storages[ALIAS].save(key, ContentFile(content))
    except storage_failures() as error:
        raise as_vendor_error(error) from error


def load_picture(key: str) -> bytes | None:
    """Return a kept picture, or None where there is none. Raises what ``save_picture`` raises."""
    try:
        with storages[ALIAS].open(key) as file:
            return file.read()
    except FileNotFoundError:
        return None
    except storage_failures() as error:
        raise as_vendor_error(error) from error


def storage_failures() -> tuple[type[Exception], ...]:
    """Return what a storage fails with: errors of the disk, and those of S3's client once there was a failure."""
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 -- as above

    return BotoCoreError, ClientError, OSError


def as_vendor_error(error: Exception) -> VendorUnavailable | VendorMisconfigured:
    """Sort an error by who has to act; its text names no key."""
    answer = getattr(error, "response", None) or {}
    code = answer.get("Error", {}).get("Code", "")
    detail = f"The storage of files failed: {type(error).__name__} {code}".rstrip()
    if code in _FOR_OPERATOR or isinstance(error, PermissionError):
        return VendorMisconfigured(detail)
    return VendorUnavailable(detail)


def _safe(name: str) -> str:
    return name if _SAFE.fullmatch(name) else hashlib.sha256(name.encode()).hexdigest()[:40]
