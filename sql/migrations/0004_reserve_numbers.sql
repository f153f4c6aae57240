-- Numbers set aside before they are needed, so that a call never waits for one.

CREATE TABLE number_reservations (
    kind text NOT NULL,
    year integer NOT NULL,
    sequence integer NOT NULL,
    holder text NOT NULL,
    reserved_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT number_reserved_twice PRIMARY KEY (kind, year, sequence),
    CONSTRAINT number_of_unknown_kind CHECK (kind IN ('form', 'ticket')),
    CONSTRAINT number_before_the_first CHECK (sequence > 0)
);

-- Every number that was given out, whatever it was given for.
CREATE VIEW numbers_given AS
    SELECT 'form' AS kind, form_year AS year, form_sequence AS sequence FROM consultations
    UNION ALL
    SELECT 'ticket', year, sequence FROM tickets;
