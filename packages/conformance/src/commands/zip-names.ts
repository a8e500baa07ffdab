// Read by hand: fflate, which bundles are written and read with, finds names only by reading the whole file, and what is
// looked at here may be any archive that lies in a folder. The format: APPNOTE.TXT of PKWARE, sections 4.3.12 and 4.3.16.
import { closeSync, fstatSync, openSync, readSync } from "node:fs"

/** The signatures of the records of a ZIP file: of an entry of its directory, and of its end. */
const [entrySign, endSign] = [0x02014b50, 0x06054b50]

/** Length of the end of a ZIP file without its comment, and maximum length of the comment. */
const [endLength, maxComment] = [22, 0xffff]

/** Maximum number of bytes of the directory that are read (chosen). */
const maxDirectory = 2 ** 20

/** Returns the names of the files in a ZIP file, of a long directory the first; `undefined` if it has no directory. */
export function zipNames(path: string): string[] | undefined {
  const file = openSync(path, "r")
  try {
    const { size } = fstatSync(file)
    const read = (length: number, at: number) => {
      const bytes = Buffer.alloc(length)
      return bytes.subarray(0, readSync(file, bytes, 0, length, at))
    }
    const tailLength = Math.min(size, endLength + maxComment)
    const tail = read(tailLength, size - tailLength)
    for (let at = tail.length - endLength; at >= 0; at--) {
      if (tail.readUInt32LE(at) !== endSign) continue
      const [length, offset] = [tail.readUInt32LE(at + 12), tail.readUInt32LE(at + 16)]
      // Anything may look like the end.
      if (offset + length <= size) return namesIn(read(Math.min(length, maxDirectory), offset))
    }
    return undefined
  } finally {
    closeSync(file)
  }
}

function namesIn(directory: Buffer): string[] {
  const names: string[] = []
  let at = 0
  while (at + 46 <= directory.length && directory.readUInt32LE(at) === entrySign) {
    const [name = 0, extra = 0, comment = 0] = [28, 30, 32].map((field) => directory.readUInt16LE(at + field))
    names.push(directory.toString("utf8", at + 46, at + 46 + name))
    at += 46 + name + extra + comment
  }
  return names
}
