"""Where Piccolo's command line finds the engine and the app."""

from piccolo.conf.apps import AppRegistry

from backend.database import DB

APP_REGISTRY = AppRegistry(apps=["backend.piccolo_app"])

__all__ = ["APP_REGISTRY", "DB"]
