package diag_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/glowplug-os/glowplug/internal/diag"
)

func TestAKeyBelongsToTheNearestMappingThatHasIt(t *testing.T) {
	sums := diag.Nest{Name: "sums", Keys: []string{"hash"}}
	file := diag.Nest{Keys: []string{"path", "contents", "user"}, Below: []diag.Nest{
		{Name: "contents", Keys: []string{"source", "sums"}, Below: []diag.Nest{sums}},
		{Name: "more", Items: true, Keys: []string{"text", "source"}},
		{Name: "user", Keys: []string{"name"}}, {Name: "group", Keys: []string{"name"}},
		{Name: "a", Keys: []string{"many"}}, {Name: "b", Keys: []string{"many"}}, {Name: "c", Keys: []string{"many"}},
		{Name: "d", Keys: []string{"many"}},
	}}
	for key, want := range map[string][2]string{
		"source":  {"source belongs below contents", `did you mean "source"? it belongs below contents`},
		"sourcce": {"", `did you mean "source"? it belongs below contents`},
		"hash":    {"hash belongs below contents, sums", `did you mean "hash"? it belongs below contents, sums`},
		"text":    {"text belongs below an item of more", `did you mean "text"? it belongs below an item of more`},
		"name":    {"name belongs below user or group", `did you mean "name"? it belongs below user or group`},
		"many":    {"", ""},
		"zzz":     {"", ""},
		"":        {"", ""},
	} {
		assert.Equal(t, want, [2]string{file.Home(key), file.NearHome(key)}, key)
	}
}
