package com.ingenio.backend;

import java.time.Duration;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.dao.DataAccessException;
import org.springframework.data.redis.core.StringRedisTemplate;
import org.springframework.stereotype.Component;

/** How often somebody may ask, counted for all hosts together; without Redis nobody counts. */
@Component
public class Limits {

  private final StringRedisTemplate redis;
  private final boolean enabled;
  private final int requestsPerMinute;
  private final int aiCallsPerHour;

  Limits(
      StringRedisTemplate redis,
      @Value("${ingenio.rate-limit.enabled}") boolean enabled,
      @Value("${ingenio.rate-limit.requests-per-minute}") int requestsPerMinute,
      @Value("${ingenio.rate-limit.ai-calls-per-hour}") int aiCallsPerHour) {
    this.redis = redis;
    this.enabled = enabled;
    this.requestsPerMinute = requestsPerMinute;
    this.aiCallsPerHour = aiCallsPerHour;
  }

  boolean request(String who) {
    return allowed("requests:" + who, requestsPerMinute, Duration.ofMinutes(1));
  }

  boolean aiCall(String who) {
    return allowed("ai-calls:" + who, aiCallsPerHour, Duration.ofHours(1));
  }

  private boolean allowed(String what, int limit, Duration window) {
    if (!enabled) {
      return true;
    }
    String counter = what + ":" + System.currentTimeMillis() / window.toMillis();
    try {
      Long count = redis.opsForValue().increment(counter);
      redis.expire(counter, window);
      return count == null || count <= limit;
    } catch (DataAccessException error) {
      return true;
    }
  }
}
