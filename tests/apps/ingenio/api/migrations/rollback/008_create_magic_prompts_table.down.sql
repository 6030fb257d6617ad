DROP TABLE magic_prompts;
