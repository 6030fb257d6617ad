package com.ingenio.backend;

import java.util.Map;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.actuate.health.Health;
import org.springframework.boot.actuate.health.HealthIndicator;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.data.redis.connection.RedisConnection;
import org.springframework.data.redis.core.StringRedisTemplate;
import org.springframework.jdbc.core.simple.JdbcClient;
import software.amazon.awssdk.services.s3.S3Client;

/** What /actuator/health says of each store, and what its absence means. */
@Configuration
public class Checks {

  @Bean
  Release packed() {
    return Release.packed();
  }

  @Bean
  HealthIndicator release(Release release) {
    return () ->
        release.missing().isEmpty()
            ? Health.up().withDetails(self(release)).build()
            : Health.down()
                .withDetails(self(release))
                .withDetail("missing", release.missing())
                .build();
  }

  private static Map<String, Object> self(Release release) {
    return Map.of("version", release.version(), "node", Release.node());
  }

  @Bean
  HealthIndicator db(Stores.Databases databases) {
    return () -> {
      try {
        return recovering(databases.primary())
            ? Health.down().withDetail("error", "it is a replica").build()
            : Health.up().withDetail("database", "PostgreSQL").build();
      } catch (RuntimeException error) {
        return Health.down().withDetail("error", reason(error)).build();
      }
    };
  }

  /** Without it answers come from the primary: slower, but right. */
  @Bean
  HealthIndicator replica(Stores.Databases databases) {
    return () -> {
      try {
        boolean separate = recovering(databases.reader());
        return Health.up().withDetail("separate", separate).build();
      } catch (RuntimeException error) {
        return Health.status("DEGRADED").withDetail("error", reason(error)).build();
      }
    };
  }

  @Bean
  HealthIndicator redis(StringRedisTemplate redis) {
    return () -> {
      try (RedisConnection connection = redis.getRequiredConnectionFactory().getConnection()) {
        connection.ping();
        return Health.up().build();
      } catch (RuntimeException error) {
        return Health.status("DEGRADED").withDetail("error", reason(error)).build();
      }
    };
  }

  @Bean
  HealthIndicator objectStore(S3Client objects, @Value("${MINIO_BUCKET}") String bucket) {
    return () -> {
      try {
        objects.headBucket(request -> request.bucket(bucket));
        return Health.up().withDetail("bucket", bucket).build();
      } catch (RuntimeException error) {
        return Health.down().withDetail("error", reason(error)).build();
      }
    };
  }

  private static boolean recovering(JdbcClient database) {
    return database.sql("SELECT pg_is_in_recovery()").query(Boolean.class).single();
  }

  /** Never a whole error: its text may hold what it was configured with. */
  private static String reason(RuntimeException error) {
    return error.getClass().getSimpleName();
  }
}
