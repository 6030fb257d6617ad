-- Expands only: the version before knows nothing of it and works on.
ALTER TABLE models ADD COLUMN views bigint NOT NULL DEFAULT 0;
