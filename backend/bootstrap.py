"""What `make run` and `make test` do before there is anything to import: from a bare Python to a complete environment.

Standard library only, and run with `python -I`, so that nothing beside this file can stand in for a module of Python's.
"""

from __future__ import annotations

import ctypes
import fcntl
import hashlib
import importlib.util
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
OLDEST = (3, 11)
SPACE = {"run": 900, "test": 1500}  # MB, with the packages' archives while they are unpacked
NETWORK = re.compile(
    "Max retries|Failed to establish|Temporary failure|timed out|Connection (refused|reset|broken|aborted)|ProxyError"
    "|Network is unreachable|SSLError|Could not fetch URL|from versions: none",
)


class Trouble(Exception):
    """One sentence, in both languages."""

    def __init__(self, english: str, chinese: str) -> None:
        super().__init__(english)
        self.english, self.chinese = english, chinese


def main(arguments: list[str]) -> int:
    what = arguments[0] if arguments else "run"
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace", line_buffering=True)
    try:
        check_python(sys.version_info[:2])
        prepare("test" if what == "test" else "run")
        if what == "test":
            ensure_chromium()
        if what == "run":
            run()
    except Trouble as trouble:
        print(f"{trouble.chinese}\n{trouble.english}", file=sys.stderr)  # noqa: T201
        return 2
    except KeyboardInterrupt:
        return 130
    return 0


def check_python(version: tuple[int, ...]) -> None:
    if version < OLDEST:
        have, need = (".".join(map(str, each)) for each in (version, OLDEST))
        raise Trouble(
            f"Python {need} or newer is needed, this is {have}; choose another one: make run PYTHON=python{need}",
            f"需要 Python {need} 或更新版本，当前为 {have}，可另选：make run PYTHON=python{need}",
        )


def prepare(what: str) -> None:
    """The environment, unless it is there already and its list of packages has not changed since."""
    with (ROOT / "backend" / "bootstrap.py").open() as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            say("另一个进程正在准备环境，等待中 · Another start prepares the environment, waiting …")
            fcntl.flock(lock, fcntl.LOCK_EX)
        if is_ready(what):
            return
        check_space(what)
        say("首次运行需准备环境，约一两分钟 · Preparing the environment, this takes a minute or two")
        pip = make_environment()
        requirements = ROOT / "requirements" / f"{what}.txt"
        install(pip, ["--require-hashes", "-r", str(requirements)], requirements.read_text().count("=="))
        install(pip, ["--no-deps", "--no-build-isolation", "-e", str(ROOT)], 1)
        _stamp_file(what).write_text(_stamp(what))


def is_ready(what: str) -> bool:
    """An environment for the tests is one to run in, too."""
    stamped = any(
        _stamp_file(each).is_file() and _stamp_file(each).read_text() == _stamp(each) for each in {what, "test"}
    )
    return stamped and _works("-c", "import backend")


def _stamp_file(what: str) -> Path:
    return VENV / f"xunan-{what}.stamp"


def _stamp(what: str) -> str:
    """Changes with the packages, with the Python, and with the place: an environment cannot be moved."""
    lists = [(ROOT / "requirements" / f"{what}.txt").read_bytes(), (ROOT / "pyproject.toml").read_bytes()]
    facts = f"{ROOT}\n{sys.version}\n".encode()
    return hashlib.sha256(b"\0".join([*lists, facts])).hexdigest()


def check_space(what: str) -> None:
    free = shutil.disk_usage(ROOT).free // 10**6
    if free < SPACE[what]:
        raise Trouble(
            f"Only {free} MB are free at {ROOT}, the environment needs {SPACE[what]} MB.",
            f"{ROOT} 所在磁盘仅剩 {free} MB，准备环境需要 {SPACE[what]} MB。",
        )


def make_environment() -> list[str]:
    """A virtual environment; the answer is the command that is its pip."""
    own = [str(PYTHON), "-m", "pip"]
    if _is_at_home() and _works("-m", "pip", "--version"):
        return own
    if not _module("ensurepip") and not _module("pip"):
        _install_by_apt(["python3-venv"])
        importlib.invalidate_caches()
    bare = [] if _module("ensurepip") else ["--without-pip"]
    words = [sys.executable, "-m", "venv", "--clear", *bare, str(VENV)]
    made = subprocess.run(words, capture_output=True)  # noqa: S603
    if made.returncode == 0 and not bare:
        return own
    if made.returncode == 0 and _module("pip"):  # Debian without python3-venv, but with python3-pip
        return [sys.executable, "-m", "pip", "--python", str(PYTHON)]
    raise Trouble(
        "This Python cannot make virtual environments; install the package for it: sudo apt-get install python3-venv",
        "当前 Python 无法创建虚拟环境，请安装所需软件包：sudo apt-get install python3-venv",
    )


def _is_at_home() -> bool:
    """Its programs name their Python by its full path, so an environment that was moved has to be made anew."""
    made = VENV / "pyvenv.cfg"
    return made.is_file() and made.read_text().rstrip().endswith(str(VENV))


