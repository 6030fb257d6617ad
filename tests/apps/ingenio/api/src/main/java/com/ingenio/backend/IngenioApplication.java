package com.ingenio.backend;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;

@SpringBootApplication
public class IngenioApplication {

  public static void main(String[] arguments) {
    // A program without a version does not start.
    Release release = Release.packed();
    System.out.println("this is " + release.version());
    SpringApplication.run(IngenioApplication.class, arguments);
  }
}
