from pathlib import Path

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from backend.database import DB

ID = "2026-11-23T18:59:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "the life of a finding: words, references, walls and indexes of its new tables; the search in the ledger"


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="xunan", description=DESCRIPTION)

    async def build() -> None:
        tx = DB.current_transaction.get()
        await tx.connection.execute((Path(__file__).parent / "finding_walls.sql").read_text())

    manager.add_raw(build)
    return manager
