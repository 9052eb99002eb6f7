package local

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"presswerk/internal/art"
)

// Files of a model folder that this package gives a meaning beyond diffusers'.
const (
	indexFile       = "model_index.json"
	descriptionFile = "model.json"
	lockFile        = "model.lock"
)

// maxConfig bounds what is read of one configuration file.
const maxConfig = 4 << 20

// index is what is used of model_index.json.
type index struct {
	Class       string    `json:"_class_name"`
	ForceZeros  bool      `json:"force_zeros_for_empty_prompt"`
	Aesthetic   bool      `json:"requires_aesthetics_score"`
	Scheduler   component `json:"scheduler"`
	TextEncoder component `json:"text_encoder"`
	Second      component `json:"text_encoder_2"`
}

// component is an entry in model_index.json: [library, class], or nulls where it is absent.
type component []*string

func (c component) present() bool { return len(c) == 2 && c[1] != nil }

// networkConfig is what is used of the config.json of any component.
type networkConfig struct {
	BlockChannels  []int     `json:"block_out_channels"`
	InChannels     int       `json:"in_channels"`
	LatentChannels int       `json:"latent_channels"`
	SampleSize     any       `json:"sample_size"` // a number, or [height, width]
	ScalingFactor  float64   `json:"scaling_factor"`
	ShiftFactor    float64   `json:"shift_factor"`
	LatentsMean    []float64 `json:"latents_mean"`
	LatentsStd     []float64 `json:"latents_std"`
	TimeCond       int       `json:"time_cond_proj_dim"`
	MaxPositions   int       `json:"max_position_embeddings"`
	ProjectionDim  int       `json:"projection_dim"`
	HiddenSize     int       `json:"hidden_size"`
	GlobalPool     bool      `json:"global_pool_conditions"`
	ImageSize      int       `json:"image_size"`
	ImageAdapters  int       `json:"ip_adapters"`       // that the UNet was exported with
	ImageLayers    []string  `json:"ip_adapter_layers"` // and their attention layers
	ModelType      string    `json:"model_type"`
	HiddenStates   bool      `json:"output_hidden_states"` // whether the graph gives every layer
}

// sampleSize is the network's native side; the smaller one where there are two.
func (c networkConfig) sampleSize() int {
	switch v := c.SampleSize.(type) {
	case float64:
		return int(v)
	case []any:
		side := 0
		for _, s := range v {
			if f, ok := s.(float64); ok && (side == 0 || int(f) < side) {
				side = int(f)
			}
		}
		return side
	}
	return 0
}

// readConfig reads JSON as Python writes it, with Infinity and NaN.
func readConfig(folder fs.FS, name string, into any) error {
	f, err := folder.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxConfig+1))
	if err != nil {
		return err
	}
	if len(data) > maxConfig {
		return fmt.Errorf("%s is larger than %d bytes: %w", name, maxConfig, art.ErrInvalid)
	}
	if err := json.Unmarshal(FiniteJSON(data), into); err != nil {
		return fmt.Errorf("%s is no JSON of the expected form: %w: %w", name, err, art.ErrInvalid)
	}
	return nil
}

// readOptional is readConfig for files that may be absent.
func readOptional(folder fs.FS, name string, into any) error {
	if err := readConfig(folder, name, into); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// FiniteJSON replaces the words that Python's json module writes and JSON doesn't know: Infinity by the largest
// float64, which compares alike, and NaN by null.
func FiniteJSON(data []byte) []byte {
	var out []byte
	inString := false
	for i := 0; i < len(data); i++ {
		c := data[i]
		if inString {
			if c == '\\' && i+1 < len(data) {
				out = append(out, c)
				i++
				c = data[i]
			} else if c == '"' {
				inString = false
			}
			out = append(out, c)
			continue
		}
		rest := string(data[i:min(len(data), i+8)])
		switch {
		case c == '"':
			inString = true
			out = append(out, c)
		case rest == "Infinity":
			out = append(out, "1.7976931348623157e308"...)
			i += 7
		case len(rest) >= 3 && rest[:3] == "NaN":
			out = append(out, "null"...)
			i += 2
		default:
			out = append(out, c)
		}
	}
	return out
}
