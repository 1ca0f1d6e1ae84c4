"""S3 as boto3 speaks it, path style: buckets, objects, their lists. Objects are files in a folder.

A request must be signed (Signature Version 4) by an access key that begins with ``sandbox-``, and its body must be the
one whose digest was signed. In faults an object's calls are ``s3``.
"""

import hashlib
import json
import re
import shutil
import time
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path
from xml.sax.saxutils import escape

from atlas_site.sandbox.faults import Faults
from atlas_site.sandbox.web import Request, Response

PREFIX = "/s3/"
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_SIGNED = re.compile(r"AWS4-HMAC-SHA256 Credential=sandbox-[^/]+/\S+, ?SignedHeaders=\S+, ?Signature=[0-9a-f]{64}")
_MOST_KEYS = 1000
_LONGEST_KEY = 1024
_NAMESPACE = 'xmlns="http://s3.amazonaws.com/doc/2006-03-01/"'


class Refusal(Exception):
    """A call that S3 refuses, with the status and code of its answer."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(code)
        self.status, self.code = status, code

    def response(self) -> Response:
        """Return the answer that says so."""
        return _xml(f"<Error><Code>{self.code}</Code><Message>{self.code}</Message></Error>", self.status)


class S3:
    """Answers the calls under ``/s3/``; ``folder`` holds a folder for each bucket."""

    def __init__(self, folder: Path, queued: Faults) -> None:
        self._folder = folder
        self._faults = queued

    def reset(self) -> None:
        """Forget all buckets."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def __call__(self, request: Request) -> Response:
        """Answer one call."""
        fault = self._faults.take("s3")
        if fault and fault.mode == "slow":
            time.sleep(fault.seconds)
        elif fault:
            return Refusal(*FAULTS.get(fault.mode, (500, "InternalError"))).response()
        try:
            _check_signature(request)
            bucket, _, key = request.path.removeprefix(PREFIX).partition("/")
            return self._on_object(request, bucket, key) if key else self._on_bucket(request, bucket)
        except Refusal as refusal:
            return refusal.response()

    def _on_bucket(self, request: Request, bucket: str) -> Response:
        actions: dict[str, Callable[[Request, str], Response]] = {
            "PUT": self._create_bucket,
            "HEAD": self._find_bucket,
            "GET": self._list_objects,
            "DELETE": self._delete_bucket,
        }
        if request.method not in actions:
            raise Refusal(405, "MethodNotAllowed")
        return actions[request.method](request, bucket)

    def _on_object(self, request: Request, bucket: str, key: str) -> Response:
        actions: dict[str, Callable[[Request, Path, str], Response]] = {
            "PUT": _put_object,
            "GET": _get_object,
            "HEAD": _get_object,
            "DELETE": _delete_object,
        }
        if len(key.encode()) > _LONGEST_KEY:
            raise Refusal(400, "KeyTooLongError")
        if request.method not in actions:
            raise Refusal(405, "MethodNotAllowed")
        # The digest of the key names the file, so that no key can lead out of the folder.
        return actions[request.method](request, self._open(bucket) / hashlib.sha256(key.encode()).hexdigest(), key)

    def _open(self, bucket: str) -> Path:
        folder = self._folder / bucket
        if not _BUCKET.fullmatch(bucket) or not folder.is_dir():
            raise Refusal(404, "NoSuchBucket")
        return folder

    def _find_bucket(self, _request: Request, bucket: str) -> Response:
        self._open(bucket)
        return Response()

    def _create_bucket(self, _request: Request, bucket: str) -> Response:
        if not _BUCKET.fullmatch(bucket):
            raise Refusal(400, "InvalidBucketName")
        try:
            (self._folder / bucket).mkdir(parents=True)
        except FileExistsError:
            raise Refusal(409, "BucketAlreadyOwnedByYou") from None
        return Response(headers={"Location": f"/{bucket}"})

    def _delete_bucket(self, _request: Request, bucket: str) -> Response:
        folder = self._open(bucket)
        if any(folder.iterdir()):
            raise Refusal(409, "BucketNotEmpty")
        folder.rmdir()
        return Response(status=204)

    def _list_objects(self, request: Request, bucket: str) -> Response:
        """List keys in their order, at most ``max-keys``; the last key is the token that the next page begins after."""
        prefix, after = request.query.get("prefix", ""), request.query.get("continuation-token", "")
        described = [json.loads(path.read_text()) for path in self._open(bucket).glob("*.json")]
        matching = sorted((each for each in described if each["key"].startswith(prefix)), key=lambda each: each["key"])
        rest = [each for each in matching if each["key"] > after]
        shown = rest[: min(int(request.query.get("max-keys", _MOST_KEYS)), _MOST_KEYS)]
        is_cut = len(shown) < len(rest)
        token = f"<NextContinuationToken>{escape(shown[-1]['key'])}</NextContinuationToken>" if is_cut and shown else ""
        contents = "".join(
            f"<Contents><Key>{escape(each['key'])}</Key><LastModified>{each['modified']}</LastModified>"
            f"<ETag>{each['etag']}</ETag><Size>{each['size']}</Size></Contents>"
            for each in shown
        )
        return _xml(
            f"<ListBucketResult {_NAMESPACE}><Name>{bucket}</Name><Prefix>{escape(prefix)}</Prefix>"
            f"<KeyCount>{len(shown)}</KeyCount><IsTruncated>{str(is_cut).lower()}</IsTruncated>"
            f"{token}{contents}</ListBucketResult>"
        )


