-- The life of a finding: references, indexes and walls of the tables that came with it. Frozen with its migration.

-- The new words of states, verbs and sightings.
ALTER TABLE finding DROP CONSTRAINT finding_state_known, ADD CONSTRAINT finding_state_known
  CHECK ("state" IN ('reported', 'fixed_on_spot', 'rejected_report', 'registered', 'graded', 'assigned', 'controlled', 'rectifying', 'extension_requested', 'submitted', 'accept_failed', 'accepted', 'rechecked', 'closed', 'reported_up', 'gov_requested', 'listed', 'delist_requested', 'delisted', 'reopened', 'merged'));
ALTER TABLE finding_event DROP CONSTRAINT event_verb_known, ADD CONSTRAINT event_verb_known
  CHECK ("verb" IN ('raise', 'report', 'sight', 'fix_on_spot', 'reopen', 'note', 'register', 'reject', 'grade', 'assign', 'make_safe', 'report_up', 'request_gov', 'start', 'request_extension', 'mend', 'send_back', 'accept', 'recheck', 'close', 'list', 'request_delisting', 'delist', 'confirm', 'hand_over', 'wait', 'cost', 'grant_extension', 'refuse_extension', 'fail_recheck', 'merge', 'split', 'invite', 'withdraw', 'escalate'));
ALTER TABLE finding_event DROP CONSTRAINT event_after_known, ADD CONSTRAINT event_after_known
  CHECK ("after" IN ('reported', 'fixed_on_spot', 'rejected_report', 'registered', 'graded', 'assigned', 'controlled', 'rectifying', 'extension_requested', 'submitted', 'accept_failed', 'accepted', 'rechecked', 'closed', 'reported_up', 'gov_requested', 'listed', 'delist_requested', 'delisted', 'reopened', 'merged'));
ALTER TABLE sighting DROP CONSTRAINT sighting_kind_known, ADD CONSTRAINT sighting_kind_known
  CHECK ("kind" IN ('again', 'still', 'worse', 'gone', 'me_too', 'not_mended'));

-- A merged finding has ended: the indexes of what is open know it.
DROP INDEX finding_open_once;
CREATE UNIQUE INDEX finding_open_once ON finding (point, item_code)
  WHERE item_code <> '' AND state NOT IN ('closed', 'delisted', 'rejected_report', 'merged');
DROP INDEX finding_open;
CREATE INDEX finding_open ON finding (found_at DESC, id DESC)
  INCLUDE (school, point, area, source, state, grade, grade_proposed, found_by, assigned_to, deadline, controlled_at,
    fixed_on_spot)
  WHERE state NOT IN ('closed', 'delisted', 'rejected_report', 'merged');
CREATE INDEX finding_assigned ON finding (assigned_to, found_at DESC) WHERE assigned_to IS NOT NULL;
CREATE INDEX finding_merged ON finding (merged_into) WHERE merged_into IS NOT NULL;
CREATE INDEX finding_split ON finding (split_from) WHERE split_from IS NOT NULL;
CREATE INDEX finding_found_by ON finding (found_by, found_at DESC) WHERE found_by IS NOT NULL;
CREATE INDEX finding_source ON finding (source, found_at DESC, id DESC);
CREATE INDEX finding_state ON finding (state, found_at DESC, id DESC);
CREATE INDEX finding_area ON finding (coalesce(area, 'none'), found_at DESC, id DESC);
CREATE INDEX finding_grade ON finding (coalesce(grade, grade_proposed), found_at DESC, id DESC);
CREATE INDEX finding_deadline ON finding (deadline)
  WHERE deadline IS NOT NULL AND state NOT IN ('closed', 'delisted', 'rejected_report', 'merged');
CREATE INDEX finding_due ON finding (deadline) WHERE deadline IS NOT NULL;
CREATE INDEX finding_closed ON finding (closed_at) WHERE closed_at IS NOT NULL;
CREATE INDEX finding_mended ON finding (mended_at) WHERE mended_at IS NOT NULL;
CREATE INDEX finding_unassigned ON finding (found_at DESC, id DESC) WHERE assigned_to IS NULL AND state IN
  ('reported', 'registered', 'graded', 'controlled', 'reported_up', 'gov_requested', 'listed', 'reopened');
CREATE INDEX finding_unsafe ON finding (found_at DESC, id DESC)
  WHERE coalesce(grade, grade_proposed) = 'major' AND controlled_at IS NULL;
