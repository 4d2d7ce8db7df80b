/**
 * Names as text a person can trust. Pure.
 *
 * Bidirectional controls let `exe.gpj` read as `jpg.exe`; control and invisible characters make
 * two names look the same. Each is shown by its code point. Joiners stay: scripts and emoji need them.
 * https://trojansource.codes/
 */

const DECEIVING =
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

const LONGEST_EXTENSION = 10;
const ALWAYS_FITS = 28; // characters; shorter names stay in one piece

/** @param {string} character */
const marker = (character) =>
  `⟨U+${character.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0")}⟩`;

/** @param {string} name */
export const visible = (name) => name.replace(DECEIVING, marker);

/**
 * The last part of a key or of a prefix, without its slash.
 * @param {string} key
 */
export function baseName(key) {
  const path = key.endsWith("/") ? key.slice(0, -1) : key;
  return path.slice(path.lastIndexOf("/") + 1) || key;
}

/**
 * Head and tail of a name, so that a narrow column can shorten the head and keep the extension.
 * @param {string} name
 * @returns {[string, string]}
 */
export function headAndTail(name) {
  const dot = name.lastIndexOf(".");
  const isExtension = dot > 0 && name.length - dot <= LONGEST_EXTENSION;
  return isExtension && name.length > ALWAYS_FITS ? [name.slice(0, dot), name.slice(dot)] : [name, ""];
}

/** Which icon stands for a file: by its extension alone, nothing is read. @type {[string, RegExp][]} */
const KINDS = [
  ["image", /\.(avif|bmp|gif|heic|ico|jpe?g|png|psd|svg|tiff?|webp)$/i],
  ["video", /\.(avi|m4v|mkv|mov|mp4|mpe?g|webm)$/i],
  ["audio", /\.(aac|aiff?|flac|m4a|mp3|oga|ogg|opus|wav)$/i],
  ["archive", /\.(7z|bz2|gz|iso|jar|rar|tar|tgz|xz|zip|zst)$/i],
  ["text", /\.(csv|docx?|epub|md|odt|pdf|pptx?|rtf|tsv|txt|xlsx?)$/i],
  ["code", /\.(c|cpp|css|go|h|html?|java|js|json|mjs|php|py|rb|rs|sh|sql|toml|ts|xml|ya?ml)$/i],
];

/** @param {string} name */
export const iconOf = (name) => KINDS.find(([, pattern]) => pattern.test(name))?.[0] ?? "file";
