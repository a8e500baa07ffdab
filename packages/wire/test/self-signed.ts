import { generateKeyPairSync, sign } from "node:crypto"

/** A certificate for 127.0.0.1 that vouches for itself, and its key; X.509 in DER by hand (RFC 5280 §4.1). */
export function selfSigned(): { cert: string; key: string } {
  const tlv = (tag: number, ...parts: readonly Uint8Array[]) => {
    const content = Buffer.concat(parts)
    const { length } = content
    return Buffer.concat(
      [
        length < 0x80
          ? [tag, length]
          : length < 0x100
            ? [tag, 0x81, length]
            : [tag, 0x82, length >> 8, length & 255],
        content,
      ].map((bytes) => Uint8Array.from(bytes)),
    )
  }
  const sequence = (...parts: readonly Uint8Array[]) => tlv(0x30, ...parts)
  const oid = (hex: string) => tlv(0x06, Buffer.from(hex, "hex"))
  const extension = (id: string, value: Uint8Array) => sequence(oid(id), tlv(0x04, value))
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" })
  const ecdsaWithSha256 = sequence(oid("2a8648ce3d040302"))
  const name = sequence(tlv(0x31, sequence(oid("550403"), tlv(0x0c, Buffer.from("127.0.0.1")))))
  const certificate = sequence(
    tlv(0xa0, tlv(0x02, Uint8Array.of(2))),
    tlv(0x02, Uint8Array.of(1)),
    ecdsaWithSha256,
    name,
    sequence(tlv(0x17, Buffer.from("200101000000Z")), tlv(0x18, Buffer.from("20991231235959Z"))),
    name,
    publicKey.export({ type: "spki", format: "der" }),
    tlv(
      0xa3,
      sequence(
        extension("551d13", sequence(tlv(0x01, Uint8Array.of(0xff)))),
        extension("551d11", sequence(tlv(0x87, Uint8Array.of(127, 0, 0, 1)))),
      ),
    ),
  )
  const signature = tlv(0x03, Uint8Array.of(0), sign("sha256", certificate, privateKey))
  const pem = sequence(certificate, ecdsaWithSha256, signature).toString("base64")
  return {
    cert: `-----BEGIN CERTIFICATE-----\n${pem}\n-----END CERTIFICATE-----\n`,
    key: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
  }
}
