/** @type {import("next").NextConfig} */
export default {
  poweredByHeader: false,
  // nginx compresses.
  compress: false,
};
