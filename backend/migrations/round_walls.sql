-- Rounds, duty and coverage: references, indexes and walls of the tables that came with them. Frozen with its migration.

-- New words.
ALTER TABLE calendar_day DROP CONSTRAINT calendar_kind_known, ADD CONSTRAINT calendar_kind_known
  CHECK ("kind" IN ('holiday', 'working', 'exam', 'usual'));
ALTER TABLE photo DROP CONSTRAINT photo_role_known, ADD CONSTRAINT photo_role_known
  CHECK ("role" IN ('problem', 'after', 'evidence', 'challenge'));

-- References that carry the school.
ALTER TABLE room ADD CONSTRAINT room_place FOREIGN KEY (school, place) REFERENCES place (school, id);
ALTER TABLE point ADD CONSTRAINT point_room FOREIGN KEY (school, room) REFERENCES room (school, id);
ALTER TABLE label_trouble ADD CONSTRAINT trouble_point FOREIGN KEY (school, point) REFERENCES point (school, id);
ALTER TABLE label_trouble ADD CONSTRAINT trouble_label FOREIGN KEY (school, label) REFERENCES label (school, id);
ALTER TABLE label_trouble ADD CONSTRAINT trouble_visit FOREIGN KEY (school, visit) REFERENCES visit (school, id)
  DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE roster_person ADD CONSTRAINT roster_person_roster FOREIGN KEY (school, roster) REFERENCES roster (school, id);
ALTER TABLE duty ADD CONSTRAINT duty_roster FOREIGN KEY (school, roster) REFERENCES roster (school, id);
ALTER TABLE duty_event ADD CONSTRAINT duty_event_duty FOREIGN KEY (school, duty) REFERENCES duty (school, id);
ALTER TABLE duty_swap ADD CONSTRAINT swap_duty FOREIGN KEY (school, duty) REFERENCES duty (school, id);
ALTER TABLE duty_swap ADD CONSTRAINT swap_other FOREIGN KEY (school, other) REFERENCES duty (school, id);
ALTER TABLE route ADD CONSTRAINT route_roster FOREIGN KEY (school, roster) REFERENCES roster (school, id);
ALTER TABLE route_point ADD CONSTRAINT route_point_route FOREIGN KEY (school, route) REFERENCES route (school, id);
ALTER TABLE route_point ADD CONSTRAINT route_point_point FOREIGN KEY (school, point) REFERENCES point (school, id);
ALTER TABLE route_person ADD CONSTRAINT route_person_route FOREIGN KEY (school, route) REFERENCES route (school, id);
ALTER TABLE route_event ADD CONSTRAINT route_event_route FOREIGN KEY (school, route) REFERENCES route (school, id);
ALTER TABLE round ADD CONSTRAINT round_route FOREIGN KEY (school, route) REFERENCES route (school, id);
ALTER TABLE round_event ADD CONSTRAINT round_event_round FOREIGN KEY (school, round) REFERENCES round (school, id);
ALTER TABLE round_event ADD CONSTRAINT round_event_stop FOREIGN KEY (school, stop) REFERENCES stop (school, id);
ALTER TABLE stop ADD CONSTRAINT stop_round FOREIGN KEY (school, round) REFERENCES round (school, id);
ALTER TABLE stop ADD CONSTRAINT stop_point FOREIGN KEY (school, point) REFERENCES point (school, id);
ALTER TABLE stop ADD CONSTRAINT stop_visit FOREIGN KEY (school, visit) REFERENCES visit (school, id)
  DEFERRABLE INITIALLY DEFERRED;
-- The school of a stop follows from its round: one check less for each of many rows.
ALTER TABLE stop DROP CONSTRAINT stop_school_fkey;

