/** @type {import("next").NextConfig} */
export default {
  poweredByHeader: false,
  // nginx compresses.
  compress: false,
  // Built once in a folder of its own: nothing would read it again.
  experimental: { turbopackFileSystemCacheForBuild: false },
};
