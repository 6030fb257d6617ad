package com.ingenio.backend;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.env.Environment;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.jdbc.datasource.DataSourceTransactionManager;
import org.springframework.jdbc.support.JdbcTransactionManager;
import org.springframework.transaction.support.TransactionTemplate;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.auth.credentials.DefaultCredentialsProvider;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.http.urlconnection.UrlConnectionHttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.S3ClientBuilder;

/** Connections to what this service stands on. */
@Configuration
public class Stores {

  /** What must be so is asked of the primary, what may be a moment old of the reader. */
  public record Databases(JdbcClient primary, JdbcClient reader, HikariDataSource replica)
      implements AutoCloseable {

    boolean replicated() {
      return replica != null;
    }

    @Override
    public void close() {
      if (replica != null) {
        replica.close();
      }
    }
  }

  @Bean
  @ConfigurationProperties("spring.datasource.hikari")
  HikariConfig hikari() {
    return new HikariConfig();
  }

  @Bean
  HikariDataSource primary(HikariConfig hikari, Environment environment) {
    return pool(hikari, environment, environment.getRequiredProperty("DB_HOST"), "primary");
  }

  /** Without a replica the primary's connections serve for both. */
  @Bean
  Databases databases(HikariDataSource primary, HikariConfig hikari, Environment environment) {
    JdbcClient first = JdbcClient.create(primary);
    String host = environment.getProperty("DB_READER_HOST", "");
    if (host.isEmpty() || host.equals(environment.getProperty("DB_HOST"))) {
      return new Databases(first, first, null);
    }
    HikariDataSource replica = pool(hikari, environment, host, "reader");
    return new Databases(first, JdbcClient.create(replica), replica);
  }

  @Bean
  TransactionTemplate transaction(HikariDataSource primary) {
    DataSourceTransactionManager manager = new JdbcTransactionManager(primary);
    return new TransactionTemplate(manager);
  }

  private static HikariDataSource pool(
      HikariConfig hikari, Environment environment, String host, String name) {
    HikariConfig wanted = new HikariConfig();
    hikari.copyStateTo(wanted);
    wanted.setPoolName(name);
    wanted.setJdbcUrl(
        "jdbc:postgresql://%s:%s/%s?%s"
            .formatted(
                host,
                environment.getProperty("DB_PORT", "5432"),
                environment.getRequiredProperty("DB_NAME"),
                encryption(environment)));
    wanted.setUsername(environment.getRequiredProperty("DB_USER"));
    wanted.setPassword(environment.getRequiredProperty("DB_PASSWORD"));
    return new HikariDataSource(wanted);
  }

  private static String encryption(Environment environment) {
    String authorities = environment.getProperty("PGSSLROOTCERT", "");
    String fast = "connectTimeout=3&socketTimeout=20&tcpKeepAlive=true&ApplicationName=ingenio";
    if (authorities.isEmpty()) {
      return fast + "&sslmode=" + environment.getProperty("DB_SSLMODE", "require");
    }
    String file = URLEncoder.encode(authorities, StandardCharsets.UTF_8);
    return fast + "&sslmode=verify-full&sslrootcert=" + file;
  }

  @Bean
  S3Client objects(Environment environment) {
    S3ClientBuilder builder =
        S3Client.builder()
            .region(Region.of(environment.getProperty("AWS_REGION", "us-east-1")))
            .httpClientBuilder(UrlConnectionHttpClient.builder())
            .forcePathStyle(true)
            .credentialsProvider(credentials(environment));
    // What the machine says of AWS as a whole stands before what was written for MinIO.
    String elsewhere =
        environment.getProperty(
            "AWS_ENDPOINT_URL_S3",
            environment.getProperty(
                "AWS_ENDPOINT_URL", environment.getProperty("MINIO_ENDPOINT", "")));
    if (!elsewhere.isEmpty()) {
      builder.endpointOverride(URI.create(elsewhere));
    }
    return builder.build();
  }

  /** The keys of MinIO where there are any, else the role of the host. */
  private static AwsCredentialsProvider credentials(Environment environment) {
    String id = environment.getProperty("MINIO_ACCESS_KEY", "");
    String key = environment.getProperty("MINIO_SECRET_KEY", "");
    return id.isEmpty()
        ? DefaultCredentialsProvider.builder().build()
        : StaticCredentialsProvider.create(AwsBasicCredentials.create(id, key));
  }
}
