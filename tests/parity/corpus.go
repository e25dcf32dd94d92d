// Package parity holds recorded verdicts of existing tools against ours. Corpus gives the configs that they are about.
package parity

import (
	"bufio"
	"bytes"
	"compress/gzip"
	_ "embed" // the recordings are part of the package
	"encoding/json"
)

//go:embed testdata/validate.jsonl.gz
var recorded []byte

// A Recorded is a config with what it is called.
type Recorded struct{ ID, Config string }

// Corpus gives all configs of which a verdict of the peer's validator is recorded.
func Corpus() (all []Recorded, err error) {
	text, err := gzip.NewReader(bytes.NewReader(recorded))
	if err != nil {
		return nil, err
	}
	lines := bufio.NewScanner(text)
	lines.Buffer(nil, 1<<24)
	for lines.Scan() {
		var row Recorded
		if err := json.Unmarshal(lines.Bytes(), &row); err != nil {
			return nil, err
		}
		all = append(all, row)
	}
	return all, lines.Err()
}