CREATE UNIQUE INDEX route_name_once ON route (school, name) WHERE state <> 'ended';
CREATE UNIQUE INDEX roster_name_once ON roster (school, name) WHERE ended_at IS NULL;
CREATE INDEX route_due ON route (next_at) WHERE state = 'active' AND next_at IS NOT NULL;
CREATE INDEX round_of_school ON round (school, opens_at DESC, id DESC);
CREATE INDEX round_of_day ON round (school, day);
CREATE INDEX round_running ON round (late_until) WHERE closed_at IS NULL;
CREATE INDEX round_unstarted ON round (opens_at) WHERE started_at IS NULL AND closed_at IS NULL AND told_at IS NULL;
-- What a visit may still keep: few rows for each point, however long the history.
CREATE INDEX stop_unkept ON stop (point, opens_at) WHERE state <> 'kept';
CREATE INDEX stop_of_day ON stop (school, day) INCLUDE (point, state, route, opens_at);
CREATE INDEX stop_of_point ON stop (point, opens_at DESC);
CREATE INDEX stop_excused ON stop (school, day) WHERE state IN ('excused', 'unreachable', 'missed');
CREATE INDEX duty_of_day ON duty (school, day) WHERE ended_at IS NULL;
CREATE INDEX duty_of_user ON duty ("user", day) WHERE ended_at IS NULL;
CREATE INDEX swap_open ON duty_swap (asked) WHERE state = 'asked';
CREATE INDEX coverage_day_by_day ON coverage_day (day, school);
CREATE INDEX trouble_open ON label_trouble (school, point) WHERE settled_at IS NULL;
CREATE INDEX term_of_body ON term (body, starts) WHERE dropped_at IS NULL;
CREATE INDEX room_of_place ON room (place) WHERE gone_at IS NULL;
CREATE INDEX point_of_room ON point (room) WHERE room IS NOT NULL;
CREATE INDEX key_place_newest ON key_place (school, key, created_at DESC);
CREATE INDEX visit_typed ON visit (school, saved_at DESC) WHERE how IN ('typed', 'list', 'photo');
ALTER TABLE coverage_day SET (fillfactor = 70);
ALTER TABLE coverage_week SET (fillfactor = 50);
ALTER TABLE stop SET (fillfactor = 85);

-- The denominator is frozen: all stops of a round come in one statement, as many as the round says, and none later.
CREATE FUNCTION stops_are_frozen() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN
    IF EXISTS (SELECT FROM (SELECT DISTINCT round FROM added) a JOIN round r ON r.id = a.round
        WHERE r.stops <> (SELECT count(*) FROM stop s WHERE s.round = r.id)) THEN
      RAISE EXCEPTION 'a round has exactly the stops it was opened with' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
  END
$$;
CREATE TRIGGER stop_frozen AFTER INSERT ON stop REFERENCING NEW TABLE AS added
  FOR EACH STATEMENT EXECUTE FUNCTION stops_are_frozen();

-- A stop that was kept stays kept; a late one becomes kept when an earlier visit arrives.
CREATE FUNCTION stop_stays() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN
    RAISE EXCEPTION 'a stop that was kept stays kept' USING ERRCODE = 'check_violation';
  END
$$;
CREATE TRIGGER stop_kept_stays BEFORE UPDATE ON stop FOR EACH ROW
  WHEN (OLD.state = 'kept' AND NEW.state <> 'kept' OR OLD.state = 'late' AND NEW.state NOT IN ('kept', 'late'))
  EXECUTE FUNCTION stop_stays();

-- The counts follow the stops in the same statement, whoever changes them. In the order of their keys, so that two
-- transactions never wait for each other in a circle.
DO $counts$
DECLARE
  counts text := 'sum(n), sum(n * (state = ''kept'')::int), sum(n * (state = ''late'')::int),
    sum(n * (state = ''missed'')::int), sum(n * (state = ''excused'')::int), sum(n * (state = ''unreachable'')::int),
    sum(n * sent_late::int)';
  added text := 'due = c.due + excluded.due, kept = c.kept + excluded.kept, late = c.late + excluded.late,
    missed = c.missed + excluded.missed, excused = c.excused + excluded.excused,
    unreachable = c.unreachable + excluded.unreachable, sent_late = c.sent_late + excluded.sent_late';
  names text := 'due, kept, late, missed, excused, unreachable, sent_late';
  made text;
