import assert from "node:assert/strict";
import { test } from "node:test";
import { baseName, headAndTail, iconOf, visible } from "../../../web/views/names.js";

// Every code point Unicode calls a bidirectional control (property Bidi_Control).
const BIDI = [0x061c, 0x200e, 0x200f, 0x202a, 0x202b, 0x202c, 0x202d, 0x202e, 0x2066, 0x2067, 0x2068, 0x2069];

for (const code of BIDI) {
  const hex = code.toString(16).toUpperCase().padStart(4, "0");
  test(`the bidirectional control U+${hex} is spelled out, never passed on`, () => {
    const shown = visible(`invoice${String.fromCharCode(code)}fdp.exe`);
    assert.equal(shown, `invoice⟨U+${hex}⟩fdp.exe`);
    assert.doesNotMatch(shown, /\p{Bidi_Control}/u);
  });
}

test("control characters and line breaks are spelled out", () => {
  assert.equal(visible("a\nb\tc\u0000\u007f\u0085"), "a⟨U+000A⟩b⟨U+0009⟩c⟨U+0000⟩⟨U+007F⟩⟨U+0085⟩");
});

test("a lone surrogate is spelled out, a pair is an emoji", () => {
  assert.equal(visible("\ud83d"), "⟨U+D83D⟩");
  assert.equal(visible("\ude00x"), "⟨U+DE00⟩x");
  assert.equal(visible("😀"), "😀");
});

test("ordinary names of every script stay as they are", () => {
  for (const name of ["Größe (1).txt", "דוח.pdf", "写真.jpg", "👩‍🚀.png", "नमस्ते.txt", "<b>&amp;.html"]) {
    assert.equal(visible(name), name);
  }
});

test("the name of a key is its last part, with or without a slash at the end", () => {
  assert.deepEqual(["a/b/c.txt", "a/b/", "c.txt", "/", "a//"].map(baseName), ["c.txt", "b", "c.txt", "/", "a//"]);
});

test("a long name is cut in its head and keeps its extension", () => {
  const stem = "a very long name that does not fit";
  assert.deepEqual(headAndTail(`${stem}.tar`), [stem, ".tar"]);
  assert.deepEqual(headAndTail("short.txt"), ["short.txt", ""]);
  assert.deepEqual(headAndTail(`.${stem}`), [`.${stem}`, ""]);
});

test("the icon comes from the last extension, whatever its case", () => {
  assert.deepEqual(["a.PNG", "a.tar.gz", "a.mp4", "a.exe", "png"].map(iconOf), ["image", "archive", "video", "file", "file"]);
});
