"""The tables in the code and the migrations say the same: a forgotten migration fails here, not in a school."""

import subprocess
import sys
from pathlib import Path

from backend.settings import child_environment

ROOT = Path(__file__).resolve().parent.parent


def test_the_migrations_hold_every_change_of_the_tables() -> None:
    before = {path.name for path in (ROOT / "backend" / "migrations").glob("*.py")}
    done = subprocess.run(
        [str(Path(sys.executable).with_name("piccolo")), "migrations", "new", "xunan", "--auto"],
        cwd=ROOT,
        env=child_environment({"PICCOLO_CONF": "backend.piccolo_conf"}),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    made = {path for path in (ROOT / "backend" / "migrations").glob("*.py") if path.name not in before}
    for path in made:
        path.unlink()
    assert not made, done.stdout
    assert "No changes detected" in done.stdout
