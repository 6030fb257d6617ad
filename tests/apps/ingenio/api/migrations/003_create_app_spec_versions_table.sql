CREATE TABLE app_spec_versions (
  id uuid PRIMARY KEY,
  app_id uuid NOT NULL REFERENCES app_specs (id),
  version integer NOT NULL,
  spec jsonb NOT NULL,
  UNIQUE (app_id, version)
);
