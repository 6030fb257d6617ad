CREATE TABLE projects (
  id uuid PRIMARY KEY,
  user_id uuid REFERENCES users (id),
  name text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now()
);

ALTER TABLE generated_code ADD COLUMN project_id uuid REFERENCES projects (id);
