-- What callers hear in place of the prompts' file is decided by the office, by its pages: each version
-- is kept like the other decisions, by the prompt's name and a number that counts up.
ALTER TABLE office_files DROP CONSTRAINT office_file_of_unknown_kind;
ALTER TABLE office_files ADD CONSTRAINT office_file_of_unknown_kind
    CHECK (kind IN ('form', 'priority_table', 'office_hours', 'prompt'));
