"""A city of 800 schools with a year of rounds, made by the database itself: stops, their visits, and the kept counts.

Four schools are always the same: `sparse` ones of 300 and 1,000 points whose history does not grow, so that what grows
is everything around them; in the full shape also `dense` ones, walked every school day. The others fill up to `count`.
"""

import asyncpg

SCHOOLS, DISTRICTS, POINTS = 800, 10, 60
"""Points of each of the others: five areas, so a school's week has five lines of counts."""
SPARSE = {1: (1000, 14), 2: (300, 7)}
"""School: (points, days between two rounds of all of them)."""
DENSE = {3: (1000, 1), 4: (300, 1)}
ROUTES = 10
YEAR = 364
BODIES = """
CREATE FUNCTION pg_temp.key(what text, n bigint) RETURNS uuid LANGUAGE sql IMMUTABLE
  AS $$ SELECT md5(what || n)::uuid $$;
INSERT INTO body (id, kind, path, name, name_en, number)
  SELECT pg_temp.key('city', 0), 'city', ARRAY[pg_temp.key('city', 0)], '某市', 'The city', 'c0';
INSERT INTO body (id, kind, path, name, name_en, number)
  SELECT pg_temp.key('district', d), 'district', ARRAY[pg_temp.key('city', 0), pg_temp.key('district', d)],
    '第' || d || '区', 'District ' || d, 'd' || d FROM generate_series(0, {districts} - 1) d;
INSERT INTO body (id, kind, path, name, name_en, number, school_type, latitude, longitude)
  SELECT pg_temp.key('school', s), 'school',
    ARRAY[pg_temp.key('city', 0), pg_temp.key('district', s % {districts}), pg_temp.key('school', s)],
    '第' || s || '学校', 'School ' || s, 's' || lpad(s::text, 4, '0'), 'senior', 31.6 + (s % 40) * 0.01,
    120.1 + (s / 40) * 0.02 FROM generate_series(1, {schools}) s;
INSERT INTO app_user (id, username, name)
  SELECT pg_temp.key('user', s), 'u' || s, '王建国' FROM generate_series(1, {schools}) s;
INSERT INTO member (id, "user", body, post)
  SELECT pg_temp.key('member', s), pg_temp.key('user', s), pg_temp.key('school', s), 'safety_director'
  FROM generate_series(1, {schools}) s;
CREATE TEMP TABLE size AS SELECT s, {size} AS points FROM generate_series(1, {schools}) s;
CREATE TEMP TABLE kind AS SELECT code, area, row_number() OVER (ORDER BY position, code) - 1 AS n FROM (
  SELECT *, row_number() OVER (PARTITION BY area ORDER BY position, code) AS nth FROM point_kind) k WHERE nth <= 3;
INSERT INTO place (id, school, kind, name, name_en)
  SELECT pg_temp.key('place', s * 10 + b), pg_temp.key('school', s), 'building', b || '号楼', 'Building ' || b
  FROM size, generate_series(0, 9) b WHERE points >= 300;
INSERT INTO point (id, school, kind, number, name, name_en, place, created_at)
  SELECT pg_temp.key('point', s * 10000 + p), pg_temp.key('school', s), k.code, 'P' || lpad(p::text, 4, '0'),
    p % 10 || '号楼' || p, 'Point ' || p, CASE WHEN points >= 300 THEN pg_temp.key('place', s * 10 + p % 10) END,
    now() - interval '2 years'
  FROM size, generate_series(0, points - 1) p JOIN kind k ON k.n = p / 10 % (SELECT count(*) FROM kind);
INSERT INTO route (id, school, name, name_en, post, starts_on, opened_until)
  SELECT pg_temp.key('route', s * 100 + r), pg_temp.key('school', s), r || '号楼路线', 'Route ' || r, 'guard',
    current_date - 400, now() FROM size, generate_series(0, {routes} - 1) r WHERE points >= 300 OR r = 0;
INSERT INTO finding (id, school, number, point, source, state, area, grade, title, words, found_at)
  SELECT pg_temp.key('finding', s * 100 + f), pg_temp.key('school', s), 'F' || f,
    pg_temp.key('point', s * 10000 + f), 'patrol', CASE WHEN f < 8 THEN 'assigned' ELSE 'closed' END, 'fire',
    CASE WHEN f = 0 THEN 'major' ELSE 'general' END, '通道被占用', '', now() - interval '1 day' * f
  FROM generate_series(1, {schools}) s, generate_series(0, 39) f;
"""
ROUNDS = """
INSERT INTO round (id, school, route, day, name, name_en, slot, slot_en, opens_at, closes_at, late_until, post, stops,
    closed_at, started_at, started_by)
  SELECT pg_temp.key('round', ({school} * 100 + r)::bigint * 10000 + d), pg_temp.key('school', {school}),
    pg_temp.key('route', {school} * 100 + r), current_date - d, r || '号楼路线', 'Route ' || r, '', '', begins,
    begins + interval '2 hours', begins + interval '3 hours', 'guard', {points} / {routes}, begins + interval '3 hours',
    begins, pg_temp.key('user', {school})
  FROM generate_series(0, {year} - 1, {every}) d, generate_series(0, {routes} - 1) r,
    LATERAL (SELECT (current_date - d) + interval '8 hours' AS begins) b
"""
OTHERS = """
INSERT INTO round (id, school, route, day, name, name_en, slot, slot_en, opens_at, closes_at, late_until, post, stops,
    closed_at, started_at, started_by)
  SELECT pg_temp.key('round', (s * 100)::bigint * 10000 + d), pg_temp.key('school', s), pg_temp.key('route', s * 100),
    current_date - d, '每日', 'Daily', '', '', begins, begins + interval '2 hours', begins + interval '3 hours',
    'guard', {points}, begins + interval '3 hours', begins, pg_temp.key('user', s)
  FROM generate_series({first}, {schools}) s, generate_series(0, {days} - 1) d,
    LATERAL (SELECT (current_date - d) + interval '8 hours' AS begins) b
"""
STOPS = """
CREATE SEQUENCE pg_temp.line;
INSERT INTO stop (id, school, round, route, point, kind, area, position, day, opens_at, closes_at, late_until, state,
    visit, at, recorded_at, missed_at, by, why, said_at)
  SELECT ('00000000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, school, round, route, point, kind, area,
    position, day, opens_at, closes_at, late_until, state,
    CASE WHEN seen THEN ('00000000-0000-7000-9000-' || lpad(to_hex(n), 12, '0'))::uuid END,
    CASE WHEN seen THEN opens_at + interval '1 minute' * (n % 110) END,
    CASE WHEN seen THEN opens_at + interval '1 minute' * (n % 110) END,
    CASE WHEN state = 'missed' THEN late_until END, CASE WHEN state = 'excused' THEN started_by END,
    CASE WHEN state = 'excused' THEN '门锁着' ELSE '' END, CASE WHEN state = 'excused' THEN opens_at END
  FROM (SELECT r.school, r.id AS round, r.route, r.day, r.opens_at, r.closes_at, r.late_until, r.started_by,
      p.id AS point, p.kind, p.area, p.position, nextval('pg_temp.line') AS n
    FROM round r JOIN LATERAL (SELECT p.id, p.kind, k.area, row_number() OVER (ORDER BY p.number) AS position
        FROM point p JOIN kind k ON k.code = p.kind
        WHERE p.school = r.school AND (r.name_en = 'Daily' OR right(p.number, 1) = right(r.name_en, 1))) p
      ON r.day = $1) x,
    LATERAL (SELECT CASE WHEN n % 23 = 0 THEN 'missed' WHEN n % 41 = 0 THEN 'late' WHEN n % 97 = 0 THEN 'excused'
      ELSE 'kept' END AS state) y, LATERAL (SELECT state IN ('kept', 'late') AS seen) z
"""
VISITS = """
INSERT INTO visit (id, school, point, by, member, how, opened_at, saved_at, answered, body_hash)
  SELECT s.visit, s.school, s.point, m."user", m.id, 'scan', s.at, s.at, 5, ''
  FROM stop s JOIN member m ON m.body = s.school WHERE s.visit IS NOT NULL
"""
COUNTS = """
INSERT INTO coverage_day (school, day, route, kind, area, due, kept, late, missed, excused)
  SELECT school, day, route, kind, min(area), count(*), count(*) FILTER (WHERE state = 'kept'),
    count(*) FILTER (WHERE state = 'late'), count(*) FILTER (WHERE state = 'missed'),
    count(*) FILTER (WHERE state = 'excused') FROM stop GROUP BY 1, 2, 3, 4 ORDER BY day, school;
INSERT INTO coverage_week (week, school, area, due, kept, late, missed, excused)
  SELECT date_trunc('week', day)::date, school, area, sum(due), sum(kept), sum(late), sum(missed), sum(excused)
  FROM coverage_day GROUP BY 1, 2, 3 ORDER BY 1, 2, 3;
"""
GROWN = ("stop", "visit", "round", "coverage_day", "coverage_week")


