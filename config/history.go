package config

import (
	"strings"
	"sync"
)

// A Change is one row of the language's history: something that a version added.
type Change struct {
	Since Version
	// Path of the field, with * for any index; a field's row covers everything below it.
	Path string
	// Value is "" where the whole field came with the version. Otherwise the field is older, and only this value of it
	// came; AnyValue stands for all values that the field did not take before.
	Value string
	// Line says what came, in a sentence for people.
	Line string
}

// AnyValue stands in the history for all values that a field did not take before.
const AnyValue = "*"

// History is everything that came after 3.0.0: fields first, then values. It drives decoding, the schema of each
// version and the documentation. What is written the same in all versions, and is read differently, has no row here:
// see Meaning.
func History() []Change {
	changes := newFields()
	for _, f := range Fields() {
		for _, value := range f.Values {
			if value.Since > V3_0 {
				changes = append(changes, Change{value.Since, f.Path, value.Name, value.Line})
			}
		}
		if f.AnyLine != "" {
			changes = append(changes, Change{f.Any.From, f.Path, AnyValue, f.AnyLine})
		}
	}
	return changes
}

var rows = sync.OnceValue(newFields)

// Since says which version brought the field at a path.
func Since(path string) Version {
	v := V3_0
	for _, row := range rows() {
		if rest, below := strings.CutPrefix(path, row.Path); below && (rest == "" || rest[0] == '.') {
			v = max(v, row.Since)
		}
	}
	return v
}
