CREATE TABLE users (
  id uuid PRIMARY KEY,
  email text NOT NULL UNIQUE,
  password_digest text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now()
);
