-- The first statement succeeds and must be gone when the second has failed.
CREATE TABLE half_done (id bigint PRIMARY KEY);
ALTER TABLE no_such_table ADD COLUMN views bigint;
