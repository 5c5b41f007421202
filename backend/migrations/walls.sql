-- The walls: references that carry the school, indexes, row-level security, the doors through it.
-- Frozen with the migration that reads it; later changes are later migrations.

-- References that carry the school: a row can only point at rows of its own school.
ALTER TABLE place ADD CONSTRAINT place_parent FOREIGN KEY (school, parent) REFERENCES place (school, id);
ALTER TABLE point ADD CONSTRAINT point_place FOREIGN KEY (school, place) REFERENCES place (school, id);
ALTER TABLE point ADD CONSTRAINT point_kind_known FOREIGN KEY (kind) REFERENCES point_kind (code);
ALTER TABLE label ADD CONSTRAINT label_point FOREIGN KEY (school, point) REFERENCES point (school, id);
ALTER TABLE label ADD CONSTRAINT label_replaced FOREIGN KEY (school, replaced_by) REFERENCES label (school, id);
ALTER TABLE label_event ADD CONSTRAINT label_event_point FOREIGN KEY (school, point) REFERENCES point (school, id);
ALTER TABLE "limit" ADD CONSTRAINT limit_point FOREIGN KEY (school, point) REFERENCES point (school, id);
ALTER TABLE visit ADD CONSTRAINT visit_point FOREIGN KEY (school, point) REFERENCES point (school, id);
ALTER TABLE visit ADD CONSTRAINT visit_corrects FOREIGN KEY (school, corrects) REFERENCES visit (school, id);
ALTER TABLE answer ADD CONSTRAINT answer_visit FOREIGN KEY (school, visit) REFERENCES visit (school, id);
ALTER TABLE answer ADD CONSTRAINT answer_finding FOREIGN KEY (school, finding) REFERENCES finding (school, id);
ALTER TABLE photo ADD CONSTRAINT photo_visit FOREIGN KEY (school, visit) REFERENCES visit (school, id);
ALTER TABLE photo ADD CONSTRAINT photo_finding FOREIGN KEY (school, finding) REFERENCES finding (school, id);
ALTER TABLE finding ADD CONSTRAINT finding_point FOREIGN KEY (school, point) REFERENCES point (school, id);
ALTER TABLE finding ADD CONSTRAINT finding_visit FOREIGN KEY (school, visit) REFERENCES visit (school, id)
  DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE sighting ADD CONSTRAINT sighting_finding FOREIGN KEY (school, finding) REFERENCES finding (school, id);
ALTER TABLE sighting ADD CONSTRAINT sighting_visit FOREIGN KEY (school, visit) REFERENCES visit (school, id)
  DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE finding_event ADD CONSTRAINT event_finding FOREIGN KEY (school, finding) REFERENCES finding (school, id);
ALTER TABLE report ADD CONSTRAINT report_finding FOREIGN KEY (school, finding) REFERENCES finding (school, id);
ALTER TABLE report ADD CONSTRAINT report_point FOREIGN KEY (school, point) REFERENCES point (school, id);

-- The school of an answer follows from its visit, that of a visit from its point: one check less for each row.
ALTER TABLE answer DROP CONSTRAINT answer_school_fkey;
ALTER TABLE visit DROP CONSTRAINT visit_school_fkey;

-- One open finding for one item of one point: two phones that find the same fault meet here.
CREATE UNIQUE INDEX finding_open_once ON finding (point, item_code)
  WHERE item_code <> '' AND state NOT IN ('closed', 'delisted', 'rejected_report');
CREATE INDEX finding_of_school ON finding (school, found_at DESC, id DESC);
CREATE INDEX finding_by_time ON finding (found_at DESC, id DESC);
CREATE INDEX finding_open ON finding (found_at DESC, id DESC)
  WHERE state NOT IN ('closed', 'delisted', 'rejected_report');
CREATE INDEX finding_of_point ON finding (point, found_at DESC);
CREATE INDEX visit_of_school ON visit (school, saved_at DESC, id DESC);
CREATE INDEX visit_by_time ON visit (saved_at DESC, id DESC);
CREATE INDEX visit_correction ON visit (corrects) WHERE corrects IS NOT NULL;
CREATE INDEX visit_of_point ON visit (point, saved_at DESC);
CREATE INDEX answer_of_item ON answer (point, item_code, saved_at DESC);
CREATE INDEX point_of_school ON point (school, state, kind);
CREATE INDEX notice_unread ON notice ("user", created_at DESC) WHERE read_at IS NULL;
CREATE INDEX photo_awaited ON photo (sha256) WHERE state = 'awaited';