def _put_object(request: Request, path: Path, key: str) -> Response:
    if "aws-chunked" in request.headers.get("content-encoding", ""):
        # S3's own answer to an encoding that a server does not speak: boto3 then fails aloud, and no object is stored
        # with the frames of the encoding in it.
        raise Refusal(501, "NotImplemented")
    etag = f'"{hashlib.md5(request.body, usedforsecurity=False).hexdigest()}"'
    path.write_bytes(request.body)
    about = {
        "key": key,
        "etag": etag,
        "size": len(request.body),
        "modified": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z"),
        "content_type": request.content_type or "binary/octet-stream",
    }
    path.with_suffix(".json").write_text(json.dumps(about))
    return Response(headers={"ETag": etag})


def _get_object(_request: Request, path: Path, _key: str) -> Response:
    """Return an object; the server leaves the body of a HEAD out."""
    if not path.is_file():
        raise Refusal(404, "NoSuchKey")
    about = json.loads(path.with_suffix(".json").read_text())
    modified = format_datetime(datetime.fromisoformat(about["modified"]), usegmt=True)
    headers = {"ETag": about["etag"], "Last-Modified": modified}
    return Response(path.read_bytes(), 200, about["content_type"], headers)


def _delete_object(_request: Request, path: Path, _key: str) -> Response:
    path.unlink(missing_ok=True)
    path.with_suffix(".json").unlink(missing_ok=True)
    return Response(status=204)


def _check_signature(request: Request) -> None:
    if not _SIGNED.match(request.headers.get("authorization", "")):
        raise Refusal(403, "AccessDenied")
    digest = request.headers.get("x-amz-content-sha256", "")
    if re.fullmatch(r"[0-9a-f]{64}", digest) and digest != hashlib.sha256(request.body).hexdigest():
        raise Refusal(400, "XAmzContentSHA256Mismatch")


def _xml(content: str, status: int = 200) -> Response:
    return Response(f'<?xml version="1.0" encoding="UTF-8"?>\n{content}'.encode(), status, "application/xml")


FAULTS = {"500": (500, "InternalError"), "429": (503, "SlowDown"), "permission": (403, "AccessDenied")}
"""Status and code of each mode; ``slow`` waits and then answers, any other mode of the sandbox is a 500."""
