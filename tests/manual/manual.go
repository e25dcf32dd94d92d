// Package manual makes pages of the rows of commands: those of docs/man, and the option tables in docs/*.md. `make man`
// writes them by the tests of cmd/glowplug, which hold the files to the rows. No program has any of it.
package manual

import (
	"fmt"
	"strings"

	"github.com/glowplug-os/glowplug/internal/cli"
)

// A Page is one of the manual.
type Page struct {
	File string // such as butane.1
	Text string // in the man macros, as man(7) has them
}

// Pages are those of programs. Of a program with commands one page has them all.
func Pages(programs []cli.Program) (pages []Page) {
	var names []string
	for _, program := range programs {
		names = append(names, fmt.Sprintf("%s(%s)", program.Called, program.Section))
	}
	for i := range programs {
		program := &programs[i]
		var others []string
		for j, name := range names {
			if j != i {
				others = append(others, name)
			}
		}
		pages = append(pages, Page{program.Called + "." + program.Section, page(program, others)})
	}
	return pages
}

func page(program *cli.Program, others []string) string {
	var b strings.Builder
	c := &program.Command
	rows := cli.Rows([]cli.Program{*program})
	if program.Commands == nil {
		c = rows[0]
	}
	fmt.Fprintf(&b, ".TH %s %s \"\" glowplug\n.SH NAME\n%s \\- %s\n", strings.ToUpper(c.Called), c.Section,
		roff(c.Called), roff(c.Short))
	body(&b, c, ".SH")
	if program.Commands != nil {
		b.WriteString(".SH COMMANDS\n")
		for _, row := range rows {
			if strings.HasPrefix(row.Called, program.Called+" ") {
				fmt.Fprintf(&b, ".SS %s\n", roff(row.Called))
				body(&b, row, ".PP\n.B")
			}
		}
	}
	fmt.Fprintf(&b, ".SH \"SEE ALSO\"\n%s", roffParagraph(strings.Join(others, ", ")))
	return b.String()
}

// body writes sections, or parts of one under headings in bold.
func body(b *strings.Builder, c *cli.Command, heading string) {
	part := func(name string) { fmt.Fprintf(b, "%s %s\n", heading, name) }
	if heading == ".SH" {
		part("SYNOPSIS")
	}
	for i, line := range c.Usage {
		if i > 0 {
			b.WriteString(".br\n")
		}
		b.WriteString(roff(line) + "\n")
	}
	if heading == ".SH" {
		part("DESCRIPTION")
	}
	for _, paragraph := range append(c.Text, c.Notes...) {
		b.WriteString(".PP\n" + roffParagraph(paragraph))
	}
	if len(c.Options) > 0 {
		part("OPTIONS")
		for _, o := range c.Options {
			if !o.Hidden {
				fmt.Fprintf(b, ".TP\n.B %s\n%s", roff(strings.TrimSpace(o.Spelling())), roffParagraph(o.Meaning()))
			}
		}
	}
	if len(c.Exits) > 0 {
		part(`"EXIT STATUS"`)
		for _, e := range c.Exits {
			fmt.Fprintf(b, ".TP\n.B %d\n%s", e.Code, roffParagraph(e.Meaning))
		}
	}
	if len(c.Examples) > 0 {
		part("EXAMPLES")
		fmt.Fprintf(b, ".PP\n.EX\n%s\n.EE\n", roff(strings.Join(c.Examples, "\n")))
	}
}

// roffParagraph keeps lines that begin with two blanks as they are.
func roffParagraph(paragraph string) string {
	var b strings.Builder
	for line := range strings.SplitSeq(paragraph, "\n") {
		if strings.HasPrefix(line, "  ") {
			b.WriteString(".br\n")
		}
		b.WriteString(roff(cli.Wrapped(strings.TrimSpace(line))))
	}
	return b.String()
}

// roff escapes what would be an instruction: backslashes, dashes that are to be typed, a dot or a quote that begins a
// line.
func roff(text string) string {
	text = strings.NewReplacer(`\`, `\e`, "-", `\-`).Replace(text)
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		if strings.HasPrefix(line, ".") || strings.HasPrefix(line, "'") {
			lines[i] = `\&` + line
		}
	}
	return strings.Join(lines, "\n")
}
