package facts

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestAKeyIsThereOnce(t *testing.T) {
	t.Parallel()
	var many []string
	for i := range 3 * few {
		many = append(many, fmt.Sprintf(`"k%d": {"a": ["b", {"a": 1}, "b"], "b": "a"}`, i))
	}
	large := strings.Join(many, ",\n")
	for text, want := range map[string]string{
		`{}`: "", `[]`: "", `"a"`: "", `5`: "",
		`{"a": "a", "b": ["a", "a", {"a": "\"a\": {"}], "c": {"a": 1}}`: "",
		`[{"a": 1}, {"a": 1}]`:                         "",
		"{\"a\": 1,\n \"a\": 1}":                       `2:2: the key "a" is there twice`,
		`{"a": {"b": 1, "c": [], "b": 2}}`:             `1:25: the key "b" is there twice`,
		`{"a": {"b": {"c": 1}}, "d": [1], "a": {}}`:    `1:34: the key "a" is there twice`,
		`[1, [{"\u0061\\": 1, "a\\": 1}]]`:             `1:22: the key "a\\" is there twice`,
		"{" + large + "}":                              "",
		"{" + large + ",\n\"k0\": 1}":                  fmt.Sprintf(`%d:1: the key "k0" is there twice`, 3*few+1),
		"{" + large + ",\n\"z\": 1, \"z\": 1}":         fmt.Sprintf(`%d:9: the key "z" is there twice`, 3*few+1),
		"{\"x\": {" + large + "}, \"y\": 1, \"x\": 2}": `the key "x" is there twice`,
	} {
		err := distinct([]byte(text))
		if want == "" {
			require.NoError(t, err, text)
		} else {
			assert.ErrorContains(t, err, want, text)
		}
	}
}

// A text is looked at before it is known to be JSON.
func FuzzAnyTextIsLookedAt(f *testing.F) {
	for _, text := range []string{
		`{"a": 1, "a": 1}`, `}`, `{"`, `{"a`, `{"\`, `"a": "a"`, `[}]{"a":`, `{"\u00": 1, "b"]`,
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		err := distinct(text)
		var any map[string]any
		if json.Unmarshal(text, &any) == nil && err == nil {
			again, err := json.Marshal(any)
			require.NoError(t, err)
			assert.NoError(t, distinct(again), "maps have a key once")
		}
	})
}
