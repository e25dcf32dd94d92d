package lint

import (
	"slices"
	"strconv"
	"strings"

	"github.com/glowplug-os/glowplug/internal/codes"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/directives"
	"github.com/glowplug-os/glowplug/internal/unit"
)

// ownSection is the section that a kind of unit or quadlet has for itself: Service of ".service".
func ownSection(ext string) string { return strings.ToUpper(ext[1:2]) + ext[2:] }

// settings looks at each line of a unit's text.
func (u *unitLinter) settings(b *body) {
	var fault *diag.Fault
	if b.lines, fault = unit.Lines(b.text); fault != nil {
		if b.file { // elsewhere a rule tells it
			u.tell(b, codes.UnitFileUnread, lineAt(b.text, fault.At), fault.Message, fault.Hint)
		}
		return
	}
	if message, hint := madeByNone(b.ext()); message != "" && b.dropin == "" && !b.file {
		u.say(b.at(), codes.UnitFileUnread, message, hint)
	}
	u.each(b, []string{"Unit", ownSection(b.ext()), "Install"}, u.section)
	u.instance(b)
}

// A place of a setting in a text.
type where struct{ section, name string }

// each holds the lines of a text against the table, where these are the sections that systemd reads; other is told of
// the heads of others.
func (u *unitLinter) each(b *body, sections []string, other func(b *body, line *unit.Line)) {
	clear(u.single)
	for i := range b.lines {
		line := &b.lines[i]
		read := slices.Contains(sections, line.Section)
		switch {
		case strings.HasPrefix(line.Section, "X-") || strings.HasPrefix(line.Name, "X-"):
		case line.Head && !read:
			other(b, line)
		case !line.Head && read:
			s, known := directives.Find(line.Section, line.Name)
			if !known {
				u.unknown(b, line, sections)
				continue
			}
			u.newer(b, line, s)
			u.value(b, line, s)
			if !s.IsList() {
				u.twice(b, i)
			}
		}
	}
}

// headOf is the place of a section's head.
func headOf(line *unit.Line) diag.Span {
	return diag.Span{Start: line.At, End: line.At + len(line.Section) + 2}
}

// section tells of the head of a section that is not read in a unit.
func (u *unitLinter) section(b *body, line *unit.Line) {
	if slices.Contains(unit.Sections(), line.Section) {
		u.tell(b, codes.UnitSectionUnknown, headOf(line),
			"systemd passes over ["+line.Section+"] in a unit of kind "+b.ext(),
			"move it to a unit of kind ."+strings.ToLower(line.Section))
		return
	}
	meant := diag.Nearest(line.Section, unit.Sections())
	if meant != "" && !b.file { // told by a rule
		return
	}
	u.tell(b, codes.UnitSectionUnknown, headOf(line), "systemd has no such section, and passes over what stands in it",
		insteadOf(meant))
}

// insteadOf says what to do about the head of a section that was meant to be another one, or none that is known.
func insteadOf(meant string) string {
	if meant == "" {
		return "remove it; sections of other programs begin with X-"
	}
	return "write [" + meant + "]"
}

