package validate

import (
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/document"
	"github.com/glowplug-os/glowplug/internal/rules"
)

// Text reads a JSON text and holds it against the language and against every rule of its version. The problems stand in
// the order of the text; the document is nil where nothing could be read. name is what problems call the text.
//
// What no other engine refuses is an error here too; Problem.Stricter marks it.
func Text(name string, text []byte) (*document.Document, []diag.Problem) {
	return rules.Text(name, text)
}
