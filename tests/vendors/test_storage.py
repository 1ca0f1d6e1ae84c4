"""Pictures on a disk and in S3, which is the sandbox's, spoken to by boto3."""

from pathlib import Path

import boto3
import pytest
import requests
from django.conf import settings as live_settings
from django.core.files.storage import storages

from atlas_site.vendors.errors import VendorMisconfigured, VendorUnavailable
from atlas_site.vendors.storage import ALIAS, load_picture, picture_key, private_storage, save_picture

KEY = picture_key("p1", "pano-1")
S3 = {"region": "us-east-1", "access_key": "sandbox-tests", "secret_key": "any"}


@pytest.fixture
def use(settings, tmp_path):
    """Keep pictures where these settings say."""

    def choose(**options) -> None:
        whole = {"folder": tmp_path, "bucket": "", "endpoint_url": f"{live_settings.STREETVIEW_BASE_URL}/s3", **S3}
        settings.STORAGES = {**settings.STORAGES, ALIAS: private_storage(**{**whole, **options})}

    return choose


@pytest.fixture
def bucket(unique_id) -> str:
    """A bucket of this test's own."""
    client = boto3.client(
        "s3",
        endpoint_url=f"{live_settings.STREETVIEW_BASE_URL}/s3",
        region_name=S3["region"],
        aws_access_key_id=S3["access_key"],
        aws_secret_access_key=S3["secret_key"],
    )
    client.create_bucket(Bucket=unique_id)
    client.close()
    return unique_id


@pytest.fixture
def fail_next():
    """Let the next calls of S3 fail in a mode."""
    url = f"{live_settings.STREETVIEW_BASE_URL}/_sandbox/faults"

    def add(mode: str, times: int = 1) -> None:
        requests.post(url, json={"endpoint": "s3", "mode": mode, "times": times}, timeout=10).raise_for_status()

    yield add
    requests.delete(url, timeout=10).raise_for_status()


@pytest.mark.parametrize("where", ["disk", "s3"])
def test_a_picture_is_kept_replaced_and_found_again(where, use, bucket):
    use(bucket=bucket if where == "s3" else "")
    assert load_picture(KEY) is None
    save_picture(KEY, b"first")
    save_picture(KEY, b"second")
    assert load_picture(KEY) == b"second"


def test_a_disk_keeps_one_file_a_picture_in_its_folder(use, tmp_path):
    use()
    save_picture(KEY, b"first")
    save_picture(KEY, b"second")
    assert [path.relative_to(tmp_path) for path in tmp_path.rglob("*.jpg")] == [Path("street-view/p1/pano-1.jpg")]


def test_s3_tells_what_is_kept_by_its_key(use, bucket):
    use(bucket=bucket)
    save_picture(KEY, b"first")
    assert storages[ALIAS].exists(KEY)
    assert storages[ALIAS].listdir("street-view/p1") == ([], ["pano-1.jpg"])
    storages[ALIAS].delete(KEY)
    assert load_picture(KEY) is None


@pytest.mark.parametrize("name", ["../../etc/passwd", "a/b", "", ".", "\0", "ü" * 80])
def test_a_foreign_name_never_becomes_a_path(name):
    folder, file = picture_key(name, name).removeprefix("street-view/").split("/")
    assert folder.isalnum()
    assert file == f"{folder}.jpg"


def test_a_bucket_that_is_not_there_and_a_key_that_is_refused_are_for_the_operator(use, bucket):
    use(bucket="no-such-bucket")
    with pytest.raises(VendorMisconfigured):
        save_picture(KEY, b"x")
    use(bucket=bucket, access_key="AKIAREFUSED", secret_key="very-secret-word")
    with pytest.raises(VendorMisconfigured) as caught:
        save_picture(KEY, b"x")
    assert "secret-word" not in str(caught.value)
    with pytest.raises(VendorMisconfigured):
        load_picture(KEY)


def test_a_fault_is_tried_again_once_and_then_given_up(use, bucket, fail_next):
    use(bucket=bucket)
    fail_next("500")
    save_picture(KEY, b"x")
    assert load_picture(KEY) == b"x"
    fail_next("500", times=2)
    with pytest.raises(VendorUnavailable):
        load_picture(KEY)


def test_a_disk_that_cannot_be_written_is_no_crash(use, tmp_path):
    (tmp_path / "street-view").write_text("a file in the place of the folder")
    use()
    with pytest.raises(VendorUnavailable):
        save_picture(KEY, b"x")
