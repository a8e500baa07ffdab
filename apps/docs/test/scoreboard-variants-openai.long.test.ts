import { scoreVariants } from "./scoreboard.ts"

scoreVariants("openai")
