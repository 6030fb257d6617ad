DROP TABLE social_interactions;
