package check

import (
	"fmt"
	"strings"

	"github.com/glowplug-os/glowplug/internal/cli"
	"github.com/glowplug-os/glowplug/internal/codes"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/limits"
	"github.com/glowplug-os/glowplug/internal/load"
	"github.com/glowplug-os/glowplug/internal/tree"
)

// setPlatforms takes names, with commas between them.
func (o *options) setPlatforms(value string) error {
	for word := range strings.SplitSeq(value, ",") {
		limit, known := limits.Find(strings.TrimSpace(word))
		if !known {
			return cli.Misuse("how much %q takes is not known: it is of %s", word, cli.List(limits.IDs()))
		}
		o.platforms = append(o.platforms, limit)
	}
	return nil
}

// A handed config is what becomes user data: a config as it stands in its file, or what is made of a document.
type handed struct {
	text []byte // nil for what is no user data
	// rough: programs that compress content make a smaller one of the document.
	rough bool
	least int // how long the config is without blanks between its values; 0 where it has none
}

// sized says for which platforms a valid config is too large. It is read anew, as writing a config spoils it.
func (v *verdict) sized(r *load.Result, text string) (problems []diag.Problem) {
	if len(v.options.platforms) == 0 || !r.Valid(diag.Workstation) {
		return nil
	}
	w := v.handed(r, text)
	for _, limit := range v.options.platforms {
		if w.text == nil || limit.Judge(len(w.text)) == limits.Fits {
			continue
		}
		p := v.tooLarge(limit, w)
		p.Place, p.Path = diag.Place{Doc: r.Text}, "$"
		problems = append(problems, p)
	}
	return problems
}

// handed is the config as it is handed to a platform.
func (v *verdict) handed(r *load.Result, text string) handed {
	o := v.documents
	o.Lint, o.Rules, o.Zip = nil, nil, v.options.Zip
	again := load.ReadWith(tree.NewArena(), r.Text.Name, text, o)
	if again.Butane == nil {
		w := handed{text: []byte(text)}
		w.least = len(again.JSON(false))
		return w
	}
	if again.Butane.IsMachineConfig() {
		return handed{} // which a cluster serves
	}
	return handed{text: again.Butane.JSON(false), rough: o.Zip == nil}
}

// tooLarge is the problem of a config that is larger than what a platform takes, or takes in any case.
func (v *verdict) tooLarge(limit limits.Limit, w handed) diag.Problem {
	p := diag.Problem{Severity: diag.Error, Code: codes.UserDataSize}
	counted := limit.Counted(len(w.text))
	p.Message = fmt.Sprintf("%s, and this config has %d", limit, counted)
	zipped := 0
	if limit.Zips && v.options.Zip != nil {
		zipped = len(v.options.Zip(false).Zip(string(w.text), func(int) bool { return true }))
	}
	const smaller = "fetch large contents from a server, or let a small config merge a large one"
	p.Hint = smaller
	switch {
	case limit.Zips && zipped > 0 && limit.Judge((zipped+2)/3*4) == limits.Fits:
		p.Severity, p.Hint = diag.Warning, fmt.Sprintf("as gzip in base64 it has %d bytes, which fits: "+
			"gzip -9c FILE | base64 -w0", (zipped+2)/3*4)
	case limit.Zips && zipped == 0:
		p.Severity, p.Hint = diag.Warning, "it may fit as gzip in base64: gzip -9c FILE | base64 -w0; "+smaller
	case w.least > 0 && limit.Judge(w.least) == limits.Fits:
		p.Hint = fmt.Sprintf("without blanks it has %d bytes, which fits: glowplug convert writes it so", w.least)
	}
	if limit.Judge(len(w.text)) == limits.Might {
		p.Severity, p.Hint = diag.Warning, limit.Why+"; "+p.Hint
	}
	if w.rough {
		p.Severity, p.Message = diag.Warning, p.Message+" where nothing in it is compressed"
	}
	return p
}
