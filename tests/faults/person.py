"""Somebody who uploads: what a client of the wire does, one method per step."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

if TYPE_CHECKING:
    from collections.abc import Iterable

    import httpx

BUCKET = "uploads"
HOME = "users/alice/"


class Target(TypedDict):
    method: str
    url: str
    headers: dict[str, str]
    size: int


class PartTarget(Target):
    part_number: int


class Plan(TypedDict):
    part_size: int
    part_count: int
    parts: list[PartTarget]


class PutUpload(TypedDict):
    id: str
    key: str
    target: Target


class MultipartUpload(TypedDict):
    id: str
    key: str
    target: Plan


class Person:
    """`broker` is a client with alice's token, `s3` one without any."""

    def __init__(self, broker: httpx.Client, s3: httpx.Client) -> None:
        self.broker = broker
        self.s3 = s3

    def ask_for_upload(self, name: str, size: int, strategy: str) -> httpx.Response:
        file = {"name": name, "size": size, "type": "application/octet-stream"}
        body = {"bucket": BUCKET, "prefix": HOME, "files": [file], "strategy": strategy}
        return self.broker.post("/v1/uploads", json=body)

    def begin_put(self, name: str, size: int) -> PutUpload:
        answer = self.ask_for_upload(name, size, "put")
        upload: PutUpload = answer.raise_for_status().json()["uploads"][0]
        return upload

    def begin_multipart(self, name: str, size: int) -> MultipartUpload:
        answer = self.ask_for_upload(name, size, "multipart")
        upload: MultipartUpload = answer.raise_for_status().json()["uploads"][0]
        return upload

    def ask_for_parts(self, upload_id: str, numbers: Iterable[int]) -> httpx.Response:
        parts = [{"part_number": number} for number in numbers]
        return self.broker.post(f"/v1/uploads/{upload_id}/parts", json={"parts": parts})

    def sign_parts(self, upload_id: str, numbers: Iterable[int]) -> list[PartTarget]:
        answer = self.ask_for_parts(upload_id, numbers)
        parts: list[PartTarget] = answer.raise_for_status().json()["parts"]
        return parts

    def send(self, target: Target, content: bytes) -> httpx.Response:
        """Return S3's answer. Raises httpx.TransportError without one."""
        return self.s3.request(
            target["method"], target["url"], headers=target["headers"], content=content
        )

    def send_parts(self, parts: Iterable[PartTarget], content: bytes, part_size: int) -> None:
        for part in parts:
            start = (part["part_number"] - 1) * part_size
            self.send(part, content[start : start + part["size"]]).raise_for_status()

    def status(self, upload_id: str) -> httpx.Response:
        return self.broker.get(f"/v1/uploads/{upload_id}")

    def complete(self, upload_id: str) -> httpx.Response:
        return self.broker.post(f"/v1/uploads/{upload_id}/complete", json={})

    def ask_for_download(self, key: str) -> httpx.Response:
        body = {"items": [{"bucket": BUCKET, "key": key}]}
        return self.broker.post("/v1/downloads", json=body)

    def download(self, key: str) -> bytes:
        url = self.ask_for_download(key).raise_for_status().json()["downloads"][0]["url"]
        return self.s3.get(url).raise_for_status().content

    def sent_whole(self, name: str, content: bytes) -> MultipartUpload:
        """A multipart upload of which only the completion is missing."""
        upload = self.begin_multipart(name, len(content))
        plan = upload["target"]
        self.send_parts(plan["parts"], content, plan["part_size"])
        return upload
