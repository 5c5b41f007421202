"""The command line: help, exit codes, a sentence for what a person can mend; and `serve`, killed in every way."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import click
import psutil
import pytest
from click.testing import CliRunner

from backend import command, preflight
from backend.settings import TABLE, UserError
from backend.trouble import Invalid

XUNAN = [sys.executable, "-m", "backend.command"]


def xunan(*words: str, **settings: str) -> subprocess.CompletedProcess[str]:
    environment = {**plain_environment(), **settings}
    return subprocess.run([*XUNAN, *words], capture_output=True, text=True, env=environment, check=False, timeout=60)


def plain_environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("XUNAN_")}


def every_command(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    yield path
    for name, found in group.commands.items():
        if isinstance(found, click.Group):
            yield from every_command(found, (*path, name))
        else:
            yield (*path, name)


@pytest.mark.parametrize("path", list(every_command(command.cli)), ids=" ".join)
def test_help_everywhere(path: tuple[str, ...]) -> None:
    done = CliRunner().invoke(command.cli, [*path, "--help"])
    assert done.exit_code == 0
    assert "Usage:" in done.output


@pytest.mark.parametrize(
    ("words", "settings", "part"),
    [
        (["serve"], {"XUNAN_PORT": "x"}, "XUNAN_PORT"),
        (["serve"], {"XUNAN_DEMO": "1", "XUNAN_HOST": "0.0.0.0"}, "XUNAN_ALLOW_PUBLIC_DEMO=1"),
        (["migrate"], {"XUNAN_DATABASE_URL": "postgresql://u:secret@127.0.0.1:9/x"}, "cannot be reached"),
        (["fly"], {}, "No such command"),
        (["serve", "--fast"], {}, "No such option"),
    ],
)
def test_a_persons_error_is_a_sentence(words: list[str], settings: dict[str, str], part: str) -> None:
    done = xunan(*words, **settings)
    assert done.returncode == 2
    assert part in done.stderr
    assert "Traceback" not in done.stderr
    assert "secret" not in done.stderr


def test_troubles_of_the_application_are_sentences_too(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(**_: object) -> None:
        raise Invalid({"name": "This is not [known]: %(what)s"}, what="x")

    monkeypatch.setattr(command, "cli", refuse)
    with pytest.raises(SystemExit) as ended:
        command.main()
    assert ended.value.code == 2
    assert "This is not [known]: x" in capsys.readouterr().err


def test_settings_are_listed_without_passwords() -> None:
    done = xunan("settings", XUNAN_DATABASE_URL="postgresql://u:secret@h/x", COLUMNS="200")
    assert done.returncode == 0
    assert all(row.name in done.stdout for row in TABLE)
    assert "secret" not in done.stdout
    markdown = xunan("settings", "--markdown", "--chinese").stdout
    assert len(markdown.splitlines()) == len(TABLE) + 2
    assert "监听端口" in markdown


def test_no_room_on_the_disk(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(preflight.shutil, "disk_usage", lambda _: SimpleNamespace(free=299_000_000))
    with pytest.raises(UserError, match="299 MB"):
        preflight.check_space(tmp_path / "not" / "there" / "yet")


def test_a_port_that_cannot_be_had() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(UserError, match=f"Port {port} is taken") as refused:
            preflight.check_port("127.0.0.1", port, patience=0)
        assert str(port) in refused.value.chinese
    preflight.check_port("127.0.0.1", port, patience=0)
    with pytest.raises(UserError, match="not an address of this machine"):
        preflight.check_port("192.0.2.77", port, patience=0)
    with pytest.raises(UserError, match="not an address of this machine"):
        preflight.check_port("no-such-host.invalid", port, patience=0)


# serve


class Serving:
    """`xunan serve` on a port and a folder of its own."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.data = folder / "data"
        self.output = folder / "output"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        environment = {**plain_environment(), "XUNAN_PORT": str(self.port), "XUNAN_DATA": str(self.data)}
        with self.output.open("ab") as output:
            self.process = subprocess.Popen([*XUNAN, "serve"], env=environment, stdout=output, stderr=output)
        self.wait_for(200)

    def status(self) -> int:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/healthz", timeout=5) as answer:
                assert json.load(answer)["status"] == "ok"
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            return 0

    def wait_for(self, status: int, seconds: float = 60) -> None:
        deadline = time.monotonic() + seconds
        while self.status() != status:
            assert self.process is None or self.process.poll() is None, self.output.read_text()
            assert time.monotonic() < deadline, self.output.read_text()
            time.sleep(0.1)

    def family(self) -> list[psutil.Process]:
        assert self.process
        return psutil.Process(self.process.pid).children(recursive=True)

    def named(self, part: str) -> psutil.Process:
        """The first descendant whose command line has this word."""
        return next(each for each in self.family() if part in " ".join(each.cmdline()))


@pytest.fixture(scope="module")
def serving() -> Iterator[Serving]:
    folder = Path(tempfile.mkdtemp(prefix="xunan-test-"))
    folder.chmod(0o755)
    found = Serving(folder)
    try:
        yield found
    finally:
        if found.process and found.process.poll() is None:
            found.process.send_signal(signal.SIGTERM)
            found.process.wait(60)
        shutil.rmtree(folder, ignore_errors=True)


def ended(family: list[psutil.Process]) -> None:
    _, alive = psutil.wait_procs(family, timeout=30)
    assert not alive


def test_serve_survives_every_kill(serving: Serving) -> None:
    """The database, the web server, the supervisor; and after each the next answer comes without any help."""
    serving.start()
    address, deadline = f"http://127.0.0.1:{serving.port}", time.monotonic() + 20
    while address not in (output := serving.output.read_text()):  # the first answer comes a moment before the table
        assert time.monotonic() < deadline, output
        time.sleep(0.05)
    assert "Demo sign-ins" not in output  # not in demo mode

    killed = serving.named("bin/postgres")
    killed.kill()
    ended([killed])
    while not (again := [each for each in serving.family() if "bin/postgres" in " ".join(each.cmdline())]):
        time.sleep(0.1)
    assert again[0].pid != killed.pid
    serving.wait_for(200)

    granian = serving.named("granian")
    workers = granian.children()
    granian.kill()
    ended(workers)  # they would hold the port
    serving.wait_for(200)

    family = serving.family()
    assert serving.process
    serving.process.kill()
    serving.process.wait()
    serving.start()
    ended(family)


def test_serve_ends_whole_when_asked(serving: Serving) -> None:
    if serving.process is None or serving.process.poll() is not None:
        serving.start()
    assert serving.process
    family, before = serving.family(), len(serving.output.read_text())
    serving.process.send_signal(signal.SIGTERM)
    assert serving.process.wait(60) == 0
    ended(family)
    assert "Traceback" not in serving.output.read_text()[before:]
