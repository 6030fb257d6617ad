package com.ingenio.backend;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.dao.DataAccessException;
import org.springframework.data.redis.core.StringRedisTemplate;
import org.springframework.stereotype.Component;

/** What the AI service is asked: only when somebody wants it, and not more often than agreed. */
@Component
public class Generation {

  private final HttpClient client =
      HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(5)).build();
  private final StringRedisTemplate redis;
  private final String url;
  private final String key;
  private final int limit;

  Generation(
      StringRedisTemplate redis,
      @Value("${ingenio.ai-url}") String url,
      @Value("${DEEPSEEK_API_KEY:}") String key,
      @Value("${ingenio.ai-calls-per-hour}") int limit) {
    this.redis = redis;
    this.url = url;
    this.key = key;
    this.limit = limit;
  }

  /** False if this address has asked as often as it may in this hour. */
  boolean allowed(String address) {
    String counter = "ai-calls:%s:%d".formatted(address, System.currentTimeMillis() / 3_600_000);
    try {
      Long count = redis.opsForValue().increment(counter);
      redis.expire(counter, Duration.ofHours(1));
      return count == null || count <= limit;
    } catch (DataAccessException error) {
      return true;
    }
  }

  /** What the service answers, as it answers it. */
  String ask(String body) throws IOException, InterruptedException {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create(url + "/chat/completions"))
            .timeout(Duration.ofSeconds(120))
            .header("Authorization", "Bearer " + key)
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(body))
            .build();
    HttpResponse<String> answer = client.send(request, HttpResponse.BodyHandlers.ofString());
    if (answer.statusCode() != 200) {
      throw new IOException("the AI service answered " + answer.statusCode());
    }
    return answer.body();
  }
}
