package load

import (
	"fmt"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/config/butane"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/tree"
	"github.com/glowplug-os/glowplug/validate"
)

// JSONAt writes the config at a version, older or newer than its own. The problems are what that version cannot say, and what its
// rules hold against the config; with an error among them there is no JSON. The result must not be used otherwise afterwards.
func (r *Result) JSONAt(v config.Version, pretty bool) ([]byte, []diag.Problem) {
	newest := r.Config.Upgrade().At("$", tree.Index{})
	problems := butane.Unfit(newest, v)
	root := tree.NewArena().Import(newest)
	version := root.Get("ignition").Get("version")
	version.Become(tree.String, v.String())
	doc, wrong, _ := config.Decode(root)
	if doc != nil {
		wrong = append(wrong, validate.Document(doc)...)
	}
	for _, p := range wrong {
		if p.Severity == diag.Error && !p.Stricter && !p.PeerOnly {
			p.Message = fmt.Sprintf("version %s does not take this: %s", v, p.Message)
			problems = append(problems, p)
		}
	}
	if diag.Fatal(problems) {
		return nil, problems
	}
	return butane.JSON(root, v, pretty), problems
}
