package document

import (
	"fmt"
	"strconv"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/codes"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/language"
	"github.com/glowplug-os/glowplug/internal/tree"
)

// Unfit says what of a config of the newest version an older one has not, each at its key. Values that only newer
// versions take are the business of the older version's rules, but for one: before 3.6.0 the set-id and sticky bits of
// a mode are read and then cleared. choose gives the hint for something that came with a version.
func Unfit(root tree.Node, v config.Version, choose func(since config.Version) string) []diag.Problem {
	f := fitter{v: v, choose: choose}
	f.walk(root, language.Config(), "$")
	return f.problems.All()
}

type fitter struct {
	v        config.Version
	choose   func(since config.Version) string
	problems diag.List
}

func (f *fitter) walk(n tree.Node, s *language.Shape, path string) {
	i := 0
	for c := range n.Children() {
		if s.Item != nil {
			f.walk(c, s.Item, path+"."+strconv.Itoa(i))
			i++
			continue
		}
		m := s.Member(c.Key())
		if m == nil {
			continue
		}
		at := path + "." + m.Name
		switch {
		case m.Since > f.v && saysNothing(c, m):
		case m.Since > f.v:
			f.fail(c.KeyPlace(), at, m.Since,
				fmt.Sprintf("the key %q came with version %s, so %s cannot say this", m.Name, m.Since, f.v))
		case m.Name == "mode" && !f.v.Reads(config.SpecialBits) && special(c):
			f.fail(c.Place(), at, config.SpecialBits.Since(),
				fmt.Sprintf("set-id and sticky bits count from version %s on, so %s would lose them",
					config.SpecialBits.Since(), f.v))
		default:
			f.walk(c, m, at)
		}
	}
}

// saysNothing: a machine is the same without the member. That holds for a value that is empty all through, and for the
// value that an absent member has anyway: true for shouldExist, false for other truth values.
func saysNothing(n tree.Node, s *language.Shape) bool {
	switch n.Kind() {
	case tree.Object:
		for c := range n.Children() {
			if m := s.Member(c.Key()); m != nil && !saysNothing(c, m) {
				return false
			}
		}
		return true
	case tree.List:
		return !n.First().Exists()
	case tree.Bool:
		return (n.Text() == "true") == (s.Name == "shouldExist")
	}
	return n.Text() == ""
}

func (f *fitter) fail(place diag.Place, path string, since config.Version, message string) {
	if p, kept := f.problems.Next(diag.Problem{Severity: diag.Error, Code: codes.VersionTooOld}); kept {
		p.Place, p.Path, p.Message, p.Hint = place, path, message, f.choose(since)
	}
}

// ChooseTo is the hint for what an older version cannot say, of something that came with a version.
func ChooseTo(since config.Version) string {
	return "choose --to " + language.OrNewer(since.String()) + ", or change this"
}

func special(n tree.Node) bool {
	mode, err := strconv.ParseInt(n.Text(), 10, 64)
	return err == nil && mode&^0o777 != 0
}
