import fc from "fast-check"
import { expect, test } from "vitest"
import { toForm } from "./multipart.ts"

const value = {
  model: "whisper-1",
  file: new File(["DATA"], 'a "b".wav', { type: "audio/wav" }),
  temperature: 0.5,
  "timestamp_granularities[]": ["word", "segment"],
  prompt: undefined,
}
const members = ["model", "file", "temperature", "timestamp_granularities[]"]

const read = async ({ mediaType, bytes }: Awaited<ReturnType<typeof toForm>>) =>
  await new Response(bytes, { headers: { "content-type": mediaType } }).formData()

test("an independent reader reads it back, in either order", async () => {
  await fc.assert(
    fc.asyncProperty(fc.boolean(), async (reversed) => {
      const form = await read(await toForm(value, { reversed }))
      const names = [...new Set([...form.keys()])]
      expect(reversed ? names.reverse() : names).toEqual(members)
      expect([form.get("model"), form.get("temperature")]).toEqual(["whisper-1", "0.5"])
      expect(new Set(form.getAll("timestamp_granularities[]"))).toEqual(new Set(["word", "segment"]))
      const file = form.get("file")
      if (!(file instanceof File)) throw new Error("the file is no file")
      expect([file.name, file.type, await file.text()]).toEqual(['a "b".wav', "audio/wav", "DATA"])
    }),
  )
})

test("the spellings of names", async () => {
  const line = async (names: "quoted" | "unquoted") =>
    Buffer.from((await toForm({ file: new File([], "a.wav") }, { names })).bytes)
      .toString()
      .split("\r\n")[1]
  expect([await line("quoted"), await line("unquoted")]).toEqual([
    'Content-Disposition: form-data; name="file"; filename="a.wav"',
    "Content-Disposition: form-data; name=file; filename=a.wav",
  ])
})
