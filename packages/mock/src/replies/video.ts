import type { VideoData, VideoGenerationRequest, VideoGenerationResponse, VideoTask } from "@nexhina/schemas"
import { type Digest, digest, digestText } from "../content/random.ts"
import { type Film, makeFilm, nearestFilmSize } from "../media/film.ts"
import { type MediaLibrary, type MediaPlace, mostFps, mostFrames } from "../media/media.ts"
import { pixelsOf } from "../media/pixels.ts"
import { Refusal } from "../refusal.ts"
import type { ReplyMaker } from "../reply-maker.ts"
import type { Store } from "../store.ts"

/** OpenAI's defaults of `model`, `seconds` and `size`. */
const usualModel = "sora-2"
const usualSeconds = 4
const usualSize = "720x1280"
/** The pace of the clips (chosen). */
const usualFps = 12
/** One reply has no more films than this (chosen). */
const mostFilms = 10

/** The retrieval at which a task is completed (chosen). */
const lastPoll = 3
/** Elapsed time that brings a task as far as one retrieval, in milliseconds (chosen). */
const stepMs = 10_000
/** How long a task and its video are kept, in seconds (chosen). */
const keptFor = 86_400

/** What is kept of a task: plain JSON. */
interface Task extends Pick<VideoGenerationRequest, "prompt"> {
  readonly model: string
  readonly films: readonly Film[]
  readonly format: "url" | "b64_json"
  readonly createdAt: number
  /** Elapsed time of the mock at its creation, in milliseconds. */
  readonly createdMs: number
  /** How often it was retrieved, or the steps of its time if those were more, up to `lastPoll`. */
  readonly polls: number
  /** Undefined until it is. */
  readonly completedAt?: number
}

/**
 * Short films in which a square goes round, at once or by a task to retrieve, as the profile says. Their size is
 * the nearest of those that there are; the reply says which.
 */
export const createVideo: ReplyMaker<"createVideo"> = async (question) => {
  const { request, profile, models, store, now, elapsedMs, seed, id } = question
  const { model = usualModel, prompt, response_format: format = "url" } = request
  if (request.model !== undefined) models.require(model, "video")
  const films = filmsOf(request, digest(`${model}\n${request.seed ?? ""}\n${prompt}`, seed))
  if (profile.video === "finished") {
    const value: VideoGenerationResponse = {
      created: now,
      data: await dataOf(films, format, question),
      model,
    }
    return { value }
  }
  const task: Task = { model, prompt, films, format, createdAt: now, createdMs: elapsedMs, polls: 0 }
  const taskId = `video_${id}`
  // The same request is the same task: who polls it must not see it begin again.
  if ((await store.get(key(taskId))) === undefined) await store.set(key(taskId), task, keptFor * 1000)
  return { value: await show(taskId, task, question) }
}

/** Returns a task, one step further each time, or as far as the elapsed time has brought it. */
export const retrieveVideo: ReplyMaker<"retrieveVideo"> = async (question) => {
  const { params, store, now, elapsedMs } = question
  const { id, task } = await find(params, store)
  if (task.polls === lastPoll) return { value: await show(id, task, question) }
  const polls = Math.max(task.polls + 1, stepOf(task, elapsedMs))
  const next: Task = { ...task, polls, ...(polls === lastPoll && { completedAt: now }) }
  await store.set(key(id), next, task.createdMs + keptFor * 1000 - elapsedMs)
  return { value: await show(id, next, question) }
}

/** The first film of a completed task. */
export const retrieveVideoContent: ReplyMaker<"retrieveVideoContent"> = async ({
  params,
  store,
  elapsedMs,
  lane,
}) => {
  const { id, task } = await find(params, store)
  const [film] = task.films
  const status = statusOf({ polls: stepOf(task, elapsedMs) })
  if (film === undefined || status !== "completed") {
    throw new Refusal(409, {
      message: `The video '${id}' is ${status}. Retrieve its task until it is completed.`,
    })
  }
  return { mediaType: "video/mp4", body: await lane.run((pause) => makeFilm(film, pause)) }
}

function filmsOf(request: VideoGenerationRequest, seed: Digest): Film[] {
  const { seconds = usualSeconds, size = usualSize, fps = usualFps, n = 1 } = request
  limit("n", n, mostFilms)
  limit("fps", fps, mostFps)
  const frames = Math.max(1, Math.round((request.duration ?? Number(seconds)) * fps))
  limit(request.duration === undefined ? "seconds" : "duration", frames / fps, mostFrames / mostFps)
  const { width, height } = pixelsOf(size)
  const film = { size: nearestFilmSize(request.width ?? width, request.height ?? height), frames, fps }
  return Array.from({ length: n }, (_, index) => ({
    ...film,
    title: digestText(digest(String(index), seed)),
  }))
}

function limit(param: string, value: number, most: number): void {
  if (value <= most) return
  throw new Refusal(400, {
    message: `Invalid '${param}': the mock supports at most ${most}, but got ${value}.`,
    param,
    code: "integer_above_max_value",
  })
}

/** Where the films of a reply come from, and the base of their URLs. */
interface MediaSource extends MediaPlace {
  readonly media: MediaLibrary
}

function dataOf(
  films: readonly Film[],
  format: Task["format"],
  { media, ...place }: MediaSource,
): Promise<VideoData[]> {
  return Promise.all(
    films.map(async (film) => ({
      ...(await media.show({ name: "video.mp4", query: film }, format, place)),
      duration: film.frames / film.fps,
      ...pixelsOf(film.size),
      fps: film.fps,
      format: "mp4",
    })),
  )
}

const key = (taskId: string) => `video ${taskId}`

async function find(
  { task_id: id = "" }: Readonly<Record<string, string>>,
  store: Store,
): Promise<{ id: string; task: Task }> {
  // What stands under such a key was kept above.
  const task = (await store.get(key(id))) as Task | undefined
  if (task === undefined) {
    throw new Refusal(404, { message: `Video '${id}' not found.`, param: "task_id" })
  }
  return { id, task }
}

/** Returns how far a task is: the number of its retrievals, or of the steps that its time is worth if those are more. */
function stepOf({ polls, createdMs }: Task, elapsedMs: number): number {
  return Math.min(lastPoll, Math.max(polls, Math.floor((elapsedMs - createdMs) / stepMs)))
}

function statusOf({ polls }: Pick<Task, "polls">): VideoTask["status"] {
  if (polls === 0) return "queued"
  return polls < lastPoll ? "in_progress" : "completed"
}

async function show(id: string, task: Task, source: MediaSource): Promise<VideoTask> {
  const { model, prompt, films, format, createdAt, completedAt = null, polls } = task
  const [film] = films
  const data = completedAt === null ? null : await dataOf(films, format, source)
  return {
    id,
    object: "video",
    status: statusOf(task),
    progress: Math.round((100 * polls) / lastPoll),
    model,
    prompt,
    created_at: createdAt,
    completed_at: completedAt,
    expires_at: createdAt + keptFor,
    ...(film && { size: film.size, seconds: String(film.frames / film.fps) }),
    ...(data && { url: data[0]?.url ?? null, data }),
    error: null,
    remixed_from_video_id: null,
  }
}
