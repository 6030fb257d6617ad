ALTER TABLE generated_code DROP COLUMN project_id;
DROP TABLE projects;
