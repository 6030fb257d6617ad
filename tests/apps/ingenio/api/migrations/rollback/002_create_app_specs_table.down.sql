DROP TABLE app_specs;
