import { familiesOf, scoreDefects } from "./scoreboard.ts"

for (const family of familiesOf(2, 3)) scoreDefects(family)
