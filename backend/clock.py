"""The only source of time: stored in UTC, shown and judged in the city's time zone."""

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from backend.settings import settings


def now() -> datetime:
    return datetime.now(UTC)


@lru_cache(maxsize=1)
def zone() -> ZoneInfo:
    return ZoneInfo(settings().time_zone)


def local(moment: datetime) -> datetime:
    """`moment` (aware) as the wall clock of the city shows it."""
    return moment.astimezone(zone())


def today() -> date:
    return local(now()).date()


def midnight(day: date) -> datetime:
    """The aware moment at which `day` begins in the city."""
    return datetime.combine(day, time(), zone())


def day_range(day: date) -> tuple[datetime, datetime]:
    """[begin, end) of a day of the city as aware moments."""
    return midnight(day), midnight(day + timedelta(days=1))


def parse(text: object) -> datetime | None:
    """An ISO 8601 moment from a phone, None when it cannot be understood; without a zone it is the city's time."""
    if not isinstance(text, str) or not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    try:
        return (moment if moment.tzinfo else moment.replace(tzinfo=zone())).astimezone(UTC)
    except OverflowError:
        return None
