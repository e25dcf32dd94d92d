package project

import (
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/glowplug-os/glowplug/internal/codes"
	"github.com/glowplug-os/glowplug/internal/cursor"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/tree"
)

// ignore reads which codes are not told of where.
func (f *File) ignore(at *cursor.At) {
	if kind := at.Node().Kind(); kind != tree.Object {
		at.Errorf(codes.ProjectFile, "%s has codes by patterns of paths, and this is %s", ignoreKey, kind).
			Advise("write a pattern a line, such as \"hosts/*.bu\": [password-weak]")
		return
	}
	for n := range at.Node().Children() {
		here := at.Member(n.Key(), n)
		i := Ignored{Pattern: n.Key()}
		if !f.isGlob(here, n.Key()) {
			continue
		}
		f.each(here, ignoreKey, func(item *cursor.At) {
			if code := codes.Code(item.Text()); f.canBeIgnored(item, code) {
				i.Codes = append(i.Codes, code)
			}
		})
		f.Ignored = append(f.Ignored, i)
	}
}

// canBeIgnored refuses what is no code, and what is never less than an error.
func (f *File) canBeIgnored(at *cursor.At, code codes.Code) bool {
	row, known := codes.Find(code)
	if !known {
		p := at.Errorf(codes.ProjectFile, "%q is no code of a problem", code)
		if near := NearCode(code); near != "" {
			p.Advise("did you mean %s?", near)
		}
		return false
	}
	if row.CanBeIgnored() {
		return true
	}
	at.Errorf(codes.ProjectFile, "%s is an error, and no error can be ignored", code).
		Advise("mend what it is about, or leave the file out of what is checked")
	return false
}

// NearCode gives the code that somebody may have meant by another word.
func NearCode(word codes.Code) string {
	return diag.Nearest(string(word), allCodes())
}

var allCodes = sync.OnceValue(func() (all []string) {
	for _, row := range codes.Rows() {
		all = append(all, string(row.Code))
	}
	return all
})

// isPattern refuses a pattern of exclude that is none, or that is not about the project.
func (f *File) isPattern(at *cursor.At) bool { return f.isGlob(at, at.Text()) }

func (f *File) isGlob(at *cursor.At, pattern string) bool {
	const open = "a bracket of the pattern %q is not closed"
	_, err := path.Match(pattern, "")
	slashed := filepath.ToSlash(pattern)
	switch {
	case err != nil:
		at.Errorf(codes.ProjectFile, open, pattern)
	case pattern == "" || path.IsAbs(slashed) || slices.Contains(strings.Split(slashed, "/"), ".."):
		at.Errorf(codes.ProjectFile, "the pattern %q is for nothing in the project", pattern).
			Advise("write the name of a file, or its path from the folder of %s on", FileName)
	case f.patterns == patternsMost:
		at.Errorf(codes.ProjectFile, "there are more than %d patterns", patternsMost).
			Advise("let one stand for several: ** is any number of folders")
	default:
		f.patterns++
		return true
	}
	return false
}
