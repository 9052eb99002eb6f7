package infotext

import (
	"encoding/json"
	"regexp"
	"strings"
)

// parameter is the web UI's pattern of one "name: value,"; in Python a word may have letters of any script.
//
// Source: AUTOMATIC1111 1.10, modules/infotext_utils.py, re_param_code.
var parameter = regexp.MustCompile(`\s*([\p{L}\p{N}_][\p{L}\p{N}_ \-/]+):\s*("(?:\\.|[^\\"])+"|[^,]*)(?:,|$)`)

// enoughParameters is how many pairs make a line the one of parameters.
const enoughParameters = 3

// scanParameters cuts the line of parameters. Values in quotes are JSON strings; a value that begins as a JSON object or
// list reaches to its end ("Hashes: {…}", which the web UI itself cuts at commas). What is between two pairs is given
// with an empty name.
func scanParameters(line string) []Entry {
	var all []Entry
	gap := func(s string) {
		if s = strings.Trim(s, ", \t\r"); s != "" {
			all = append(all, Entry{"", s})
		}
	}
	for line != "" {
		at := parameter.FindStringSubmatchIndex(line)
		if at == nil {
			gap(line)
			break
		}
		gap(line[:at[0]])
		name, value, end := line[at[2]:at[3]], line[at[4]:at[5]], at[1]
		if length := jsonLength(line[at[4]:]); length > 0 {
			value, end = line[at[4]:at[4]+length], at[4]+length
			line = strings.TrimPrefix(strings.TrimLeft(line[end:], " "), ",")
		} else {
			value = unquote(value)
			line = line[end:]
		}
		all = append(all, Entry{name, value})
	}
	return all
}

// jsonLength is how far an object or list reaches, 0 when the text begins with none that is whole.
func jsonLength(text string) int {
	if text == "" || text[0] != '{' && text[0] != '[' {
		return 0
	}
	d := json.NewDecoder(strings.NewReader(text))
	var v json.RawMessage
	if d.Decode(&v) != nil {
		return 0
	}
	end := int(d.InputOffset())
	if after := strings.TrimLeft(text[end:], " "); after != "" && after[0] != ',' {
		return 0
	}
	return end
}

// quote puts a value that the pattern would cut into quotes.
//
// Source: the same file, quote. Values with a quotation mark or white space around are quoted here too: the web UI reads
// both forms, and only the quoted one gives them back.
func quote(value string) string {
	if !strings.ContainsAny(value, ",\n:\"") && strings.TrimSpace(value) == value {
		return value
	}
	return compact(value)
}

func unquote(value string) string {
	var s string
	if len(value) < 2 || value[0] != '"' || json.Unmarshal([]byte(value), &s) != nil {
		return strings.TrimSpace(value)
	}
	return s
}

// splitText finds prompt, negative prompt and the line of parameters. What stands behind that line, such as the
// "Template:" lines of an extension, is kept apart.
func splitText(text string) (prompt, negative, line string, behind []string) {
	lines := strings.Split(strings.TrimSpace(strings.ReplaceAll(text, "\r\n", "\n")), "\n")
	last := len(lines) - 1
	found := isParameters(lines[last])
	for i := last; i >= 0 && !found; i-- {
		if strings.HasPrefix(strings.TrimSpace(lines[i]), "Steps: ") && isParameters(lines[i]) {
			behind, last, found = lines[i+1:], i, true
		}
	}
	if found {
		line, lines = lines[last], lines[:last]
	}
	var positives, negatives []string
	into := &positives
	for _, l := range lines {
		l = strings.TrimSpace(l)
		if rest, ok := strings.CutPrefix(l, "Negative prompt:"); ok {
			into, l = &negatives, strings.TrimSpace(rest)
		}
		if l != "" || len(*into) > 0 { // an empty line at the beginning is none
			*into = append(*into, l)
		}
	}
	return strings.Join(positives, "\n"), strings.Join(negatives, "\n"), line, behind
}

func isParameters(line string) bool {
	return len(parameter.FindAllStringIndex(line, enoughParameters)) >= enoughParameters
}
