package com.ingenio.backend;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import software.amazon.awssdk.core.SdkSystemSetting;

@SpringBootApplication
public class IngenioApplication {

  public static void main(String[] arguments) {
    // A program without a version does not start.
    Release release = Release.packed();
    System.out.println("this is " + release.version());
    // A busy host needs more than the SDK's second to say which role it has.
    System.setProperty(SdkSystemSetting.AWS_METADATA_SERVICE_TIMEOUT.property(), "10");
    SpringApplication.run(IngenioApplication.class, arguments);
  }
}
