package com.ingenio.backend;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.time.Duration;
import java.util.Optional;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.dao.DataAccessException;
import org.springframework.data.redis.core.StringRedisTemplate;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;
import org.springframework.transaction.support.TransactionTemplate;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.services.s3.S3Client;

/** A project: a row that says what it is, and an object that is its generated code. */
@Component
public class Projects {

  public record Project(
      UUID id, UUID userId, String name, String objectKey, long bytes, String sha256) {}

  /** A project, which store it came from, and what the cache said. */
  public record Found(Project project, String store, String cache) {}

  private static final Logger LOG = LoggerFactory.getLogger(Projects.class);
  private static final Duration KEPT = Duration.ofMinutes(30);
  private static final String BY_ID =
      "SELECT p.id, p.user_id, p.name, c.object_key, c.bytes, c.sha256 "
          + "FROM projects p JOIN generated_code c ON c.project_id = p.id WHERE p.id = ?";

  private final Stores.Databases databases;
  private final TransactionTemplate transaction;
  private final StringRedisTemplate redis;
  private final S3Client objects;
  private final ObjectMapper json;
  private final String bucket;

  Projects(
      Stores.Databases databases,
      TransactionTemplate transaction,
      StringRedisTemplate redis,
      S3Client objects,
      ObjectMapper json,
      @Value("${MINIO_BUCKET}") String bucket) {
    this.databases = databases;
    this.transaction = transaction;
    this.redis = redis;
    this.objects = objects;
    this.json = json;
    this.bucket = bucket;
  }

  /** The object first: a row never names one that is not there. */
  Project add(UUID user, String name, byte[] code) {
    UUID id = UUID.randomUUID();
    String key = "projects/" + id + ".zip";
    String sha256 = Accounts.hex(Accounts.sha256(code));
    objects.putObject(request -> request.bucket(bucket).key(key), RequestBody.fromBytes(code));
    Project project = new Project(id, user, name, key, code.length, sha256);
    transaction.executeWithoutResult(
        status -> {
          JdbcClient primary = databases.primary();
          primary
              .sql("INSERT INTO projects (id, user_id, name) VALUES (?, ?, ?)")
              .params(id, user, name)
              .update();
          primary
              .sql(
                  "INSERT INTO generated_code (id, project_id, object_key, bytes, sha256) "
                      + "VALUES (?, ?, ?, ?, ?)")
              .params(UUID.randomUUID(), id, key, code.length, sha256)
              .update();
        });
    keep(project);
    return project;
  }

  /** From the cache, else the reader; from the primary while the reader does not have it. */
  Optional<Found> find(UUID id, boolean useCache) {
    String cache = "bypassed";
    if (useCache) {
      try {
        String text = redis.opsForValue().get(cacheKey(id));
        if (text != null) {
          return Optional.of(new Found(json.readValue(text, Project.class), "cache", "hit"));
        }
        cache = "miss";
      } catch (DataAccessException | JsonProcessingException error) {
        cache = "unavailable";
      }
    }
    Optional<Found> found = read(id, cache);
    if (useCache) {
      found.ifPresent(one -> keep(one.project()));
    }
    return found;
  }

  byte[] code(Project project) {
    return objects
        .getObjectAsBytes(request -> request.bucket(bucket).key(project.objectKey()))
        .asByteArray();
  }

  private Optional<Found> read(UUID id, String cache) {
    if (databases.replicated()) {
      try {
        Optional<Project> project = read(databases.reader(), id);
        if (project.isPresent()) {
          return project.map(one -> new Found(one, "replica", cache));
        }
      } catch (DataAccessException error) {
        LOG.warn("replica unavailable: {}", error.getClass().getSimpleName());
      }
    }
    return read(databases.primary(), id).map(one -> new Found(one, "primary", cache));
  }

  private static Optional<Project> read(JdbcClient database, UUID id) {
    return database.sql(BY_ID).param(id).query(Project.class).optional();
  }

  private void keep(Project project) {
    try {
      redis.opsForValue().set(cacheKey(project.id()), json.writeValueAsString(project), KEPT);
    } catch (DataAccessException | JsonProcessingException error) {
      LOG.warn("cache unavailable: {}", error.getClass().getSimpleName());
    }
  }

  private static String cacheKey(UUID id) {
    return "project:" + id;
  }
}
