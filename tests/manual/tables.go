package manual

import (
	"fmt"
	"strings"

	"github.com/glowplug-os/glowplug/internal/cli"
)

// options are a command's, as a table of Markdown.
func options(c *cli.Command) string {
	var b strings.Builder
	b.WriteString("| option | default | |\n|---|---|---|\n")
	for _, o := range c.Options {
		if o.Hidden {
			continue
		}
		name := "`--" + o.Long + o.Argument() + "`"
		if o.Short != 0 {
			name = "`-" + string(rune(o.Short)) + "`, " + name
		}
		standard := ""
		if o.Default != "" {
			standard = "`" + o.Default + "`"
		}
		fmt.Fprintf(&b, "| %s | %s | %s |\n", name, standard, strings.ReplaceAll(o.Words, "|", `\|`))
	}
	return b.String()
}

// WithTables gives a page of Markdown whose option tables are made anew: what stands between "<!-- options: NAME -->",
// with the words that a command is called by, and "<!-- end of options -->". It fails where a table has no end or no
// command.
func WithTables(page string, rows []*cli.Command) (string, error) {
	const head, foot = "<!-- options: ", "<!-- end of options -->"
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(page, head)
		b.WriteString(before)
		if !found {
			return b.String(), nil
		}
		name, rest, _ := strings.Cut(rest, " -->")
		_, after, ended := strings.Cut(rest, foot)
		c := find(rows, name)
		if !ended || c == nil {
			return "", fmt.Errorf("options of %q: no end or no such command", name)
		}
		b.WriteString(head + name + " -->\n" + options(c) + foot)
		page = after
	}
}

func find(rows []*cli.Command, called string) *cli.Command {
	for _, c := range rows {
		if c.Called == called {
			return c
		}
	}
	return nil
}
