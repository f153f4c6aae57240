-- Every revision of the procedure that ever ran, and the people who answer the telephone.

CREATE TABLE sop_revisions (
    name text CONSTRAINT sop_revision_twice PRIMARY KEY,
    document text NOT NULL,
    revision text NOT NULL,
    content jsonb NOT NULL,
    sha256 text NOT NULL,
    loaded_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE operators (
    account text CONSTRAINT operator_account_twice PRIMARY KEY,
    name text NOT NULL,
    digest_sha256 text NOT NULL,
    digest_md5 text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    removed_at timestamptz,
    CONSTRAINT operator_account_of_another_form CHECK (account ~ '^op-[0-9]+$'),
    CONSTRAINT operator_without_name CHECK (name ~ '\S')
);
