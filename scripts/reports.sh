#!/usr/bin/env bash
# Makes the red-team report and the calibration of the example workspace: two briefs whose pictures were decided on by the AI model that
# wrote this program (decisions.tsv; no person did), what these decisions tell about the judge, and what gets past the policy for words. Goes into demo/reports.
set -euo pipefail
top=$(cd "$(dirname "$0")/.." && pwd)
presswerk="$top/bin/presswerk --workspace $top/demo"
# Nothing of an exploration can be approved; it is made again as production.
sed 's/^run: exploration/run: production/' "$top/demo/briefs/explore-styles.yaml" > "$top/demo/briefs/chosen-styles.yaml"
for brief in chosen-styles winter-animals; do
  $presswerk make "$top/demo/briefs/$brief.yaml"
done
declare -A run
while IFS=$'\t' read -r brief number word reason; do
  [ "${brief#\#}" = "$brief" ] || continue
  [ -n "${run[$brief]:-}" ] || run[$brief]=$($presswerk review list | awk -v brief="$brief" '$1 ~ "^" brief "-" { print $1; exit }')
  decided=$($presswerk review list "${run[$brief]}" | awk -v id="${run[$brief]}-$number" '$1 == id { print ($2 ~ /^(approve|reject)$/) }')
  [ "$decided" = 1 ] || $presswerk review "$word" "${run[$brief]}-$number" --by "AI model, example" --reason "$reason" > /dev/null
done < "$top/scripts/decisions.tsv"
$presswerk review report -o "$top/demo/reports/calibration" || [ $? = 1 ] # 1: the numbers are no good; the page says so
$presswerk redteam -o "$top/demo/reports/redteam"
