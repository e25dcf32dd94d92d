package cli

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// width is how far the lines of help go.
const width = 92

// Help is the text of a command's help.
func (c *Command) Help() string {
	var b strings.Builder
	b.WriteString(c.usage())
	for _, paragraph := range c.Text {
		b.WriteString("\n" + wrapped(paragraph, 0))
	}
	b.WriteString(c.optionsHelp())
	for _, paragraph := range c.Notes {
		b.WriteString("\n" + wrapped(paragraph, 0))
	}
	b.WriteString(c.exits() + c.examples())
	return b.String()
}

// overview is the row of a program itself, with a list of its commands.
func (program *Program) overview() *Command {
	var rows [][2]string
	for _, c := range program.Commands {
		rows = append(rows, [2]string{strings.TrimSpace(c.word() + " " + c.Brief), c.Short})
	}
	c := program.Command
	c.Notes = append([]string{strings.TrimSuffix("Commands:\n"+table(rows), "\n")}, c.Notes...)
	return &c
}

func (c *Command) usage() string {
	return "Usage: " + strings.Join(c.Usage, "\n       ") + "\n"
}

func (c *Command) optionsHelp() string {
	var rows [][2]string
	for _, o := range c.Options {
		if !o.Hidden {
			rows = append(rows, [2]string{o.Spelling(), o.Meaning()})
		}
	}
	if rows == nil {
		return ""
	}
	return "\nOptions:\n" + table(rows)
}

// Spelling is how an option is written: -d, --files-dir DIR.
func (o *Option) Spelling() string {
	short := "    "
	if o.Short != 0 {
		short = "-" + string(rune(o.Short)) + ", "
	}
	return short + "--" + o.Long + o.Argument()
}

// Argument is what comes behind the name of an option, "" for nothing.
func (o *Option) Argument() string {
	switch {
	case o.Value == "":
		return ""
	case o.Implied != "":
		return "[=" + o.Value + "]"
	}
	return " " + o.Value
}

// Meaning is what an option means, and its default.
func (o *Option) Meaning() string {
	if o.Default == "" {
		return o.Words
	}
	return o.Words + " (default " + o.Default + ")"
}

// exits are a sentence, or a list where a meaning has parts.
func (c *Command) exits() string {
	var all []string
	var rows [][2]string
	long := false
	for _, e := range c.Exits {
		all = append(all, fmt.Sprintf("%d %s", e.Code, e.Meaning))
		rows = append(rows, [2]string{strconv.Itoa(e.Code), e.Meaning})
		long = long || strings.ContainsAny(e.Meaning, ",;")
	}
	switch {
	case all == nil:
		return ""
	case long:
		return "\nExit codes:\n" + table(rows)
	}
	return "\n" + wrapped("Exit codes: "+strings.Join(all, ", ")+".", 0)
}

func (c *Command) examples() string {
	if len(c.Examples) == 0 {
		return ""
	}
	head := "\nExamples:\n"
	if len(c.Examples) == 1 {
		head = "\nExample:\n"
	}
	return head + "  " + strings.ReplaceAll(strings.Join(c.Examples, "\n"), "\n", "\n  ") + "\n"
}

// table sets rows of two columns.
func table(rows [][2]string) string {
	left := 0
	for _, r := range rows {
		left = max(left, utf8.RuneCountInString(r[0]))
	}
	var b strings.Builder
	for _, r := range rows {
		fmt.Fprintf(&b, "  %-*s   %s", left, r[0], strings.TrimLeft(wrapped(r[1], left+5), " "))
	}
	return b.String()
}

// Wrapped breaks a paragraph into lines, as help has them.
func Wrapped(paragraph string) string { return wrapped(paragraph, 0) }

// wrapped breaks a paragraph into lines that begin at a column. A line of it that begins with two blanks stays as it
// is.
func wrapped(paragraph string, column int) string {
	var b strings.Builder
	margin := strings.Repeat(" ", column)
	for line := range strings.SplitSeq(paragraph, "\n") {
		if strings.HasPrefix(line, "  ") {
			b.WriteString(margin + line + "\n")
			continue
		}
		at := 0
		for word := range strings.FieldsSeq(line) {
			n := utf8.RuneCountInString(word)
			switch {
			case at == 0:
				b.WriteString(margin)
				at = column
			case at+1+n > width:
				b.WriteString("\n" + margin)
				at = column
			default:
				b.WriteByte(' ')
				at++
			}
			b.WriteString(word)
			at += n
		}
		b.WriteString("\n")
	}
	return b.String()
}
