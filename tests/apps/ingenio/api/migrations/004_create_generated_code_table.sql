CREATE TABLE generated_code (
  id uuid PRIMARY KEY,
  app_spec_version_id uuid REFERENCES app_spec_versions (id),
  object_key text NOT NULL UNIQUE,
  bytes bigint NOT NULL,
  sha256 text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now()
);
