import { familiesOf, scoreDefects } from "./scoreboard.ts"

for (const family of familiesOf(0, 3)) scoreDefects(family)
