"""The job in the worker: beside the others, without a transaction of its own; and TLS as it is on the way out."""

import asyncio
import ssl
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from backend import clock, worker
from backend.database import DB
from backend.notices import senders
from backend.notices.rules import Reply
from backend.notices.rules_addresses import Inside
from backend.notices.rules_messages import Message
from backend.postgres_roles import Dsns
from backend.worker import TIMETABLE, Job, run


def test_delivery_stands_in_the_timetable_and_waits_for_others() -> None:
    (job,) = [job for job in TIMETABLE if job.name == "deliver"]
    assert job.waits
    assert job.every <= 10


async def test_a_job_that_waits_keeps_no_other_waiting(
    owner: Any, dsns: Dsns, as_worker: Callable[[], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []
    stop = asyncio.Event()

    async def slow() -> str:
        assert DB.current_transaction.get() is None
        done.append("slow begins")
        await asyncio.sleep(2.5)
        done.append("slow ends")
        return ""

    async def quick() -> str:
        assert DB.current_transaction.get() is not None
        done.append("quick")
        return ""

    async def broken() -> str:
        raise ValueError("a broken job")

    jobs = (Job("t slow", 0, slow, waits=True), Job("t quick", 0, quick), Job("t broken", 0, broken))
    monkeypatch.setattr(worker, "TIMETABLE", jobs)
    async with as_worker():
        job = asyncio.create_task(run(dsns.owner, stop))
        await asyncio.sleep(2)
        stop.set()
        await job
    assert done[0] == "slow begins"
    assert done.count("slow begins") == done.count("slow ends") == 1  # never beside itself, and it may end
    assert done.count("quick") >= 2


@pytest.fixture
def self_signed(tmp_path: Path) -> ssl.SSLContext:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "hooks.school.local")])
    cert = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(clock.now() - timedelta(days=1))
        .not_valid_after(clock.now() + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    file = tmp_path / "both.pem"
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.write_bytes(secret + cert.public_bytes(serialization.Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context


async def test_a_certificate_that_nobody_signed_is_not_talked_to(self_signed: ssl.SSLContext) -> None:
    heard: list[bytes] = []

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.read(10))
        writer.close()

    async def here(host: str, port: int) -> list[str]:
        return ["127.0.0.1"]

    server = await asyncio.start_server(listen, "127.0.0.1", 0, ssl=self_signed)
    address = f"https://hooks.school.local:{server.sockets[0].getsockname()[1]}/in"
    inside = Inside.of(("hooks.school.local",))
    assert await senders.post("webhook", Message(address, b"secret"), inside, here) == Reply("certificate")
    server.close()
    assert heard in ([], [b""])
