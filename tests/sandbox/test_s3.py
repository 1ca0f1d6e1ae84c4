"""S3 of the sandbox, spoken to by boto3."""

from collections.abc import Iterator

import boto3
import pytest
import requests
from botocore.config import Config
from botocore.exceptions import ClientError

from tests.sandbox.conftest import Api


def connect(api: Api, access_key: str = "sandbox-tests"):
    return boto3.client(
        "s3",
        endpoint_url=f"{api.url}/s3",
        region_name="us-east-1",
        aws_access_key_id=access_key,
        aws_secret_access_key="any",
        config=Config(s3={"addressing_style": "path"}, retries={"total_max_attempts": 1}),
    )


@pytest.fixture
def s3(api: Api) -> Iterator:
    client = connect(api)
    client.create_bucket(Bucket="pictures")
    yield client
    client.close()


def code_of(caught: pytest.ExceptionInfo[ClientError]) -> str:
    return caught.value.response["Error"]["Code"]


def test_an_object_is_put_described_fetched_replaced_and_deleted(s3) -> None:
    s3.put_object(Bucket="pictures", Key="a b/ü&+.jpg", Body=b"one", ContentType="image/jpeg")
    s3.put_object(Bucket="pictures", Key="a b/ü&+.jpg", Body=b"second", ContentType="image/jpeg")
    described = s3.head_object(Bucket="pictures", Key="a b/ü&+.jpg")
    assert (described["ContentLength"], described["ContentType"]) == (6, "image/jpeg")
    fetched = s3.get_object(Bucket="pictures", Key="a b/ü&+.jpg")
    assert fetched["Body"].read() == b"second"
    assert fetched["ETag"] == described["ETag"]
    s3.delete_object(Bucket="pictures", Key="a b/ü&+.jpg")
    with pytest.raises(ClientError) as caught:
        s3.get_object(Bucket="pictures", Key="a b/ü&+.jpg")
    assert code_of(caught) == "NoSuchKey"


def test_keys_are_listed_by_prefix_page_by_page(s3) -> None:
    for key in ("x/3", "x/1", "y/1", "x/2"):
        s3.put_object(Bucket="pictures", Key=key, Body=b".")
    pages = s3.get_paginator("list_objects_v2").paginate(
        Bucket="pictures", Prefix="x/", PaginationConfig={"PageSize": 2}
    )
    assert [[each["Key"] for each in page["Contents"]] for page in pages] == [["x/1", "x/2"], ["x/3"]]


def test_a_key_cannot_lead_out_of_its_bucket(s3, api: Api) -> None:
    s3.put_object(Bucket="pictures", Key="../../escaped", Body=b"!")
    assert list(api.home.rglob("*escaped*")) == []


def test_what_is_not_there_and_what_is_twice_is_refused(s3) -> None:
    with pytest.raises(ClientError) as caught:
        s3.put_object(Bucket="nowhere", Key="a", Body=b"")
    assert code_of(caught) == "NoSuchBucket"
    with pytest.raises(ClientError) as caught:
        s3.head_bucket(Bucket="nowhere")
    assert code_of(caught) == "404"
    with pytest.raises(ClientError) as caught:
        s3.create_bucket(Bucket="pictures")
    assert code_of(caught) == "BucketAlreadyOwnedByYou"
    s3.put_object(Bucket="pictures", Key="a", Body=b"")
    with pytest.raises(ClientError) as caught:
        s3.delete_bucket(Bucket="pictures")
    assert code_of(caught) == "BucketNotEmpty"


def test_an_unsigned_call_and_a_strange_key_are_refused(s3, api: Api) -> None:
    assert requests.get(f"{api.url}/s3/pictures/a", timeout=10).status_code == 403
    with pytest.raises(ClientError) as caught:
        connect(api, "AKIAREAL").put_object(Bucket="pictures", Key="a", Body=b"x")
    assert code_of(caught) == "AccessDenied"


@pytest.mark.parametrize(
    ("mode", "code"), [("500", "InternalError"), ("429", "SlowDown"), ("permission", "AccessDenied")]
)
def test_faults_come_as_queued(s3, api: Api, mode: str, code: str) -> None:
    api.control("faults", {"endpoint": "s3", "mode": mode})
    with pytest.raises(ClientError) as caught:
        s3.put_object(Bucket="pictures", Key="a", Body=b"x")
    assert code_of(caught) == code
    s3.put_object(Bucket="pictures", Key="a", Body=b"x")


def test_a_reset_empties_it(s3, api: Api) -> None:
    api.control("reset", {})
    with pytest.raises(ClientError) as caught:
        s3.list_objects_v2(Bucket="pictures")
    assert code_of(caught) == "NoSuchBucket"
