import { familiesOf, scoreDefects } from "./scoreboard.ts"

for (const family of familiesOf(1, 3)) scoreDefects(family)
