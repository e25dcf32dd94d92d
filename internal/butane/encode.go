package butane

import (
	"strconv"

	"github.com/glowplug-os/glowplug/internal/document"
)

// JSON is the config as JSON, members in the order of the model and without what says nothing, in lines of their own if
// it is to be pretty. It is written from the tree, so it must be asked for before the config is merged or brought to
// another version.
func (r *Result) JSON(pretty bool) []byte {
	if r.Config == nil {
		return nil
	}
	return document.Encode(r.t.config, r.t.Spec, pretty)
}

// number writes an integer of a MachineConfig. The peer takes them for floating-point numbers, which shows in large
// ones.
func (r *Result) number(text string) string {
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || !r.t.Peer {
		return text
	}
	return strconv.FormatFloat(f, 'g', -1, 64)
}
