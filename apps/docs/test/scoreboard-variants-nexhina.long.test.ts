import { scoreVariants } from "./scoreboard.ts"

scoreVariants("nexhina")