def install(pip: list[str], arguments: list[str], total: int) -> None:
    """Run pip and show how far it is; what it said in full stays in the environment."""
    words = [
        *pip,
        "install",
        "--no-input",
        "--no-compile",
        "--disable-pip-version-check",
        "--progress-bar",
        "off",
        *arguments,
    ]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    said, seen = [], 0
    with subprocess.Popen(  # noqa: S603
        words,
        cwd=str(ROOT),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        env={**environment, "PIP_USER": "0"},
    ) as process:
        for line in process.stdout or []:
            said.append(line)
            if line.startswith(("Collecting", "Requirement already", "Obtaining")):
                seen += 1
                progress("下载依赖包 · Packages", min(seen, total), total)
            elif line.startswith("Installing collected"):
                progress("安装 · Installing", total, total)
    (VENV / "pip.log").write_text("".join(said))
    if process.returncode:
        raise pip_trouble("".join(said))


def pip_trouble(said: str) -> Trouble:
    errors = [line.strip() for line in said.splitlines() if "ERROR" in line or "error:" in line]
    first = (errors or said.strip().splitlines()[-1:] or ["?"])[0][:200]
    if "No space left" in said:
        return Trouble(
            f"The disk is full; free some space for {VENV} and run again.",
            f"磁盘已满，请为 {VENV} 腾出空间后重试。",
        )
    if "DO NOT MATCH THE HASHES" in said:
        return Trouble(
            "A downloaded package is not the one we pinned (its hash differs); try another package index or network.",
            "下载的依赖包与锁定的校验值不符，请更换软件源或网络后重试。",
        )
    if NETWORK.search(said):
        return Trouble(
            f"The packages cannot be downloaded; check the network, or set PIP_INDEX_URL to a mirror ({first})",
            f"无法下载依赖包，请检查网络，或用 PIP_INDEX_URL 指定镜像（{first}）",
        )
    return Trouble(
        f"The packages cannot be installed ({first}); all of pip's words are in {VENV / 'pip.log'}.",
        f"依赖包安装失败（{first}），详见 {VENV / 'pip.log'}。",
    )


def ensure_chromium() -> None:
    """Debian's where there is apt and the right to use it, otherwise Playwright's own."""
    names = ("chromium", "chromium-browser", "google-chrome")
    look = (
        "from playwright.sync_api import sync_playwright as s\nwith s() as p: open(p.chromium.executable_path).close()"
    )
    if any(shutil.which(name) for name in names) or _works("-c", look):
        return
    say("安装测试用浏览器 · Installing Chromium for the tests …")
    if _install_by_apt(["chromium", "fonts-noto-cjk"]) and shutil.which("chromium"):
        return
    deps = ["--with-deps"] if os.geteuid() == 0 and shutil.which("apt-get") else []
    if not _works("-m", "playwright", "install", *deps, "chromium") and not _works("-c", look):
        say("未能安装 Chromium，浏览器测试将失败 · Chromium could not be installed, tests in the browser will fail")


def run() -> None:
    """Become the server; with make killed, nobody is left to stop it, so it stops by itself."""
    os.environ.setdefault("XUNAN_DEMO", "1")
    parent = Path(f"/proc/{os.getppid()}/comm")
    if parent.exists() and parent.read_text().strip() in {"make", "gmake"}:
        ctypes.CDLL(None).prctl(1, int(signal.SIGTERM), 0, 0, 0)  # PR_SET_PDEATHSIG, kept by exec
    os.chdir(ROOT)
    os.execv(str(PYTHON), [str(PYTHON), str(PYTHON.with_name("xunan")), "serve"])  # noqa: S606


def _install_by_apt(packages: list[str]) -> bool:
    sudo = [] if os.geteuid() == 0 else ["sudo", "-n"]
    if not shutil.which("apt-get") or (sudo and not shutil.which("sudo")):
        return False
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    words = [*sudo, "apt-get", "install", "-y", "--no-install-recommends", *packages]
    for step in ([*sudo, "apt-get", "update"], words):
        if subprocess.run(step, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode:  # noqa: S603
            return False
    return True


def _module(name: str) -> bool:
    return importlib.util.find_spec(name) is not None


def _works(*arguments: str) -> bool:
    """Whether the environment's Python does this without complaint."""
    try:
        done = subprocess.run([str(PYTHON), *arguments], capture_output=True, cwd=str(ROOT))  # noqa: S603
    except OSError:
        return False
    return done.returncode == 0


def progress(text: str, done: int, total: int) -> None:
    """One line that counts on a terminal, a few lines in a log."""
    if sys.stdout.isatty():
        print(f"\r{text} {done}/{total} ", end="\n" if done == total else "", flush=True)  # noqa: T201
    elif done == total or done % 20 == 0:
        say(f"{text} {done}/{total}")


def say(text: str) -> None:
    print(text, flush=True)  # noqa: T201


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
