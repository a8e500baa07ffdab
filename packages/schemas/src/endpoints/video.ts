import { z } from "zod"
import { modelIds } from "../catalogue.ts"
import { endpoint } from "../endpoint.ts"
import { bodyErrors, readErrors } from "../error.ts"
import { openEnum, openObject } from "../open.ts"
import { chosen } from "../provenance.ts"
import { isSize } from "../size.ts"
import { text } from "../text.ts"

const Count = z.int().min(0)
const Pixels = z.int().min(1)

export const VideoGenerationRequest = openObject({
  model: openEnum(modelIds("video")),
  prompt: text(32_000).min(1),
  image: z.string().optional().meta({ description: "A URL or a data URL of the image to set in motion." }),
  duration: z.number().gt(0).optional().meta({ description: "Seconds." }),
  seconds: openEnum(["4", "8", "12"]).optional().meta({ description: "OpenAI's form of `duration`." }),
  size: openEnum(["720x1280", "1280x720", "1024x1792", "1792x1024"]).optional(),
  width: Pixels.optional(),
  height: Pixels.optional(),
  fps: z.int().min(1).optional(),
  seed: z.int().optional(),
  n: z.int().min(1).optional().meta({ default: 1, description: "How many videos." }),
  response_format: z.enum(["url", "b64_json"]).optional().meta({ default: "url" }),
  user: z.string().optional(),
  metadata: z.record(z.string(), z.unknown()).optional(),
}).meta({ id: "VideoGenerationRequest", ...chosen })
export type VideoGenerationRequest = z.infer<typeof VideoGenerationRequest>

export const VideoData = openObject({
  url: z.string().nullish(),
  b64_json: z.string().nullish().meta({ description: "Base64." }),
  revised_prompt: z.string().nullish(),
  duration: z.number().min(0).nullish().meta({ description: "Seconds." }),
  width: Pixels.nullish(),
  height: Pixels.nullish(),
  fps: z.number().gt(0).nullish(),
  format: z.string().nullish(),
}).meta({ id: "VideoData", ...chosen })
export type VideoData = z.infer<typeof VideoData>

export const VideoGenerationResponse = openObject({
  created: Count.meta({ description: "Unix seconds." }),
  data: z.array(VideoData),
  model: z.string().nullish(),
}).meta({ id: "VideoGenerationResponse", ...chosen })
export type VideoGenerationResponse = z.infer<typeof VideoGenerationResponse>

/** A video in the making, as servers show it that answer before it is finished. */
export const VideoTask = openObject({
  id: z.string().nullish(),
  task_id: z.string().nullish().meta({ description: "Some servers' name for `id`." }),
  object: z.string().nullish(),
  status: openEnum(["queued", "in_progress", "completed", "failed"]),
  progress: z.number().min(0).max(100).nullish().meta({ description: "Percent." }),
  model: z.string().nullish(),
  prompt: z.string().nullish(),
  created_at: Count.nullish().meta({ description: "Unix seconds." }),
  completed_at: Count.nullish(),
  expires_at: Count.nullish(),
  size: z.string().nullish(),
  seconds: z.string().nullish(),
  url: z.string().nullish(),
  data: z.array(VideoData).nullish().meta({ description: "The videos, once the task is completed." }),
  error: openObject({
    code: z.union([z.string(), z.int(), z.null()]).optional(),
    message: z.string(),
  }).nullish(),
}).meta({ id: "VideoTask", ...chosen })
export type VideoTask = z.infer<typeof VideoTask>

export const VideoReply = z.union([VideoGenerationResponse, VideoTask]).meta({ id: "VideoReply", ...chosen })
export type VideoReply = z.infer<typeof VideoReply>

const finished = {
  created: 1713833628,
  data: [{ url: "https://example.com/video.mp4" }],
} satisfies VideoGenerationResponse

const queued = {
  id: "video_abc123",
  object: "video",
  status: "queued",
  progress: 0,
  model: "sora",
  created_at: 1713833628,
} satisfies VideoTask

export const createVideo = endpoint({
  operationId: "createVideo",
  surface: "video",
  method: "POST",
  path: "/video/generations",
  aliases: ["/videos/generations", "/videos"],
  summary: "Generate a video",
  description:
    "Generates a video from a text prompt and, optionally, an image. The gateway's documentation names the schemas " +
    "only: the path and the members are this project's reading of those names. Some servers return a task instead.",
  provenance: "chosen",
  request: {
    mediaType: "application/json",
    // OpenAI's clients always send a form, for the sake of its `input_reference`, which may be a file.
    orForm: true,
    schema: VideoGenerationRequest,
    examples: {
      text: {
        summary: "A video from a text",
        provenance: "chosen",
        value: { model: "sora", prompt: "A cat plays the piano" } satisfies VideoGenerationRequest,
      },
    },
  },
  success: {
    status: 200,
    description: "The finished videos, or a task to retrieve later.",
    content: {
      "application/json": { kind: "json", schema: VideoReply },
    },
    provenance: "chosen",
  },
  examples: {
    finished: { summary: "A finished video", provenance: "chosen", value: finished },
    task: { summary: "A task", provenance: "chosen", value: queued },
  },
  errors: bodyErrors,
  checks: [
    {
      param: "size",
      says: "size is WIDTHxHEIGHT of 1 to 8192 pixels each.",
      provenance: "chosen",
      holds: ({ size }) => size === undefined || isSize(size),
    },
    {
      param: "seconds",
      says: "seconds is a positive decimal number.",
      provenance: "chosen",
      holds: ({ seconds }) => seconds === undefined || (/^\d+(\.\d+)?$/.test(seconds) && Number(seconds) > 0),
    },
  ],
})

const TaskParams = z.object({ task_id: z.string().min(1).meta({ description: "Id of the video task." }) })

export const retrieveVideo = endpoint({
  operationId: "retrieveVideo",
  surface: "video",
  method: "GET",
  path: "/video/generations/{task_id}",
  aliases: ["/videos/generations/{task_id}", "/videos/{task_id}"],
  summary: "Retrieve a video task",
  description: "Returns the status and progress of a video task.",
  provenance: "chosen",
  params: TaskParams,
  success: {
    status: 200,
    description: "The task.",
    content: { "application/json": { kind: "json", schema: VideoTask } },
    provenance: "chosen",
  },
  examples: {
    queued: { summary: "Not begun", provenance: "chosen", value: queued },
    completed: {
      summary: "Completed",
      provenance: "chosen",
      value: { ...queued, status: "completed", progress: 100, data: finished.data } satisfies VideoTask,
    },
  },
  errors: readErrors,
  checks: [],
})

export const retrieveVideoContent = endpoint({
  operationId: "retrieveVideoContent",
  surface: "video",
  method: "GET",
  path: "/video/generations/{task_id}/content",
  aliases: ["/videos/generations/{task_id}/content", "/videos/{task_id}/content"],
  summary: "Download a video",
  description: "Returns the video file of a completed task. Returns 409 if the task is not completed.",
  provenance: "chosen",
  params: TaskParams,
  success: {
    status: 200,
    description: "The video file.",
    content: { "video/mp4": { kind: "binary" } },
    provenance: "chosen",
  },
  examples: {},
  errors: [...readErrors, 409],
  checks: [],
})
