package accounts

import (
	"strings"

	"github.com/glowplug-os/glowplug/internal/diag"
)

// An entryOf is what one line of a table says; T is the struct itself.
type entryOf[T any] interface {
	*T
	// parse reads the fields of a line and tells whether they are an entry.
	parse(fields []string) bool
	key() string
	// fields appends the entry's, to be joined with colons.
	fields(to []string) []string
	// texts appends those that are no numbers.
	texts(to []string) []string
}

// A row is a line with an entry, or one that is to be.
type row[T any] struct {
	entry   T
	raw     string
	number  int // of the line; 0 for a new one
	changed bool
	gone    bool
	twice   int  // the number of a later line with the same name
	broken  bool // the line names someone and does not parse
	entered bool // there is an entry
	ghost   bool // there is one that is commented out, which libc does not see but the tools count
}

// A table is an account file. Lines that nobody touches print as they were, whatever they hold.
type table[T any, P entryOf[T]] struct {
	path    string
	present bool
	changed bool
	size    int // of the text that was read
	rows    []*row[T]
	nis     int // index in rows before which new lines go: shadow-utils keeps "+" and "-" lines of NIS last
	added   []*row[T]
	byName  map[string]*row[T]
	scratch []string // of a row at a time: there may be thousands
	spare   []row[T] // for new rows, allocated together
}

// readTable takes a text apart, with room for so many more entries. It has no errors: what is wrong with a line matters
// only to who asks for it.
func readTable[T any, P entryOf[T]](have Files, path string, room int) *table[T, P] {
	text, present := have[path]
	lines := splitLines(text)
	t := &table[T, P]{path: path, present: present, size: len(text), byName: make(map[string]*row[T], len(lines)+room),
		rows: make([]*row[T], 0, len(lines)), spare: make([]row[T], len(lines)+room)}
	for i, line := range lines {
		r := t.fresh()
		r.raw, r.number = line, i+1
		t.rows = append(t.rows, r)
		if line == "" || isNIS(line) {
			continue
		}
		fields := strings.Split(line, ":")
		r.entered = P(&r.entry).parse(fields)
		r.broken = !r.entered
		// libc passes over such a line. The tools do not know remarks: an account in one is an entry whose name starts
		// with "#".
		if line[0] == '#' {
			r.entered, r.ghost = false, r.entered
			continue
		}
		t.index(fields[0], r)
	}
	t.nis = len(t.rows)
	for i, r := range t.rows {
		if isNIS(r.raw) {
			t.nis = i
			break
		}
	}
	return t
}

// fresh gives an empty row.
func (t *table[T, P]) fresh() *row[T] {
	if len(t.spare) == 0 {
		return &row[T]{}
	}
	r := &t.spare[0]
	t.spare = t.spare[1:]
	return r
}

// isNIS tells whether a line is for the compat service of libc: accounts of NIS to let in ("+") or to keep out ("-").
func isNIS(line string) bool { return line != "" && (line[0] == '+' || line[0] == '-') }

// index remembers the line of a name. A malformed one counts only where it is the only one, as libc passes over it.
func (t *table[T, P]) index(name string, r *row[T]) {
	switch first := t.byName[name]; {
	case first == nil, first.broken && r.entered:
		t.byName[name] = r
	case first.entered && r.entered && first.twice == 0:
		first.twice = r.number
	}
}

// splitLines gives the lines of a text, the last one whether or not it ends in a newline.
func splitLines(text diag.Secret) []string {
	s := text.Reveal()
	if s == "" {
		return nil
	}
	return strings.Split(strings.TrimSuffix(s, "\n"), "\n")
}

// find gives the row of a name that has an entry, as libc would; nil for none.
func (t *table[T, P]) find(name string) *row[T] {
	if r := t.byName[name]; r != nil && r.entered {
		return r
	}
	return nil
}

// locate gives the row of a name to be changed, nil for none. A line that only looks like the one, or two of them, are
// errors.
func (t *table[T, P]) locate(name string) (*row[T], *Error) {
	r := t.byName[name]
	if r != nil && r.broken {
		return nil, malformed(t.path, r.number, name)
	}
	if r != nil && r.twice > 0 {
		return nil, thereTwice(t.path, r.twice, name)
	}
	return r, nil
}

// What is wrong with a line is said in functions without a type of entry, of which there is one and not one for each.
func malformed(path string, line int, name string) *Error {
	return &Error{File: path, Line: line, Message: "the line of " + quote(name) + " is malformed",
		Hint: "repair the line: the number of fields, or an id"}
}

func thereTwice(path string, line int, name string) *Error {
	return &Error{File: path, Line: line, Message: "the name " + quote(name) + " is there twice",
		Hint: "remove one of the lines"}
}

// unfit finds what may be in no field of a line.
func unfit(path string, line int, name string, fields []string) *Error {
	for _, field := range fields {
		if i := badInField(field); i >= 0 {
			return &Error{File: path, Line: line, Message: "the line of " + quote(name) + " would hold " +
				nameOf(field[i]) + " inside a field", Hint: "a file with CRLF line ends has to be converted first"}
		}
	}
	return nil
}

// put writes an entry in place of the line that has its name, or as a new one.
func (t *table[T, P]) put(e T) (*row[T], *Error) {
	fresh := t.fresh()
	fresh.entry, fresh.entered = e, true
	name := P(&fresh.entry).key()
	r, err := t.locate(name)
	switch {
	case err != nil:
		return nil, err
	case r != nil:
		r.entry, r.changed = fresh.entry, false
	default:
		r = fresh
		t.added = append(t.added, r)
		t.byName[name] = r
	}
	return r, t.update(r)
}

// update says that the entry of a row changed. No field may hold what would end it, or a control character: what the
// file had is looked at once, and what comes from the config was before.
func (t *table[T, P]) update(r *row[T]) *Error {
	if r.twice > 0 || r.broken {
		_, err := t.locate(P(&r.entry).key())
		return err
	}
	if r.changed {
		return nil
	}
	t.scratch = P(&r.entry).texts(t.scratch[:0])
	if err := unfit(t.path, r.number, P(&r.entry).key(), t.scratch); err != nil {
		return err
	}
	r.changed, t.changed = true, true
	return nil
}

// remove takes a row out. Someone who is there twice would still be there.
func (t *table[T, P]) remove(r *row[T]) *Error {
	name := P(&r.entry).key()
	if _, err := t.locate(name); err != nil {
		return err
	}
	r.gone, t.changed = true, true
	delete(t.byName, name)
	return nil
}

// text prints the table. Like the tools it ends the last line.
func (t *table[T, P]) text() diag.Secret {
	var b strings.Builder
	b.Grow(t.size + 96*len(t.added))
	for _, rows := range [][]*row[T]{t.rows[:t.nis], t.added, t.rows[t.nis:]} {
		for _, r := range rows {
			if r.gone {
				continue
			}
			if r.changed {
				t.scratch = P(&r.entry).fields(t.scratch[:0])
				writeFields(&b, t.scratch)
			} else {
				b.WriteString(r.raw)
			}
			b.WriteByte('\n')
		}
	}
	return diag.Secret(b.String())
}

func writeFields(b *strings.Builder, fields []string) {
	for i, field := range fields {
		if i > 0 {
			b.WriteByte(':')
		}
		b.WriteString(field)
	}
}

// each calls f for every entry that the file had when it was read.
func (t *table[T, P]) each(f func(*row[T])) {
	for _, r := range t.rows {
		if r.entered {
			f(r)
		}
	}
}
