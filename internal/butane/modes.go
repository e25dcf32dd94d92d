package butane

import (
	"strconv"

	"github.com/glowplug-os/glowplug/internal/codes"
	"github.com/glowplug-os/glowplug/internal/cursor"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/language"
)

// modes are permission bits, which YAML can write in octal.
func modes() feature {
	return feature{check: func(t *translation) {
		for _, at := range [][2]string{{"directories", "mode"}, {"files", "mode"}, {"trees", "file_mode"},
			{"trees", "dir_mode"}} {
			for node := range t.top.To("storage", at[0]).Items() {
				decimalMode(t, node.Key(at[1]), at[0])
			}
		}
	}}
}

// decimalMode warns of permission bits that make sense in octal only: 644 is meant to be 0644. The peer does not know
// some with set-id and sticky bits, nor those that trees give. What is written in octal is not taken for digits.
func decimalMode(t *translation, a *cursor.At, list string) {
	text, isDirectory := a.Text(), list == "directories"
	mode, err := strconv.Atoi(text)
	meant, likely, certain := language.OctalMode(mode)
	if err != nil || meant == 0 {
		return
	}
	peers := list != "trees" && !typicalMode(mode, isDirectory) && typicalMode(meant, isDirectory)
	if !peers && !(likely && isSpelled(a.Place(), text)) {
		return
	}
	p := a.Warnf(codes.ModeDecimal, "the mode %s is read as a decimal number, %#o; it makes sense in octal", text,
		mode).Advise("write 0%s", text)
	p.Fix = diag.Replace(a.Place(), text, "0"+text)
	p.Fix.Safe, p.Stricter = certain, !peers
	p.PeerOnly = t.misreads[a.Place().Span] // what is wrong with the number itself has been said
	misread(t, a)
}

// isSpelled: the text of a place is that of its value.
func isSpelled(at diag.Place, text string) bool {
	return at.Span.End <= len(at.Doc.Text) && at.Doc.Text[at.Span.Start:at.Span.End] == text
}

// misread notes a mode that was probably meant in another base. The rules of the config would report special bits of it
// that nobody meant.
func misread(t *translation, a *cursor.At) {
	if t.misreads == nil {
		t.misreads = map[diag.Span]bool{}
	}
	t.misreads[a.Place().Span] = true
}

// typicalMode: nobody may do what somebody closer to the file may not, and somebody may read it
// (docs/peer/butane.md §13).
func typicalMode(mode int, dir bool) bool {
	if mode == 0 {
		return true
	}
	const r, w, x = 4, 2, 1
	had := 0
	for shift := 0; shift <= 6; shift += 3 {
		class := mode >> shift & 7
		if had&^class != 0 || class&x != 0 && had&r != 0 && had&x == 0 || class&(w|x) != 0 && class&r == 0 {
			return false
		}
		had |= class
	}
	const setuid, setgid, sticky = 0o4000, 0o2000, 0o1000
	switch {
	case had&r == 0:
		return false
	case dir:
		return had&x != 0 && mode&setuid == 0 && (mode&(setgid|sticky) == 0 || had&w != 0)
	case mode&(setuid|setgid) != 0 && (had&x == 0 || mode&w != 0):
		return false
	}
	return mode&sticky == 0
}