-- Row-level security. The settings are made by backend/database.py; without them nothing is seen.
CREATE FUNCTION own_user() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
  AS $$ SELECT nullif(current_setting('app.user', true), '')::uuid $$;
CREATE FUNCTION own_body() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
  AS $$ SELECT nullif(current_setting('app.body', true), '')::uuid $$;
CREATE FUNCTION own_school() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
  AS $$ SELECT nullif(current_setting('app.school', true), '')::uuid $$;
CREATE FUNCTION own_path() RETURNS uuid[] LANGUAGE sql STABLE PARALLEL SAFE
  AS $$ SELECT string_to_array(nullif(current_setting('app.path', true), ''), ',')::uuid[] $$;

DO $walls$
DECLARE t text;
BEGIN
  FOR t IN SELECT table_name FROM information_schema.columns WHERE table_schema = 'public' AND column_name = 'school'
  LOOP
    EXECUTE format('CREATE POLICY see ON %I FOR SELECT USING (school = (SELECT own_school())
      OR school IN (SELECT id FROM body WHERE (SELECT own_body()) = ANY (path)))', t);
    EXECUTE format('CREATE POLICY add ON %I FOR INSERT WITH CHECK (school = (SELECT own_school()))', t);
    EXECUTE format('CREATE POLICY change ON %I FOR UPDATE USING (school = (SELECT own_school()))
      WITH CHECK (school = (SELECT own_school()))', t);
  END LOOP;
  -- Piccolo writes the value of the moment as the column's default; a row without a key gets a fresh one instead.
  FOR t IN SELECT table_name FROM information_schema.columns
    WHERE table_schema = 'public' AND column_name = 'id' AND data_type = 'uuid'
  LOOP
    EXECUTE format('ALTER TABLE %I ALTER COLUMN id SET DEFAULT gen_random_uuid()', t);
  END LOOP;
  FOR t IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'migration'
  LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY owner ON %I TO CURRENT_USER USING (true) WITH CHECK (true)', t);
  END LOOP;
END $walls$;

CREATE POLICY see ON body FOR SELECT USING (ARRAY[id] <@ (SELECT own_path()) OR (SELECT own_body()) = ANY (path)
  OR id = (SELECT own_school()));
CREATE POLICY add ON body FOR INSERT WITH CHECK ((SELECT own_body()) = ANY (path));
CREATE POLICY change ON body FOR UPDATE USING ((SELECT own_body()) = ANY (path))
  WITH CHECK ((SELECT own_body()) = ANY (path));

CREATE POLICY see ON member FOR SELECT USING ("user" = (SELECT own_user()) OR body = (SELECT own_school())
  OR body IN (SELECT id FROM body WHERE (SELECT own_body()) = ANY (path)));
CREATE POLICY add ON member FOR INSERT WITH CHECK (body IN (SELECT id FROM body WHERE (SELECT own_body()) = ANY (path)));
CREATE POLICY change ON member FOR UPDATE USING (body IN (SELECT id FROM body WHERE (SELECT own_body()) = ANY (path)));

CREATE POLICY see ON app_user FOR SELECT USING (id = (SELECT own_user()) OR id IN (SELECT "user" FROM member));
CREATE POLICY add ON app_user FOR INSERT WITH CHECK ((SELECT own_user()) IS NOT NULL);
CREATE POLICY change ON app_user FOR UPDATE USING (id = (SELECT own_user()) OR id IN (SELECT "user" FROM member));

CREATE POLICY see ON user_session FOR SELECT USING ("user" = (SELECT own_user()) OR "user" IN (SELECT "user" FROM member));
CREATE POLICY add ON user_session FOR INSERT WITH CHECK ("user" = (SELECT own_user()));
CREATE POLICY change ON user_session FOR UPDATE USING ("user" = (SELECT own_user()) OR "user" IN (SELECT "user" FROM member));

CREATE POLICY see ON invitation FOR SELECT USING (token_hash = nullif(current_setting('app.key', true), '')
  OR body IN (SELECT id FROM body WHERE (SELECT own_body()) = ANY (path)));
CREATE POLICY add ON invitation FOR INSERT
  WITH CHECK (body IN (SELECT id FROM body WHERE (SELECT own_body()) = ANY (path)));
CREATE POLICY change ON invitation FOR UPDATE USING (token_hash = nullif(current_setting('app.key', true), '')
  OR body IN (SELECT id FROM body WHERE (SELECT own_body()) = ANY (path)));

CREATE POLICY see ON point_kind FOR SELECT USING (true);
CREATE POLICY see ON checklist FOR SELECT USING (body IS NULL OR ARRAY[body] <@ (SELECT own_path())
  OR body = (SELECT own_school()) OR body IN (SELECT id FROM body WHERE (SELECT own_body()) = ANY (path)));
CREATE POLICY add ON checklist FOR INSERT WITH CHECK (body = (SELECT own_body()));
CREATE POLICY see ON item FOR SELECT USING (checklist IN (SELECT id FROM checklist));
CREATE POLICY add ON item FOR INSERT
  WITH CHECK (checklist IN (SELECT id FROM checklist WHERE body = (SELECT own_body())));
CREATE POLICY every ON throttle USING (true) WITH CHECK (true);

-- The doors: the only functions that look through the walls. Each opens one row for one secret.
CREATE FUNCTION session_door(wanted text)
  RETURNS TABLE (session uuid, expires_at timestamptz, seen_at timestamptz, device_hash text, user_id uuid,
    username text, name text, name_en text, language text, member uuid, post text, body uuid, body_kind text,
    body_name text, body_name_en text, path uuid[], school_type text)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
  AS $$
    SELECT s.id, s.expires_at, s.seen_at, s.device_hash, u.id, u.username, u.name, u.name_en, u.language,
      m.id, m.post, b.id, b.kind, b.name, b.name_en, b.path, b.school_type
    FROM user_session s JOIN app_user u ON u.id = s."user"
      LEFT JOIN member m ON m.id = s.member AND m.active AND m."user" = u.id
      LEFT JOIN body b ON b.id = m.body
    WHERE s.token_hash = wanted AND s.ended_at IS NULL AND s.expires_at > now() AND s.epoch = u.epoch
      AND u.disabled_at IS NULL
  $$;
CREATE FUNCTION sign_in_door(wanted text)
  RETURNS TABLE (user_id uuid, password_hash text, pin_hash text, epoch integer, name text, language text)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
  AS $$
    SELECT id, password_hash, pin_hash, epoch, name, language FROM app_user
    WHERE (username = lower(wanted) OR phone = wanted) AND disabled_at IS NULL
  $$;
CREATE FUNCTION label_door(wanted text)
  RETURNS TABLE (label uuid, code text, school uuid, point uuid, revoked_at timestamptz, replaced boolean,
    school_name text, school_name_en text, emergency_phone text)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
  AS $$
    SELECT l.id, l.code, l.school, l.point, l.revoked_at, l.replaced_by IS NOT NULL, b.name, b.name_en,
      b.emergency_phone
    FROM label l JOIN body b ON b.id = l.school WHERE l.code = wanted OR l.short = wanted
  $$;
CREATE FUNCTION receipt_door(wanted text)
  RETURNS TABLE (report uuid, school uuid, finding uuid)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
  AS $$ SELECT id, school, finding FROM report WHERE receipt_hash = wanted $$;
CREATE FUNCTION invitation_door(wanted text)
  RETURNS TABLE (invitation uuid, user_id uuid, username text, name text, body_name text, body_name_en text)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
  AS $$
    SELECT i.id, u.id, u.username, u.name, b.name, b.name_en
    FROM invitation i JOIN app_user u ON u.id = i."user" JOIN body b ON b.id = i.body
    WHERE i.token_hash = wanted AND i.used_at IS NULL AND i.withdrawn_at IS NULL AND i.expires_at > now()
      AND u.disabled_at IS NULL
  $$;
CREATE FUNCTION device_door(wanted text)
  RETURNS TABLE (user_id uuid, username text, name text, name_en text, has_pin boolean, last_seen timestamptz)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
  AS $$
    SELECT u.id, u.username, u.name, u.name_en, u.pin_hash IS NOT NULL, max(s.seen_at)
    FROM user_session s JOIN app_user u ON u.id = s."user"
    WHERE wanted <> '' AND s.device_hash = wanted AND u.disabled_at IS NULL AND s.epoch = u.epoch
      AND s.seen_at > now() - interval '30 days'
    GROUP BY u.id
  $$;
CREATE FUNCTION elsewhere_door(wanted uuid, under uuid)
  RETURNS TABLE (elsewhere boolean)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
  AS $$
    SELECT EXISTS (SELECT 1 FROM member m JOIN body b ON b.id = m.body
      WHERE m."user" = wanted AND m.active AND NOT under = ANY (b.path))
  $$;

-- The epoch of this database: it changes when a backup is restored, and phones then send again what is missing.
CREATE TABLE recovery_epoch (id uuid PRIMARY KEY, since timestamptz NOT NULL DEFAULT now());
INSERT INTO recovery_epoch VALUES (gen_random_uuid());
