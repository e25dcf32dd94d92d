package butane

import (
	"io/fs"
	"strings"

	"github.com/glowplug-os/glowplug/internal/codes"
	"github.com/glowplug-os/glowplug/internal/cursor"
	"github.com/glowplug-os/glowplug/internal/diag"
)

// A manner is what is done in another way where somebody calls the name butane: see peers.
type manner struct {
	// audience is one whose errors end the translation.
	audience diag.Audience
	// goesOn tells whether to do the next step.
	goesOn func(*translation) bool
	// settle goes over the problems of a step, from a position on.
	settle func(t *translation, from int)
	// inner judges the text of a config to merge, which a field of a resource has or names.
	inner func(t *translation, resource, field *cursor.At, text string)
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
		walk:     fs.WalkDir,
		prefix:   func(dir string) string { return strings.TrimSuffix(dir, "/") + "/" },
		number:   func(text string) string { return text },
	}
}

// hideConsequences drops problems that an error of an earlier step may have brought about: those of the same item of a
// list, or section, those below what has been left out, and those that miss what a feature with an error would have
// made.
func hideConsequences(t *translation, from int) {
	blamed := map[string]bool{} // whether what is there was left out, too
	for _, p := range t.log.Kept()[:from] {
		if item := itemOf(p.Path); isError(p) {
			blamed[item] = blamed[item] || p.Code == codes.WrongType || p.Code == codes.KeyDuplicate
		}
	}
	if len(blamed) == 0 {
		return
	}
	absent := map[codes.Code]bool{}
	t.each(func(f *feature) {
		for _, code := range f.absences {
			absent[code] = absent[code] || t.spoilt(f.section)
		}
	})
	t.log.Retain(from, func(p *diag.Problem) bool { return !absent[p.Code] && !isBlamed(p.Path, blamed) })
}

// isError: whoever reads the document is told of an error.
func isError(p diag.Problem) bool { return p.Severity == diag.Error && !p.Stricter && !p.PeerOnly }

// spoilt: there is an error in a section.
func (t *translation) spoilt(section string) bool {
	for _, p := range t.log.Kept() {
		if isError(p) && (p.Path == section || strings.HasPrefix(p.Path, section+".")) {
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

// itemOf gives the part of a path that one error is enough for: an item of the first list on the way, or three keys.
func itemOf(path string) string {
	steps := strings.Split(path, ".")
	for i, step := range steps {
		if step != "" && strings.Trim(step, "0123456789") == "" {
			return strings.Join(steps[:i+1], ".")
		}
	}
	return strings.Join(steps[:min(len(steps), 4)], ".")
}
