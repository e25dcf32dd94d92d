package handoff

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/document"
)

// A FetchedConfig tells of a config that went into the rendered one.
type FetchedConfig struct {
	Kind       string `json:"kind"`       // "base" or "user"
	Source     string `json:"source"`     // "cmdline", "system", a platform's id, or the path of a URL
	Referenced bool   `json:"referenced"` // named by another config
}

// A State is what the stages of one boot know beside the config.
type State struct {
	FetchedConfigs      []FetchedConfig
	LuksPersistKeyFiles map[string]diag.Secret // a volume's name to the data URL of its key
	NotatedDirectories  []string               // made while mounting: those at or below a home become its user's
	ProviderOutputFiles []json.RawMessage      // files of the platform, as the config spells a file
	LuksVolumeKeyFiles  map[string]diag.Secret // a file's name to the data URL of its content
	// of the machine, where its platform has regions: asked once, for later stages too
	Region         string
	Advertisements []document.Advertisement // of Tang servers, which the config does not have
	// the user's config, where its platform gives it once and the network is needed for the rest
	Said diag.Secret
}

// stored is a State as the file has it: secrets in the clear, which is why only its owner may read it.
type stored struct {
	FetchedConfigs      []FetchedConfig          `json:"fetchedConfigs"`
	LuksPersistKeyFiles map[string]string        `json:"luksPersistKeyFiles"`
	NotatedDirectories  []string                 `json:"notatedDirectories"`
	ProviderOutputFiles []json.RawMessage        `json:"providerOutputFiles"`
	LuksVolumeKeyFiles  map[string]string        `json:"luksPersistVolumeKeyFiles"`
	Region              string                   `json:"region,omitempty"`
	Advertisements      []document.Advertisement `json:"tangAdvertisements,omitempty"`
	Said                []byte                   `json:"said,omitempty"`
}

// A StateError says that there is a state, and that it cannot be used. It ends the engine with an exit code of its own.
type StateError struct {
	Path string
	Err  error
}

func (e *StateError) Error() string { return fmt.Sprintf("state %s: %v", e.Path, e.Err) }

func (e *StateError) Unwrap() error { return e.Err }

// LoadState reads the state; the empty one where there is none yet. Its errors are *StateError.
func (p Paths) LoadState() (State, error) {
	text, ok, err := readWhole(p.State)
	if err != nil {
		return State{}, &StateError{p.State, err}
	}
	if !ok {
		return State{}, nil
	}
	var s stored
	if err := json.Unmarshal(text, &s); err != nil {
		return State{}, &StateError{p.State, err}
	}
	return State{
		FetchedConfigs:      s.FetchedConfigs,
		LuksPersistKeyFiles: mapped(s.LuksPersistKeyFiles, func(v string) diag.Secret { return diag.Secret(v) }),
		NotatedDirectories:  s.NotatedDirectories,
		ProviderOutputFiles: s.ProviderOutputFiles,
		LuksVolumeKeyFiles:  mapped(s.LuksVolumeKeyFiles, func(v string) diag.Secret { return diag.Secret(v) }),
		Region:              s.Region,
		Advertisements:      s.Advertisements,
		Said:                diag.Secret(s.Said),
	}, nil
}

// SaveState writes the state in one step, mode 0600, and its folder with 0700 where there is none.
func (p Paths) SaveState(s State) error {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text) // which ends in a newline
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(stored{
		FetchedConfigs:      distinct(s.FetchedConfigs),
		LuksPersistKeyFiles: mapped(s.LuksPersistKeyFiles, diag.Secret.Reveal),
		NotatedDirectories:  s.NotatedDirectories,
		ProviderOutputFiles: s.ProviderOutputFiles,
		LuksVolumeKeyFiles:  mapped(s.LuksVolumeKeyFiles, diag.Secret.Reveal),
		Region:              s.Region,
		Advertisements:      s.Advertisements,
		Said:                []byte(s.Said.Reveal()),
	})
	if err != nil {
		return fmt.Errorf("state %s: %w", p.State, err)
	}
	if err := os.MkdirAll(filepath.Dir(p.State), 0o700); err != nil {
		return err
	}
	return replace(p.State, text.Bytes(), 0o600)
}

// Record notes a config once, however many stages come by it.
func (s *State) Record(f FetchedConfig) {
	s.FetchedConfigs = distinct(append(s.FetchedConfigs, f))
}

// UserConfigProvided reports whether any config of the user's went in.
func (s State) UserConfigProvided() bool {
	for _, f := range s.FetchedConfigs {
		if f.Kind == "user" {
			return true
		}
	}
	return false
}

// distinct keeps the first of each.
func distinct(all []FetchedConfig) []FetchedConfig {
	seen := make(map[FetchedConfig]bool, len(all))
	var kept []FetchedConfig
	for _, f := range all {
		if !seen[f] {
			seen[f] = true
			kept = append(kept, f)
		}
	}
	return kept
}

// mapped keeps nil, which the file spells null.
func mapped[A, B any](from map[string]A, f func(A) B) map[string]B {
	if from == nil {
		return nil
	}
	to := make(map[string]B, len(from))
	for k, v := range from {
		to[k] = f(v)
	}
	return to
}
