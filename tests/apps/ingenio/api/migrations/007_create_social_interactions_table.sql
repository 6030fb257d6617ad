CREATE TABLE social_interactions (
  user_id uuid NOT NULL REFERENCES users (id),
  project_id uuid NOT NULL REFERENCES projects (id),
  kind text NOT NULL CHECK (kind IN ('like', 'favourite')),
  PRIMARY KEY (user_id, project_id, kind)
);
