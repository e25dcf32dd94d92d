package check

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/glowplug-os/glowplug/internal/codes"
	"github.com/glowplug-os/glowplug/internal/diag"
)

func TestCommentsSilenceALine(t *testing.T) {
	text := "a: 1 # glowplug: ignore path-volatile, key-unknown because of this\n" +
		"# glowplug: ignore no-login\n# said above\n\t# glowplug: ignore script-mode\nb: 2\nc: 3\n" +
		"d: 4 # why # glowplug: ignore duplicate\n# glowplug: ignore nonsense\ne: 5\n# glowplug: ignore no-login"
	got := ignores(text)
	for line, want := range map[int][]codes.Code{
		1: {"path-volatile", "key-unknown"}, 2: nil, 5: {"no-login", "script-mode"}, 6: nil, 7: {"duplicate"}, 9: nil,
	} {
		assert.Equal(t, want, got[line], "line %d", line)
	}
	assert.Nil(t, ignores("a: 1\n"))
}

func TestNoErrorIsIgnored(t *testing.T) {
	doc := &diag.Document{Name: "a.bu", Text: "x: 1 # glowplug: ignore key-unknown\n"}
	other := &diag.Document{Name: "b", Text: doc.Text}
	problem := func(doc *diag.Document, severity diag.Severity, code codes.Code) diag.Problem {
		return diag.Problem{Severity: severity, Code: code,
			Place: diag.Place{Doc: doc, Span: diag.Span{Start: 0, End: 1}}}
	}
	all := []diag.Problem{problem(doc, diag.Error, codes.KeyUnknown), problem(doc, diag.Warning, codes.KeyUnknown),
		problem(doc, diag.Advice, codes.KeyUnknown), problem(doc, diag.Warning, codes.Duplicate),
		problem(other, diag.Warning, codes.KeyUnknown), {Severity: diag.Warning, Code: codes.KeyUnknown},
		problem(doc, diag.Warning, codes.KeyUnknown)}
	all[len(all)-1].PeerOnly = true
	left, count := ignores(doc.Text).silence("a.bu", all)
	assert.Equal(t, 2, count)
	assert.Len(t, left, 5)
}
