"""What `xunan demo` does, and the sign-ins it prints."""

from backend import clock, demo, demo_history, demo_rooms, demo_rounds
from backend.database import DB, migrate
from backend.demo import Progress
from backend.photos import Store
from backend.postgres_roles import Dsns
from backend.settings import Settings, UserError
from fixtures import load_city
from fixtures.history import sized

SEED = 20190427
"""The day of the provincial notice behind the plan."""

SHOWN = ("guard", "lab_manager", "logistics", "safety_director", "principal")
ABOVE = ("district_bureau", "bureau_safety", "inspector", "auditor")
SCHOOL = "wangjiang"
NAMES = {
    "guard": "保安 · guard",
    "lab_manager": "实验员 · lab keeper",
    "logistics": "后勤维修 · maintenance",
    "safety_director": "安全办主任 · safety manager",
    "principal": "校长 · principal",
    "district_bureau": "辖市区教育局 · district bureau",
    "bureau_safety": "市教育局 · city bureau",
    "inspector": "督查员 · inspector",
    "auditor": "系统管理员 · administrator",
}


async def load(dsns: Dsns, it: Settings, size: str, if_empty: bool, progress: Progress) -> str:
    """Migrate, then fill the database; returns what was written, empty when there was something already."""
    await migrate(dsns.owner, dsns.app_role)
    await DB.open(dsns.owner, size=2)
    store = Store(it.data / "photos")
    try:
        if not await demo.is_empty():
            if if_empty:
                return ""
            raise UserError(
                "The database already holds data; the demo only goes into an empty one.",
                "数据库里已有数据；演示城市只能载入空数据库。",
            )
        part, events = sized(load_city(), size, SEED, clock.today())
        loaded = await demo.load_city(part, store, progress)
        await demo_rooms.load_rooms(part, loaded)
        visits = await demo_history.load_history(events, loaded, store, progress, EXPECTED[size])
        rounds = await demo_rounds.load_rounds(part, loaded, progress)
        return f"{len(part.schools())} schools, {len(part.points)} points, {visits} visits, {rounds} rounds"
    finally:
        await DB.close()
        await store.aclose()


EXPECTED = {"small": 355, "medium": 6200, "large": 300_000}
"""About how many visits each size has, for the progress bar."""


def sign_ins() -> list[tuple[str, str, str]]:
    """(role, user name, password) of one person of each role, as the start prints them."""
    city = load_city()
    found = []
    for post in (*SHOWN, *ABOVE):
        person = next(
            p for p in city.people if any(m.post == post and (post not in SHOWN or m.body == SCHOOL) for m in p.members)
        )
        found.append((NAMES[post], person.username, city.password))
    return found
