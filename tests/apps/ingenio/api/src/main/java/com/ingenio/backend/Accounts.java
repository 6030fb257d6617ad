package com.ingenio.backend;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.crypto.MACSigner;
import com.nimbusds.jose.crypto.MACVerifier;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.text.ParseException;
import java.time.Instant;
import java.util.Date;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Stream;
import javax.crypto.SecretKeyFactory;
import javax.crypto.spec.PBEKeySpec;
import org.springframework.core.env.Environment;
import org.springframework.stereotype.Component;

/** Who somebody is: passwords in the database, signed tokens for those who gave one. */
@Component
public class Accounts {

  public record Person(UUID id, String email) {}

  private static final long HOUR = 3600;
  private static final int ROUNDS = 60_000;

  private final Stores.Databases databases;
  private final List<byte[]> keys;

  /** The first key signs, each is believed: so a key can be exchanged without a log-out. */
  Accounts(Stores.Databases databases, Environment environment) {
    this.databases = databases;
    this.keys =
        Stream.of(
                environment.getRequiredProperty("JWT_SECRET"),
                environment.getProperty("JWT_SECRET_PREVIOUS", ""))
            .filter(key -> !key.isEmpty())
            .map(Accounts::sha256)
            .toList();
  }

  /** False if the address already has an account. */
  boolean register(String email, String password) {
    byte[] salt = new byte[16];
    new SecureRandom().nextBytes(salt);
    String digest = hex(salt) + ":" + hex(derive(password, salt));
    return databases
            .primary()
            .sql(
                "INSERT INTO users (id, email, password_digest) VALUES (?, ?, ?) "
                    + "ON CONFLICT (email) DO NOTHING")
            .params(UUID.randomUUID(), email, digest)
            .update()
        == 1;
  }

  /** A token for an hour, or nothing for the wrong password. */
  Optional<String> login(String email, String password) {
    record Row(UUID id, String passwordDigest) {}
    return databases
        .primary()
        .sql("SELECT id, password_digest FROM users WHERE email = ?")
        .param(email)
        .query(Row.class)
        .optional()
        .filter(row -> matches(password, row.passwordDigest()))
        .map(row -> token(row.id(), email));
  }

  /** Whose token it is; nothing if nobody of us signed it, or too long ago. */
  Optional<Person> whose(String token) {
    try {
      SignedJWT signed = SignedJWT.parse(token);
      for (byte[] key : keys) {
        if (signed.verify(new MACVerifier(key))) {
          JWTClaimsSet claims = signed.getJWTClaimsSet();
          return claims.getExpirationTime().before(new Date())
              ? Optional.empty()
              : Optional.of(
                  new Person(
                      UUID.fromString(claims.getSubject()), claims.getStringClaim("email")));
        }
      }
    } catch (ParseException | JOSEException error) {
      return Optional.empty();
    }
    return Optional.empty();
  }

  private String token(UUID id, String email) {
    try {
      SignedJWT signed =
          new SignedJWT(
              new JWSHeader(JWSAlgorithm.HS256),
              new JWTClaimsSet.Builder()
                  .subject(id.toString())
                  .claim("email", email)
                  .expirationTime(Date.from(Instant.now().plusSeconds(HOUR)))
                  .build());
      signed.sign(new MACSigner(keys.get(0)));
      return signed.serialize();
    } catch (JOSEException error) {
      throw new IllegalStateException(error);
    }
  }

  private static boolean matches(String password, String digest) {
    String[] parts = digest.split(":");
    byte[] given = derive(password, HexFormat.of().parseHex(parts[0]));
    return MessageDigest.isEqual(given, HexFormat.of().parseHex(parts[1]));
  }

  private static byte[] derive(String password, byte[] salt) {
    try {
      return SecretKeyFactory.getInstance("PBKDF2WithHmacSHA256")
          .generateSecret(new PBEKeySpec(password.toCharArray(), salt, ROUNDS, 256))
          .getEncoded();
    } catch (GeneralSecurityException error) {
      throw new IllegalStateException(error);
    }
  }

  static byte[] sha256(String text) {
    return sha256(text.getBytes(StandardCharsets.UTF_8));
  }

  static byte[] sha256(byte[] content) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(content);
    } catch (GeneralSecurityException error) {
      throw new IllegalStateException(error);
    }
  }

  static String hex(byte[] bytes) {
    return HexFormat.of().formatHex(bytes);
  }
}
