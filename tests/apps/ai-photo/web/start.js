/** A program without a version does not start. */
import { release } from "./release.js";

try {
  release();
} catch (error) {
  console.error(`release.json: ${error.message}`);
  process.exit(1);
}