CREATE INDEX finding_recurred ON finding (found_at DESC, id DESC) WHERE recurred > 0;
CREATE INDEX finding_extended ON finding (found_at DESC, id DESC) WHERE extended > 0;
CREATE INDEX finding_listed ON finding (found_at DESC, id DESC) WHERE listed;
CREATE INDEX finding_sent_back ON finding_event (finding) WHERE verb = 'send_back';

-- References that carry the school.
ALTER TABLE finding ADD CONSTRAINT finding_merged_into FOREIGN KEY (school, merged_into) REFERENCES finding (school, id);
ALTER TABLE finding ADD CONSTRAINT finding_split_from FOREIGN KEY (school, split_from) REFERENCES finding (school, id);
ALTER TABLE finding ADD CONSTRAINT finding_follows FOREIGN KEY (school, follows) REFERENCES finding (school, id);
ALTER TABLE contractor_link ADD CONSTRAINT link_in_school UNIQUE (school, id);
ALTER TABLE contractor_link ADD CONSTRAINT link_finding FOREIGN KEY (school, finding) REFERENCES finding (school, id);
ALTER TABLE contractor_use ADD CONSTRAINT use_link FOREIGN KEY (school, link) REFERENCES contractor_link (school, id);
ALTER TABLE finding_event ADD CONSTRAINT event_link FOREIGN KEY (school, link) REFERENCES contractor_link (school, id);
ALTER TABLE notice_channel ADD CONSTRAINT channel_in_school UNIQUE (school, id);
ALTER TABLE delivery ADD CONSTRAINT delivery_channel FOREIGN KEY (school, channel) REFERENCES notice_channel (school, id);
CREATE INDEX delivery_due ON delivery (due_at) WHERE state = 'waiting';
CREATE INDEX photo_event ON photo (event) WHERE event IS NOT NULL;
CREATE INDEX routing_of_school ON routing_rule (school, position) WHERE active;

