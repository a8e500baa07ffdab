import OpenAI from "openai"

const client = new OpenAI()

export async function greet(name: string): Promise<string> {
  const response = await client.responses.create({ model: "gpt-4o", input: `I am ${name}` })
  return response.output_text
}
