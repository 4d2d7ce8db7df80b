/**
 * From what was dropped or picked to files with paths. Directories are read in chunks, as
 * `readEntries` hands them out (100 at a time in Chromium), so that a large one never blocks the page.
 *
 * @typedef {{file: File, name: string}} PickedFile  name: the path inside the destination
 */

/**
 * Must run inside the drop event: afterwards the browser has emptied the list.
 * @param {DataTransfer} transfer
 * @returns {FileSystemEntry[]}
 */
export const entriesOf = (transfer) =>
  [...transfer.items].map((item) => item.webkitGetAsEntry()).filter((entry) => entry !== null);

/** @param {DataTransfer | null} transfer */
export const carriesFiles = (transfer) => transfer?.types.includes("Files") ?? false;

/**
 * Of a file input; with `webkitdirectory` the path comes along.
 * @param {Iterable<File>} files
 * @returns {PickedFile[]}
 */
export const pickedFiles = (files) =>
  [...files].map((file) => ({ file, name: file.webkitRelativePath || file.name }));

/**
 * Every file below the entries, depth first.
 * @param {readonly FileSystemEntry[]} entries
 * @param {(path: string) => void} unreadable  called for what cannot be read; the rest goes on
 * @returns {AsyncGenerator<PickedFile>}
 */
export async function* walk(entries, unreadable) {
  for (const entry of entries) {
    const name = entry.fullPath.replace(/^\//, "");
    try {
      if (isDirectory(entry)) yield* walkDirectory(entry, unreadable);
      else yield { file: await fileOf(entry), name };
    } catch {
      unreadable(name);
    }
  }
}

/**
 * @param {FileSystemDirectoryEntry} directory
 * @param {(path: string) => void} unreadable
 * @returns {AsyncGenerator<PickedFile>}
 */
async function* walkDirectory(directory, unreadable) {
  const reader = directory.createReader();
  for (;;) {
    const chunk = await nextEntries(reader);
    if (chunk.length === 0) return;
    yield* walk(chunk, unreadable);
  }
}

/** @param {FileSystemDirectoryReader} reader @returns {Promise<FileSystemEntry[]>} */
const nextEntries = (reader) => new Promise((resolve, reject) => reader.readEntries(resolve, reject));

/** @param {FileSystemEntry} entry @returns {Promise<File>} */
const fileOf = (entry) =>
  new Promise((resolve, reject) => /** @type {FileSystemFileEntry} */ (entry).file(resolve, reject));

/** @param {FileSystemEntry} entry @returns {entry is FileSystemDirectoryEntry} */
const isDirectory = (entry) => entry.isDirectory;

/**
 * What the files would make in the folder itself: `photo.jpg`, or `photos/` for a whole folder.
 * @param {readonly {name: string}[]} files
 */
export const topNames = (files) => [...new Set(files.map(({ name }) => topName(name)))];

/** @param {string} name */
export const topName = (name) => name.slice(0, name.indexOf("/") + 1) || name;