-- The walls of the new tables, made like those of the first.
DO $walls$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['routing_rule', 'finding_policy', 'contractor_link', 'contractor_use', 'notice_channel', 'delivery']
  LOOP
    EXECUTE format('CREATE POLICY see ON %I FOR SELECT USING (school = (SELECT own_school())
      OR school IN (SELECT id FROM body WHERE (SELECT own_body()) = ANY (path)))', t);
    EXECUTE format('CREATE POLICY add ON %I FOR INSERT WITH CHECK (school = (SELECT own_school()))', t);
    EXECUTE format('CREATE POLICY change ON %I FOR UPDATE USING (school = (SELECT own_school()))
      WITH CHECK (school = (SELECT own_school()))', t);
  END LOOP;
  FOREACH t IN ARRAY ARRAY['routing_rule', 'finding_policy', 'contractor_link', 'contractor_use', 'notice_channel', 'delivery',
    'criterion', 'saved_view', 'notice_choice', 'calendar_day']
  LOOP
    EXECUTE format('ALTER TABLE %I ALTER COLUMN id SET DEFAULT gen_random_uuid()', t);
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY owner ON %I TO CURRENT_USER USING (true) WITH CHECK (true)', t);
  END LOOP;
END $walls$;

CREATE POLICY see ON criterion FOR SELECT USING (body IS NULL OR ARRAY[body] <@ (SELECT own_path())
  OR body = (SELECT own_school()) OR (SELECT own_school()) IN (SELECT b.id FROM body b WHERE criterion.body = ANY (b.path)));
CREATE POLICY add ON criterion FOR INSERT WITH CHECK (body = (SELECT own_body()));
CREATE POLICY see ON calendar_day FOR SELECT USING (ARRAY[body] <@ (SELECT own_path())
  OR body IN (SELECT id FROM body WHERE (SELECT own_body()) = ANY (path))
  OR (SELECT own_school()) IN (SELECT b.id FROM body b WHERE calendar_day.body = ANY (b.path)));
CREATE POLICY add ON calendar_day FOR INSERT WITH CHECK (body = (SELECT own_body()));
CREATE POLICY change ON calendar_day FOR UPDATE USING (body = (SELECT own_body())) WITH CHECK (body = (SELECT own_body()));
CREATE POLICY see ON saved_view FOR SELECT USING ("user" = (SELECT own_user()));
CREATE POLICY add ON saved_view FOR INSERT WITH CHECK ("user" = (SELECT own_user()));
CREATE POLICY change ON saved_view FOR UPDATE USING ("user" = (SELECT own_user())) WITH CHECK ("user" = (SELECT own_user()));
CREATE POLICY see ON notice_choice FOR SELECT USING ("user" = (SELECT own_user()) OR "user" IN (SELECT "user" FROM member));
CREATE POLICY add ON notice_choice FOR INSERT WITH CHECK ("user" = (SELECT own_user()));
CREATE POLICY change ON notice_choice FOR UPDATE USING ("user" = (SELECT own_user()));

-- Doors. A contractor's link, by its secret; who above a school is to be told, for the notices of a school's verb.
CREATE FUNCTION contractor_door(wanted text)
  RETURNS TABLE (link uuid, school uuid, finding uuid, name text, firm text, expires_at timestamptz,
    withdrawn_at timestamptz, made_by uuid)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
  AS $$ SELECT id, school, finding, name, firm, expires_at, withdrawn_at, made_by FROM contractor_link
    WHERE token_hash = wanted $$;
CREATE FUNCTION above_door(wanted uuid, wanted_kind text)
  RETURNS TABLE (user_id uuid)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
  AS $$
    SELECT DISTINCT m."user" FROM body s JOIN body a ON a.id = ANY (s.path) AND a.kind = wanted_kind
      JOIN member m ON m.body = a.id AND m.active
    WHERE s.id = wanted AND s.kind = 'school' AND wanted_kind IN ('district', 'city')
      AND m.post IN ('district_bureau', 'bureau_safety')
  $$;

-- Full text without a dictionary: every pair of neighbouring signs, every sign of Chinese alone, and three letters at a
-- time. What is found by them is compared with the words themselves (ILIKE); the planner is told what it costs.
CREATE FUNCTION grams(said text) RETURNS text[] LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 2000
  AS $$
    DECLARE sign text; before text := ''; two text := ''; found text[] := '{}';
    BEGIN
      FOREACH sign IN ARRAY string_to_array(regexp_replace(lower(said), '[[:space:][:punct:]]+', ' ', 'g'), NULL) LOOP
        IF sign = ' ' THEN
          before := ''; two := '';
          CONTINUE;
        END IF;
        IF two <> '' AND sign <= '~' THEN found := found || (two || sign); END IF;
        two := CASE WHEN before <> '' AND before <= '~' AND sign <= '~' THEN before || sign ELSE '' END;
        IF before <> '' THEN found := found || (before || sign); END IF;
        IF sign > '~' THEN found := found || sign; END IF;
        before := sign;
      END LOOP;
      RETURN found;
    END
  $$;
CREATE INDEX finding_search ON finding USING gin (grams(number || ' ' || title || ' ' || title_en || ' ' || words));
CREATE INDEX finding_search_points ON point USING gin (grams(number || ' ' || name || ' ' || name_en));
CREATE INDEX finding_search_people ON app_user USING gin (grams(name || ' ' || name_en));

-- The door of the search: above a school row-level security keeps the planner from these indexes (no operator of them is
-- leakproof), so it is looked for here, within what the asking body may see.
CREATE FUNCTION search_door(signs text[], pattern text, most integer)
  RETURNS TABLE (what text, id uuid)
  LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp
  AS $$
    DECLARE schools uuid[] := ARRAY(SELECT b.id FROM body b WHERE b.kind = 'school' AND own_body() = ANY (b.path));
    BEGIN
      -- A word of one in twenty of the newest is met by reading them in their order; naming all of it would take longer.
      IF (SELECT count(*) > 100 FROM (SELECT f.number || ' ' || f.title || ' ' || f.title_en || ' ' || f.words AS said
          FROM finding f WHERE f.school = ANY (schools) ORDER BY f.found_at DESC, f.id DESC LIMIT 2000) newest
          WHERE said ILIKE pattern) THEN
        RETURN QUERY SELECT 'common', NULL::uuid;
      ELSE
        RETURN QUERY SELECT 'finding', f.id FROM finding f
          WHERE grams(f.number || ' ' || f.title || ' ' || f.title_en || ' ' || f.words) @> signs
            AND (f.number || ' ' || f.title || ' ' || f.title_en || ' ' || f.words) ILIKE pattern
            AND f.school = ANY (schools) LIMIT most;
      END IF;
      RETURN QUERY SELECT 'point', p.id FROM point p
        WHERE grams(p.number || ' ' || p.name || ' ' || p.name_en) @> signs
          AND (p.number || ' ' || p.name || ' ' || p.name_en) ILIKE pattern AND p.school = ANY (schools) LIMIT most;
      RETURN QUERY SELECT 'person', u.id FROM app_user u
        WHERE grams(u.name || ' ' || u.name_en) @> signs AND (u.name || ' ' || u.name_en) ILIKE pattern
          AND EXISTS (SELECT FROM member m JOIN body b ON b.id = m.body
            WHERE m."user" = u.id AND own_body() = ANY (b.path)) LIMIT most;
    END
  $$;
