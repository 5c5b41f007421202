"""The processes that decode: what they are denied, and that their death costs one photo at most."""

import ast
import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import psutil
import pytest
import pytest_asyncio
import uvloop

from backend import photo_pool, photos
from backend.photo_pool import Process
from backend.photos import NotAPicture, Store
from tests import photo_corpus as corpus
from tests.photo_store import files, keep, refusal, temporary, workers


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def store(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Store]:
    it = Store(tmp_path_factory.mktemp("photos"))
    yield it
    await it.aclose()


SPY = """
import json, os, struct, sys
out = sys.stdout.buffer
out.write(b"+")
out.flush()
sys.stdin.buffer.read(7)
known = (sorted(os.environ), [number for number in range(64) if os.path.exists(f"/dev/fd/{number}")])
told = json.dumps({"sizes": [], "detail": str(known)}).encode()
out.write(struct.pack("!I", len(told)) + told)
"""


def test_the_process_is_given_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XUNAN_DATABASE_URL", "postgresql://secret")
    spy = tmp_path / "spy.py"
    spy.write_text(SPY)
    monkeypatch.setattr(photo_pool, "PROGRAM", spy)
    with (tmp_path / "ours").open("w"):
        process = Process()
        made, _ = process.ask(photo_pool.PHOTO, b"J", b"x")
    process.end()
    names, descriptors = ast.literal_eval(made.detail)
    assert set(names) <= {"MALLOC_ARENA_MAX", "LC_CTYPE"}
    assert descriptors == [0, 1, 2]


def test_the_process_is_limited() -> None:
    names = ("RLIMIT_NOFILE", "RLIMIT_FSIZE", "RLIMIT_CORE", "RLIMIT_AS")
    told = _confined(f"import os, resource as r; print(os.getcwd(), *(r.getrlimit(getattr(r, n))[1] for n in {names}))")
    assert str(told).split()[0] == "/"
    assert str(told).split()[1:] == ["0", "0", "0", str(1 << 30)]


@pytest.mark.parametrize("way", ["socket.socket()", "open('/etc/passwd')", "os.dup(0)", "bytearray(2 << 30)"])
def test_code_that_took_the_process_over_would_be_stuck(way: str) -> None:
    told = _confined(
        f"import os, socket\ntry:\n    {way}\n    print('free')\nexcept (OSError, MemoryError): print('stuck')"
    )
    assert told == "stuck"


def test_a_picture_that_never_ends_is_ended() -> None:
    assert _confined("worker.allow(0)\nwhile True: pass") == -signal.SIGXCPU


async def test_a_killed_process_costs_one_photo(store: Store) -> None:
    data = corpus.saved(corpus.scene(3000, 2000, seed=7), "PNG")
    await keep(store, data)
    for process in workers(store):
        os.kill(process.child.pid, signal.SIGSTOP)  # so that the kill below surely meets it at work
    pids = [process.child.pid for process in workers(store)]
    job = asyncio.create_task(keep(store, data))
    await asyncio.sleep(0.2)
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
    with pytest.raises(NotAPicture) as refused:
        await job
    assert refused.value.code == "worker_failed"
    assert refused.value.temporary
    assert (await keep(store, data)).width == 1600


async def test_a_process_that_died_in_its_sleep_costs_nothing(store: Store) -> None:
    data = corpus.saved(corpus.quarters())
    await keep(store, data)
    for process in workers(store):
        process.child.kill()
        process.child.wait()
    assert (await keep(store, data)).width == 240


