CREATE TABLE generation_tasks (
  id uuid PRIMARY KEY,
  user_id uuid REFERENCES users (id),
  model_id uuid REFERENCES models (id),
  status text NOT NULL CHECK (status IN ('queued', 'running', 'done', 'failed')),
  created_at timestamptz NOT NULL DEFAULT now()
);
