-- How calls are treated (how long a telephone rings, who hears the numbers …) is decided like the hours:
-- by the pages, or by settings that say what never was.
ALTER TABLE office_files DROP CONSTRAINT office_file_of_unknown_kind;
ALTER TABLE office_files ADD CONSTRAINT office_file_of_unknown_kind
    CHECK (kind IN ('form', 'priority_table', 'office_hours', 'office_rules', 'prompt'));
