/**
 * The error code in an S3 answer, where its body can be read at all; null elsewhere.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
 *
 * @param {number} status
 * @param {string} body
 */
export function s3Code(status, body) {
  if (status < 300) return null;
  return /<Code>(\w{1,64})<\/Code>/.exec(body.slice(0, 4096))?.[1] ?? null;
}
