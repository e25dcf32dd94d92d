package cursor

import (
	"fmt"

	"github.com/glowplug-os/glowplug/internal/codes"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/language"
	"github.com/glowplug-os/glowplug/internal/tree"
)

// neverThere reports a key that another variant has, and this one in no version: what it says is more than a word that
// nobody knows, and would be missing on the machine.
func neverThere(log *Log, a *At, e *language.Edition, member tree.Node) {
	like := diag.Problem{Severity: diag.Error, Code: codes.Unsupported, Stricter: true}
	if p, kept := log.Next(like); kept {
		p.Place, p.Path = member.KeyPlace(), a.Path()
		p.Message = fmt.Sprintf("%s has no %s, so machines would come up without it", e.Family, a.Name())
		p.Hint = "remove it, or choose a variant that has it"
	}
}

// UnknownKeys reports the members of an object that an edition does not have at a place. The object is what stands
// there in the text. What a merge key brings nobody has written there.
func UnknownKeys(log *Log, a *At, e *language.Edition, s *language.Shape, object tree.Node) {
	var empty tree.Node // the last known key, where nothing stands behind it
	for c := range object.Children() {
		key := c.Key()
		switch known := e.Find(s, key) != nil; {
		case known && !e.Indents:
			continue
		case known || c.Inherited():
			if empty = (tree.Node{}); c.Kind() == tree.Null && !c.Inherited() {
				empty = c
			}
			continue
		}
		like := diag.Problem{Severity: diag.Warning, Code: e.UnknownCode(s, key)}
		merges, shown := e.Indents && tree.IsMerge(c), diag.ShowKey(key)
		if merges {
			like.Code, like.PeerOnly, shown = codes.KeyMerge, true, key
		}
		never := like.Code == codes.KeyTooNew && e.Never(s.Member(key))
		if never {
			neverThere(log, a.Key(shown), e, c)
			like.PeerOnly = true
		}
		p, kept := log.Next(like)
		if !kept {
			continue
		}
		p.Place, p.Path = c.KeyPlace(), a.Key(shown).Path()
		p.Message, p.Hint = e.Explain(s, key)
		switch {
		case merges:
			p.Hint = ""
		case empty.Exists() && e.Find(e.Find(s, empty.Key()), key) != nil:
			p.Hint = fmt.Sprintf("%s belongs below %s: indent it further", key, empty.Key())
		default:
			p.Fix = e.FixKey(s, object, c)
		}
	}
}
