CREATE TABLE articles (
  id uuid PRIMARY KEY,
  user_id uuid REFERENCES users (id),
  title text NOT NULL,
  content text NOT NULL,
  status text NOT NULL DEFAULT 'draft' CHECK (status IN ('draft', 'active', 'deleted')),
  summary text,
  words integer,
  views bigint NOT NULL DEFAULT 0,
  created_at timestamptz NOT NULL DEFAULT now(),
  deleted_at timestamptz
);
