DROP TABLE app_spec_versions;
