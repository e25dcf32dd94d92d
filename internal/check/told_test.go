package check

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/glowplug-os/glowplug/internal/load"
)

func TestWhatIsFixedIsTold(t *testing.T) {
	for _, c := range []struct {
		claim, text string
		told        []string
	}{
		{"each change", configOf(`"path": "etc/a", "mode": "0644"`),
			[]string{`fixed x:1:67: "etc/a" → "/etc/a"`, `fixed x:1:84: "0644" → 420`}},
		{"why nothing is changed",
			"\xff\xfe" + strings.Join(strings.Split(configOf(`"path": "/a/"`), ""), "\x00") + "\x00",
			[]string{"x: nothing is written into a text in UTF-16; save it as UTF-8 first"}},
		{"nothing, where there is nothing", configOf(`"path": "/a"`), nil},
	} {
		var told []string
		fixed("x", c.text, load.Options{}, func(line string) { told = append(told, line) })
		slices.Sort(told)
		assert.Equal(t, c.told, told, c.claim)
	}
}
