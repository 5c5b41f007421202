"""A city with many findings, made by the database itself: two years of them, one in twenty still open."""

import asyncpg

PER_SCHOOL = 1250
"""Findings of a school; a city of a million has 800 schools."""

BODIES = """
CREATE FUNCTION pg_temp.key(what text, n bigint) RETURNS uuid LANGUAGE sql IMMUTABLE
  AS $$ SELECT md5(what || n)::uuid $$;
CREATE FUNCTION pg_temp.pick(words text[], n bigint) RETURNS text LANGUAGE sql IMMUTABLE
  AS $$ SELECT words[1 + abs(hashint8(n)) % cardinality(words)] $$;
INSERT INTO body (id, kind, path, name, name_en, number)
  SELECT pg_temp.key('city', 0), 'city', ARRAY[pg_temp.key('city', 0)], '某市', 'The city', 'c0';
INSERT INTO body (id, kind, path, name, name_en, number)
  SELECT pg_temp.key('district', d), 'district', ARRAY[pg_temp.key('city', 0), pg_temp.key('district', d)],
    '第' || d || '区', 'District ' || d, 'd' || d FROM generate_series(0, 7) d;
INSERT INTO body (id, kind, path, name, name_en, number, school_type)
  SELECT pg_temp.key('school', s), 'school',
    ARRAY[pg_temp.key('city', 0), pg_temp.key('district', s % 8), pg_temp.key('school', s)],
    '第' || s || '学校', 'School ' || s, 's' || s, 'senior' FROM generate_series(0, {schools} - 1) s;
INSERT INTO app_user (id, username, name, name_en)
  SELECT pg_temp.key('user', u), 'u' || u,
    pg_temp.pick('{{王,李,张,刘,陈,杨,赵,黄,周,吴}}', u) || pg_temp.pick('{{建国,芳,敏,静,伟,强,磊,洋,勇,艳}}', u * 7)
      || CASE WHEN u % 3 = 0 THEN pg_temp.pick('{{明,华,军,平,杰}}', u * 3) ELSE '' END, ''
  FROM generate_series(0, {schools} * 10 - 1) u;
INSERT INTO member ("user", body, post)
  SELECT pg_temp.key('user', u), pg_temp.key('school', u / 10),
    (ARRAY['safety_director', 'principal', 'logistics', 'logistics', 'guard'])[1 + least(u % 10, 4)]
  FROM generate_series(0, {schools} * 10 - 1) u;
INSERT INTO place (id, school, kind, name, name_en)
  SELECT pg_temp.key('place', b), pg_temp.key('school', b / 4), 'building', (b % 4 + 1) || '号楼', 'Building ' || b % 4
  FROM generate_series(0, {schools} * 4 - 1) b;
INSERT INTO point (id, school, kind, number, name, name_en, place)
  SELECT pg_temp.key('point', p), pg_temp.key('school', p / 40),
    k.codes[1 + (p % 40) % cardinality(k.codes)], 'P' || lpad((p % 40)::text, 3, '0'),
    (p % 4 + 1) || '号楼' || p % 6 || '层' || k.names[1 + (p % 40) % cardinality(k.names)], 'Point ' || p % 40,
    pg_temp.key('place', p / 40 * 4 + p % 4)
  FROM generate_series(0, {schools} * 40 - 1) p,
    (SELECT array_agg(code ORDER BY position) AS codes, array_agg(zh ORDER BY position) AS names FROM point_kind) k;
"""
FINDINGS = """
INSERT INTO finding (id, created_at, school, number, point, area, source, state, grade, grade_proposed, severity, title,
  title_en, words, found_at, found_by, recurred, listed, assigned_to, assigned_at, deadline, measures, mended_by,
  mended_at, accepted_by, accepted_at, closed_at, controlled_at, merged_into, extended)
SELECT id, found_at, school, 'N' || n, pg_temp.key('point', s * 40 + r % 40),
  (ARRAY['lab', 'fire', 'fire', 'security', 'food', 'traffic', 'building', 'internship', NULL])[1 + r % 9],
  (ARRAY['patrol', 'patrol', 'patrol', 'report', 'self_check', 'inspection', 'hand'])[1 + (r / 9) % 7], state,
  CASE WHEN state NOT IN ('reported', 'registered') THEN CASE WHEN r % 37 = 0 THEN 'major' ELSE 'general' END END,
  CASE WHEN r % 37 = 0 THEN 'major' ELSE 'general' END, 'general',
  pg_temp.pick(titles, r), pg_temp.pick(titles_en, r),
  pg_temp.pick(places, r * 5) || pg_temp.pick(faults, r * 11) || '，' || pg_temp.pick(faults, r * 13)
    || CASE WHEN n % 5000 = 0 THEN '，独一无二' ELSE '' END,
  found_at, pg_temp.key('user', s * 10 + 4 + r % 6), CASE WHEN r % 211 = 0 THEN 1 ELSE 0 END, state = 'listed',
  CASE WHEN busy THEN pg_temp.key('user', s * 10 + 2 + r % 2) END, CASE WHEN busy THEN found_at + interval '1 day' END,
  CASE WHEN busy THEN (found_at + interval '7 days')::date END, CASE WHEN busy THEN '更换' ELSE '' END,
  CASE WHEN over THEN pg_temp.key('user', s * 10 + 2) END, CASE WHEN over THEN found_at + interval '4 days' END,
  CASE WHEN over THEN pg_temp.key('user', s * 10) END, CASE WHEN over THEN found_at + interval '5 days' END,
  CASE WHEN over THEN found_at + interval '9 days' END,
  CASE WHEN r % 37 = 0 AND (over OR r % 2 = 0) THEN found_at + interval '1 hour' END,
  CASE WHEN state = 'merged' THEN first END, CASE WHEN r % 97 = 0 THEN 1 ELSE 0 END
FROM (SELECT n, s, r, pg_temp.key('school', s) AS school, pg_temp.key('finding', n) AS id,
    pg_temp.key('finding', s) AS first,
    now() - interval '730 days' * (1 - n::float / {count}) AS found_at, state, state = 'closed' AS over,
    state NOT IN ('reported', 'registered', 'graded', 'rejected_report', 'merged', 'fixed_on_spot') AS busy
  FROM (SELECT n, n % {schools} AS s, abs(hashint8(n)::bigint) AS r FROM generate_series({first}::bigint, {last}) n) a,
    LATERAL (SELECT CASE WHEN n < {schools} THEN 'closed' WHEN r % 1000 < 940 THEN 'closed'
      ELSE ({states})[1 + (r / 1000) % cardinality({states})] END AS state) b) c,
  (SELECT '{{灭火器压力正常,安全出口畅通,危化品双人双锁,消防通道未占用,燃气阀门关闭,食品留样齐全,'
    '门卫室值守到位,护栏牢固,校车证件齐全,'
    '电气线路无老化,应急灯完好,实训设备防护罩完好}}'::text[] AS titles,
    '{{Extinguisher pressure in the green,Exit free,Chemicals under two locks,Fire lane free,Gas valve shut,'
    'Food samples kept,Guard on duty,Railing firm,Bus papers complete,Wiring sound,Emergency light works,'
    'Guards of machines in place}}'::text[] AS titles_en,
    '{{东侧,西侧,三楼,地下室,楼梯口,后门,操场旁,走廊尽头}}'::text[] AS places,
    '{{压力不足,铅封缺失,被自行车堵住,没有上锁,灯不亮,接头漏气,标签过期,'
    '墙皮脱落,有积水,插座烧焦,没有签字,门关不上}}'::text[] AS faults) t
"""
STATES = (
    "ARRAY['reported','registered','graded','assigned','assigned','rectifying','rectifying','submitted','accepted',"
    "'rechecked','controlled','listed','extension_requested','accept_failed','reopened','fixed_on_spot',"
    "'rejected_report','merged','reported_up','delisted']"
)
EVENTS = """
INSERT INTO finding_event (school, finding, verb, before, after, at, by)
  SELECT school, id, e.verb, NULL, e.after, e.at, found_by FROM finding f, LATERAL (VALUES
    ('raise', 'reported', f.found_at), ('assign', 'assigned', f.assigned_at), ('mend', 'submitted', f.mended_at),
    ('close', 'closed', f.closed_at),
    ('note', f.state, CASE WHEN f.closed_at IS NULL THEN f.found_at + interval '2 days' END)) e(verb, after, at)
  WHERE e.at IS NOT NULL;
INSERT INTO photo (school, sha256, stored_sha256, state, role, finding)
  SELECT school, md5(id::text), md5(id::text), 'kept', 'problem', id FROM finding f WHERE abs(hashtext(number)) % 3 = 0;
"""


async def build(owner: asyncpg.Connection, count: int) -> None:
    """Fill a migrated database with `count` findings. Indexes are made after the rows: it takes a fifth of the time."""
    schools = max(8, count // PER_SCHOOL)
    await owner.execute("SET max_parallel_maintenance_workers = 2; SET maintenance_work_mem = '256MB'; SET jit = off")
    await owner.execute("SET session_replication_role = replica")
    indexes = await owner.fetch(
        """SELECT indexrelid::regclass::text AS name, pg_get_indexdef(indexrelid) AS made FROM pg_index
           WHERE indrelid IN ('finding'::regclass, 'finding_event'::regclass, 'photo'::regclass) AND NOT indisunique"""
    )
    for index in indexes:
        await owner.execute(f"DROP INDEX {index['name']}")
    await owner.execute(BODIES.format(schools=schools))
    step = 50_000
    for first in range(0, count, step):
        last = min(first + step, count) - 1
        await owner.execute(FINDINGS.format(schools=schools, count=count, first=first, last=last, states=STATES))
    await owner.execute(EVENTS)
    for index in indexes:
        await owner.execute(index["made"])
    await owner.execute("RESET session_replication_role")
    await owner.execute("VACUUM ANALYZE")
