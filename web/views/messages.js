/**
 * Errors as the page shows them: what did not happen, why, and what to quote when asking for help.
 *
 * @import { UploadProblem } from "../client/types.d.ts"
 * @typedef {UploadProblem & {title: string}} Failure
 */
import { BrokerError, problemOf } from "../client/errors.js";

/** Said in the page's own words: the broker answers these alike for every operation. @type {Record<string, string>} */
const OWN_WORDS = {
  unauthenticated: "Your session has ended. Sign in again to go on.",
  invalid_token: "Your session has ended. Sign in again to go on.",
  invalid_credentials: "The user name or the password is wrong.",
  s3_unavailable: "The storage does not answer at the moment. Try again shortly.",
  internal: "Something unexpected went wrong. Trying again may help.",
};

/**
 * @param {string} title what did not happen, as a sentence without its end
 * @param {unknown} error
 * @returns {Failure}
 */
export function failureOf(title, error) {
  const problem = problemOf(error);
  const wait = error instanceof BrokerError ? error.retryAfter : null;
  const message = OWN_WORDS[problem.code] ?? problem.message;
  return { ...problem, title, message: wait === null ? message : `${message} Wait ${Math.ceil(wait)} s.` };
}

/** A fault the page found itself. @param {string} title @param {string} message @returns {Failure} */
export const failed = (title, message) => ({ title, message, code: "page", status: 0, requestId: null });

/** @param {unknown} error */
export const isAbort = (error) => problemOf(error).code === "aborted";
