"""What can be known before anything is started: room on the disk, and a free port."""

from __future__ import annotations

import errno
import shutil
import socket
import time
from pathlib import Path

from backend.settings import UserError

LEAST_SPACE = 300_000_000


def check_space(data: Path) -> None:
    place = next(folder for folder in (data, *data.parents) if folder.exists())
    free = shutil.disk_usage(place).free
    if free < LEAST_SPACE:
        raise UserError(
            f"Only {free // 10**6} MB are free at {data}; {LEAST_SPACE // 10**6} MB are needed, or another XUNAN_DATA.",
            f"{data} 所在磁盘仅剩 {free // 10**6} MB，至少需要 {LEAST_SPACE // 10**6} MB，或把 XUNAN_DATA 设到别处。",
        )


def check_port(host: str, port: int, patience: float = 2.0) -> None:
    """A port that was ours a moment ago may still be closing, so it is asked for a little while."""
    deadline = time.monotonic() + patience
    while problem := _cannot_bind(host, port):
        if problem != errno.EADDRINUSE or time.monotonic() > deadline:
            raise _PORT_PROBLEMS.get(problem, _unusable)(host, port)
        time.sleep(0.1)


def _cannot_bind(host: str, port: int) -> int:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except socket.gaierror:
        return -1
    except OSError as error:
        return error.errno or -1
    return 0


def _taken(_host: str, port: int) -> UserError:
    other = port + 1 if port < 65535 else 8000
    return UserError(
        f"Port {port} is taken by another program; choose another one: make run XUNAN_PORT={other}",
        f"端口 {port} 已被占用，请换一个：make run XUNAN_PORT={other}",
    )


def _forbidden(_host: str, port: int) -> UserError:
    return UserError(
        f"Port {port} needs more rights; choose one above 1023.", f"无权使用端口 {port}，请选择 1023 以上的端口。"
    )


def _unusable(host: str, _port: int) -> UserError:
    return UserError(f"XUNAN_HOST={host} is not an address of this machine.", f"XUNAN_HOST={host} 不是本机的地址。")


_PORT_PROBLEMS = {errno.EADDRINUSE: _taken, errno.EACCES: _forbidden, errno.EPERM: _forbidden}