BEGIN
  made := $body$ CREATE FUNCTION %1$I() RETURNS trigger LANGUAGE plpgsql AS $function$
    BEGIN
      IF NOT EXISTS (SELECT FROM added) THEN RETURN NULL; END IF;
      INSERT INTO coverage_day AS c (school, day, route, kind, area, %2$s)
        SELECT * FROM (SELECT school, day, route, kind, min(area), %3$s FROM (%5$s) s GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4) d
          (school, day, route, kind, area, %2$s)
        WHERE (due, kept, late, missed, excused, unreachable, sent_late) <> (0, 0, 0, 0, 0, 0, 0)
        ON CONFLICT (school, day, route, kind) DO UPDATE SET %4$s;
      INSERT INTO coverage_week AS c (week, school, area, %2$s)
        SELECT * FROM (SELECT date_trunc('week', day)::date, school, area, %3$s FROM (%5$s) s GROUP BY 1, 2, 3 ORDER BY 1, 2, 3) d
          (week, school, area, %2$s)
        WHERE (due, kept, late, missed, excused, unreachable, sent_late) <> (0, 0, 0, 0, 0, 0, 0)
        ON CONFLICT (week, school, area) DO UPDATE SET %4$s;
      RETURN NULL;
    END
  $function$ $body$;
  EXECUTE format(made, 'count_new_stops', names, counts, added, 'SELECT *, 1 AS n FROM added');
  EXECUTE format(made, 'count_changed_stops', names, counts, added,
    'SELECT *, 1 AS n FROM added UNION ALL SELECT *, -1 FROM removed');
END $counts$;
CREATE TRIGGER stop_counted AFTER INSERT ON stop REFERENCING NEW TABLE AS added
  FOR EACH STATEMENT EXECUTE FUNCTION count_new_stops();
CREATE TRIGGER stop_recounted AFTER UPDATE ON stop REFERENCING OLD TABLE AS removed NEW TABLE AS added
  FOR EACH STATEMENT EXECUTE FUNCTION count_changed_stops();

-- The walls of the new tables, made like those of the first.
DO $walls$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['roster', 'roster_person', 'duty', 'duty_event', 'duty_swap', 'route', 'route_point',
    'route_person', 'route_event', 'round', 'round_event', 'stop', 'coverage_day', 'coverage_week', 'room',
    'label_trouble', 'key_place']
  LOOP
    EXECUTE format('CREATE POLICY see ON %I FOR SELECT USING (school = (SELECT own_school())
      OR school IN (SELECT id FROM body WHERE (SELECT own_body()) = ANY (path)))', t);
    EXECUTE format('CREATE POLICY add ON %I FOR INSERT WITH CHECK (school = (SELECT own_school()))', t);
    EXECUTE format('CREATE POLICY change ON %I FOR UPDATE USING (school = (SELECT own_school()))
      WITH CHECK (school = (SELECT own_school()))', t);
  END LOOP;
  FOREACH t IN ARRAY ARRAY['roster', 'roster_person', 'duty', 'duty_event', 'duty_swap', 'route', 'route_point',
    'route_person', 'route_event', 'round', 'round_event', 'stop', 'coverage_day', 'coverage_week', 'room',
    'label_trouble', 'key_place', 'calendar_feed', 'term']
  LOOP
    EXECUTE format('ALTER TABLE %I ALTER COLUMN id SET DEFAULT gen_random_uuid()', t);
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY owner ON %I TO CURRENT_USER USING (true) WITH CHECK (true)', t);
  END LOOP;
END $walls$;

CREATE POLICY see ON term FOR SELECT USING (ARRAY[body] <@ (SELECT own_path())
  OR body IN (SELECT id FROM body WHERE (SELECT own_body()) = ANY (path))
  OR (SELECT own_school()) IN (SELECT b.id FROM body b WHERE term.body = ANY (b.path)));
CREATE POLICY add ON term FOR INSERT WITH CHECK (body = (SELECT own_body()));
CREATE POLICY change ON term FOR UPDATE USING (body = (SELECT own_body())) WITH CHECK (body = (SELECT own_body()));
CREATE POLICY see ON calendar_feed FOR SELECT USING ("user" = (SELECT own_user()));
CREATE POLICY add ON calendar_feed FOR INSERT WITH CHECK ("user" = (SELECT own_user()) AND school = (SELECT own_school()));
CREATE POLICY change ON calendar_feed FOR UPDATE USING ("user" = (SELECT own_user()))
  WITH CHECK ("user" = (SELECT own_user()));

-- A calendar program asks without a session: by the secret address, as long as its owner still acts for the school.
CREATE FUNCTION feed_door(wanted text)
  RETURNS TABLE (feed uuid, user_id uuid, school uuid, post text, name text, language text)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
  AS $$
    SELECT f.id, f."user", f.school, m.post, u.name, u.language
    FROM calendar_feed f JOIN app_user u ON u.id = f."user" AND u.disabled_at IS NULL
      JOIN member m ON m."user" = f."user" AND m.body = f.school AND m.active
    WHERE f.token_hash = wanted AND f.withdrawn_at IS NULL
  $$;
