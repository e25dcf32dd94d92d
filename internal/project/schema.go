package project

import (
	"fmt"
	"strconv"
	"strings"
)

// Schema is a JSON Schema of the project file, for editors; option gives the words and the values of an option.
func Schema(option func(name string) (words string, values []string)) []byte {
	var members []string
	for _, k := range keys() {
		words, values := k.means, []string(nil)
		if words == "" {
			words, values = option(k.name)
		}
		members = append(members, fmt.Sprintf("    %s: {\n      \"description\": %s,\n      %s\n    }",
			strconv.Quote(k.name), strconv.Quote(words), k.takes.schema(values)))
	}
	return []byte(`{
  "$schema": "http://json-schema.org/draft-07/schema#",
  "title": "` + FileName + `",
  "type": ["object", "null"],
  "additionalProperties": false,
  "properties": {
` + strings.Join(members, ",\n") + `
  }
}
`)
}

// schema is what a value is, in the words of JSON Schema.
func (t takes) schema(values []string) string {
	const text = `"type": ["string", "null"]`
	const texts = `"type": ["string", "array", "null"], "items": {"type": "string"}`
	switch t {
	case truth:
		return `"type": ["boolean", "null"]`
	case words, globs, mappings:
		return texts
	case byGlob:
		return `"type": "object", "additionalProperties": {` + texts + `}`
	}
	if values == nil {
		return text
	}
	quoted := make([]string, len(values))
	for i, v := range values {
		quoted[i] = strconv.Quote(v)
	}
	return `"enum": [` + strings.Join(quoted, ", ") + `, null]`
}
