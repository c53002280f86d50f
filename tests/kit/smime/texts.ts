/**
 * Texts whose shape has broken S/MIME implementations before.
 *
 * @module
 */
const RECORD = "APEL-summary-job-message: v0.2\nSite: EXAMPLE\n" +
  "GlobalUserName: /C=UK/O=eScience/CN=some one\nWallDuration: 234256\n%%\n";

/** Texts by name. */
export const TEXTS: Readonly<Record<string, string>> = {
  record: RECORD,
  trimmed: RECORD.trimEnd(),
  word: "x",
  "blank lines": "\n\na\n\n\nb\n\n",
  "only a line end": "\n",
  "only blanks": " \t ",
  "trailing blanks": "a \nb\t\n  c",
  crlf: "a\r\nb\r\n",
  "cr cr lf": "a\r\r\nb",
  "cr inside": "a\rb\nc",
  "cr at the end": "a\nb\r",
  "long line": `${"0123456789".repeat(500)}\nend`,
  "long escapes": "=".repeat(300),
  "line of 76": `${"x".repeat(76)}\n${"y".repeat(77)}\n${"z".repeat(75)}=`,
  utf8: "Universidad de Málaga — José\n北京\u2028\u0085x\n",
  controls: "a\fb\vc\x1cd\x1ee\x7f\n",
  boundary: "------0123456789ABCDEF0123456789ABCDEF\n--\n------\n--x--\n",
  dots: ".\n..\nFrom here\n",
  "header look-alike": "Content-Transfer-Encoding: base64\n\nx",
  "mentions encryption":
    "see application/pkcs7-mime and application/x-pkcs7-mime",
  equals: "a=3Db =\n=0A=\nb",
  large: RECORD.repeat(3500),
};
