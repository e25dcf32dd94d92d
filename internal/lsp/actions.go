package lsp

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/glowplug-os/glowplug/internal/diag"
)

// actions offers the fixes of the problems in a range, and to put all right that is certain.
func (s *server) actions(m *message) (any, error) {
	p, t, err := about[actionParams](s, m)
	if err != nil {
		return nil, err
	}
	return s.later(m, t, func(o *outcome) (any, error) {
		all := []codeAction{}
		if wanted(p.Context.Only, quickFix) {
			all = append(all, o.fixes(p.Range)...)
		}
		certain := slices.ContainsFunc(all, func(a codeAction) bool { return a.IsPreferred })
		if wanted(p.Context.Only, fixAll) && (certain || len(p.Context.Only) > 0) {
			all = append(all, s.fixAll(t, o)...)
		}
		return all, nil
	})
}

// wanted: a kind of actions is one of those that are asked for, or below one of them.
func wanted(only []string, kind string) bool {
	return len(only) == 0 || slices.ContainsFunc(only, func(o string) bool {
		return o == "" || kind == o || strings.HasPrefix(kind, o+".") || strings.HasPrefix(o, kind+".")
	})
}

// fixes are those of the problems that a range touches.
func (o *outcome) fixes(in textRange) []codeAction {
	all := []codeAction{}
	from, to := o.index.offset(in.Start), o.index.offset(in.End)
	for i, p := range o.found.Problems {
		if p.Fix == nil || p.Fix.Place.Doc != o.found.Text || p.Place.Doc != o.found.Text || !p.Fix.Fits() ||
			!touches(p.Place.Span, from, to) && !touches(p.Fix.Place.Span, from, to) {
			continue
		}
		edit := textEdit{o.index.textRange(p.Fix.Place.Span), p.Fix.Text()}
		all = append(all, codeAction{Title: title(p.Fix), Kind: quickFix, Diagnostics: o.diagnostics[i : i+1],
			IsPreferred: p.Fix.Safe, Edit: o.text.edit(edit)})
	}
	return all
}

func touches(s diag.Span, from, to int) bool { return s.Start <= to && from <= s.End }

// titleMost is how many characters of what a fix writes its title has.
const titleMost = 60

func title(f *diag.Fix) string {
	verb, text := "Write ", f.Text()
	if f.Gone {
		verb, text = "Remove ", f.Old
	}
	if !f.MayShow() {
		return "Put right what may be a secret"
	}
	if utf8.RuneCountInString(text) > titleMost {
		text = string([]rune(text)[:titleMost]) + "…"
	}
	return verb + diag.Printable(text)
}

func (t *text) edit(edits ...textEdit) workspaceEdit {
	return workspaceEdit{map[string][]textEdit{t.uri: edits}}
}

// fixAll writes what `glowplug validate --fix` would.
func (s *server) fixAll(t *text, o *outcome) []codeAction {
	if o.found.Text == nil {
		return nil
	}
	out, fixes := s.judge.Fixed(t.name, t.says)
	if fixes == 0 {
		return nil
	}
	return []codeAction{{Title: "Put right all that is certain", Kind: fixAll,
		Edit: t.edit(difference(t.says, out, o.index))}}
}

// difference is the edit that makes one text of another.
func difference(old, new string, x *index) textEdit {
	most := min(len(old), len(new))
	start := 0
	for start < most && old[start] == new[start] {
		start++
	}
	for start > 0 && start < len(old) && !utf8.RuneStart(old[start]) {
		start--
	}
	end := 0
	for end < most-start && old[len(old)-1-end] == new[len(new)-1-end] {
		end++
	}
	for end > 0 && !utf8.RuneStart(old[len(old)-end]) {
		end--
	}
	return textEdit{x.textRange(diag.Span{Start: start, End: len(old) - end}), new[start : len(new)-end]}
}
