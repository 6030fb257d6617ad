CREATE TABLE forks (
  id uuid PRIMARY KEY,
  source_id uuid NOT NULL REFERENCES projects (id),
  project_id uuid NOT NULL UNIQUE REFERENCES projects (id)
);
