"""Rooms of the demo city, read from its plans as a safety manager would; points that hang in one say so."""

import re

from backend import database
from backend.database import DB
from backend.demo import Loaded
from backend.points.rules_rooms import PASSAGE_KINDS, nearest_room, rooms_of_plan
from fixtures.cities import City

COVERED = re.compile(r".*班|楼梯间|卫生间|盥洗室|门厅|\d{3}|.*办公室|电梯间|晾衣间")
WHY = "由本楼层的疏散通道、教学楼或宿舍巡查点一并查看"
SHAPE = 0.7


async def load_rooms(city: City, loaded: Loaded) -> int:
    """How many rooms there are afterwards; one transaction."""
    count = 0
    async with DB.transaction():
        for building in city.buildings:
            for floor in building.floors if building.kind != "ground" else ():
                school, place = loaded.bodies[building.school], loaded.places[floor.key]
                rooms = []
                for name, x, y in rooms_of_plan(floor.plan.read_bytes()):
                    key = await database.value(
                        "INSERT INTO room (school, place, name, x, y, without) VALUES ($1,$2,$3,$4,$5,$6) RETURNING id",
                        *(school, place, name, x, y, WHY if COVERED.fullmatch(name) else ""),
                    )
                    rooms.append((key, x, y))
                count += len(rooms)
                for point in city.points:
                    if point.floor == floor.key and point.x is not None and point.y is not None:
                        near = nearest_room((point.x, point.y), rooms, shape=SHAPE)
                        if near and point.kind not in PASSAGE_KINDS:
                            await database.run(
                                "UPDATE point SET room = $2 WHERE id = $1", loaded.points[point.key], near
                            )
    return count
