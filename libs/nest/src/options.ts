/** The schemas of all options, without anything that they configure: for tools and documents. */
export {
  byteCount,
  count,
  factsOf,
  flag,
  milliseconds,
  oneOf,
  rangeText,
  resolveOptions,
  text,
  type OptionFacts,
  type OptionUnit,
} from './option-schema.js';
export { uploadOptionsSchema, type ResolvedUploadOptions, type UploadModuleOptions } from './upload-options.js';
export {
  uploadHttpOptionsSchema,
  type ResolvedUploadHttpOptions,
  type UploadHttpModuleOptions,
} from './http/upload-http-options.js';
export { s3OptionsSchema, type ResolvedS3Options, type S3StorageOptions } from './stores/s3/s3-options.js';
export { redisOptionsSchema, type RedisOptions, type ResolvedRedisOptions } from './stores/redis/redis-options.js';