async def test_a_process_that_hangs_is_replaced(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    data = corpus.saved(corpus.quarters())
    await keep(store, data)
    monkeypatch.setattr(photo_pool, "PATIENCE", 0.3)
    for process in workers(store):
        os.kill(process.child.pid, signal.SIGSTOP)
    assert await refusal(store, data) == "worker_failed"
    monkeypatch.undo()
    assert (await keep(store, data)).width == 240


async def test_a_process_is_renewed_after_its_share(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(photo_pool, "PICTURES", 1)
    data = corpus.saved(corpus.quarters())
    await keep(store, data)
    before = len(workers(store))
    await keep(store, data)
    assert len(workers(store)) <= max(before - 1, 0) + 1


async def test_a_process_that_lies_is_not_believed(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = corpus.saved(corpus.quarters())
    liar = tmp_path / "liar.py"
    for reply in (b'{"sizes":[9],"width":-1}', b'{"sizes":[99999999999]}', b"[]", b'{"sizes":[4]}'):
        said = len(reply).to_bytes(4) + reply + b"<svg"
        liar.write_text(f"import sys; o = sys.stdout.buffer; o.write({b'+' + said!r}); o.flush(); sys.stdin.read()")
        monkeypatch.setattr(photo_pool, "PROGRAM", liar)
        other = Store(tmp_path / "other", processes=1)
        assert await refusal(other, data) == "worker_failed"
        await other.aclose()
        assert not files(tmp_path / "other")


async def test_no_process_outlives_the_store(tmp_path: Path) -> None:
    store = Store(tmp_path)
    await keep(store, corpus.saved(corpus.quarters()))
    pids = [process.child.pid for process in workers(store)]
    await store.aclose()
    assert pids
    assert not any(psutil.pid_exists(pid) for pid in pids)


def test_no_process_outlives_a_killed_application(tmp_path: Path) -> None:
    code = (
        "import asyncio, hashlib, os, sys, pathlib; from backend.photos import Store\n"
        f"data = pathlib.Path({str(corpus.HEIC)!r}).read_bytes(); store = Store(pathlib.Path({str(tmp_path)!r}))\n"
        "asyncio.run(store.keep(data, hashlib.sha256(data).hexdigest()))\n"
        "print(*(p.child.pid for p in store.pool.idle.queue if p), flush=True); os.kill(os.getpid(), 9)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30)
    assert done.returncode == -signal.SIGKILL
    (pid,) = map(int, done.stdout.split())
    for _ in range(50):
        if not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
            return
        time.sleep(0.1)
    pytest.fail("the process lives on")


def test_the_servers_own_event_loop_is_not_blocked(tmp_path: Path) -> None:
    async def run() -> int:
        store, ticks = Store(tmp_path), 0
        data = corpus.saved(corpus.scene(2000, 1500), "PNG")
        jobs = asyncio.gather(*(keep(store, data) for _ in range(4)))
        while not jobs.done():
            ticks += 1
            await asyncio.sleep(0.005)
        assert len({it.stored_sha256 for it in await jobs}) == 1
        await store.aclose()
        return ticks

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        assert runner.run(run()) > 10


async def test_many_at_once(store: Store) -> None:
    scenes = [corpus.saved(corpus.scene(640, 480, seed=seed)) for seed in range(1, 9)]
    kept = await asyncio.gather(*(keep(store, data) for data in scenes * 2))
    assert kept[:8] == kept[8:]
    assert all(store.intact(it.stored_sha256) for it in kept)
    assert len(workers(store)) <= 2
    assert not temporary(store)


async def test_when_too_many_wait_the_next_is_told(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(photos, "LONGEST_QUEUE", 3)
    data = corpus.saved(corpus.quarters())
    results = await asyncio.gather(*(keep(store, data) for _ in range(9)), return_exceptions=True)
    busy = [it for it in results if isinstance(it, NotAPicture)]
    assert len(busy) == 6
    assert {it.code for it in busy} == {"busy"}


def _confined(code: str) -> str | int:
    load = f"import importlib.util as u; s = u.spec_from_file_location('w', {str(photo_pool.PROGRAM)!r}); "
    load += "worker = u.module_from_spec(s); s.loader.exec_module(worker); import socket; worker.confine()\n"
    done = subprocess.run([sys.executable, "-I", "-c", load + code], capture_output=True, text=True, timeout=30)
    return done.stdout.strip() or done.returncode
