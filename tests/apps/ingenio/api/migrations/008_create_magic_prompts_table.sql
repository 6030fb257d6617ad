CREATE TABLE magic_prompts (
  id uuid PRIMARY KEY,
  title text NOT NULL,
  prompt text NOT NULL
);
