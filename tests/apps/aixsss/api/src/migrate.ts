import "./shared/migrate.js";
