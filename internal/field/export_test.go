package field

import (
	"fmt"
	"slices"
	"strings"
)

// What the table in docs/validate.md is made of.

// LabelRows is the table of what the label of a filesystem may hold: it depends on the format.
func LabelRows() []Row { return slices.Clone(labelRows[:]) }

// Words are what the table in docs/validate.md says: what stops a machine, and what only a check of a config refuses.
func (r *Row) Words() (never, odd string) {
	list := words(r.never)
	if r.max > 0 {
		list = append(list, fmt.Sprintf("more than %d bytes", r.max))
	}
	if r.more != nil && r.also == nil {
		list = append(list, "what systemd does not take")
	}
	made := words(r.maker)
	if r.most > 0 {
		made = append(made, fmt.Sprintf("more than %d bytes", r.most))
	}
	if len(made) > 0 {
		list[len(list)-1] += "; where it is made also " + strings.Join(made, ", ")
	}
	oddly := words(r.odd)
	if r.also != nil {
		list = append(list, "a slash, but in `/dev/NAME` and `/dev/md/NAME`",
			"a number above 1048575")
		oddly = append(oddly, "`/dev/NAME`, but for `md` or `md_d` and a number")
	}
	return strings.Join(list, ", "), strings.Join(oddly, ", ")
}

// classWords are the classes by their bits.
var classWords = [...]string{"NUL", "line ends and other control characters",
	"tabs", "blanks", "a dash in front", "# in front", "`.` and `..`", "any of `{}&$;<>\"'\\,` and the bar",
	"`control`, and all but ASCII letters, digits and `#+-.:=@_`", "specifiers of systemd, such as `%h` and `%%`",
	"a blank or a backslash at the end", "a blank in front", "a blank at the end", "other characters that do not print",
	"all but ASCII", "any of `*?.,;:/\\+=<>[]\"` and the bar", "blanks or `NO NAME` as a whole",
	"all of ASCII but letters, digits and `#+-.:=@_/`"}

func words(of class) (list []string) {
	for i, word := range classWords {
		if of&(1<<i) != 0 {
			list = append(list, word)
		}
	}
	return list
}
