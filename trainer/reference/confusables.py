"""Writes internal/prompt/confusables.go: letters of other scripts that are mistaken for one Latin letter.

Source: Unicode Technical Standard 39, confusables.txt, as the package confusable_homoglyphs carries it (MIT; the data are
under the Unicode licence). Rows whose source is one letter that survives NFKC and lower case, and whose target is one
ASCII letter, are kept; a row of a small letter stands over that of its capital.

    python -m venv /tmp/v && /tmp/v/bin/pip install confusable_homoglyphs==3.3.1
    /tmp/v/bin/python trainer/reference/confusables.py > internal/prompt/confusables.go
"""

import importlib.resources
import json
import sys
import unicodedata

rows = json.loads(importlib.resources.files("confusable_homoglyphs").joinpath("confusables.json").read_text("utf-8"))
small, capital = {}, {}
for source, targets in rows.items():
    if len(source) != 1 or ord(source) < 128:
        continue
    if unicodedata.category(source)[0] != "L":
        continue
    for t in targets:
        target = t["c"].lower()
        if len(target) != 1 or not "a" <= target <= "z":
            continue
        folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", source).lower())
        if len(folded) != 1 or ord(folded) < 128:
            continue
        (small if folded == source else capital).setdefault(folded, target)
table = capital | small
by_letter = {}
for source, target in table.items():
    by_letter.setdefault(target, []).append(source)
print("""package prompt

// confusable is the Latin small letter that a letter of another script is mistaken for; 0 for all others. Written by
// trainer/reference/confusables.py.
//
// Source: Unicode Technical Standard 39, confusables.
func confusable(r rune) rune {
\tswitch r {""")
for target in sorted(by_letter):
    print("\tcase " + ", ".join("0x%04x" % ord(c) for c in sorted(by_letter[target])) + ": // " + "".join(c for c in sorted(by_letter[target]) if ord(c) < 0x2000))
    print("\t\treturn '" + target + "'")
print("""\t}
\treturn 0
}""")
print(len(table), "letters", file=sys.stderr)
