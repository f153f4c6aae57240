-- A supervisor's telephone account: he is brought into conversations, and is offered no calls.
ALTER TABLE operators ADD COLUMN supervises boolean NOT NULL DEFAULT false;
