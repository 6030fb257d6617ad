package com.ingenio.backend;

import jakarta.servlet.FilterChain;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.net.URI;
import java.util.Map;
import java.util.UUID;
import org.springframework.context.annotation.Bean;
import org.springframework.dao.DataAccessException;
import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.transaction.CannotCreateTransactionException;
import org.springframework.web.bind.annotation.ExceptionHandler;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestHeader;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.filter.OncePerRequestFilter;
import org.springframework.web.server.ResponseStatusException;
import software.amazon.awssdk.core.exception.SdkException;

/** What the API answers, below /api. */
@RestController
public class Api {

  private static final int LARGEST_PROJECT = 20 * 1024 * 1024;

  record Credentials(String email, String password) {}

  private final Accounts accounts;
  private final Generation generation;
  private final Limits limits;
  private final Projects projects;
  private final Release release;

  Api(
      Accounts accounts,
      Generation generation,
      Limits limits,
      Projects projects,
      Release release) {
    this.accounts = accounts;
    this.generation = generation;
    this.limits = limits;
    this.projects = projects;
    this.release = release;
  }

  /** Each answer says who gave it. */
  @Bean
  static OncePerRequestFilter signature(Release release) {
    return new OncePerRequestFilter() {
      @Override
      protected void doFilterInternal(
          HttpServletRequest request, HttpServletResponse response, FilterChain chain)
          throws IOException, jakarta.servlet.ServletException {
        response.setHeader("X-Node", Release.node());
        response.setHeader("X-Version", release.version());
        chain.doFilter(request, response);
      }
    };
  }

  @GetMapping("/version")
  Map<String, Object> version() {
    return Map.of("version", release.version(), "node", Release.node());
  }

  @PostMapping("/projects")
  ResponseEntity<Projects.Project> add(
      @RequestParam(defaultValue = "unnamed") String name,
      @RequestBody(required = false) byte[] code,
      @RequestHeader(name = "Authorization", required = false) String authorization) {
    if (code == null || code.length == 0) {
      throw new ResponseStatusException(HttpStatus.BAD_REQUEST, "a project has some code");
    }
    if (code.length > LARGEST_PROJECT) {
      throw new ResponseStatusException(HttpStatus.PAYLOAD_TOO_LARGE);
    }
    UUID user = authorization == null ? null : person(authorization).id();
    Projects.Project made = projects.add(user, name, code);
    return ResponseEntity.created(URI.create("/api/projects/" + made.id())).body(made);
  }

  @GetMapping("/projects/{id}")
  ResponseEntity<Projects.Project> project(
      @PathVariable UUID id,
      @RequestHeader(name = "Cache-Control", defaultValue = "") String wanted) {
    Projects.Found found = found(id, !wanted.contains("no-cache"));
    return ResponseEntity.ok()
        .header("X-Store", found.store())
        .header("X-Cache", found.cache())
        .body(found.project());
  }

  @GetMapping(path = "/projects/{id}/code", produces = MediaType.APPLICATION_OCTET_STREAM_VALUE)
  byte[] code(@PathVariable UUID id) {
    return projects.code(found(id, true).project());
  }

  @PostMapping(path = "/generate", produces = MediaType.APPLICATION_JSON_VALUE)
  String generate(@RequestBody String body, HttpServletRequest request)
      throws InterruptedException {
    if (!limits.aiCall(request.getRemoteAddr())) {
      throw new ResponseStatusException(HttpStatus.TOO_MANY_REQUESTS);
    }
    try {
      return generation.ask(body);
    } catch (IOException error) {
      throw new ResponseStatusException(HttpStatus.BAD_GATEWAY, "the AI service does not answer");
    }
  }

  @PostMapping("/auth/register")
  ResponseEntity<Map<String, String>> register(@RequestBody Credentials given) {
    if (!accounts.register(given.email(), given.password())) {
      throw new ResponseStatusException(HttpStatus.CONFLICT, given.email() + " has an account");
    }
    return ResponseEntity.status(HttpStatus.CREATED).body(Map.of("email", given.email()));
  }

  @PostMapping("/auth/login")
  Map<String, String> login(@RequestBody Credentials given) {
    return accounts
        .login(given.email(), given.password())
        .map(token -> Map.of("token", token))
        .orElseThrow(() -> new ResponseStatusException(HttpStatus.UNAUTHORIZED));
  }

  @GetMapping("/auth/me")
  Accounts.Person me(@RequestHeader(name = "Authorization", defaultValue = "") String given) {
    return person(given);
  }

  /** The fault is a store's and not the visitor's, and may pass. */
  @ExceptionHandler({
    DataAccessException.class,
    CannotCreateTransactionException.class,
    SdkException.class
  })
  ResponseEntity<Map<String, String>> unavailable() {
    return ResponseEntity.status(HttpStatus.SERVICE_UNAVAILABLE)
        .body(Map.of("error", "a store that is needed for this does not answer"));
  }

  private Accounts.Person person(String authorization) {
    Accounts.Person person =
        accounts
            .whose(authorization.replaceFirst("^Bearer ", ""))
            .orElseThrow(() -> new ResponseStatusException(HttpStatus.UNAUTHORIZED));
    if (!limits.request(person.id().toString())) {
      throw new ResponseStatusException(HttpStatus.TOO_MANY_REQUESTS);
    }
    return person;
  }

  private Projects.Found found(UUID id, boolean useCache) {
    return projects
        .find(id, useCache)
        .orElseThrow(() -> new ResponseStatusException(HttpStatus.NOT_FOUND));
  }
}
