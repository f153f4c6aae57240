-- What the exchange wrote by itself about every call, and the calls that it handled without us.

ALTER TABLE calls
    DROP CONSTRAINT call_of_unknown_stage,
    ADD CONSTRAINT call_of_unknown_stage CHECK (
        stage IN (
            'welcoming', 'queueing', 'ringing', 'connecting', 'talking', 'handed', 'closing',
            'ended', 'archived'
        )
    ),
    -- Since when the exchange brought the caller to an operator by itself.
    ADD COLUMN by_exchange_at timestamptz;

CREATE INDEX calls_by_channel ON calls (channel);

CREATE TABLE exchange_ledger (
    channel text NOT NULL,
    at timestamptz NOT NULL,
    kind text NOT NULL,
    mark text NOT NULL,
    note text NOT NULL,
    -- The channel of the caller who began it all.
    linked text NOT NULL,
    entry jsonb NOT NULL,
    -- A caller whose call is on record, or who did not call the helpdesk.
    settled boolean NOT NULL DEFAULT false,
    CONSTRAINT ledger_entry_twice PRIMARY KEY (channel, at, kind, mark, note)
);

CREATE INDEX exchange_ledger_by_caller ON exchange_ledger (linked, at);
CREATE INDEX exchange_ledger_by_age ON exchange_ledger (at);
CREATE INDEX exchange_ledger_unsettled ON exchange_ledger (channel)
    WHERE kind = 'began' AND channel = linked AND NOT settled;

-- How far the ledger's file was read; one row.
CREATE TABLE exchange_ledger_position (
    one boolean CONSTRAINT second_ledger_position PRIMARY KEY DEFAULT true CHECK (one),
    inode numeric(20) NOT NULL,
    first_line text NOT NULL,
    file_offset bigint NOT NULL
);
