package infotext

import (
	"regexp"
	"strconv"
	"strings"

	"presswerk/internal/art"
)

// jobID is a UUID, as Midjourney names its jobs.
var jobID = regexp.MustCompile(`[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}`)

// jobMark stands before the job's identity in a picture's description.
const jobMark = "Job ID:"

// flagMark begins a flag; telephones make a long dash of two short ones.
var flagMark = regexp.MustCompile(`(?:^|\s)(?:--|—|–)([a-zA-Z]+)`)

// parseMidjourney reads a prompt with flags, or the description that Midjourney writes into its files: prompt, flags,
// "Job ID: …". What a recipe has no place for is kept by the flag's short name; Write puts it back. Width and height are
// the picture's and not said here.
func parseMidjourney(text string) (Record, error) {
	if len(text) > maxWords {
		return Record{}, tooLong(text, maxWords)
	}
	r := newReading(Midjourney)
	p := &r.Recipe
	p.Engine, p.Model.Name = "midjourney", "midjourney"
	words, job, marked := strings.Cut(strings.TrimSpace(text), jobMark)
	p.Prompt = strings.TrimSpace(words)
	at := flagsIn(words)
	if len(at) > 0 {
		p.Prompt = strings.TrimSpace(words[:at[0][0]])
	}
	for i, m := range at {
		end := len(words)
		if i+1 < len(at) {
			end = at[i+1][0]
		}
		r.flag(words[m[2]:m[3]], strings.TrimSpace(words[m[3]:end]))
	}
	if marked {
		r.keep("job id", strings.TrimSpace(job))
	}
	return r.done(), nil
}

// flagsIn finds where flags and their names stand. Dashes before words that are no flags are words as long as no flag has
// come: "a --tidy room --ar 2:1".
func flagsIn(words string) [][]int {
	var at [][]int
	for _, m := range flagMark.FindAllStringSubmatchIndex(words, -1) {
		_, known := flagNamed(words[m[2]:m[3]])
		alone := m[3] == len(words) || strings.ContainsAny(words[m[3]:m[3]+1], " \t\r\n")
		if alone && (known || len(at) > 0) {
			at = append(at, m)
		}
	}
	return at
}

// flag reads one flag.
func (r *reading) flag(name, value string) {
	p := &r.Recipe
	f, known := flagNamed(name)
	if !known {
		r.keep(name, value)
		return
	}
	if f.check(value) == nil {
		switch f.name {
		case "no":
			if p.NegativePrompt == "" && value != "" {
				p.NegativePrompt = value
				return
			}
		case "seed":
			p.Seed, r.seed = seedOf(value)
			if r.seed {
				return
			}
		case "tile":
			p.Tiling = true
			return
		case "v", "niji":
			if value != "" && p.Model.Version == "" {
				p.Model = art.ModelRef{Name: map[string]string{"v": "midjourney", "niji": "niji"}[f.name], Version: value}
				return
			}
		}
	}
	r.keep(f.name, value)
}

// writeMidjourney writes a prompt with its flags, to be pasted by a person; there is no interface to send it to.
func writeMidjourney(r Record) (string, error) {
	p := r.Recipe
	if p.Mode != art.ModeTextToImage {
		return "", art.Unsupported("mode", "a prompt of Midjourney cannot say "+p.Mode, "write a recipe of text-to-image; a picture is given there by its address")
	}
	var b strings.Builder
	b.WriteString(p.Prompt)
	var wrong error
	write := func(name, value string) {
		if f, known := flagNamed(name); known && wrong == nil {
			wrong = f.check(value)
		}
		b.WriteString(strings.TrimRight(" --"+name+" "+value, " "))
	}
	if _, there := r.kept("ar"); !there && p.Width > 0 && p.Height > 0 && p.Width != p.Height {
		d := divisor(p.Width, p.Height)
		write("ar", strconv.Itoa(p.Width/d)+":"+strconv.Itoa(p.Height/d))
	}
	job := ""
	var unknown []Entry
	for _, e := range r.Kept {
		_, known := flagNamed(e.Name)
		switch {
		case e.Name == "job id":
			job = e.Value
		case strings.ContainsAny(e.Name, " \t\n") || e.Name == "":
		case !known:
			unknown = append(unknown, e) // behind one that is known, so that they are read as flags
		default:
			write(e.Name, e.Value)
		}
	}
	if p.NegativePrompt != "" {
		write("no", p.NegativePrompt)
	}
	if p.Tiling {
		write("tile", "")
	}
	if r.Source != Midjourney || p.Seed != 0 {
		write("seed", strconv.FormatInt(int64(p.Seed), 10))
	}
	switch p.Model.Name {
	case "midjourney":
		if p.Model.Version != "" {
			write("v", p.Model.Version)
		}
	case "niji":
		write("niji", p.Model.Version)
	}
	for _, e := range unknown {
		write(e.Name, e.Value)
	}
	if job != "" {
		b.WriteString(" " + jobMark + " " + job)
	}
	return b.String(), wrong
}

func divisor(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

// FileName is what the name of a file from Midjourney says: "user_words_of_the_prompt_UUID_0.png". Words are cut after
// some 60 letters, and signs are lost.
type FileName struct {
	User, Words, Job string
	Index            int // of the four pictures of a job; −1 when it is not said
}

// fileName has the user up to the first underscore; users with one in their name can't be told apart from words.
var fileName = regexp.MustCompile(`^([^_]+)_(.*?)_?(` + jobID.String() + `)(?:_(\d))?(?:\.[A-Za-z0-9]+)?$`)

// ParseFileName reads the name of a file, without folders.
func ParseFileName(name string) (FileName, bool) {
	m := fileName.FindStringSubmatch(name)
	if m == nil {
		return FileName{}, false
	}
	f := FileName{User: m[1], Words: strings.Join(strings.FieldsFunc(m[2], func(r rune) bool { return r == '_' }), " "), Job: strings.ToLower(m[3]), Index: -1}
	if m[4] != "" {
		f.Index, _ = strconv.Atoi(m[4])
	}
	if words, _, flags := strings.Cut(f.Words, " --"); flags {
		f.Words = words // their values lost colons and points: "--ar_169"
	}
	return f, true
}

// fromFileName makes a record of a file's name alone.
func fromFileName(f FileName) Record {
	r := newReading(Midjourney)
	r.Recipe.Engine, r.Recipe.Model.Name, r.Recipe.Prompt = "midjourney", "midjourney", f.Words
	r.keep("file user", f.User)
	r.keep("job id", f.Job)
	if f.Index >= 0 {
		r.keep("picture index", strconv.Itoa(f.Index))
	}
	r.note(NoteFileName)
	return r.done()
}
