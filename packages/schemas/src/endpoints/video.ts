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
  model: openEnum(modelIds("video"))
    .optional()
    .describe("ID of the video model. Default: chosen by the gateway."),
  prompt: text(32_000).min(1).describe("Text that describes the video, 1 to 32000 characters."),
  image: z
    .string()
    .optional()
    .meta({ description: "Image to animate, as a URL or a data URL. Default: none." }),
  duration: z
    .number()
    .gt(0)
    .optional()
    .meta({ description: "Duration of the video in seconds; more than 0. Default: chosen by the gateway." }),
  seconds: openEnum(["4", "8", "12"]).optional().meta({
    description:
      "Duration of the video in seconds, as a string: OpenAI's form of `duration`. Default: chosen by the gateway.",
  }),
  size: openEnum(["720x1280", "1280x720", "1024x1792", "1792x1024"])
    .optional()
    .describe("Size in pixels, as `WIDTHxHEIGHT`, each from 1 to 8192. Default: chosen by the gateway."),
  width: Pixels.optional().describe(
    "Width of the video in pixels; at least 1. Default: chosen by the gateway.",
  ),
  height: Pixels.optional().describe(
    "Height of the video in pixels; at least 1. Default: chosen by the gateway.",
  ),
  fps: z.int().min(1).optional().describe("Frames per second; at least 1. Default: chosen by the gateway."),
  seed: z
    .int()
    .optional()
    .describe(
      "Seed for generation. Requests with the same seed should return similar videos. Default: chosen by the gateway for each request.",
    ),
  n: z
    .int()
    .min(1)
    .optional()
    .meta({ default: 1, description: "Number of videos to generate; at least 1. Default: 1." }),
  response_format: z.enum(["url", "b64_json"]).optional().meta({
    default: "url",
    description:
      "How to return the videos: `url` for URLs, `b64_json` for files encoded in base64. Default: `url`.",
  }),
  user: z.string().optional().describe("Identifier of the end user. Default: none."),
  metadata: z.record(z.string(), z.unknown()).optional().describe("Further options, by name. Default: none."),
}).meta({ id: "VideoGenerationRequest", ...chosen, description: "Request to generate a video." })
export type VideoGenerationRequest = z.infer<typeof VideoGenerationRequest>

export const VideoData = openObject({
  url: z.string().nullish().describe("URL of the video. Requires `response_format: url`, the default."),
  b64_json: z
    .string()
    .nullish()
    .meta({ description: "Video file encoded in base64. Requires `response_format: b64_json`." }),
  revised_prompt: z.string().nullish().describe("Prompt that was used, if the model revised it."),
  duration: z.number().min(0).nullish().meta({ description: "Duration of the video in seconds." }),
  width: Pixels.nullish().describe("Width of the video in pixels."),
  height: Pixels.nullish().describe("Height of the video in pixels."),
  fps: z.number().gt(0).nullish().describe("Frames per second."),
  format: z.string().nullish().describe("File format of the video, such as `mp4`."),
}).meta({ id: "VideoData", ...chosen, description: "Generated video, as a URL or as a file in base64." })
export type VideoData = z.infer<typeof VideoData>

export const VideoGenerationResponse = openObject({
  created: Count.meta({ description: "Creation time in Unix seconds." }),
  data: z.array(VideoData).describe("Generated videos."),
  model: z.string().nullish().describe("Model that generated the videos."),
}).meta({ id: "VideoGenerationResponse", ...chosen, description: "Generated videos." })
export type VideoGenerationResponse = z.infer<typeof VideoGenerationResponse>

const VideoFailure = openObject({
  code: z.union([z.string(), z.int(), z.null()]).optional().describe("Machine-readable error code, or null."),
  message: z.string().describe("Human-readable description of the error."),
}).meta({ id: "VideoFailure", ...chosen, description: "Error that made a video task fail." })

/** A video in the making, as servers show it that answer before it is finished. */
export const VideoTask = openObject({
  id: z.string().nullish().describe("ID of the task."),
  task_id: z.string().nullish().meta({ description: "ID of the task, on servers that do not use `id`." }),
  object: z.string().nullish().describe("Type of the object, such as `video`."),
  status: openEnum(["queued", "in_progress", "completed", "failed"]).describe("Status of the task."),
  progress: z.number().min(0).max(100).nullish().meta({ description: "Progress in percent, from 0 to 100." }),
  model: z.string().nullish().describe("Model that generates the video."),
  prompt: z.string().nullish().describe("Prompt of the request."),
  created_at: Count.nullish().meta({ description: "Creation time in Unix seconds." }),
  completed_at: Count.nullish().describe(
    "Completion time in Unix seconds. Null until the task is completed.",
  ),
  expires_at: Count.nullish().describe("Time in Unix seconds after which the video is no longer available."),
  size: z.string().nullish().describe("Size of the video in pixels, as `WIDTHxHEIGHT`."),
  seconds: z.string().nullish().describe("Duration of the video in seconds, as a string."),
  url: z.string().nullish().describe("URL of the video, once the task is completed."),
  data: z.array(VideoData).nullish().meta({ description: "Generated videos, once the task is completed." }),
  error: VideoFailure.nullish().describe("Error that made the task fail; null otherwise."),
  remixed_from_video_id: z
    .string()
    .nullish()
    .describe("ID of the video that this one is a remix of; null otherwise."),
}).meta({
  id: "VideoTask",
  ...chosen,
  description: "Task that generates a video, on servers that reply before the video is finished.",
})
export type VideoTask = z.infer<typeof VideoTask>

export const VideoReply = z
  .union([VideoGenerationResponse, VideoTask])
  .meta({ id: "VideoReply", ...chosen, description: "Finished videos, or a task to retrieve later." })
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
    "Generates a video from a text prompt and, optionally, an image. Some servers return a task " +
    "instead of the finished video. The gateway's documentation gives only the names of the schemas; the path and the " +
    "members are a choice of this document.",
  provenance: "chosen",
  request: {
    mediaType: "application/json",
    // OpenAI's clients always send a form, for the sake of its `input_reference`, which may be a file.
    orForm: true,
    schema: VideoGenerationRequest,
    examples: {
      text: {
        summary: "Video from a text prompt",
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
    finished: { summary: "Finished video", provenance: "chosen", value: finished },
    task: { summary: "Task", provenance: "chosen", value: queued },
  },
  errors: bodyErrors,
  checks: [
    {
      param: "size",
      says: "`size` must be WIDTHxHEIGHT, each from 1 to 8192 pixels.",
      provenance: "chosen",
      holds: ({ size }) => size === undefined || isSize(size),
    },
    {
      param: "seconds",
      says: "`seconds` must be a positive decimal number.",
      provenance: "chosen",
      holds: ({ seconds }) => seconds === undefined || (/^\d+(\.\d+)?$/.test(seconds) && Number(seconds) > 0),
    },
  ],
})

const TaskParams = z.object({ task_id: z.string().min(1).meta({ description: "ID of the video task." }) })

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
    description: "The requested task.",
    content: { "application/json": { kind: "json", schema: VideoTask } },
    provenance: "chosen",
  },
  examples: {
    queued: { summary: "Queued", provenance: "chosen", value: queued },
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
