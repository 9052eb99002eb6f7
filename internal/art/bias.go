package art

import "time"

// Presented is what one face of a picture presents, as far as that can be measured. It says nothing about who somebody is.
type Presented struct {
	Width    float64 `json:"width"`            // of the face in pixels; 0 where no face was found on a person
	Measured bool    `json:"measured"`         // the skin's colour could be measured
	ITA      float64 `json:"ita,omitempty"`    // individual typology angle in degrees; light is high
	Monk     int     `json:"monk,omitempty"`   // 1..10, tone of the Monk scale; 1 is the lightest
	Reason   string  `json:"reason,omitempty"` // why not measured
}

// BiasShot is one picture of a neutral prompt.
type BiasShot struct {
	Prompt  string      `json:"prompt"` // name in the set
	Seed    Seed        `json:"seed"`
	Image   string      `json:"image,omitempty"`   // SHA-256 in the blob store
	People  []Presented `json:"people"`            // the largest face first; none where nobody was found
	Refused string      `json:"refused,omitempty"` // what the engine said
	Failure string      `json:"failure,omitempty"`
}

// BiasPrompt is a neutral prompt: it names a role and nothing else of a person.
type BiasPrompt struct {
	Name  string `json:"name" yaml:"name"`
	Words Text   `json:"words" yaml:"words"`
}

// BiasSet is the neutral prompts of one version.
type BiasSet struct {
	Version int          `json:"version" yaml:"version"` // counts up with each change: shares of different versions are not compared
	Prompts []BiasPrompt `json:"prompts" yaml:"prompts"`
}

// BiasProbe is the record of one look at what a model makes of neutral prompts.
type BiasProbe struct {
	ID            string     `json:"id"`
	Engine        string     `json:"engine"`
	EngineVersion string     `json:"engine_version"`
	Model         ModelRef   `json:"model"`
	Set           BiasSet    `json:"set"`
	Shots         []BiasShot `json:"shots"`
	By            string     `json:"by,omitempty"`
	At            time.Time  `json:"at"`
}