// unknown tells of a setting that its section does not have.
func (u *unitLinter) unknown(b *body, line *unit.Line, sections []string) {
	if b.told >= mostTold || !u.wants(codes.UnitDirectiveUnknown) {
		return
	}
	hint, write := `if the line belongs to the one before, end that one with \`, ""
	message := "what stands before the = is no setting of a unit"
	if isName(line.Name) {
		message = "systemd has no such setting in [" + line.Section + "], and passes over it"
		hint, write = u.instead(line, sections)
		if len(directives.With(line.Name)) > 0 || write != "" || diag.MayShow(line.Name) { // not a line of a value
			message = "systemd has no " + line.Name + " in [" + line.Section + "], and passes over it"
		}
	}
	f := u.tell(b, codes.UnitDirectiveUnknown, nameOf(line), message, hint)
	if f.Kept() != nil && !(b.file && f.Inside.Place.Doc != nil) { // in a URL it may be spelt otherwise
		f.Inside.Write = write
	}
}

// nameOf is the place of a setting's name.
func nameOf(line *unit.Line) diag.Span {
	return diag.Span{Start: line.At, End: line.At + len(line.Name)}
}

// instead says what to do about an unknown setting, and what to write where that is certain.
func (u *unitLinter) instead(line *unit.Line, sections []string) (hint, write string) {
	others := directives.With(line.Name)
	for _, other := range others {
		if slices.Contains(sections, other) {
			return "move it to [" + other + "]", ""
		}
	}
	if len(others) > 0 {
		return "it belongs to [" + others[0] + "], in a unit that has this section", ""
	}
	meant, sure := u.nearest(where{line.Section, line.Name})
	if sure {
		write = meant
	}
	if meant == "" {
		return "remove it; names that begin with X- are for other programs", ""
	}
	return "is " + meant + " meant?", write
}

// isName: the name looks like one of a setting.
func isName(name string) bool {
	for _, c := range []byte(name) {
		if (c|0x20 < 'a' || c|0x20 > 'z') && (c < '0' || c > '9') && c != '-' && c != '_' {
			return false
		}
	}
	return name != "" && len(name) < 40 && name[0] != '-'
}

// A guess is the setting that another name may be meant to be; sure: it differs in one letter, or in capitals and
// dashes only.
type guess struct {
	meant string
	sure  bool
}

// nearest guesses what is meant by a name: units of a config often have the same mistake.
func (u *unitLinter) nearest(w where) (meant string, sure bool) {
	g, known := u.guesses[w]
	if !known {
		g.meant, g.sure = nearest(w.name, directives.Names(w.section))
		u.guesses[w] = g
	}
	return g.meant, g.sure
}

func nearest(name string, names []string) (meant string, sure bool) {
	letters := alike(name)
	for _, known := range names {
		if alike(known) == letters || len(name) > 4 && oneApart(known, name) {
			return known, true
		}
	}
	return diag.Nearest(name, names), false
}

// alike is equal for names that differ in capitals and dashes only.
func alike(name string) string {
	return strings.ToLower(strings.ReplaceAll(strings.ReplaceAll(name, "-", ""), "_", ""))
}

// oneApart: one letter too many, too few or another one, or two that are in the wrong order.
func oneApart(a, b string) bool {
	if len(a) < len(b) {
		a, b = b, a
	}
	i, more := 0, len(a)-len(b)
	for i < len(b) && a[i] == b[i] {
		i++
	}
	if more > 1 || more == 0 && i == len(a) {
		return false
	}
	return a[i+1:] == b[i+1-more:] ||
		more == 0 && i+1 < len(a) && a[i] == b[i+1] && a[i+1] == b[i] && a[i+2:] == b[i+2:]
}

// value tells of a value that its setting does not take.
func (u *unitLinter) value(b *body, line *unit.Line, s directives.Setting) {
	takes, hint := s.Takes(line.Section, line.Name, line.Value), "write another value; systemd does not use this one"
	if strings.Contains(line.Value, " #") || strings.Contains(line.Value, " ;") {
		hint = "give a comment a line of its own: behind a value it is a part of it"
	}
	if wrong := s.NoUnit(line.Value, alsoUnits(b, line)); wrong != "" {
		takes, hint = "names of units, and one of these is none", unitHint(wrong)
	}
	if meant := u.targetMeant(s, line.Value); takes == "" && meant != "" {
		u.tell(b, codes.UnitValue, valueOf(b.text, line), "systemd and this config have no target of this name",
			"is "+meant+".target meant?")
	}
	if takes != "" {
		u.tell(b, codes.UnitValue, valueOf(b.text, line), line.Name+" takes "+takes, hint)
	}
	if s.IsCommand() {
		u.command(b, line)
	}
}

// unitHint says what to do about a word that is no name of a unit.
func unitHint(word string) string {
	switch {
	case strings.ContainsAny(word, ",;\"'"):
		return "write names with blanks between them, and no other signs"
	case word[0] == '/':
		return "name the unit of the path, as `systemd-escape --path` writes it"
	case target(word) != "":
		return "write " + target(word) + ".target"
	}
	return "end it in the kind of unit, as in web.service"
}

// command tells of a command line that systemd does not carry out as it was meant.
func (u *unitLinter) command(b *body, line *unit.Line) {
	code, message, hint := codes.UnitValue, "", ""
	switch c := directives.ReadCommand(line.Value); {
	case c.Open:
		message = "a quote is not closed, so systemd does not take the command line"
		hint = `close it, or write \x27 for an apostrophe and \x22 for a quotation mark`
	case c.Builtin:
		code, message = codes.UnitExecShell, "systemd runs no shell, and takes the first word for a program"
		hint = "set variables by Environment=, the folder by WorkingDirectory=; else write /bin/sh -c '...' around it"
	case c.Relative:
		message = "systemd takes no program by a path that does not begin with /"
		hint = "write the whole path, or the name alone"
	case c.Operator != "":
		code, message = codes.UnitExecShell, "systemd runs no shell, so the program gets "+c.Operator+" as an argument"
		hint = "write /bin/sh -c '...' around the command line"
	case c.Stamp:
		message = "systemd puts its own words in the place of what date is to fill in"
		hint = "write each percent sign twice, as in +%%Y-%%m-%%d"
	default:
		return
	}
	u.tell(b, code, valueOf(b.text, line), message, hint)
}

// twice tells of a value that is not used because the one on the given line follows.
func (u *unitLinter) twice(b *body, i int) {
	line := &b.lines[i]
	at := where{line.Section, line.Name}
	k, said := u.single[at]
	u.single[at] = i
	if before := &b.lines[k]; said && before.Value != "" && line.Value != "" && before.Value != line.Value {
		u.tell(b, codes.UnitValueTwice, nameOf(before), line.Name+" is said again on line "+
			strconv.Itoa(line.Number)+" of this text, and the last one counts",
			"remove one of the two")
	}
}

// instance tells of what is there for instances alone in a unit that is no template.
func (u *unitLinter) instance(b *body) {
	stem := strings.TrimSuffix(b.name, b.ext())
	if stem == "" || strings.Contains(stem, "@") || strings.HasSuffix(stem, "-") {
		return
	}
	for i := range b.lines {
		line, message := &b.lines[i], ""
		switch {
		case line.Name == "DefaultInstance" && line.Section == "Install":
			message = "DefaultInstance is for templates, and the unit's name has no @"
		case strings.IndexByte(line.Value, '%') >= 0 && usesInstance(line.Value):
			message = "the unit is no instance of a template, so %i and %I are empty"
		default:
			continue
		}
		u.tell(b, codes.UnitNoTemplate, valueOf(b.text, line), message,
			"put an @ at the end of the unit's name, before "+b.ext()+"; a percent sign is written %%")
		return
	}
}

// usesInstance looks for the specifiers of an instance's name (systemd.unit(5)).
func usesInstance(value string) bool {
	rest := strings.ReplaceAll(value, "%%", "")
	return strings.Contains(rest, "%i") || strings.Contains(rest, "%I")
}

// valueOf is where a line has its value, of several lines the first.
func valueOf(text string, line *unit.Line) diag.Span {
	end := lineAt(text, line.ValueAt).End
	end = line.ValueAt + len(strings.TrimRight(text[line.ValueAt:end], " \t\r"))
	return diag.Span{Start: line.ValueAt, End: end}
}

// lineAt is the line of a text at an offset.
func lineAt(text string, at int) diag.Span {
	at = min(max(at, 0), len(text))
	start := strings.LastIndexByte(text[:at], '\n') + 1
	end := len(text)
	if i := strings.IndexByte(text[at:], '\n'); i >= 0 {
		end = at + i
	}
	return diag.Span{Start: start, End: end}
}
