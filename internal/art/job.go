package art

// JobKind names a step of the line that runs as one job.
type JobKind string

// The kinds of job. Render and Judge run once for each candidate, Finish once for each approved candidate,
// Select and Publish once for each run (again when a decision comes later).
const (
	JobRender  JobKind = "render"
	JobJudge   JobKind = "judge"
	JobSelect  JobKind = "select"
	JobFinish  JobKind = "finish"
	JobPublish JobKind = "publish"
	JobProbe   JobKind = "probe" // of an engine; it belongs to no run
)

// Job is one step to do. Equal jobs are queued once.
type Job struct {
	Kind     JobKind `json:"kind"`
	Run      string  `json:"run"`
	Subject  string  `json:"subject,omitempty"`  // a candidate's ID, where the step is about one
	Revision int     `json:"revision,omitempty"` // tells repeated steps of a run apart
	Priority int     `json:"-"`                  // 1 is served first, 4 last; 0 counts as 2
}

// Change is all that one job wants to write: records and follow-up jobs. The store commits it in one transaction
// together with the end of the job, or not at all. A crash may repeat work, never records.
type Change struct {
	NewRun        *Run
	RunState      *RunStateChange
	NewCandidates []Candidate // planned, not rendered yet
	Rendered      []Candidate // the same, with their picture
	Failures      []RenderFailure
	Fingerprints  []Fingerprint
	Verdicts      []Verdict
	Selections    []Selection
	Decisions     []Decision
	Disclosures   []Disclosure
	Assets        []Asset
	Stamped       []Asset // assets that are there, whose files now have the time stamps that they were owed
	Manifests     []Manifest
	Publications  []Publication
	Guards        []Guard
	Comparisons   []EngineComparison
	Probes        []Probe
	BiasProbes    []BiasProbe
	Pauses        []Pause
	Resumptions   []Resumption
	Kept          []Kept
	Licenses      []PictureLicense
	Jobs          []Job
	Events        []Event // told to listeners after the commit
}

// RunStateChange moves a run on.
type RunStateChange struct {
	Run     string
	State   RunState
	Failure string
}

// RenderFailure is a candidate that could not be rendered.
type RenderFailure struct {
	Candidate string
	Reason    string
}

// EmbeddingKind is the kind of fingerprints that are vectors of the network with a SHA-256.
func EmbeddingKind(model string) string { return "embedding/" + model }

// Fingerprint is a perceptual hash of a candidate's picture, or a network's vector of it.
type Fingerprint struct {
	Candidate string
	Run       string
	Index     int    // place in the run's plan
	Kind      string // "pdq", or an EmbeddingKind
	Hash      string // lower-case hex, or as library.WriteVector writes
}

// KnownPicture is a picture from elsewhere that candidates are compared with.
type KnownPicture struct {
	Set     string `json:"set"`
	Name    string `json:"name"`
	Exclude bool   `json:"exclude"`         // whether nothing may resemble it
	Hash    string `json:"hash"`            // PDQ, lower-case hex
	Look    bool   `json:"look,omitempty"`  // whether it shows what an engine's pictures look like by default
	Model   string `json:"model,omitempty"` // SHA-256 of the network that Vector is of
	Vector  string `json:"-"`               // as library.WriteVector writes it; "" where no network was here
}
