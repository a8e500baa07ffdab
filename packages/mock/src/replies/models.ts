import type { Model, ModelList } from "@nexhina/schemas"
import { unknownModel } from "../models.ts"
import type { ReplyMaker } from "../reply-maker.ts"

export const listModels: ReplyMaker<"listModels"> = ({ models }) => ({
  value: { object: "list", data: [...models.list] } satisfies ModelList,
})

export const retrieveModel: ReplyMaker<"retrieveModel"> = ({ params, models }) => {
  const id = params["model"] ?? ""
  const model = models.retrieve(id)
  if (model === undefined) throw unknownModel(id)
  return { value: model satisfies Model }
}
