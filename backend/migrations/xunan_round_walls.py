from pathlib import Path

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from backend.database import DB

ID = "2026-11-23T22:30:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "rounds, duty, coverage: references, walls, indexes, the counts that follow the stops"


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="xunan", description=DESCRIPTION)

    async def build() -> None:
        tx = DB.current_transaction.get()
        await tx.connection.execute((Path(__file__).parent / "round_walls.sql").read_text())

    manager.add_raw(build)
    return manager