async def build(owner: asyncpg.Connection, count: int, *, dense: bool, schools: int = SCHOOLS) -> int:
    """Fill a migrated database with about `count` stops; how many there are. Indexes are made after the rows."""
    await owner.execute("SET max_parallel_maintenance_workers = 2; SET maintenance_work_mem = '512MB'; SET jit = off")
    await owner.execute("SET session_replication_role = replica; SET synchronous_commit = off; SET work_mem = '256MB'")
    indexes = await owner.fetch(
        """SELECT indexrelid::regclass::text AS name, pg_get_indexdef(indexrelid) AS made FROM pg_index
           WHERE indrelid = ANY ($1::text[]::regclass[]) AND NOT indisunique""",
        list(GROWN),
    )
    for index in indexes:
        await owner.execute(f"DROP INDEX {index['name']}")
    special = {**SPARSE, **(DENSE if dense else {})}
    size = " ".join(f"WHEN {school} THEN {points}" for school, (points, _) in {**SPARSE, **DENSE}.items())
    facts = {"districts": DISTRICTS, "schools": schools, "routes": ROUTES, "year": YEAR}
    await owner.execute(BODIES.format(size=f"CASE s {size} ELSE {POINTS} END", **facts))
    for school, (points, every) in special.items():
        await owner.execute(ROUNDS.format(school=school, points=points, every=every, **facts))
    left = count - sum(points * YEAR // every for points, every in special.values())
    days = max(1, min(YEAR, round(left / (schools - 4) / POINTS)))
    await owner.execute(OTHERS.format(first=5, points=POINTS, days=days, **facts))
    await owner.execute("CREATE INDEX bench_round ON round (day)")
    line, stops = STOPS.split(";", 1)
    await owner.execute(line)
    for day in await owner.fetch("SELECT DISTINCT day FROM round ORDER BY day"):
        await owner.execute(stops, day["day"], timeout=600)
    await owner.execute("DROP INDEX bench_round")
    await owner.execute(VISITS, timeout=3600)
    await owner.execute(COUNTS, timeout=3600)
    for index in indexes:
        await owner.execute(index["made"], timeout=3600)
    await owner.execute("RESET session_replication_role; RESET synchronous_commit; RESET work_mem")
    await owner.execute("VACUUM ANALYZE", timeout=3600)
    return int(await owner.fetchval("SELECT count(*) FROM stop"))
