/** Offsets of the fields of an Ogg page, in bytes (RFC 3533, section 6). */
const at = { serial: 14, checksum: 22, segments: 26, lengths: 27 } as const

/**
 * Sets the serial number of an Ogg file with one stream to 1. Muxers choose it at random, and the replies of the mock
 * must repeat byte for byte.
 */
export function repeatable(file: Uint8Array): Uint8Array {
  const copy = file.slice()
  const view = new DataView(copy.buffer)
  for (let start = 0; start < copy.length; ) {
    const segments = view.getUint8(start + at.segments)
    const header = at.lengths + segments
    const lengths = copy.subarray(start + at.lengths, start + header)
    const end = lengths.reduce((sum, length) => sum + length, start + header)
    view.setUint32(start + at.serial, 1, true)
    view.setUint32(start + at.checksum, 0, true)
    view.setUint32(start + at.checksum, checksum(copy.subarray(start, end)), true)
    start = end
  }
  return copy
}

const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let remainder = byte << 24
  for (let bit = 0; bit < 8; bit++) remainder = (remainder << 1) ^ (remainder < 0 ? 0x04c11db7 : 0)
  return remainder
})

function checksum(page: Uint8Array): number {
  let remainder = 0
  for (const byte of page) remainder = (remainder << 8) ^ (table[(remainder >>> 24) ^ byte] ?? 0)
  return remainder >>> 0
}
