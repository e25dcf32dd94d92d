package handoff

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
)

// A Result tells the booted system that it was provisioned, and how.
type Result struct {
	BootID             string    // of the kernel; white space around it does not count
	Date               time.Time // printed in its own location
	UserConfigProvided bool
	Previous           []byte // the result file that was there before; nil to leave it out
}

// Render gives the text of the result file (docs/peer/engine.md §5). It fails where Previous is not JSON.
func (r Result) Render() ([]byte, error) {
	if r.Previous != nil && !json.Valid(r.Previous) {
		return nil, errors.New("the report of an earlier provisioning is not JSON")
	}
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	err := encoder.Encode(struct {
		BootID   string          `json:"provisioningBootID"`
		Date     string          `json:"provisioningDate"`
		User     bool            `json:"userConfigProvided"`
		Previous json.RawMessage `json:"previousReport,omitempty"`
	}{strings.TrimSpace(r.BootID), r.Date.Format(time.RFC3339), r.UserConfigProvided, r.Previous})
	if err != nil {
		return nil, fmt.Errorf("result: %w", err)
	}
	return text.Bytes(), nil
}
