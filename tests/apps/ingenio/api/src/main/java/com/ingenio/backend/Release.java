package com.ingenio.backend;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.util.List;

/** Which version this is, and which variables it cannot work without: packed beside the program. */
public record Release(String version, List<String> needs) {

  public static Release packed() {
    try (InputStream file = Release.class.getResourceAsStream("/release.json")) {
      if (file == null) {
        throw new IllegalStateException("there is no release.json");
      }
      return new ObjectMapper().readValue(file, Release.class);
    } catch (IOException error) {
      throw new UncheckedIOException("release.json: " + error.getMessage(), error);
    }
  }

  /** The variables that this version needs and was not given. */
  public List<String> missing() {
    return needs.stream().filter(name -> System.getenv(name) == null).toList();
  }

  static String node() {
    try {
      return InetAddress.getLocalHost().getHostName();
    } catch (IOException error) {
      return "unknown";
    }
  }
}
