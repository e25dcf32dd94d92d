package butane

import (
	"io/fs"
	"slices"
	"strings"

	"github.com/glowplug-os/glowplug/internal/codes"
	"github.com/glowplug-os/glowplug/internal/cursor"
	"github.com/glowplug-os/glowplug/internal/diag"
)

// A manner is what differs between a translation under our own name and one under the name butane: see peers.
type manner struct {
	// audience is the audience whose errors end the translation.
	audience diag.Audience
	// goesOn tells whether to do the next step.
	goesOn func(*translation) bool
	// settle changes or drops the problems of a step; from is the position of the first of them.
	settle func(t *translation, from int)
	// inner judges the text of a config to merge. field is the key of the resource that has the text, or the name of
	// its file.
	inner func(t *translation, resource, field *cursor.At, text string)
	// tree is what is marked of a tree with whose local folder something is wrong.
	tree func(folder *cursor.At) *cursor.At
	// eachTree: each tree is told of, though all are wrong for one reason.
	eachTree bool
	// walk goes through a local folder.
	walk func(fsys fs.FS, root string, visit fs.WalkDirFunc) error
	// prefix is what the absolute paths of files in the folder of local files begin with.
	prefix func(dir string) string
	// number writes an integer of a MachineConfig.
	number func(text string) string
}

// ours does every step, so that all problems are told at once.
func ours() manner {
	return manner{
		audience: diag.Boot,
		goesOn:   func(*translation) bool { return true },
		settle:   hideConsequences,
		inner:    judgeInner,
		tree:     func(folder *cursor.At) *cursor.At { return folder.Key("local") },
		eachTree: true,
		walk:     fs.WalkDir,
		prefix:   func(dir string) string { return strings.TrimSuffix(dir, "/") + "/" },
		number:   func(text string) string { return text },
	}
}

// hideConsequences drops problems that an error of an earlier step may have caused: those at the same item of a list or
// in the same section, those below a part that was left out, and reports of the absence of what a feature with an error
// would have made.
func hideConsequences(t *translation, from int) {
	findings := t.findings
	t.findings = nil
	blamed := map[string]bool{} // whether what is there was left out, too
	kept := t.log.Settled()
	for i := range min(from, len(kept)) {
		p := &kept[i]
		if item := itemOf(p.Path); isError(p) {
			blamed[item] = blamed[item] || isLeftOut(p)
		}
	}
	if len(blamed) == 0 {
		return
	}
	for _, f := range findings {
		if f.number < len(kept) && misses(t, kept[f.number].Code, itemOf(f.path)) {
			kept[f.number].Code = ""
		}
	}
	t.log.Retain(from, func(p *diag.Problem) bool { return p.Code != "" && !isBlamed(p.Path, blamed) })
}

// misses: the problem reports an absence that a feature with an error may have caused.
func misses(t *translation, code codes.Code, path string) (missed bool) {
	t.each(func(f *feature) {
		missed = missed || slices.Contains(f.absences, code) && t.spoilt(f.section) &&
			f.makes(t, t.deepest(path))
	})
	return missed
}

// isError: every audience but the peer is told the problem as an error.
func isError(p *diag.Problem) bool { return p.Severity == diag.Error && !p.Stricter && !p.PeerOnly }

// isLeftOut: the part of the document with the error was left out.
func isLeftOut(p *diag.Problem) bool {
	return isError(p) && (p.Code == codes.WrongType || p.Code == codes.KeyDuplicate)
}

// spoilt: there is an error in a section.
func (t *translation) spoilt(section string) bool { return hasIn(t.log.Kept(), section, isError) }

// leftOut: something was left out of a section, or all of it.
func leftOut(t *translation, section string) bool { return hasIn(t.log.Kept(), section, isLeftOut) }

func hasIn(problems []diag.Problem, section string, is func(*diag.Problem) bool) bool {
	for i := range problems {
		p := &problems[i]
		if is(p) && (p.Path == section || strings.HasPrefix(p.Path, section+".")) {
			return true
		}
	}
	return false
}

// isBlamed tells whether a path leads to one of some items, or below one that was left out.
func isBlamed(path string, items map[string]bool) bool {
	path = itemOf(path)
	_, blamed := items[path]
	for ; path != "" && !blamed; path = path[:max(strings.LastIndexByte(path, '.'), 0)] {
		blamed = items[path]
	}
	return blamed
}

// itemOf shortens a path to the part in which one error hides others: up to the item of the first list on the way, or
// to the third key.
func itemOf(path string) string {
	steps := strings.Split(path, ".")
	for i, step := range steps {
		if step != "" && strings.Trim(step, "0123456789") == "" {
			return strings.Join(steps[:i+1], ".")
		}
	}
	return strings.Join(steps[:min(len(steps), 4)], ".")
}
