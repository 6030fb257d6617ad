CREATE TABLE projects (
  id uuid PRIMARY KEY,
  user_id uuid REFERENCES users (id),
  title text NOT NULL,
  content text NOT NULL,
  outline text,
  created_at timestamptz NOT NULL DEFAULT now()
);
