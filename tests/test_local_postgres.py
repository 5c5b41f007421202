"""The embedded server on a real disk: killed in every way, shared, moved, as root and not; and the roles."""

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest

from backend import local_postgres, postgres_home
from backend.local_postgres import LocalPostgres, blocking, temporary_server
from backend.postgres_home import Person, PostgresError
from backend.postgres_roles import AWAY, Dsns, check_server, ensure_app_role, external_dsns, wait_until_up

SUPERVISOR = """
import sys, time
from pathlib import Path
from backend.local_postgres import temporary_server
with temporary_server(Path(sys.argv[1])) as dsns:
    print(dsns.owner, flush=True)
    time.sleep(600)
"""
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="about what root does")


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """A folder that the server's user can enter, unlike pytest's own."""
    path = Path(tempfile.mkdtemp(prefix="xunan-test-"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path)


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[LocalPostgres]:
    """One server for most tests. Whoever ends it starts it again."""
    found = LocalPostgres(postgres_home.find(folder / "data"))
    try:
        run(found.start().owner, "CREATE TABLE kept (n int)")
        yield found
    finally:
        found.stop()


def run(dsn: str, *statements: str) -> Any:
    """The value of the last statement."""

    async def go() -> Any:
        connection = await asyncpg.connect(dsn)
        try:
            for statement in statements[:-1]:
                await connection.execute(statement)
            return await connection.fetchval(statements[-1])
        finally:
            await connection.close()

    return blocking(go())


def dsns_of(server: LocalPostgres) -> Dsns:
    found = server._shared()
    assert found
    return found


def wait_for(what: str, condition: Any, seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.05)


def test_it_is_durable_and_private(server: LocalPostgres) -> None:
    dsns, home = dsns_of(server), server.home
    for name in ("fsync", "full_page_writes", "synchronous_commit", "data_checksums"):
        assert run(dsns.app, f"SHOW {name}") == "on"
    assert run(dsns.app, "SHOW listen_addresses") == ""
    assert run(dsns.app, "SHOW server_encoding") == "UTF8"
    assert run(dsns.app, "SELECT '消防' ~ '^[[:alpha:]]+$'")  # searching Chinese needs letters to be letters
    assert (home.folder / "passwords.json").stat().st_mode & 0o777 == 0o600
    assert (home.folder / "socket").stat().st_mode & 0o777 == 0o700
    assert home.cluster.stat().st_mode & 0o777 == 0o700
    assert home.cluster.stat().st_uid != 0
    secret = urlsplit(dsns.app).password
    assert secret
    assert secret not in repr(dsns)
    with pytest.raises(asyncpg.InvalidPasswordError):
        run(dsns.app.replace(secret, "guess"), "SELECT 1")


def test_the_application_owns_nothing(server: LocalPostgres) -> None:
    dsns = dsns_of(server)
    assert dsns.app_role == "xunan_app"
    flags = "rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb OR rolreplication"
    assert run(dsns.app, f"SELECT {flags} FROM pg_roles WHERE rolname = current_user") is False
    for statement in ("CREATE TABLE mine (n int)", "SELECT count(*) FROM kept", "CREATE SCHEMA mine"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            run(dsns.app, statement)


def test_a_killed_server_is_started_again_with_every_row(server: LocalPostgres) -> None:
    dsns = dsns_of(server)
    rows = run(dsns.owner, "INSERT INTO kept SELECT generate_series(1, 1000)", "SELECT count(*) FROM kept")
    assert server.tend() is False
    assert server.pid
    os.kill(server.pid, signal.SIGKILL)
    wait_for("the server comes back", server.tend)
    assert run(dsns.owner, "SELECT count(*) FROM kept") == rows


@pytest.mark.parametrize("pid", [os.getpid(), 1, 2**22 - 1])
def test_a_file_of_a_pid_that_is_somebody_else_is_no_obstacle(server: LocalPostgres, pid: int) -> None:
    """A container that starts again on its volume, or a machine after a power cut."""
    server.stop()
    left = server.home.cluster / "postmaster.pid"
    left.write_text(f"{pid}\n{server.home.cluster}\n1700000000\n5432\n/nowhere\n\n  1  1\nready\n")
    shutil.chown(left, server.home.person.uid, server.home.person.gid)
    assert run(server.start().owner, "SELECT count(*) > 0 FROM kept")


def test_two_processes_share_and_the_second_inherits(server: LocalPostgres) -> None:
    second = LocalPostgres(server.home)
    try:
        dsns = second.start()
        assert not second.owns
        assert run(dsns.app, "SELECT 1") == 1
        assert second.tend() is False
        server.stop()
        wait_for("the second takes over", second.tend)
        assert second.owns
        assert run(dsns.owner, "SELECT count(*) > 0 FROM kept")
    finally:
        second.stop()
        server.start()
    assert server.owns


def test_a_server_started_by_hand_is_left_alone(server: LocalPostgres) -> None:
    lock, server._lock = server._lock, None
    try:
        with pytest.raises(PostgresError, match=str(server.pid)):
            local_postgres._sweep(server.home, server.home.folder / "socket")
    finally:
        server._lock = lock


def test_nothing_outlives_a_killed_supervisor_and_the_next_start_is_at_once(folder: Path) -> None:
    data = folder / "killed"
    words = [sys.executable, "-c", SUPERVISOR, str(data)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as supervisor:
        assert supervisor.stdout
        dsn = supervisor.stdout.readline().strip()
        run(dsn, "CREATE TABLE kept (n int)", "INSERT INTO kept VALUES (7)", "SELECT 1")
        postmaster = int((data / "postgres/cluster/postmaster.pid").read_text().splitlines()[0])
        supervisor.kill()
    server = LocalPostgres(postgres_home.find(data))
    try:
        assert run(server.start().owner, "SELECT n FROM kept") == 7
        assert server.owns
        assert server.pid != postmaster
        assert server.pid
        os.killpg(server.pid, signal.SIGKILL)  # and now everything at once
    finally:
        server.stop()
    with temporary_server(data) as dsns:
        assert run(dsns.owner, "SELECT n FROM kept") == 7


def test_an_interrupted_first_start_in_a_long_path_with_spaces_commas_and_chinese(folder: Path) -> None:
    data = folder / "安全, 'safety' data" / ("l" * 100)
    home = postgres_home.find(data)
    postgres_home.make_folder(home.folder / "cluster.new", 0o700, home.person)
    (home.folder / "cluster.new" / "PG_VERSION").write_text("18\n")
    postgres_home.passwords(home.folder, ("owner", "app"))
    with temporary_server(data) as dsns:
        socket = Path(run(dsns.owner, "SHOW unix_socket_directories"))
        assert socket.stat().st_mode & 0o777 == 0o700
        assert data not in socket.parents
    assert not socket.exists()


def test_a_squatted_socket_folder_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = postgres_home.find(folder / "squatted")
    (home.folder / "socket").mkdir(0o777)
    (home.folder / "socket").chmod(0o777)
    with pytest.raises(PostgresError, match="private"):
        postgres_home.socket_folder(home)


def test_the_versions_must_fit(folder: Path) -> None:
    cluster = folder / "old" / "postgres" / "cluster"
    cluster.mkdir(parents=True)
    (cluster / "PG_VERSION").write_text("9\n")
    with pytest.raises(PostgresError, match="made by PostgreSQL 9"):
        postgres_home.find(folder / "old")
    with pytest.raises(PostgresError, match="no PostgreSQL programs"):
        postgres_home.find(folder / "none", folder)


def test_lost_passwords_are_a_sentence_and_not_a_new_database(folder: Path) -> None:
    home = postgres_home.find(folder / "lost")
    home.cluster.mkdir()
    with pytest.raises(PostgresError, match=r"passwords\.json"):
        LocalPostgres(home).start()


@as_root
def test_below_a_closed_folder_the_files_go_elsewhere(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The project below /root: no folder's rights are changed, and a moved project does not begin an empty database."""
    monkeypatch.setattr(postgres_home, "ELSEWHERE", folder / "elsewhere")
    closed = folder / "closed"
    closed.mkdir(0o700)
    home = postgres_home.find(closed / "data")
    assert home.folder.parent == folder / "elsewhere"
    assert home.notice
    with temporary_server(closed / "data") as dsns:
        assert run(dsns.app, "SELECT 1") == 1
    assert closed.stat().st_mode & 0o777 == 0o700
    closed.rename(folder / "moved")
    with pytest.raises(PostgresError, match="moved or copied"):
        postgres_home.find(folder / "moved" / "data")


@as_root
def test_programs_below_a_closed_folder_are_copied(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres_home, "ELSEWHERE", folder / "copies")
    home = postgres_home.find(folder / "copied")
    package = home.programs.parents[1]
    hidden = folder / "hidden"
    hidden.mkdir(0o700)
    for name in (package.name, f"{package.name}.libs"):
        if (package.parent / name).exists():
            (hidden / name).symlink_to(package.parent / name)
    programs = postgres_home._within_reach(hidden / package.name / "pginstall" / "bin", home.person)
    assert folder / "copies" in programs.parents
    words = [str(programs / "initdb"), "--version"]
    assert subprocess.run(words, check=False, **home.person.dropping).returncode == 0  # type: ignore[call-overload]


@as_root
def test_an_ordinary_user_needs_nothing_more(folder: Path) -> None:
    nobody = Person(65534, 65534)
    python = next((p for p in (Path(sys.executable), Path("/usr/bin/python3.11")) if nobody.can_use(p)), None)
    if python is None or not nobody.can_use(postgres_home.find(folder / "any").programs / "postgres"):
        pytest.skip("nobody can run our Python")
    data = folder / "nobody"
    data.mkdir()
    os.chown(data, 65534, 65534)
    paths = [str(path) for path in (Path(__file__).parents[1], *map(Path, sys.path)) if "site-packages" in str(path)]
    environment = {"PYTHONPATH": os.pathsep.join([str(Path(__file__).parents[1]), *paths]), "PATH": "/usr/bin:/bin"}
    done = subprocess.run(
        [str(python), "-c", SUPERVISOR.replace("600", "0"), str(data / "data")],
        capture_output=True,
        text=True,
        cwd="/",
        env=environment,
        check=False,
        user=65534,
        group=65534,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("postgresql://")
    with pytest.raises(PostgresError, match="another user"):
        raise_as_nobody(python, environment, folder)


def raise_as_nobody(python: Path, environment: dict[str, str], folder: Path) -> None:
    """What somebody is told who comes to a folder of somebody else."""
    words = [str(python), "-c", SUPERVISOR, str(folder / "data")]
    done = subprocess.run(words, capture_output=True, text=True, cwd="/", env=environment, check=False, user=65534)
    raise PostgresError(done.stderr)


# An external server: here the same one, with an owner who is no superuser.


def external(server: LocalPostgres, name: str, rights: str = "CREATEROLE") -> str:
    """The owner's DSN of a new database."""
    owner = dsns_of(server).owner
    run(owner, f"CREATE ROLE {name}_boss LOGIN {rights} PASSWORD 'boss'", "SELECT 1")
    run(owner, f"CREATE DATABASE {name} OWNER {name}_boss")
    parts = urlsplit(owner)
    return urlunsplit(parts._replace(netloc=f"{name}_boss:boss@", path=f"/{name}"))


async def test_an_external_server_gets_a_role_for_the_application(server: LocalPostgres, tmp_path: Path) -> None:
    owner = await asyncio.to_thread(external, server, "city")
    dsns = await ensure_app_role(owner, tmp_path / "a")
    again = await ensure_app_role(owner, tmp_path / "b")  # another copy with a folder of its own
    assert dsns == again == external_dsns(owner, tmp_path)
    assert dsns.app_role == "city_app"
    assert await asyncio.to_thread(run, dsns.app, "SELECT current_user::text") == "city_app"
    assert "boss" not in (urlsplit(dsns.app).password or "")


def test_an_owner_without_a_password_gets_a_random_one_kept_privately(tmp_path: Path) -> None:
    first = external_dsns("postgresql://boss@/city?host=/run", tmp_path / "data")
    assert first == external_dsns("postgresql://boss@/city?host=/run", tmp_path / "data")
    assert first != external_dsns("postgresql://boss@/city?host=/run", tmp_path / "other")
    assert (tmp_path / "data" / "passwords.json").stat().st_mode & 0o777 == 0o600


async def test_what_an_external_server_must_not_be(server: LocalPostgres, tmp_path: Path) -> None:
    owner = await asyncio.to_thread(external, server, "weak", "NOCREATEROLE")
    with pytest.raises(PostgresError, match="XUNAN_APP_DATABASE_URL"):
        await ensure_app_role(owner, tmp_path)
    with pytest.raises(PostgresError, match="weak_boss must own nothing"):
        await ensure_app_role(owner, tmp_path, owner)
    with pytest.raises(PostgresError, match="XUNAN_DATABASE_URL does not let us in"):
        await ensure_app_role(owner.replace(":boss@", ":wrong@"), tmp_path)
    with pytest.raises(PostgresError, match="XUNAN_APP_DATABASE_URL does not let us in"):
        await ensure_app_role(owner, tmp_path, owner.replace("weak_boss:boss", "nobody:x"))
    with pytest.raises(AWAY):
        await ensure_app_role("postgresql://u:p@127.0.0.1:9/x", tmp_path)
    assert not await wait_until_up("postgresql://u:p@127.0.0.1:9/x", 0.1)
    assert await wait_until_up(owner, 1)


async def test_a_server_told_not_to_care_is_refused(server: LocalPostgres) -> None:
    connection = await asyncpg.connect((await asyncio.to_thread(dsns_of, server)).owner)
    try:
        await check_server(connection)
        await connection.execute("SET synchronous_commit = off")
        with pytest.raises(PostgresError, match="power cut"):
            await check_server(connection)
    finally:
        await connection.close()
