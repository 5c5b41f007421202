"""The one Piccolo app: every table, one migration history."""

from pathlib import Path

from piccolo.conf.apps import AppConfig, table_finder

APP_CONFIG = AppConfig(
    app_name="xunan",
    migrations_folder_path=str(Path(__file__).parent / "migrations"),
    table_classes=table_finder(
        [
            "backend.bodies.tables",
            "backend.accounts.tables",
            "backend.points.tables",
            "backend.checklists.tables",
            "backend.rounds.tables",
            "backend.visits.tables",
            "backend.findings.tables",
            "backend.record.tables",
            "backend.notices.tables",
        ],
        exclude_imported=True,
    ),
)
