package check

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/load"
	"github.com/glowplug-os/glowplug/internal/tree"
)

func TestHoweverManyFixesAreMadeInOneRound(t *testing.T) {
	const many = 5000
	for claim, line := range map[string]string{
		"values of a wrong kind":       "    - {path: /f%[1]d, mode: '0644'}\n",
		"what comes out of a document": "    - {path: etc/f%[1]d, mode: 0644}\n",
		"several of one value":         "    - {path: 'etc/f%[1]d//', mode: 0644}\n",
	} {
		var text strings.Builder
		text.WriteString("variant: fcos\nversion: 1.5.0\nstorage:\n  files:\n")
		for i := range many {
			fmt.Fprintf(&text, line, i)
		}
		read := 0
		options := load.Options{Lint: func(tree.Node) []diag.Problem {
			read++
			return nil
		}}
		out, count := fixed("a.bu", text.String(), options)
		assert.Equal(t, many, count, claim)
		assert.Equal(t, 2, read, claim)
		_, count = fixed("a.bu", out, options)
		assert.Zero(t, count, claim)
	}
}
