CREATE TABLE uploads (
  id uuid PRIMARY KEY,
  user_id uuid REFERENCES users (id),
  name text NOT NULL,
  object_key text NOT NULL UNIQUE,
  bytes bigint NOT NULL,
  sha256 text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now()
);
