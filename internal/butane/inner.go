package butane

import (
	"sync"

	"github.com/glowplug-os/glowplug/internal/cursor"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/tree"
)

// judgeInner judges a config to merge whose text is in the document or in a local file, by the rules of its own
// version. At boot the config is read and judged again, so its errors are marked as stricter here: they do not end the
// translation.
func judgeInner(t *translation, _, a *cursor.At, text string) {
	if t.Inner == nil {
		return
	}
	name := "the config to merge"
	inset := func() *tree.Inset { return nil }
	if a.Name() == "local" {
		name = t.locals.name(a.Text())
	} else if !a.Node().Aliased() {
		inset = sync.OnceValue(a.Node().Inset)
	}
	for _, p := range t.Inner(name, text) {
		if p.More > 0 {
			p.Stricter = p.Stricter || p.Severity == diag.Error
			t.log.Add(p)
			continue
		}
		where := ""
		if p.Path != "" && p.Path != "$" {
			where = " at " + p.Path
		}
		q := a.Report(p.Severity, p.Code, "%s", "in the config to merge"+where+": "+p.Message)
		q.Hint, q.Stricter, q.Laxer, q.PeerOnly = p.Hint, p.Stricter || p.Severity == diag.Error, p.Laxer, p.PeerOnly
		q.Related = append([]diag.Related{{Place: p.Place, Path: p.Path, Message: "it is here"}}, p.Related...)
		q.Inside = &diag.Inside{Text: text, Span: p.Place.Span}
		if in := inset(); in != nil && p.Place.Doc != nil && p.Place.Doc.Text == text {
			q.Inside.Place, _ = in.Place(p.Place.Span)
			q.Inside.Note = "it is in the config to merge that begins here"
		}
	}
}
