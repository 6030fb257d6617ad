-- The key of an AI supplier lies here encrypted; only API and worker can open it.
CREATE TABLE profiles (
  id uuid PRIMARY KEY,
  user_id uuid NOT NULL REFERENCES users (id),
  base_url text NOT NULL,
  sealed_key text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now()
);
