DROP TABLE generated_code;
